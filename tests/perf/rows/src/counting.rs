//! How many bytes are claimed: from the global allocator, with what that keeps beside each block, and from freehold's ledger.
//!
//! Counting costs time, so it is a build of its own (feature `counting`) in which nothing is timed.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// From here on the peak counts.
pub fn start() -> Claims {
    PEAK.store(NOW.load(Relaxed), Relaxed);
    Claims { heap: NOW.load(Relaxed), ledger: freehold::ledger().snapshot().peak }
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
        PEAK.load(Relaxed).saturating_sub(self.heap) + (freehold::ledger().snapshot().peak - self.ledger)
    }
}

#[cfg(feature = "counting")]
mod allocator {
    use std::alloc::{GlobalAlloc, Layout, System};

    use super::{NOW, PEAK, Relaxed};

    struct Counting;

    #[global_allocator]
    static COUNTING: Counting = Counting;

    /// What a block takes with its header: both glibc's malloc and dlmalloc keep one word, and round to two.
    fn footprint(size: usize) -> usize {
        const WORD: usize = size_of::<usize>();
        (size + WORD).next_multiple_of(2 * WORD).max(4 * WORD)
    }

    // SAFETY: all is the system's.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let now = NOW.load(Relaxed) + footprint(layout.size());
            NOW.store(now, Relaxed);
            PEAK.store(PEAK.load(Relaxed).max(now), Relaxed);
            // SAFETY: the caller's promise.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            NOW.store(NOW.load(Relaxed) - footprint(layout.size()), Relaxed);
            // SAFETY: the caller's promise.
            unsafe { System.dealloc(block, layout) }
        }
    }
}
