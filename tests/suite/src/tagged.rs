//! Tags around each heap: they go through the suites that every heap goes through, and count right on every target.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use freehold::tags::{Pressure, TagStats, Tagged};
use freehold::{DefaultBacking, Ledger};

use crate::STEPS;
use crate::backings::Manner;
use crate::checked::ByRef;
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

/// A heap with tags around it, of which one is entered as the suites run.
pub struct Named<'s, S: Subject> {
    below: &'s S,
    heap: Tagged<ByRef<'s, S::Heap>>,
}

/// Runs a suite in a tag.
fn named<S: Subject, R>(below: &S, work: impl FnOnce(&Named<'_, S>) -> R) -> R {
    let named = Named { below, heap: Tagged::new(ByRef(below.heap())) };
    let _in_it = named.heap.tag("suite").enter();
    work(&named)
}

impl<'s, S: Subject> Around for Named<'s, S> {
    type Below = S;
    type Outer = Tagged<ByRef<'s, S::Heap>>;

    fn below(&self) -> &S {
        self.below
    }

    fn outer(&self) -> &Self::Outer {
        &self.heap
    }

    fn count_outer(&self, blocks: &Blocks<'_, impl GlobalAlloc>) {
        let (count, bytes) = blocks.layouts().fold((0, 0), |(count, bytes), layout| (count + 1, bytes + layout.size()));
        let (stats, total) = (self.heap.tag("suite").stats(), self.heap.total());
        assert_eq!((stats.blocks, stats.in_use, self.heap.lost()), (count, bytes, 0), "{stats}");
        assert_eq!((total.blocks, total.in_use), (count, bytes), "{total}");
        assert!(stats.peak >= bytes && stats.allocations >= count, "{stats}");
    }
}

/// Every request, around each heap. (Miri sees what tags do to pointers in the other cases.)
pub fn conformance() {
    if cfg!(miri) {
        return;
    }
    with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| {
        named(&Bench { heap, ledger, roomy: true }, |tagged| every_request(tagged));
    });
    with_small(|small| named(small, |tagged| every_request(tagged)));
    with_bounded(40 << 20, true, |lent| named(lent, |tagged| every_request(tagged)));
}

/// Random programs, around each heap.
pub fn model() {
    with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| {
        named(&Bench { heap, ledger, roomy: true }, |tagged| program(tagged, &mut Seeded::new(1, STEPS / 3)));
    });
    for bytes in [12_000, 60_000] {
        with_bounded(bytes, false, |lent| {
            named(lent, |tagged| _ = program(tagged, &mut Seeded::new(2, STEPS / 3)));
        });
    }
}

/// Requests that can't be met (h12).
pub fn h12_each_refusal_counts_nothing() {
    each_claim_fails_once(|bench, seed| {
        named(bench, |tagged| _ = program(tagged, &mut Seeded::new(seed, STEPS / 4)));
    });
    on_simulated(1 << 18, Manner::Exact, 0, |heap, ledger, _| {
        named(&Bench { heap, ledger, roomy: false }, |tagged| h11_overflowing_requests(tagged));
    });
}

/// How often pressure was told of, and the last one.
static TOLD: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(0);

fn told(pressure: &Pressure) {
    assert_eq!((pressure.tag, pressure.size, pressure.align), ("small", 200, 8), "{pressure}");
    LIMIT.store(pressure.limit.unwrap_or(0), Relaxed);
    TOLD.fetch_add(1, Relaxed);
}

/// A block of so many bytes, or null.
fn block(heap: &impl GlobalAlloc, bytes: usize) -> (*mut u8, Layout) {
    let layout = Layout::from_size_align(bytes, 8).expect("a layout");
    // SAFETY: there are bytes.
    (unsafe { heap.alloc(layout) }, layout)
}

