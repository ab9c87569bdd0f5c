//! Random programs of a heap beside arenas, pools and claims; with each claim refused once (h12), and run again (h26).

use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::Then;
use freehold::{DefaultBacking, Ledger};

use crate::STEPS;
use crate::backings::{MANNERS, Manner, Memory};
use crate::choices::Seeded;
use crate::heap::growing::Taken;
use crate::heap::{on_simulated, with_heap};
use crate::model::{ALL, run_beside};

const ROOM: usize = if cfg!(miri) { 256 << 10 } else { 4 << 20 };
const SEEDS: u32 = if cfg!(miri) { 1 } else { 6 };

/// The target's own pages, behind a buffer too.
pub fn default_backing() {
    for seed in 0..SEEDS {
        with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| {
            run_beside(ledger, Some(heap), ALL, &mut Seeded::new(seed, STEPS));
        });
        let memory = Memory::new(10_000);
        // SAFETY: the memory is nobody else's while the region is in use.
        let region = unsafe { freehold::Region::from_raw(memory.start().as_ptr(), 10_000) };
        with_heap(Ledger::new(Then::new(region, DefaultBacking::new())), |heap, ledger| {
            run_beside(ledger, Some(heap), ALL, &mut Seeded::new(seed, STEPS / 2));
        });
    }
}

/// A region so small that most requests are refused.
pub fn small_region() {
    let memory = Memory::new(24_000);
    for seed in 0..SEEDS {
        // SAFETY: the memory is nobody else's while the region is in use.
        let region = unsafe { freehold::Region::from_raw(memory.start().as_ptr(), 24_000) };
        with_heap(Ledger::new(region), |heap, ledger| {
            run_beside(ledger, Some(heap), ALL, &mut Seeded::new(seed, STEPS / 2));
        });
    }
}

/// Every manner of giving.
pub fn every_manner() {
    for seed in 0..SEEDS {
        for &(manner, gap) in MANNERS {
            on_simulated(ROOM, manner, gap, |heap, ledger, control| {
                run_beside(ledger, Some(heap), ALL, &mut Seeded::new(seed ^ 0xabc, STEPS / 4));
                // The heap's record, if it has one.
                assert!(manner != Manner::Loans || control.lent.load(Relaxed) <= 1, "loans that did not come back");
            });
        }
    }
}

/// The first claim is refused, and the program goes on; then, in another run, the second; and so on (h12).
pub fn h12_each_claim_fails_once() {
    let steps = if cfg!(miri) { 30 } else { 400 };
    for seed in 0..SEEDS.div_ceil(3) {
        let manners = [Manner::Exact, Manner::Lots, Manner::Loans, Manner::Steps(2048)];
        for manner in manners.into_iter().take(if cfg!(miri) { 2 } else { 4 }) {
            let mut refuse = 1;
            let asked = |refuse| {
                on_simulated(ROOM, manner, 0, |heap, ledger, control| {
                    control.refuse.store(refuse, Relaxed);
                    run_beside(ledger, Some(heap), ALL, &mut Seeded::new(seed, steps));
                    control.asked.load(Relaxed)
                })
            };
            while asked(refuse) >= refuse {
                refuse += if cfg!(miri) { 12 } else { 1 };
            }
        }
    }
}

/// A program that has freed everything soon needs no more memory when it runs again (h26).
pub fn h26_programs_run_again() {
    let mut taken = Taken::default();
    for seed in 0..SEEDS {
        for manner in [Manner::Steps(640), Manner::Exact].into_iter().take(if cfg!(miri) { 1 } else { 2 }) {
            on_simulated(ROOM, manner, 0, |heap, ledger, _| {
                taken.run_again(ledger, heap, || {
                    run_beside(ledger, Some(heap), ALL, &mut Seeded::new(seed ^ 0x26, STEPS / 4))
                });
            });
        }
    }
    taken.check();
}
