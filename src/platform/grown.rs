//! Linear memory that anybody in the module may grow.

use core::ptr::NonNull;

use super::wasm::arch;
use super::{at, page_size, settle};

/// The address of `pages` fresh pages, all zero, or `None` and nothing changed. Memory must be settled.
pub(crate) fn grow(pages: usize) -> Option<usize> {
    match arch::memory_grow::<0>(pages) {
        usize::MAX => None,
        // Where there are more of these pages than addresses, they are smaller than this crate was built for, and what it would take for them
        // may be somebody else's: then nothing was given. (Where there are fewer, it lies past the end of memory, and the first use traps.)
        old => old.checked_mul(page_size()),
    }
}

/// Linear memory is one allocation, whoever grew which part of it.
pub(crate) const FRESH_JOINS: bool = true;

/// Fresh pages. Page 0 is never the first of them: a module without any memory has no room for one page alone.
pub(crate) fn fresh(pages: usize) -> Option<NonNull<u8>> {
    if settle() { NonNull::new(at(grow(pages)?)) } else { None }
}
