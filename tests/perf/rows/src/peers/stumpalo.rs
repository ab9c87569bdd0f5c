//! stumpalo, in its own scopes.

use stumpalo::ArenaRef;

use crate::place::{Arena, Nest, Nested, Place, Shared, Work};

pub struct Stumpalo(stumpalo::Arena);

impl Place for ArenaRef<'_> {
    #[inline(always)]
    fn value<T: Copy>(&self, value: T) -> &T {
        self.alloc(value)
    }

    #[inline(always)]
    fn bytes(&self, bytes: &[u8]) -> &[u8] {
        self.alloc_slice_copy(bytes)
    }

    #[inline(always)]
    fn text(&self, text: &str) -> &str {
        self.alloc_str(text)
    }
}

impl Place for stumpalo::Arena {
    #[inline(always)]
    fn value<T: Copy>(&self, value: T) -> &T {
        self.alloc(value)
    }

    #[inline(always)]
    fn bytes(&self, bytes: &[u8]) -> &[u8] {
        self.alloc_slice_copy(bytes)
    }

    #[inline(always)]
    fn text(&self, text: &str) -> &str {
        self.alloc_str(text)
    }
}

impl Arena for Stumpalo {
    #[inline(always)]
    fn new(_: usize) -> Self {
        Stumpalo(stumpalo::Arena::new())
    }

    #[inline(always)]
    fn scope<W: Work>(&mut self) -> u64 {
        self.0.with_scope(|scope| W::run(scope))
    }
}

impl Nest for Stumpalo {
    #[inline(always)]
    fn nest<W: Nested>(&mut self) -> u64 {
        self.0.with_scope(|scope| W::run(scope))
    }
}

impl Nest for ArenaRef<'_> {
    #[inline(always)]
    fn nest<W: Nested>(&mut self) -> u64 {
        self.with_scope(|scope| W::run(scope))
    }
}

impl Shared for Stumpalo {
    type Place = stumpalo::Arena;

    fn new(_: usize) -> Self {
        Stumpalo(stumpalo::Arena::new())
    }

    #[inline(always)]
    fn place(&self) -> &Self::Place {
        &self.0
    }

    #[inline(always)]
    fn reset(&mut self) {
        self.0.clear();
    }
}
