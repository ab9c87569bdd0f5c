//! bumpalo, reset at the end of each turn, as it has no scopes.

use bumpalo::Bump;

use crate::place::{Arena, Place, Shared, Work};

/// Its default is a minimum alignment of 1; its documentation recommends a larger one for speed.
pub struct Bumpalo<const MIN_ALIGN: usize>(Bump<MIN_ALIGN>);

impl<const MIN_ALIGN: usize> Place for Bump<MIN_ALIGN> {
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

impl<const MIN_ALIGN: usize> Arena for Bumpalo<MIN_ALIGN> {
    #[inline(always)]
    fn new(_: usize) -> Self {
        Bumpalo(Bump::with_min_align())
    }

    #[inline(always)]
    fn scope<W: Work>(&mut self) -> u64 {
        let result = W::run(&self.0);
        self.0.reset();
        result
    }
}

impl<const MIN_ALIGN: usize> Shared for Bumpalo<MIN_ALIGN> {
    type Place = Bump<MIN_ALIGN>;

    fn new(_: usize) -> Self {
        Bumpalo(Bump::with_min_align())
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
