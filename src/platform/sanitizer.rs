//! What AddressSanitizer and LeakSanitizer are told of memory that is ours, where the program is built with them. Everywhere else there
//! is nothing here: not an instruction.
//!
//! Poisoned memory is nobody's: to touch it ends the program with a report. Headers, records and links that the crate keeps in free
//! memory are never poisoned, as it touches them itself.

use core::ops::Range;
use core::ptr::NonNull;

use crate::span::Span;

// They look at the addresses only, and write to memory of their own.
#[cfg(freehold_asan)]
unsafe extern "C" {
    safe fn __asan_poison_memory_region(start: *const u8, len: usize);
    safe fn __asan_unpoison_memory_region(start: *const u8, len: usize);
}
#[cfg(freehold_lsan)]
unsafe extern "C" {
    safe fn __lsan_register_root_region(start: *const u8, len: usize);
    safe fn __lsan_unregister_root_region(start: *const u8, len: usize);
}

/// Whether there is somebody to tell.
pub(crate) const ON: bool = cfg!(freehold_asan);

/// From now on nobody uses these bytes from `start` on.
#[inline(always)]
pub(crate) fn poison(start: NonNull<u8>, bytes: Range<usize>) {
    #[cfg(freehold_asan)]
    __asan_poison_memory_region(start.as_ptr().wrapping_add(bytes.start), bytes.len());
    #[cfg(not(freehold_asan))]
    let _ = (start, bytes);
}

/// From now on these bytes from `start` on may be used.
#[inline(always)]
pub(crate) fn unpoison(start: NonNull<u8>, bytes: Range<usize>) {
    #[cfg(freehold_asan)]
    __asan_unpoison_memory_region(start.as_ptr().wrapping_add(bytes.start), bytes.len());
    #[cfg(not(freehold_asan))]
    let _ = (start, bytes);
}

/// What stands in memory that an arena or a pool has done with, in a program with debug assertions.
pub(crate) const DONE: u8 = 0xdd;

/// Whether memory that is done with is filled: where a sanitizer is told of it, that sees more.
pub(crate) const FILLS: bool = cfg!(all(debug_assertions, not(freehold_asan)));

/// Nobody will want to know what these bytes from `start` on were.
///
/// # Safety
///
/// The caller owes: they may be written.
#[inline(always)]
pub(crate) unsafe fn fill(start: NonNull<u8>, bytes: Range<usize>) {
    if FILLS && !bytes.is_empty() {
        // SAFETY: the caller's promise.
        let first = unsafe { start.add(bytes.start) };
        // What is given back may lie where another thread has grown memory, and filling many is a `memory.fill`.
        super::reach(first.addr().get() + bytes.len());
        // SAFETY: as above.
        unsafe { first.write_bytes(DONE, bytes.len()) };
    }
}

/// [`fill`], and from now on nobody uses them.
///
/// # Safety
///
/// The caller owes: they may be written.
#[inline(always)]
pub(crate) unsafe fn let_go(start: NonNull<u8>, bytes: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe { fill(start, bytes.clone()) };
    poison(start, bytes);
}

/// From now on the first `size` of a block's `room` bytes may be used, and no others.
#[inline(always)]
pub(crate) fn hand_out(block: NonNull<u8>, size: usize, room: usize) {
    poison(block, size..room);
    unpoison(block, 0..size);
}

/// From now on what lies here keeps what it points to from being a leak.
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
#[inline(always)]
pub(crate) fn root(start: NonNull<u8>, len: usize) {
    #[cfg(freehold_lsan)]
    __lsan_register_root_region(start.as_ptr(), len);
    #[cfg(not(freehold_lsan))]
    let _ = (start, len);
}

/// Takes back [`root`], for the same bytes.
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
#[inline(always)]
pub(crate) fn unroot(start: NonNull<u8>, len: usize) {
    #[cfg(freehold_lsan)]
    __lsan_unregister_root_region(start.as_ptr(), len);
    #[cfg(not(freehold_lsan))]
    let _ = (start, len);
}

/// Memory that is its owner's again when this is dropped: nothing in it is poisoned then.
#[derive(Debug)]
pub(crate) struct Borrowed(#[cfg(freehold_asan)] Option<Span>);

impl Borrowed {
    pub(crate) const fn new(span: Option<Span>) -> Borrowed {
        #[cfg(not(freehold_asan))]
        let _ = span;
        Borrowed(
            #[cfg(freehold_asan)]
            span,
        )
    }
}

#[cfg(freehold_asan)]
impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(span) = self.0 {
            unpoison(span.base(), 0..span.len());
        }
    }
}
