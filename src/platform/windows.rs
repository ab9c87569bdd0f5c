//! Windows, by kernel32's own prototypes.

use core::ffi::c_void;
use core::ptr::{NonNull, null_mut};

#[link(name = "kernel32")]
unsafe extern "system" {
    fn VirtualAlloc(addr: *mut c_void, len: usize, kind: u32, protect: u32) -> *mut c_void;
    fn VirtualFree(addr: *mut c_void, len: usize, kind: u32) -> i32;
}

const MEM_COMMIT: u32 = 0x1000;
const MEM_RESERVE: u32 = 0x2000;
const MEM_RELEASE: u32 = 0x8000;
const PAGE_NOACCESS: u32 = 1;
const PAGE_READWRITE: u32 = 4;

pub(super) fn reserve(len: usize) -> Option<NonNull<u8>> {
    // SAFETY: a reservation at no particular address touches nothing that exists.
    NonNull::new(unsafe { VirtualAlloc(null_mut(), len, MEM_RESERVE, PAGE_NOACCESS) }.cast())
}

pub(super) unsafe fn commit(base: NonNull<u8>, len: usize) -> bool {
    // SAFETY: the range is part of a reservation of ours that nobody uses yet (the caller's promise).
    !unsafe { VirtualAlloc(base.as_ptr().cast(), len, MEM_COMMIT, PAGE_READWRITE) }.is_null()
}

pub(super) unsafe fn unreserve(base: NonNull<u8>, _len: usize) {
    // SAFETY: a whole reservation of ours that nobody uses any more (the caller's promise).
    unsafe { VirtualFree(base.as_ptr().cast(), 0, MEM_RELEASE) };
}

/// Pages stay as they are: what Windows has for it has not been tried.
pub(super) unsafe fn empty(_base: NonNull<u8>, _len: usize) {}

/// Address space has no limit of its own: it is memory that is limited.
pub(super) fn limit() -> Option<usize> {
    None
}
