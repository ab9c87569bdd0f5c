//! Several memories with names: what must lie in one never lies in another.

use core::alloc::Layout;
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use freehold::{
    Alloc, AllocError, Arena, BlockPool, Claim, Growth, Ledger, Obstacle, Pool, Ram, Region, Regions, TypedArena,
};

use crate::backings::Memory;
use crate::choices::{Choices, Seeded};

const LENS: [usize; 3] = [16 << 10, 24 << 10, 40 << 10];
const NAMES: [&str; 3] = ["tcm", "sram", "sdram"];

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a layout")
}

/// Three memories, with gaps between them, as a ledger; and where they lie.
fn three<R>(work: impl FnOnce(&Ledger<Regions<'_, 3>>, &[Range<usize>; 3]) -> R) -> R {
    let memory = LENS.map(Memory::new);
    // SAFETY: the memory is nobody else's while the ledger is in use.
    let region = |index: usize| unsafe { Region::from_raw(memory[index].start().as_ptr(), LENS[index]) };
    let rams = [
        Ram::new(NAMES[0], region(0)).suits(&["fast"]),
        Ram::new(NAMES[1], region(1)).suits(&["dma", "fast"]),
        Ram::new(NAMES[2], region(2)).suits(&["external"]),
    ];
    let ranges = [0, 1, 2].map(|index| {
        let start = memory[index].start().addr().get();
        start..start + LENS[index]
    });
    work(&Ledger::new(Regions::new(rams)), &ranges)
}

/// Claims all there is, down to the last grains.
fn exhaust<'l, B: freehold::backing::Backing>(ledger: &'l Ledger<B>, mut each: impl FnMut(Claim<'l>)) {
    for bit in (4..16).rev() {
        while let Ok(claim) = ledger.claim("all", layout(1 << bit, 8)) {
            each(claim);
        }
    }
}

fn lies_in(ranges: &[Range<usize>], start: usize, len: usize) -> bool {
    ranges.iter().any(|range| range.contains(&start) && start + len <= range.end)
}

/// Claims lie in the first memory that has room; each span has the name of its memory, and so has the map.
pub fn regions_in_their_order() {
    three(|ledger, ranges| {
        assert_eq!((ledger.growths(), ledger.snapshot().granted), (0, 0), "nothing is taken before the first claim");
        let mut last = 0;
        let mut claims = [const { None }; 64];
        for claim in &mut claims {
            let Ok(new) = ledger.claim("block", layout(2000, 8)) else {
                break;
            };
            let addr = new.as_ptr().addr().get();
            let index =
                ranges.iter().position(|range| lies_in(core::slice::from_ref(range), addr, 2000)).expect("one of them");
            assert!(index >= last, "{index} before {last} is full");
            last = index;
            *claim = Some(new);
        }
        assert_eq!(last, 2, "all of them are used");
        let snapshot = ledger.snapshot();
        assert_eq!(snapshot.granted, LENS.iter().sum());
        for span in snapshot.spans() {
            let index = ranges.iter().position(|range| lies_in(core::slice::from_ref(range), span.base, span.len));
            assert_eq!(span.region, index.map(|index| NAMES[index]), "{span:?}");
        }
        claims.into_iter().for_each(drop);
        let free = ledger.snapshot().spans().filter(|span| span.owner.is_none()).count();
        assert_eq!((free, ledger.snapshot().spans().count()), (3, 6), "a record and the rest, in each");
    });
}

/// Arenas, typed arenas, pools and claims of random sizes come and go, each with another wish: each lies where it must, and what is free
/// elsewhere is no help.
pub fn regions_that_must_be() {
    three(|ledger, ranges| {
        let [tcm, sram, external] = ["tcm", "dma", "external"].map(|wish| Ledger::within(ledger, wish, wish));
        for seed in 0..if cfg!(miri) { 1 } else { 20 } {
            let mut choices = Seeded::new(seed, if cfg!(miri) { 30 } else { 300 });
            let mut held: [Option<Claim<'_>>; 24] = [const { None }; 24];
            while let Some(choice) = choices.next() {
                let index = choices.below(3) as usize;
                let (ledger, range) = ([&tcm, &sram, &external][index], &ranges[index..=index]);
                let size = 1 + choices.below(3000) as usize;
                let check = |start: *const u8, len| assert!(lies_in(range, start.addr(), len), "{}", NAMES[index]);
                match choices.below(5) {
                    0 => {
                        let mut arena = Arena::new_in(ledger, "arena").with_growth(Growth::fixed(500));
                        let scope = arena.scope();
                        for _ in 0..4 {
                            if let Ok(block) = scope.try_alloc_uninit_slice::<u8>(size) {
                                check(block.as_ptr().cast(), size);
                            }
                        }
                    }
                    1 => {
                        let arena = TypedArena::<[u8; 40]>::new_in(ledger, "typed arena");
                        let value = arena.try_alloc([1; 40]);
                        value.into_iter().for_each(|value| check(value.as_ptr(), 40));
                    }
                    2 => {
                        let pool = Pool::<[u8; 100]>::new_in(ledger, "pool");
                        pool.try_alloc([2; 100]).into_iter().for_each(|value| check(value.as_ptr(), 100));
                        let blocks = BlockPool::new_in(ledger, "blocks", layout(64, 64));
                        blocks.try_alloc().into_iter().for_each(|block| check(block.as_ptr(), 64));
                    }
                    _ => {
                        let place = choice as usize % held.len();
                        held[place] = None;
                        held[place] = ledger.claim("claim", layout(size, 1 << choices.below(9))).ok();
                        held[place].iter().for_each(|claim| check(claim.as_ptr().as_ptr(), size));
                    }
                }
            }
        }
        // One is full, with all the others free.
        let mut last = None;
        exhaust(&tcm, |claim| {
            assert!(lies_in(&ranges[..1], claim.as_ptr().addr().get(), claim.len()));
            core::mem::forget(claim);
        });
        let error = tcm.claim("more", layout(100, 8)).map(|claim| last = Some(claim)).unwrap_err();
        assert!(matches!(error.obstacle, Obstacle::Exhausted { backing: "tcm", left } if left < 100), "{error}");
        assert!(sram.claim("more", layout(10_000, 8)).is_ok() && external.claim("more", layout(10_000, 8)).is_ok());
    });
}

/// What would rather lie in one memory does as long as there is room, then it lies elsewhere; and there again, once there is room again.
pub fn regions_that_had_rather_be() {
    three(|ledger, ranges| {
        let rather = Ledger::rather_within(ledger, "dma", "rather");
        let here = |claim: &Claim<'_>| lies_in(&ranges[1..2], claim.as_ptr().addr().get(), claim.len());
        let mut claims = [const { None }; 12];
        for claim in &mut claims {
            *claim = rather.claim("block", layout(5000, 8)).ok();
            assert!(claim.is_some(), "there is room elsewhere");
        }
        let count = claims.iter().flatten().filter(|claim| here(claim)).count();
        assert!(count >= 4, "{count} of 24 KiB");
        assert!(claims[..count].iter().flatten().all(here), "as long as there is room");
        claims[1] = None;
        claims[1] = rather.claim("block", layout(5000, 8)).ok();
        assert!(claims[1].as_ref().is_some_and(here), "where there is room again");
    });
    // What grows asks for more each time than it needs. It has all there is here first, whether it must lie here or would rather.
    three(|ledger, ranges| {
        for wish in [Ledger::within(ledger, "dma", "must"), Ledger::rather_within(ledger, "dma", "rather")] {
            let arena = Arena::new_in(&wish, "arena");
            let here = |value: &&mut [u8; 100]| lies_in(&ranges[1..2], value.as_ptr().addr(), value.len());
            let count = core::iter::from_fn(|| arena.try_alloc([0; 100]).ok()).take_while(&here).count();
            let least = LENS[1] * 3 / 4 / 100;
            assert!(count >= least, "{count} values of 100 bytes in 24 KiB, and not {least}");
        }
    });
}

/// What is wrong with regions is told with the first claim, and with each that follows; nothing is taken.
pub fn h13_regions_that_are_no_good() {
    fn check<const N: usize>(rams: [Ram<'_>; N], name: &str, says: &str) {
        let ledger = Ledger::new(Regions::new(rams));
        for _ in 0..2 {
            let error: AllocError = ledger.claim("claim", layout(100, 8)).expect_err("an error");
            assert!(
                matches!(error.obstacle, Obstacle::Unfit { region, why } if region == name && why.contains(says)),
                "{error}"
            );
            assert_eq!((ledger.snapshot().granted, ledger.growths()), (0, 0));
        }
    }
    let memory = Memory::new(32 << 10);
    let at = |offset: usize| memory.start().as_ptr().wrapping_add(offset);
    // SAFETY: nobody else uses this memory, and of two that overlap none is used.
    let raw = |from: usize, len| unsafe { Region::from_raw(at(from), len) };
    // SAFETY: as above.
    let between = |from: usize, to: usize| unsafe { Region::between(at(from), at(to)) };
    let good = || Ram::new("good", raw(0, 8192));
    check([good(), Ram::new("wrong way", between(20_000, 10_000))], "wrong way", "ends before it begins");
    check([good(), Ram::new("tiny", raw(9000, 100))], "tiny", "too small");
    check([good(), Ram::new("empty", raw(9000, 0))], "empty", "too small");
    check([good(), Ram::new("over", raw(8191, 8192))], "over", "overlaps");
    check([Ram::new("outer", raw(0, 20_000)), good()], "good", "overlaps");
    check([good(), Ram::new("same", raw(0, 8192))], "same", "overlaps");
    // Side by side is no overlap, and what is unknown is told.
    let ledger = Ledger::new(Regions::new([good(), Ram::new("next", between(8192, 16_384))]));
    let unknown = Ledger::within(&ledger, "dma", "buffers");
    for ledger in [&unknown, &Ledger::rather_within(&ledger, "dma", "buffers")] {
        let error = ledger.claim("claim", layout(100, 8)).expect_err("an error");
        assert!(matches!(error.obstacle, Obstacle::Unknown { region: "dma" }), "{error}");
    }
    let left = ledger.claim("claim", layout(9000, 8)).expect_err("no such length");
    assert!(matches!(left.obstacle, Obstacle::Exhausted { .. }), "{left}, though they touch");
    assert!(ledger.claim("claim", layout(4000, 8)).is_ok());
    // A ledger without names knows none.
    let plain = Ledger::new(raw(16_384, 8192));
    let wish = Ledger::within(&plain, "region", "buffers");
    assert!(wish.claim("claim", layout(100, 8)).is_err_and(|error| matches!(error.obstacle, Obstacle::Unknown { .. })));
}

/// A region between two addresses is all of it, and one whose end is found out asks once.
pub fn regions_whose_end_is_found_out() {
    static START: AtomicUsize = AtomicUsize::new(0);
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    const LEN: usize = 10_000;
    fn end() -> *mut u8 {
        ASKED.fetch_add(1, Relaxed);
        core::ptr::without_provenance_mut(START.load(Relaxed) + LEN)
    }
    let memory = Memory::new(2 * LEN);
    let start = memory.start().as_ptr();
    START.store(start.addr(), Relaxed);
    // SAFETY: nobody else uses this memory.
    let between = Ledger::new(unsafe { Region::between(start, start.wrapping_add(LEN)) });
    assert!(between.claim("all", layout(LEN + 1, 8)).is_err());
    assert!(between.claim("all", layout(LEN - 200, 8)).is_ok());
    assert!(between.snapshot().granted > LEN - 100 && between.snapshot().granted <= LEN);
    // SAFETY: as above.
    let until = Ledger::new(unsafe { Region::until(start, end) });
    assert!(until.claim("all", layout(LEN + 1, 8)).is_err() && until.claim("all", layout(LEN - 200, 8)).is_ok());
    assert!(until.claim("more", layout(LEN + 1, 8)).is_err());
    assert_eq!(ASKED.load(Relaxed), 1);
    // SAFETY: as above.
    let wrong = Ledger::new(unsafe { Region::between(start.wrapping_add(1), start) });
    let error = wrong.claim("all", layout(1, 1)).expect_err("no region");
    assert!(matches!(error.obstacle, Obstacle::Unfit { region: "region", .. }), "{error}");
    assert_eq!(wrong.snapshot().granted, 0);
}
