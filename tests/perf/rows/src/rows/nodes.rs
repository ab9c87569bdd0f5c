//! How to keep nodes that refer to each other: what the rows of trees and graphs know of a contender.

use std::marker::PhantomData;

/// An arena that hands out references which live as long as itself: `'a`.
pub trait Keep<'a, T> {
    fn keep(&self, value: T) -> &'a T;
}

/// What a row does with an arena of nodes.
pub trait Planting {
    type Node<'a>;

    fn run<'a, K: Keep<'a, Self::Node<'a>>>(keep: K, nodes: u32) -> u64
    where
        Self: 'a;
}

/// A contender: makes an arena, or whatever it has, does the row's work in it, and drops it all.
pub trait Garden<W> {
    fn new(nodes: u32) -> Self;
    fn season(&mut self, nodes: u32) -> u64;
}

/// What a node carries: its key. Rows with `Drop` have it in a type that needs it.
pub trait Payload: 'static {
    const DROPS: bool;
    fn new(key: u32) -> Self;
    fn key(&self) -> u32;
}

impl Payload for u32 {
    const DROPS: bool = false;

    #[inline(always)]
    fn new(key: u32) -> u32 {
        key
    }

    #[inline(always)]
    fn key(&self) -> u32 {
        *self
    }
}

/// A tree, built from the leaves up.
pub trait Forest {
    /// Refers to a node; owns what is below it where nodes are owned.
    type Link;
    /// A node while it is looked at.
    type View<'v>: Copy
    where
        Self: 'v;

    fn node(&mut self, left: Option<Self::Link>, right: Option<Self::Link>, key: u32) -> Self::Link;
    fn view<'v>(&'v self, link: &'v Self::Link) -> Self::View<'v>;
    /// The two below, and the key.
    fn open<'v>(&'v self, node: Self::View<'v>) -> (Option<Self::View<'v>>, Option<Self::View<'v>>, u32);
}

/// A node of a tree in an arena.
pub struct TreeNode<'a, P> {
    left: Option<&'a TreeNode<'a, P>>,
    right: Option<&'a TreeNode<'a, P>>,
    payload: P,
}

/// A tree of references into an arena.
pub struct Refs<'a, K, P> {
    keep: K,
    nodes: PhantomData<&'a P>,
}

impl<'a, K: Keep<'a, TreeNode<'a, P>>, P: Payload> Refs<'a, K, P> {
    #[inline(always)]
    pub fn new(keep: K) -> Self {
        Refs { keep, nodes: PhantomData }
    }
}

impl<'a, K: Keep<'a, TreeNode<'a, P>>, P: Payload> Forest for Refs<'a, K, P> {
    type Link = &'a TreeNode<'a, P>;
    type View<'v>
        = &'a TreeNode<'a, P>
    where
        Self: 'v;

    #[inline(always)]
    fn node(&mut self, left: Option<Self::Link>, right: Option<Self::Link>, key: u32) -> Self::Link {
        self.keep.keep(TreeNode { left, right, payload: P::new(key) })
    }

    #[inline(always)]
    fn view<'v>(&'v self, link: &'v Self::Link) -> Self::View<'v> {
        link
    }

    #[inline(always)]
    fn open<'v>(&'v self, node: Self::View<'v>) -> (Option<Self::View<'v>>, Option<Self::View<'v>>, u32) {
        (node.left, node.right, node.payload.key())
    }
}
