//! [`Span`]: the one thing that passes between the layers.

use core::ptr::NonNull;

/// A stretch of memory: where it starts, with the provenance to reach all of it, and its length in bytes.
///
/// Holding a span says nothing about who may use it: that is what the ledger is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    base: NonNull<u8>,
    // base + len never wraps, and len never exceeds isize::MAX.
    len: usize,
}

impl Span {
    /// A span of `len` bytes at `base`.
    ///
    /// # Safety
    ///
    /// The caller owes: `base` may be used to read and write all `len` bytes for as long as the span is in use;
    /// `base + len` does not wrap around the address space; `len` is at most `isize::MAX`.
    #[inline]
    pub const unsafe fn new(base: NonNull<u8>, len: usize) -> Span {
        Span { base, len }
    }

    /// Where it starts.
    #[inline]
    pub const fn base(self) -> NonNull<u8> {
        self.base
    }

    /// Its length in bytes.
    #[inline]
    #[allow(clippy::len_without_is_empty)] // a span of no bytes is never handed out
    pub const fn len(self) -> usize {
        self.len
    }

    /// The address of its first byte.
    #[inline]
    pub fn addr(self) -> usize {
        self.base.addr().get()
    }

    /// The address after its last byte.
    #[inline]
    pub fn end(self) -> usize {
        self.addr() + self.len
    }
}
