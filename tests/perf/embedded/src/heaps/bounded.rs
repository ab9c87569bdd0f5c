//! freehold's [`BoundedHeap`].

use ::freehold::{BoundedHeap, Region};

use crate::Heap;

pub type Chosen = BoundedHeap;

// SAFETY: it is so.
unsafe impl Heap for Chosen {
    const EMPTY: Self = BoundedHeap::empty();

    unsafe fn start(&'static self, base: *mut u8, len: usize) {
        // SAFETY: the caller's promise.
        let region = unsafe { Region::from_raw(base, len) };
        // Too small a region refuses everything.
        let _ = self.lend(region);
    }
}
