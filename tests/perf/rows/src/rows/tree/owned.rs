//! Trees whose nodes are owned by the one above, and trees of indices.

use std::marker::PhantomData;
use std::ops::Deref;

use bump_scope::BumpBox;
use bumpalo::Bump;
use freehold::{Alloc, ArenaBox};

use crate::peers::bump_scope::Bumped;

use super::super::nodes::{Forest, Garden, Payload};
use super::{Tree, grow};

/// Makes boxes of one kind, which drop what is in them.
trait Boxing<'a>: 'a {
    type Boxed<T: 'a>: Deref<Target = T> + 'a;

    fn boxed<T: 'a>(&self, value: T) -> Self::Boxed<T>;
}

impl<'a> Boxing<'a> for &'a freehold::Arena<'static> {
    type Boxed<T: 'a> = ArenaBox<'a, T>;

    #[inline(always)]
    fn boxed<T: 'a>(&self, value: T) -> Self::Boxed<T> {
        self.alloc_box(value)
    }
}

impl<'a> Boxing<'a> for &'a Bump {
    type Boxed<T: 'a> = bumpalo::boxed::Box<'a, T>;

    #[inline(always)]
    fn boxed<T: 'a>(&self, value: T) -> Self::Boxed<T> {
        bumpalo::boxed::Box::new_in(value, self)
    }
}

impl<'a> Boxing<'a> for &'a Bumped<true> {
    type Boxed<T: 'a> = BumpBox<'a, T>;

    #[inline(always)]
    fn boxed<T: 'a>(&self, value: T) -> Self::Boxed<T> {
        self.alloc(value)
    }
}

/// The default allocator.
struct Heap;

impl<'a> Boxing<'a> for Heap {
    type Boxed<T: 'a> = Box<T>;

    #[inline(always)]
    fn boxed<T: 'a>(&self, value: T) -> Self::Boxed<T> {
        Box::new(value)
    }
}

/// A node that owns those below.
struct Owner<'a, B: Boxing<'a>, P: 'static> {
    left: Option<B::Boxed<Owner<'a, B, P>>>,
    right: Option<B::Boxed<Owner<'a, B, P>>>,
    payload: P,
}

struct Boxes<'a, B, P> {
    boxing: B,
    nodes: PhantomData<&'a P>,
}

impl<'a, B: Boxing<'a>, P: Payload> Forest for Boxes<'a, B, P> {
    type Link = B::Boxed<Owner<'a, B, P>>;
    type View<'v>
        = &'v Owner<'a, B, P>
    where
        Self: 'v;

    #[inline(always)]
    fn node(&mut self, left: Option<Self::Link>, right: Option<Self::Link>, key: u32) -> Self::Link {
        self.boxing.boxed(Owner { left, right, payload: P::new(key) })
    }

    #[inline(always)]
    fn view<'v>(&'v self, link: &'v Self::Link) -> Self::View<'v> {
        link
    }

    #[inline(always)]
    fn open<'v>(&'v self, node: Self::View<'v>) -> (Option<Self::View<'v>>, Option<Self::View<'v>>, u32) {
        (node.left.as_deref(), node.right.as_deref(), node.payload.key())
    }
}

pub struct FreeholdBoxes;

impl<P: Payload> Garden<Tree<P>> for FreeholdBoxes {
    fn new(_: u32) -> Self {
        FreeholdBoxes
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = freehold::Arena::new();
        grow(&mut Boxes::<_, P> { boxing: &arena, nodes: PhantomData }, nodes)
    }
}

pub struct BumpaloBoxes;

impl<P: Payload> Garden<Tree<P>> for BumpaloBoxes {
    fn new(_: u32) -> Self {
        BumpaloBoxes
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = Bump::new();
        grow(&mut Boxes::<_, P> { boxing: &arena, nodes: PhantomData }, nodes)
    }
}

pub struct BumpScopeBoxes;

impl<P: Payload> Garden<Tree<P>> for BumpScopeBoxes {
    fn new(_: u32) -> Self {
        BumpScopeBoxes
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = Bumped::<true>::new();
        grow(&mut Boxes::<_, P> { boxing: &arena, nodes: PhantomData }, nodes)
    }
}

pub struct HeapBoxes;

impl<P: Payload> Garden<Tree<P>> for HeapBoxes {
    fn new(_: u32) -> Self {
        HeapBoxes
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        grow(&mut Boxes::<_, P> { boxing: Heap, nodes: PhantomData }, nodes)
    }
}

/// No arena: nodes in a vector, and indices of 4 bytes in place of references.
pub struct Indices;

struct Indexed<P> {
    left: u32,
    right: u32,
    payload: P,
}

const NONE: u32 = u32::MAX;

impl<P: Payload> Forest for Vec<Indexed<P>> {
    type Link = u32;
    type View<'v>
        = u32
    where
        Self: 'v;

    #[inline(always)]
    fn node(&mut self, left: Option<u32>, right: Option<u32>, key: u32) -> u32 {
        let index = self.len() as u32;
        self.push(Indexed { left: left.unwrap_or(NONE), right: right.unwrap_or(NONE), payload: P::new(key) });
        index
    }

    #[inline(always)]
    fn view(&self, link: &u32) -> u32 {
        *link
    }

    #[inline(always)]
    fn open(&self, node: u32) -> (Option<u32>, Option<u32>, u32) {
        let node = &self[node as usize];
        let some = |index| (index != NONE).then_some(index);
        (some(node.left), some(node.right), node.payload.key())
    }
}

impl<P: Payload> Garden<Tree<P>> for Indices {
    fn new(_: u32) -> Self {
        Indices
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        grow(&mut Vec::<Indexed<P>>::new(), nodes)
    }
}
