//! What a heap holds, counted when somebody asks.

use core::fmt;

use crate::layout::USUAL_PAGE;

/// What a heap holds, in bytes. A [`Heap`](crate::Heap) counts when it is asked, and nothing while it works; a [`BoundedHeap`](crate::BoundedHeap)
/// knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeapStats {
    /// Claimed from the ledger under the heap's name, the ledger's headers included; or all of the region.
    pub held: usize,
    /// In use, each request rounded up to what serves it.
    pub in_use: usize,
    /// At hand in lists and unused slabs.
    pub free: usize,
    /// Of `held`, what the ledger's own headers take.
    pub headers: usize,
    /// Free on the ledger, for whomever; what of it the heap could have depends on the pieces.
    pub unclaimed: usize,
    /// In so many pieces is what is free: blocks at hand, and free spans of the ledger's. A [`BoundedHeap`](crate::BoundedHeap) doesn't count them.
    pub pieces: usize,
    /// The longest free span; or, of a `BoundedHeap`, what one request can have.
    pub longest: usize,
    /// The most that was ever in claims on this ledger at once, the claims of arenas and pools included; or the most that was ever in use of
    /// the region.
    pub peak: usize,
}

impl HeapStats {
    /// Bytes that are neither in use nor free: headers, the ends of slabs, and the reserve; or a bit for each word.
    pub fn slack(&self) -> usize {
        self.held - self.in_use - self.free
    }

    /// Pages of 64 KiB ([`USUAL_PAGE`]) that what is held fills.
    pub fn pages(&self) -> usize {
        self.held.div_ceil(USUAL_PAGE)
    }
}

impl fmt::Display for HeapStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeapStats { held, in_use, free, peak, .. } = self;
        write!(f, "{in_use} bytes in use, {free} free, {held} held, {peak} at the peak")
    }
}

/// One size class of a [`Heap`](crate::Heap).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassStats {
    /// Bytes of a block.
    pub size: usize,
    /// Slabs that blocks are cut from; 0 where each block is a claim of its own, all over 1 KiB, or they are few and lie in slabs that all classes share.
    pub slabs: usize,
    /// Blocks in use; 0 for blocks of more than 1 KiB, which only the ledger counts.
    pub used: usize,
    /// Blocks that are free.
    pub free: usize,
}