/// Whose a block is, whoever frees it, and what a limit refuses.
pub fn tags_count() {
    with_bounded(20_000, false, |lent| {
        let heap: Tagged<_, 4> = Tagged::new(ByRef(lent.heap())).at_pressure(told);
        let free = |(block, layout): (*mut u8, Layout)| {
            // SAFETY: it was allocated below, once, with this layout.
            unsafe { heap.dealloc(block, layout) };
        };
        let of = |stats: TagStats| (stats.in_use, stats.blocks);
        let (small, other) = (heap.tag("small"), heap.tag("other"));
        // Two of four have places; a third doesn't.
        assert_eq!([other, heap.tag("third"), small].map(|tag| tag.name()), ["other", "(other tags)", "small"]);
        let untagged = block(&heap, 30);
        let in_small = small.enter();
        let first = block(&heap, 100);
        let in_other = other.enter();
        let second = block(&heap, 50);
        drop(in_other);
        free(second);
        let mut third = block(&heap, 60);
        drop(in_small);
        let stats = small.stats();
        assert_eq!((of(stats), stats.allocations), ((160, 2), 2), "{stats}");
        assert_eq!((of(other.stats()), other.stats().peak), ((0, 0), 50));
        // Resized outside it is the tag's still, and so is what it has more; what it has less is nobody's.
        for (size, used) in [(700, 800), (10, 110)] {
            // SAFETY: it was allocated here, with this layout.
            third.0 = unsafe { heap.realloc(third.0, third.1, size) };
            third.1 = Layout::from_size_align(size, 8).expect("a layout");
            assert_eq!((third.0.is_null(), of(small.stats())), (false, (used, 2)));
        }
        let all: [_; 4] = core::array::from_fn(|index| heap.tags().nth(index).map(of));
        assert_eq!(all, [Some((30, 1)), Some((110, 2)), Some((0, 0)), None]);
        // A limit, of what was asked for and no more. Before it refuses there is a call.
        small.set_limit(300);
        let in_small = small.enter();
        let fourth = block(&heap, 190);
        let told_before = TOLD.load(Relaxed);
        assert!(!fourth.0.is_null() && block(&heap, 200).0.is_null());
        assert_eq!((TOLD.load(Relaxed), LIMIT.load(Relaxed), of(small.stats())), (told_before + 1, 300, (300, 3)));
        // Where the heap has no room it is told, too.
        small.set_limit(usize::MAX);
        let mut filled = 0;
        while !block(&heap, 200).0.is_null() {
            filled += 1;
        }
        assert_eq!((TOLD.load(Relaxed), LIMIT.load(Relaxed)), (told_before + 2, 0));
        assert_eq!((of(small.stats()), filled > 10), ((300 + filled * 200, 3 + filled), true));
        drop(in_small);
        [untagged, first, third, fourth].into_iter().for_each(free);
        assert_eq!((of(small.stats()), heap.lost()), ((filled * 200, filled), 0));
    });
}

/// A byte behind a block says whose it is. If it was written over the block is nobody's: it is counted, and the heap goes on.
pub fn a_tag_that_was_written_over_is_lost() {
    with_bounded(20_000, false, |lent| {
        let heap: Tagged<_, 4> = Tagged::new(ByRef(lent.heap()));
        let _in_it = heap.tag("victim").enter();
        for (lost, byte) in [0, b'a', b'z', 0x7f, 0x84, 0xbf, 0xff].into_iter().enumerate() {
            let (place, layout) = block(&heap, 40);
            // SAFETY: the byte behind is the heap's.
            let behind = unsafe { place.add(40) };
            // SAFETY: as above.
            unsafe { behind.write(byte) };
            // SAFETY: it was allocated just now. What happens to it is that it is nobody's.
            let place = unsafe { heap.realloc(place, layout, 80) };
            // SAFETY: as above, with this layout now.
            unsafe { heap.dealloc(place, Layout::from_size_align(80, 8).expect("a layout")) };
            assert_eq!((heap.lost(), heap.tag("victim").stats().in_use), (lost + 1, 40 * (lost + 1)));
        }
        assert_eq!(lent.heap().stats().in_use, 0);
    });
}
