//! Linear memory that anybody in the module may grow.

use core::ptr::NonNull;

use super::wasm::arch;
use super::{at, page_size, settle};

/// The address of `pages` fresh pages, all zero, or `None` and nothing changed. Memory must be settled.
pub(crate) fn grow(pages: usize) -> Option<usize> {
    match arch::memory_grow::<0>(pages) {
        usize::MAX => None,
        // That many pages are no more than there are addresses. If they are, these pages are smaller than this crate was built for, and what
        // they were taken for is somebody else's: then nothing was given. (Below 64 KiB of such memory it lies outside, and the first use traps.)
        old => old.checked_mul(page_size()),
    }
}

/// Linear memory is one allocation, whoever grew which part of it.
pub(crate) const FRESH_JOINS: bool = true;

/// Fresh pages. Page 0 is never the first of them: a module without any memory has no room for one page alone.
pub(crate) fn fresh(pages: usize) -> Option<NonNull<u8>> {
    if settle() { NonNull::new(at(grow(pages)?)) } else { None }
}
