//! Which heaps can tell how long a block is: that is up to the heap's type.

use core::alloc::GlobalAlloc;

use super::{Headed, Headless, Malloc, Sheets};
use crate::heap::Heap;
use crate::sharing::Shareable;

/// A heap, on its way to be C's. A macro that has only its path asks it for `blocks`: of a [`Heap`] that is a method of the type's own, of any
/// other the trait's.
pub struct Of<'h, A>(pub &'h A);

impl<'h, L: Shareable> Of<'h, Heap<L>> {
    /// What C's functions are made of there. Of one heap `sheets` is always the same.
    #[inline(always)]
    pub fn blocks(&self, sheets: &'h Sheets) -> Headless<'h, L> {
        Headless { heap: self.0, sheets }
    }
}

/// Of a heap that must be told.
pub trait AnyHeap<'h> {
    /// Those functions.
    type Blocks: Malloc;

    /// What C's functions are made of there. Nothing needs to be known.
    fn blocks(&self, _: &'h Sheets) -> Self::Blocks;
}

impl<'h, A: GlobalAlloc> AnyHeap<'h> for Of<'h, A> {
    type Blocks = Headed<'h, A>;

    #[inline(always)]
    fn blocks(&self, _: &'h Sheets) -> Headed<'h, A> {
        Headed(self.0)
    }
}
