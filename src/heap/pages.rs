//! When the host has the pages of a large block that was freed: at once, unless they were wanted again.
//!
//! A page that was given up costs what it takes to fill it once more, and one that is kept costs the memory. So a large block's pages go back
//! with the block. If a later block takes half of that place or more, that was in vain, and from now on only longer ones go back at once: who
//! frees and takes in turns pays a few times, and no more. What is kept so goes back when memory grows, by the ledger's doing.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::Heap;
use crate::platform;
use crate::sharing::Shareable;

/// What a heap remembers of it. No size where there are no pages to go back. That somebody else changes it meanwhile does no harm: nothing
/// depends on it but time.
pub(super) struct Returned([Rule; platform::PAGES as usize]);

struct Rule {
    /// Where blocks lay of which the pages went back last: several, as a block that grows leaves one place and is freed at another, each time.
    places: [OldPlace; PLACES],
    /// The one of them that is given up next.
    next: AtomicUsize,
    /// Bytes of a block, from which on its pages go back.
    least: AtomicUsize,
}

struct OldPlace {
    start: AtomicUsize,
    end: AtomicUsize,
}

const PLACES: usize = 4;

/// It has so many bytes at first.
const LEAST: usize = 1 << 18;

impl Rule {
    const fn new() -> Rule {
        Rule {
            places: [const { OldPlace { start: AtomicUsize::new(0), end: AtomicUsize::new(0) } }; PLACES],
            next: AtomicUsize::new(0),
            least: AtomicUsize::new(LEAST),
        }
    }
}

impl Returned {
    pub const fn new() -> Returned {
        Returned([const { Rule::new() }; platform::PAGES as usize])
    }

    /// Whether the pages of a block that is freed should go back. Then they do.
    #[inline]
    fn go_back(&self, block: NonNull<u8>, size: usize) -> bool {
        size >= LEAST
            && self.0.iter().any(|Rule { places, next, least }| {
                let goes = size >= least.load(Ordering::Relaxed);
                if goes {
                    let index = next.load(Ordering::Relaxed);
                    next.store((index + 1) % PLACES, Ordering::Relaxed);
                    let place = &places[index % PLACES];
                    place.start.store(block.addr().get(), Ordering::Relaxed);
                    place.end.store(block.addr().get() + size, Ordering::Relaxed);
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
        for Rule { places, least, .. } in &self.0 {
            for OldPlace { start, end } in places {
                let (start, end) = (start.load(Ordering::Relaxed), end.load(Ordering::Relaxed));
                let (from, to) = (block.addr().get().max(start), (block.addr().get() + size).min(end));
                let twice = to.saturating_sub(from).saturating_mul(2);
                // Where the greater part stays unused that was not in vain.
                if twice > 0 && twice >= end.saturating_sub(start) {
                    least.store(least.load(Ordering::Relaxed).max(twice), Ordering::Relaxed);
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A block that leaves one place to grow at another, and is freed there, time and again: both are known.
    #[test]
    fn places_on_the_way_are_known() {
        let returned = Returned::new();
        let [first, second] = [1 << 24, 1 << 25].map(|addr| NonNull::without_provenance(addr.try_into().unwrap()));
        let each = [0; 10].map(|_: i32| {
            returned.taken(first, LEAST);
            returned.taken(first, 2 * LEAST);
            let left = returned.go_back(first, 2 * LEAST);
            returned.taken(second, 4 * LEAST);
            (left, returned.go_back(second, 4 * LEAST))
        });
        assert_eq!(each[0], (platform::PAGES, platform::PAGES));
        assert!(each[4..].iter().all(|went| *went == (false, false)), "{each:?}");
    }
}
