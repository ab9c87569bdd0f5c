//! How chunks grow.

/// Say it where you know better than an arena or a pool how large its chunks should be: the first, how the next follow, and where that ends.
///
/// A request that is larger gets a chunk of its own size and changes nothing about those that follow. Sizes count
/// everything, headers included (on 64-bit 96 bytes of a chunk, on 32-bit 48). They are what an arena would like: free memory of
/// at least 4 KiB, or a quarter of the size, is used before memory grows, and if no more is to be had, whatever does.
///
/// A chunk that can grow in place does, by what the next would have been, or by a 64th of itself where that is more (unless the
/// policy is [`fixed`](Growth::fixed)): growing memory is slow, so a large arena does it in larger steps.
///
/// ```
/// use freehold::{Alloc, Arena, Growth, ledger};
///
/// // What a frame needs is known: one chunk of 64 KiB, and no other step if that is not enough.
/// let arena = Arena::new_in(ledger(), "frames").with_growth(Growth::fixed(64 << 10));
/// arena.alloc(1_u8);
/// assert_eq!(ledger().snapshot().claimed_by("frames"), 64 << 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    pub(super) first: usize,
    pub(super) factor: usize,
    pub(super) cap: usize,
}

impl Growth {
    /// The default: 512 bytes first, each next twice as much, up to 256 KiB.
    pub const fn new() -> Growth {
        Growth { first: 512, factor: 2, cap: 256 << 10 }
    }

    /// Chunks of always the same size, in bytes.
    pub const fn fixed(bytes: usize) -> Growth {
        Growth { first: bytes, factor: 1, cap: bytes }
    }

    /// The same with a first chunk of `bytes`.
    pub const fn first(self, bytes: usize) -> Growth {
        Growth { first: bytes, ..self }
    }

    /// The same with each chunk `factor` times as large as the one before; 1 for an even step.
    pub const fn factor(self, factor: usize) -> Growth {
        Growth { factor, ..self }
    }

    /// The same with no chunk larger than `bytes` unless one request is.
    pub const fn cap(self, bytes: usize) -> Growth {
        Growth { cap: bytes, ..self }
    }

    /// Bytes that the first chunk should have.
    pub(super) const fn start(self) -> usize {
        if self.first < self.cap { self.first } else { self.cap }
    }

    /// Bytes that the chunk after one of `step` bytes should have.
    pub(super) fn after(self, step: usize) -> usize {
        step.saturating_mul(self.factor).min(self.cap).max(step)
    }

    /// Bytes by which a chunk of `len` bytes should grow in place, where a new one would have `step`.
    pub(super) fn in_place(self, step: usize, len: usize) -> usize {
        if self.factor > 1 { step.max(len / 64) } else { step }
    }
}

impl Default for Growth {
    fn default() -> Growth {
        Growth::new()
    }
}
