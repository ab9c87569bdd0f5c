//! Emscripten: `sbrk` hands out all of memory from `__heap_base` on, grown by whomever. Nothing grows but through libc: through its heap, or
//! through `sbrk` where this crate is that heap.

use core::ptr::NonNull;

use super::page_size;

/// Nobody looks there but `sbrk`, which takes it by itself.
pub(crate) const TAIL_OWNER: Option<&str> = Some(if cfg!(feature = "malloc") { "sbrk" } else { "libc's malloc" });

/// Blocks of libc's heap are allocations of their own; `sbrk` goes on where it ended.
pub(crate) const FRESH_JOINS: bool = cfg!(feature = "malloc");

/// A block of libc's heap that is never given back.
#[cfg(not(feature = "malloc"))]
pub(crate) fn fresh(pages: usize) -> Option<NonNull<u8>> {
    super::lend(crate::layout::GRAIN, pages.checked_mul(page_size())?)
}

/// What `sbrk` hands out.
#[cfg(feature = "malloc")]
pub(crate) fn fresh(pages: usize) -> Option<NonNull<u8>> {
    NonNull::new(super::at(move_break(pages.checked_mul(page_size())?)?))
}

#[cfg(feature = "malloc")]
unsafe extern "C" {
    safe fn sbrk(len: usize) -> usize;
}

/// Where memory ends that `sbrk` has handed out.
#[cfg(feature = "malloc")]
pub(crate) fn program_break() -> usize {
    sbrk(0)
}

/// `len` bytes that nobody has, a multiple of 16: their address, which is one too. `None`, and nothing has changed, if memory can't grow so far.
#[cfg(feature = "malloc")]
pub(crate) fn move_break(len: usize) -> Option<usize> {
    super::beneath::is_malloc();
    Some(sbrk(len)).filter(|old| *old != usize::MAX)
}
