//! Miri has no address space to reserve: there a reservation is a block of the host's heap, small and committed at once.

use core::ptr::NonNull;

/// What a page of an operating system has at least.
const ALIGN: usize = 4096;

pub(super) fn reserve(len: usize) -> Option<NonNull<u8>> {
    // Miri gives up where a host would refuse.
    if len > 1 << 30 { None } else { heap::lend(ALIGN, len) }
}

pub(super) unsafe fn commit(base: NonNull<u8>, len: usize) -> bool {
    // SAFETY: the range is part of a block of ours (the caller's promise); fresh pages are zero.
    unsafe { base.write_bytes(0, len) };
    true
}

pub(super) unsafe fn unreserve(base: NonNull<u8>, _len: usize) {
    // SAFETY: a block of ours that nobody uses any more (the caller's promise).
    unsafe { heap::take_back(base) };
}

pub(super) fn limit() -> Option<usize> {
    None
}

#[cfg(unix)]
use super::libc as heap;

/// kernel32's, which aligns to less than a page: where its block begins stands in the word before ours.
#[cfg(windows)]
mod heap {
    use core::ffi::c_void;
    use core::ptr::NonNull;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetProcessHeap() -> *mut c_void;
        fn HeapAlloc(heap: *mut c_void, flags: u32, len: usize) -> *mut c_void;
        fn HeapFree(heap: *mut c_void, flags: u32, block: *mut c_void) -> i32;
    }

    pub(super) fn lend(align: usize, len: usize) -> Option<NonNull<u8>> {
        // SAFETY: every process has a heap.
        let heap = unsafe { GetProcessHeap() };
        // SAFETY: it is the heap, and no flags are given.
        let whole = NonNull::new(unsafe { HeapAlloc(heap, 0, len.checked_add(align)?) }.cast::<u8>())?;
        // A heap's block is aligned to two words, so there is one before the next multiple.
        let skip = align - whole.addr().get() % align;
        // SAFETY: the block is longer than `len` by that much or more.
        let ours = unsafe { whole.add(skip) };
        let word = ours.cast::<NonNull<u8>>();
        // SAFETY: at least two words were skipped.
        let before = unsafe { word.sub(1) };
        // SAFETY: a word of the block that nobody uses, aligned as its end is.
        unsafe { before.write(whole) };
        Some(ours)
    }

    pub(super) unsafe fn take_back(block: NonNull<u8>) {
        let word = block.cast::<NonNull<u8>>();
        // SAFETY: the block is one of `lend`'s (the caller's promise), which has a word in front.
        let before = unsafe { word.sub(1) };
        // SAFETY: `lend` wrote it.
        let whole = unsafe { before.read() };
        // SAFETY: every process has a heap.
        let heap = unsafe { GetProcessHeap() };
        // SAFETY: the block came from there, and nobody uses it any more (the caller's promise).
        unsafe { HeapFree(heap, 0, whole.as_ptr().cast()) };
    }
}
