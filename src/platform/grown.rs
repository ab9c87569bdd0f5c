//! Linear memory that anybody in the module may grow.

use core::arch::wasm32;
use core::ptr::NonNull;

use super::{at, settle};
use crate::layout::PAGE;

/// The address of `pages` fresh pages, all zero, or `None` and nothing changed. Memory must be settled.
pub(crate) fn grow(pages: usize) -> Option<usize> {
    match wasm32::memory_grow::<0>(pages) {
        usize::MAX => None,
        old => Some(old * PAGE),
    }
}

/// Linear memory is one allocation, whoever grew which part of it.
pub(crate) const FRESH_JOINS: bool = true;

/// Fresh pages. Page 0 is never the first of them: a module without any memory has no room for one page alone.
pub(crate) fn fresh(pages: usize) -> Option<NonNull<u8>> {
    if settle() { NonNull::new(at(grow(pages)?)) } else { None }
}
