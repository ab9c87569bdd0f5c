//! Arenas that keep nodes of any type by reference: each made anew, filled by the row, and dropped.

use blink_alloc::{Blink, BlinkAlloc};
use bumpalo::Bump;
use freehold::{Alloc, Scope, TypedArena};

use crate::limit::typed::TypedCursor;
use crate::peers::bump_scope::Bumped;

use super::nodes::{Garden, Keep, Planting};

impl<'a, T> Keep<'a, T> for &'a freehold::Arena<'static> {
    #[inline(always)]
    fn keep(&self, value: T) -> &'a T {
        self.alloc(value)
    }
}

impl<'a, T> Keep<'a, T> for &Scope<'a> {
    #[inline(always)]
    fn keep(&self, value: T) -> &'a T {
        self.alloc(value)
    }
}

impl<'a, T> Keep<'a, T> for &'a TypedArena<'static, T> {
    #[inline(always)]
    fn keep(&self, value: T) -> &'a T {
        self.alloc(value)
    }
}

impl<'a, T> Keep<'a, T> for &'a typed_arena::Arena<T> {
    #[inline(always)]
    fn keep(&self, value: T) -> &'a T {
        self.alloc(value)
    }
}

impl<'a, T> Keep<'a, T> for &'a TypedCursor<'_, T> {
    #[inline(always)]
    fn keep(&self, value: T) -> &'a T {
        self.alloc(value)
    }
}

impl<'a, T, const MIN_ALIGN: usize> Keep<'a, T> for &'a Bump<MIN_ALIGN> {
    #[inline(always)]
    fn keep(&self, value: T) -> &'a T {
        self.alloc(value)
    }
}

impl<'a, T, const UP: bool> Keep<'a, T> for &'a Bumped<UP> {
    #[inline(always)]
    fn keep(&self, value: T) -> &'a T {
        bump_scope::BumpBox::leak(self.alloc(value))
    }
}

impl<'a, T> Keep<'a, T> for &'a stumpalo::Arena {
    #[inline(always)]
    fn keep(&self, value: T) -> &'a T {
        self.alloc(value)
    }
}

impl<'a, T> Keep<'a, T> for &'a Blink<BlinkAlloc> {
    #[inline(always)]
    fn keep(&self, value: T) -> &'a T {
        self.put_no_drop(value)
    }
}

pub struct FreeholdScope;

impl<W: Planting> Garden<W> for FreeholdScope {
    fn new(_: u32) -> Self {
        FreeholdScope
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let mut arena = freehold::Arena::new();
        let scope = arena.scope();
        W::run(&scope, nodes)
    }
}

pub struct FreeholdShared;

impl<W: Planting> Garden<W> for FreeholdShared {
    fn new(_: u32) -> Self {
        FreeholdShared
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = freehold::Arena::new();
        W::run(&arena, nodes)
    }
}

pub struct BumpaloArena<const MIN_ALIGN: usize>;

impl<W: Planting, const MIN_ALIGN: usize> Garden<W> for BumpaloArena<MIN_ALIGN> {
    fn new(_: u32) -> Self {
        BumpaloArena
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = Bump::<MIN_ALIGN>::with_min_align();
        W::run(&arena, nodes)
    }
}

pub struct BumpScopeArena<const UP: bool>;

impl<W: Planting, const UP: bool> Garden<W> for BumpScopeArena<UP> {
    fn new(_: u32) -> Self {
        BumpScopeArena
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = Bumped::<UP>::new();
        W::run(&arena, nodes)
    }
}

pub struct StumpaloArena;

impl<W: Planting> Garden<W> for StumpaloArena {
    fn new(_: u32) -> Self {
        StumpaloArena
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = stumpalo::Arena::new();
        W::run(&arena, nodes)
    }
}

pub struct BlinkArena;

impl<W: Planting> Garden<W> for BlinkArena {
    fn new(_: u32) -> Self {
        BlinkArena
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = Blink::new();
        W::run(&arena, nodes)
    }
}
