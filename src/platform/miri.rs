//! Miri has no address space to reserve: there a reservation is a block of Miri's own, small and committed at once.

use core::ptr::NonNull;

unsafe extern "Rust" {
    fn miri_alloc(len: usize, align: usize) -> *mut u8;
    fn miri_dealloc(block: *mut u8, len: usize, align: usize);
}

/// What a page of an operating system has at least.
const ALIGN: usize = 4096;

pub(super) fn reserve(len: usize) -> Option<NonNull<u8>> {
    // Miri gives up where a host would refuse.
    if len > 1 << 30 {
        return None;
    }
    // SAFETY: the alignment is one, and the length is not 0.
    NonNull::new(unsafe { miri_alloc(len, ALIGN) })
}

pub(super) unsafe fn commit(base: NonNull<u8>, len: usize) -> bool {
    // SAFETY: the range is part of a block of ours (the caller's promise); fresh pages are zero.
    unsafe { base.write_bytes(0, len) };
    true
}

pub(super) unsafe fn unreserve(base: NonNull<u8>, len: usize) {
    // SAFETY: a whole block of ours that nobody uses any more (the caller's promise).
    unsafe { miri_dealloc(base.as_ptr(), len, ALIGN) };
}

/// Pages stay as they are.
pub(super) unsafe fn empty(_base: NonNull<u8>, _len: usize) {}

pub(super) fn limit() -> Option<usize> {
    None
}
