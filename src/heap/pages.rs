//! When the host has the pages of a large block that was freed: at once, unless they were wanted again.
//!
//! A page that was given up costs what it takes to fill it once more, and one that is kept costs the memory. So a large block's pages go back
//! with the block. If a later block lies just there, that was in vain, and from now on only longer ones go back at once: who
//! frees and takes in turns pays a few times, and no more. What is kept so goes back when memory grows, by the ledger's doing.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::Heap;
use crate::platform;
use crate::sharing::Shareable;

/// What a heap remembers of it. No size where there are no pages to go back. That somebody else changes it meanwhile does no harm: nothing
/// depends on it but time.
pub(super) struct Returned([Emptied; platform::PAGES as usize]);

struct Emptied {
    /// Where the block lay of which the pages went back last.
    start: AtomicUsize,
    end: AtomicUsize,
    /// Bytes of a block, from which on they go back.
    least: AtomicUsize,
}

/// It has so many bytes at first.
const LEAST: usize = 1 << 20;

impl Returned {
    pub const fn new() -> Returned {
        Returned(
            [const { Emptied { start: AtomicUsize::new(0), end: AtomicUsize::new(0), least: AtomicUsize::new(LEAST) } };
                platform::PAGES as usize],
        )
    }

    /// Whether the pages of a block that is freed should go back. Then they do.
    #[inline]
    fn go_back(&self, block: NonNull<u8>, size: usize) -> bool {
        size >= LEAST
            && self.0.iter().any(|emptied| {
                let goes = size >= emptied.least.load(Ordering::Relaxed);
                if goes {
                    emptied.start.store(block.addr().get(), Ordering::Relaxed);
                    emptied.end.store(block.addr().get() + size, Ordering::Relaxed);
                }
                goes
            })
    }

    /// Tells where a block lies that is new, or longer than before.
    #[inline]
    fn taken(&self, block: NonNull<u8>, size: usize) {
        if size < LEAST {
            return;
        }
        for Emptied { start, end, least } in &self.0 {
            let from = block.addr().get().max(start.load(Ordering::Relaxed));
            let to = (block.addr().get() + size).min(end.load(Ordering::Relaxed));
            let in_vain = to.saturating_sub(from);
            if in_vain > 0 {
                least.store(least.load(Ordering::Relaxed).max(in_vain.saturating_mul(2)), Ordering::Relaxed);
            }
        }
    }
}

impl<L: Shareable> Heap<L> {
    /// Whoever makes a block, moves one or has one grow tells of it here: it may lie where pages went back in vain.
    #[inline(always)]
    pub(super) fn took(&self, block: NonNull<u8>, size: usize) {
        if platform::PAGES
            && let Some(heap) = self.heap()
        {
            heap.pages.taken(block, size);
        }
    }

    /// Lets the host have the pages of a claim, if they are many.
    ///
    /// # Safety
    ///
    /// The caller owes: it is a payload of this ledger's that the heap holds, and nobody wants what is in it.
    #[inline(always)]
    pub(super) unsafe fn vacate(&self, payload: NonNull<u8>) {
        #[cfg(all(any(unix, windows), not(target_family = "wasm")))]
        // SAFETY: the caller's promise.
        unsafe {
            self.spans.vacate(payload);
        }
        #[cfg(not(all(any(unix, windows), not(target_family = "wasm"))))]
        let _ = payload;
    }

    /// Gives a claim of `size` bytes back to the ledger, and its pages to the host if they are many.
    ///
    /// # Safety
    ///
    /// The caller owes: it is a payload of this ledger's that the caller is done with.
    #[inline(always)]
    pub(super) unsafe fn give_back_pages(&self, payload: NonNull<u8>, size: usize) {
        if platform::PAGES && self.heap().is_some_and(|heap| heap.pages.go_back(payload, size)) {
            // SAFETY: the caller's promise.
            unsafe { self.vacate(payload) };
        }
        // SAFETY: the heap has been made, as it holds the claim.
        let heap = unsafe { self.made() }.within_reach();
        // SAFETY: the caller's promise.
        unsafe { heap.give_one_back(payload) };
    }
}
