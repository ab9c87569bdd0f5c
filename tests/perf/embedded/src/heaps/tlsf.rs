//! embedded-alloc, two-level segregated fit.

use ::embedded_alloc::TlsfHeap;

use crate::Heap;

pub type Chosen = TlsfHeap;

// SAFETY: it is so.
unsafe impl Heap for TlsfHeap {
    const EMPTY: Self = TlsfHeap::empty();

    unsafe fn start(&'static self, base: *mut u8, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.init(base.expose_provenance(), len) };
    }
}
