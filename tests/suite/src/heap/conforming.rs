//! The conformance suite for heaps on every backing.

use core::mem::MaybeUninit;

use freehold::backing::{GRAIN, Then};
use freehold::{DefaultBacking, Ledger, Ram, Region, Regions};

use super::conformance::everything;
use super::{on_simulated, with_heap};
use crate::backings::{Manner, Memory};

/// Enough for everything the suite asks, with gaps and odd ends.
const ROOM: usize = if cfg!(miri) { 8 << 20 } else { 32 << 20 };

/// The target's own pages.
pub fn default_backing() {
    with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| everything(heap, ledger, true, true));
}

/// A region, alone and before the target's own pages: too small for the heap's record, for a slab, for most; and large enough.
pub fn regions() {
    let sizes: &[usize] = if cfg!(miri) { &[9000] } else { &[0, 1000, 9000, 300_000, ROOM] };
    for &size in sizes {
        let memory = Memory::new(size.max(1));
        // SAFETY: the memory is nobody else's while the region is in use.
        let region = || unsafe { Region::from_raw(memory.start().as_ptr(), size) };
        with_heap(Ledger::new(region()), |heap, ledger| everything(heap, ledger, size == ROOM, false));
        if size == 9000 && !cfg!(miri) {
            let then = Then::new(region(), DefaultBacking::new());
            with_heap(Ledger::new(then), |heap, ledger| everything(heap, ledger, true, false));
        }
    }
}

/// Every manner of giving; loans are aligned by chance only, and lots that have come back are not lent again, so many a request is
/// refused.
pub fn every_manner() {
    let manners: &[(Manner, usize)] = if cfg!(miri) {
        &[(Manner::Islands, GRAIN), (Manner::Loans, 0), (Manner::Lots, 0)]
    } else {
        &[
            (Manner::Exact, 0),
            (Manner::Falling, 0),
            (Manner::Odd, 0),
            (Manner::Islands, GRAIN),
            (Manner::Loans, 0),
            (Manner::Lots, 0),
            (Manner::Steps(4096), 3),
        ]
    };
    for &(manner, gap) in manners {
        on_simulated(ROOM, manner, gap, |heap, ledger, _| {
            everything(heap, ledger, !matches!(manner, Manner::Loans | Manner::Lots), false);
        });
    }
}

/// A ledger on one memory of another ledger's: whatever its heap has is claimed there, and goes back when nobody uses it. Not in Miri, which
/// calls the heap's record a leak.
pub fn within_another() {
    const LEN: usize = 4 << 20;
    static mut MEMORY: [MaybeUninit<u8>; 2 * LEN] = [MaybeUninit::uninit(); 2 * LEN];
    const fn half(at: usize) -> Region<'static> {
        let memory = (&raw mut MEMORY).cast::<u8>();
        // SAFETY: the half lies in `MEMORY`.
        let start = unsafe { memory.add(at) };
        // SAFETY: nothing else names it, and each half is named once.
        unsafe { Region::from_raw(start, LEN) }
    }
    static BELOW: Ledger<Regions<2>> =
        Ledger::new(Regions::new([Ram::new("fast", half(0)), Ram::new("slow", half(LEN))]));
    if cfg!(miri) {
        return;
    }
    with_heap(Ledger::within(&BELOW, "slow", "program"), |heap, ledger| {
        everything(heap, ledger, false, true);
        let below = || BELOW.snapshot().claimed_by("program");
        let most = BELOW.snapshot().peak;
        assert!(below() >= ledger.snapshot().granted && most > LEN / 8, "{most}");
        let mut theirs = BELOW.snapshot().spans().filter(|span| span.owner == Some("program"));
        assert!(theirs.all(|span| span.region == Some("slow")));
        heap.trim();
        assert!(below() < most / 4, "{} of {most} bytes did not go back", below());
    });
}

/// libc's heap: every layout, slabs too. What was lent is given back, but for the block with the heap's record. Not in Miri, which
/// calls that a leak; there the [`Manner::Lots`] of [`every_manner`] do.
#[cfg(any(unix, target_os = "wasi"))]
pub fn libc() {
    if cfg!(miri) {
        return;
    }
    with_heap(Ledger::new(freehold::Libc::new()), |heap, ledger| {
        everything(heap, ledger, true, true);
        heap.trim();
        assert!(ledger.snapshot().granted <= freehold::backing::USUAL_PAGE, "blocks that did not go back");
    });
}

/// Rust's global allocator lends whole blocks, aligned by chance only. Not in Miri: it calls the heap's record, claimed for good, a leak.
/// There [`every_manner`] has loans.
#[cfg(feature = "collections")]
pub fn over_the_global_allocator() {
    use allocator_api2::alloc::Global;
    use freehold::backing::Over;
    if cfg!(miri) {
        return;
    }
    with_heap(Ledger::new(Over::new(Global)), |heap, ledger| everything(heap, ledger, false, false));
}

/// A loan is for one claim, and as long as that: what it were longer nobody would have, and each next one would be longer by a part of all
/// before it, without an end.
#[cfg(feature = "collections")]
pub fn h14_loans_are_as_long_as_what_they_are_for() {
    use core::alloc::{GlobalAlloc, Layout};

    use allocator_api2::alloc::Global;
    use freehold::Heap;
    use freehold::backing::Over;
    // The heap's record is claimed for good: from a `static` there is always a way to it.
    static LEDGER: Ledger<Over<Global>> = Ledger::new(Over::new(Global));
    static HEAP: Heap = Heap::new_in(&LEDGER, "heap");
    const BLOCKS: usize = if cfg!(miri) { 100 } else { 300 };
    let layout = Layout::new::<[u8; 40_000]>();
    // SAFETY: the layout has a size.
    let blocks: [*mut u8; BLOCKS] = core::array::from_fn(|_| unsafe { HEAP.alloc(layout) });
    assert!(blocks.iter().all(|block| !block.is_null()));
    let claimed = LEDGER.snapshot().claimed;
    assert!(claimed < BLOCKS * (layout.size() + 4 * GRAIN), "{claimed} bytes for {BLOCKS} of {}", layout.size());
    // What shrinks keeps all of it, and grows again where it is.
    for (had, len) in [(40_000, 2000), (2000, 40_000)] {
        let layout = Layout::from_size_align(had, 1).expect("a layout");
        // SAFETY: it was allocated above, and has this layout now.
        let block = unsafe { HEAP.realloc(blocks[0], layout, len) };
        assert_eq!((block, LEDGER.snapshot().claimed), (blocks[0], claimed));
    }
    for block in blocks {
        // SAFETY: it was allocated above with this layout.
        unsafe { HEAP.dealloc(block, layout) };
    }
}
