//! Emscripten: `sbrk` hands out all of memory from `__heap_base` on, grown by whomever. Nothing grows but through libc.

use core::ptr::NonNull;

use super::{lend, page_size};
use crate::layout::GRAIN;

pub(crate) const TAIL_OWNER: Option<&str> = Some("libc's malloc");

/// Blocks of libc's heap are allocations of their own.
pub(crate) const FRESH_JOINS: bool = false;

/// A block of libc's heap that is never given back.
pub(crate) fn fresh(pages: usize) -> Option<NonNull<u8>> {
    lend(GRAIN, pages.checked_mul(page_size())?)
}
