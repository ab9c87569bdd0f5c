//! freehold's [`Bounded`].

use ::freehold::{Bounded, Region};

use crate::Heap;

pub type Chosen = Bounded;

// SAFETY: it is so.
unsafe impl Heap for Chosen {
    const EMPTY: Self = Bounded::empty();

    unsafe fn start(&'static self, base: *mut u8, len: usize) {
        // SAFETY: the caller's promise.
        let region = unsafe { Region::from_raw(base, len) };
        // Too small a region refuses everything.
        let _ = self.lend(region);
    }
}
