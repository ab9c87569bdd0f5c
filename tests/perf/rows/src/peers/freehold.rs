//! freehold itself: scopes as local variables, and the arena through a reference.

use freehold::{Alloc, Scope};

use crate::place::{Arena, Nest, Nested, Place, Shared, Work};

/// An arena that keeps values at multiples of `MIN_ALIGN` bytes.
pub struct Freehold<const MIN_ALIGN: usize>(freehold::Arena<'static, MIN_ALIGN>);

/// How such an arena is made.
pub trait Make {
    fn make() -> Self;
}

impl Make for freehold::Arena<'static> {
    #[inline(always)]
    fn make() -> Self {
        freehold::Arena::new()
    }
}

impl Make for freehold::Arena<'static, 1> {
    #[inline(always)]
    fn make() -> Self {
        freehold::Arena::new().with_min_align()
    }
}

impl<const MIN_ALIGN: usize> Place for Scope<'_, MIN_ALIGN> {
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

impl<const MIN_ALIGN: usize> Place for freehold::Arena<'static, MIN_ALIGN> {
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

impl<const MIN_ALIGN: usize> Arena for Freehold<MIN_ALIGN>
where
    freehold::Arena<'static, MIN_ALIGN>: Make,
{
    #[inline(always)]
    fn new(_: usize) -> Self {
        Freehold(Make::make())
    }

    #[inline(always)]
    fn scope<W: Work>(&mut self) -> u64 {
        let scope = self.0.scope();
        W::run(&scope)
    }
}

impl<const MIN_ALIGN: usize> Nest for Freehold<MIN_ALIGN> {
    #[inline(always)]
    fn nest<W: Nested>(&mut self) -> u64 {
        let mut scope = self.0.scope();
        W::run(&mut scope)
    }
}

impl<const MIN_ALIGN: usize> Nest for Scope<'_, MIN_ALIGN> {
    #[inline(always)]
    fn nest<W: Nested>(&mut self) -> u64 {
        let mut scope = self.scope();
        W::run(&mut scope)
    }
}

impl<const MIN_ALIGN: usize> Shared for Freehold<MIN_ALIGN>
where
    freehold::Arena<'static, MIN_ALIGN>: Make,
{
    type Place = freehold::Arena<'static, MIN_ALIGN>;

    fn new(_: usize) -> Self {
        Freehold(Make::make())
    }

    #[inline(always)]
    fn place(&self) -> &Self::Place {
        &self.0
    }

    #[inline(always)]
    fn reset(&mut self) {
        self.0.reset();
    }
}
