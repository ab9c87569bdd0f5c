//! The layer goes through the suites that every heap goes through. A finding is a panic there.

use core::alloc::GlobalAlloc;
use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::Backing;
use freehold::debug::{Checked, Finding};
use freehold::{DefaultBacking, Ledger};

use super::ByRef;
use crate::STEPS;
use crate::backings::{Control, Manner, Memory, Simulated};
use crate::choices::Seeded;
use crate::heap::alone::{h11_overflowing_requests, program};
use crate::heap::bench::Bench;
use crate::heap::blocks::Blocks;
use crate::heap::bounded::with_bounded;
use crate::heap::conformance::every_request;
use crate::heap::small::with_small;
use crate::heap::subject::{Around, Subject};
use crate::heap::ways::each_claim_fails_once;
use crate::heap::{on_simulated, with_heap};
use crate::live::Live;

/// A heap with the layer around it.
pub struct Layered<'s, S: Subject, B: Backing = DefaultBacking> {
    below: &'s S,
    heap: Checked<ByRef<'s, S::Heap>, B>,
}

impl<'s, S: Subject> Layered<'s, S> {
    fn new(below: &'s S, waits: usize) -> Self {
        Layered { below, heap: Checked::new(ByRef(below.heap())).keeping(waits, waits * 100) }
    }
}

impl<'s, S: Subject, B: Backing> Around for Layered<'s, S, B> {
    type Below = S;
    type Outer = Checked<ByRef<'s, S::Heap>, B>;

    fn below(&self) -> &S {
        self.below
    }

    fn outer(&self) -> &Self::Outer {
        &self.heap
    }

    fn check_outer(&self) {
        assert_eq!(self.heap.check(), 0);
    }

    fn count_outer(&self, blocks: &Blocks<'_, impl GlobalAlloc>) {
        let (stats, leaks) = (self.heap.stats(), self.heap.leaks());
        let (count, bytes) = blocks.layouts().fold((0, 0), |(count, bytes), layout| (count + 1, bytes + layout.size()));
        assert_eq!((stats.blocks, stats.bytes), (count, bytes), "{stats}");
        assert_eq!((stats.unrecorded, stats.lost), (0, 0));
        assert_eq!((leaks.blocks, leaks.bytes), (count, bytes), "{leaks}");
    }

    fn trim_outer(&self) {
        self.heap.trim();
    }

    fn idle_outer(&self) {
        assert_eq!(self.heap.stats().waiting_blocks, 0);
    }
}

/// What waits: nothing, some blocks, all that a program frees.
const WAITS: &[usize] = if cfg!(miri) { &[3] } else { &[0, 3, 2000] };

/// Every request, around each heap.
pub fn conformance() {
    for &waits in WAITS {
        with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| {
            every_request(&Layered::new(&Bench { heap, ledger, roomy: true }, waits));
        });
        // What `SmallHeap` takes it never gives back, which Miri calls a leak.
        if !cfg!(miri) {
            with_small(|small| every_request(&Layered::new(small, waits)));
        }
    }
}

/// Random programs, around each heap.
pub fn model() {
    for (seed, &waits) in (0..).zip(WAITS) {
        with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| {
            program(&Layered::new(&Bench { heap, ledger, roomy: true }, waits), &mut Seeded::new(seed, STEPS / 3));
        });
        if !cfg!(miri) {
            with_small(|small| _ = program(&Layered::new(small, waits), &mut Seeded::new(seed, STEPS / 3)));
        }
    }
}

/// Every request and random programs in one region, where it has room for all and where it has not: what waits is let go before anything is
/// refused.
pub fn bounded() {
    for (seed, &waits) in (0..).zip(WAITS) {
        if !cfg!(miri) {
            with_bounded(40 << 20, true, |lent| every_request(&Layered::new(lent, waits)));
        }
        for bytes in [12_000, 60_000] {
            with_bounded(bytes, false, |lent| {
                _ = program(&Layered::new(lent, waits), &mut Seeded::new(seed, STEPS / 3))
            });
        }
    }
}

/// Requests that can't be met (h12); the layer's own, too: then some blocks have no record, and the program goes on all the same.
pub fn h12_each_claim_fails_once() {
    each_claim_fails_once(|bench, seed| _ = program(&Layered::new(bench, 3), &mut Seeded::new(seed, STEPS / 4)));
    on_simulated(1 << 18, Manner::Exact, 0, |heap, ledger, _| {
        h11_overflowing_requests(&Layered::new(&Bench { heap, ledger, roomy: false }, 3));
    });
    let asked = |refuse| {
        let (mut memory, control) = (Memory::new(1 << 20), Control::new());
        control.refuse.store(refuse, Relaxed);
        // SAFETY: memory and control outlive the layer's ledger.
        let backing = unsafe { Simulated::lasting(&mut memory, &control, Manner::Exact) };
        with_bounded(2 << 20, true, |lent| {
            let heap = Checked::over(ByRef(lent.heap()), backing).telling(only_full).keeping(50, 100_000);
            let mut live = Live::new();
            let mut blocks = Blocks::new(&heap);
            let choices = &mut Seeded::new(7, STEPS / 2);
            while let Some(met) = crate::heap::alone::step(&mut live, &mut blocks, choices) {
                live.check();
                assert!(met && heap.check() == 0);
            }
            blocks.free_all(&mut live);
            heap.trim();
            let stats = heap.stats();
            assert_eq!((stats.blocks, stats.bytes, stats.unrecorded), (0, 0, 0), "{stats:?}");
        });
        control.asked.load(Relaxed)
    };
    let mut refuse = 1;
    while asked(refuse) >= refuse {
        refuse += 1;
    }
    assert!(refuse > 2, "the layer has claimed more than once");
}

fn only_full(finding: &Finding) {
    assert!(matches!(finding, Finding::RecordsFull { .. }), "{finding}");
}
