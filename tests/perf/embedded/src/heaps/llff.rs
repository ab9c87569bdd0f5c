//! embedded-alloc, first fit.

use ::embedded_alloc::LlffHeap;

use crate::Heap;

pub type Chosen = LlffHeap;

// SAFETY: it is so.
unsafe impl Heap for LlffHeap {
    const EMPTY: Self = LlffHeap::empty();

    unsafe fn start(&'static self, base: *mut u8, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.init(base.expose_provenance(), len) };
    }
}
