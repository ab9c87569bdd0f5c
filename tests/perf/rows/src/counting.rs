//! How many bytes are claimed: from the global allocator, with what that keeps beside each block, and from freehold's ledger.
//!
//! Counting costs time, so it is a build of its own (feature `counting`) in which nothing is timed.

use freehold_perf_harness::counting;

/// From here on the peak counts.
pub fn start() -> Claims {
    Claims { heap: counting::start(), ledger: freehold::ledger().snapshot().peak }
}

/// What was claimed when counting began.
pub struct Claims {
    heap: usize,
    ledger: usize,
}

impl Claims {
    /// So many bytes on the heap are the row's own.
    pub fn without(self, bytes: usize) -> Claims {
        Claims { heap: self.heap + if cfg!(feature = "counting") { bytes } else { 0 }, ..self }
    }

    /// The most that was claimed at once since then. Of the ledger that is only true in a process or an instance of which
    /// this was the first user, as its peak can't be put back.
    pub fn peak(&self) -> usize {
        counting::peak().saturating_sub(self.heap) + (freehold::ledger().snapshot().peak - self.ledger)
    }
}

/// What a block takes with its header: both glibc's malloc and dlmalloc keep one word, and round to two.
#[cfg(feature = "counting")]
fn footprint(size: usize) -> usize {
    const WORD: usize = size_of::<usize>();
    (size + WORD).next_multiple_of(2 * WORD).max(4 * WORD)
}

#[cfg(feature = "counting")]
#[global_allocator]
static COUNTING: freehold_perf_harness::counting::Counting = freehold_perf_harness::counting::Counting::new(footprint);
