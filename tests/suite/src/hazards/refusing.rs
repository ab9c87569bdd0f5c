//! Requests that can't be met, and backings that break their word.

use core::alloc::Layout;
use core::fmt;
use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::GRAIN;
use freehold::{Alloc, Arena, BlockPool, DefaultBacking, Ledger, Obstacle, TypedArena, memory_size};

use crate::backings::{Control, LOT, Manner, Memory, Simulated};
use crate::live::{Holder, Live};
use crate::tally::{self, Tally};

const ROOM: usize = 1 << 18;

/// One refusal, no growth and no loop, however the request overflows.
pub fn h11_overflowing_requests_are_refused_once() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    let arena = Arena::new_in(&ledger, "arena");
    arena.alloc(1);
    let (before, top) = (Tally::of(&ledger), 1usize << (usize::BITS - 2));
    for align in (0..usize::BITS - 1).map(|bit| 1usize << bit) {
        for size in [1, ROOM, top, isize::MAX as usize, isize::MAX as usize - 500] {
            let Ok(layout) = Layout::from_size_align(size, align) else { continue };
            let asked = control.asked.load(Relaxed);
            if let Err(error) = arena.try_alloc_layout(layout) {
                assert_eq!((error.size, error.align, error.owner), (size, align, "arena"));
                let asked = control.asked.load(Relaxed) - asked;
                assert!(asked <= 2, "the backing was asked {asked} times for {layout:?}");
                before.must_be(&ledger);
            } else {
                assert!(size < ROOM && align < 2 * ROOM);
                return h11_overflowing_requests_once_memory_is_there(&ledger, arena, align);
            }
        }
    }
}

/// The same where earlier requests succeeded.
fn h11_overflowing_requests_once_memory_is_there(ledger: &Ledger<Simulated<'_>>, arena: Arena<'_>, from: usize) {
    let mut align = from;
    while let Some(next) = align.checked_mul(2).filter(|next| *next <= isize::MAX as usize) {
        align = next;
        for size in [1, isize::MAX as usize - align + 1] {
            let Ok(layout) = Layout::from_size_align(size, align) else { continue };
            let before = Tally::of(ledger);
            if arena.try_alloc_layout(layout).is_err() {
                before.must_be(ledger);
            }
        }
    }
    drop(arena);
    tally::check(ledger);
    assert_eq!(ledger.snapshot().claimed, 0);
}

/// Padding and size together may be more than a span can be, though each is less: at the end of linear memory that once underflowed.
pub fn h11_padding_and_size_together() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    let arena = Arena::new_in(&ledger, "arena");
    for _ in 0..2000 {
        let here = arena.alloc(0u64);
        let (offset, room) = (core::ptr::from_ref(here).addr() % 4096, arena.room());
        if offset == 0 && room < GRAIN {
            let layout = Layout::from_size_align(isize::MAX as usize - 4095, 4096).expect("a layout");
            assert_eq!(arena.try_alloc_layout(layout).expect_err("no room").size, layout.size());
        }
        // A chunk that ends one grain after each boundary comes along in time: chunks grow in place by the least there is.
        let _ = arena.try_reserve(8);
    }
}

/// A refusal says why, and not why the one before it was refused; where padding makes the sum overflow too.
pub fn h11_each_refusal_has_its_own_reason() {
    #[repr(align(64))]
    struct Aligned;
    let (mut memory, control) = (Memory::new(2048), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    let typed = TypedArena::<(Aligned, u8)>::new_in(&ledger, "typed");
    let why = |more| typed.try_reserve(more).expect_err("no room").obstacle;
    for _ in 0..3 {
        assert_ne!(why(1000), Obstacle::TooLarge);
        assert_eq!(why(usize::MAX), Obstacle::TooLarge);
        typed.alloc((Aligned, 1));
    }
}

/// Alignments far above the page's are served where there is memory.
pub fn h11_large_alignments() {
    // 64-bit hosts have address space for what lies between.
    let largest = if cfg!(all(target_pointer_width = "64", not(miri))) { 30 } else { 17 };
    for align in (12..=largest).map(|bit| 1 << bit) {
        let ledger = Ledger::new(DefaultBacking::new());
        let layout = Layout::from_size_align(100, align).expect("a layout");
        let claim = ledger.claim("aligned", layout).expect("room");
        let arena = Arena::new_in(&ledger, "arena");
        let mut live = Live::new();
        for (place, owner) in [(claim.as_ptr(), "aligned"), (arena.alloc_layout(layout), "arena")] {
            // SAFETY: claimed, or the arena's, until they are dropped.
            unsafe { live.add(place, layout, Holder { owner, depth: 0 }) };
        }
        live.check();
        live.check_owners(&ledger);
        assert!(ledger.growths() <= 2);
    }
}

/// A request that the target's own backing refuses leaves memory, ledger and arena as they were.
pub fn h12_a_failed_request_changes_nothing() {
    let ledger = Ledger::new(DefaultBacking::new());
    let arena = Arena::new_in(&ledger, "arena");
    arena.alloc([1u8; 100]);
    // On 32 bits a host may well give a GiB.
    let large = if cfg!(target_pointer_width = "32") { isize::MAX as usize - 40 } else { isize::MAX as usize / 2 + 1 };
    for size in [large, isize::MAX as usize - 40] {
        let (before, claimed, room, memory) = (Tally::of(&ledger), arena.held(), arena.room(), memory_size());
        let layout = Layout::from_size_align(size, 8).expect("a layout");
        let error = arena.try_alloc_layout(layout).expect_err("half the address space");
        assert!(matches!(error.obstacle, Obstacle::Refused { .. } | Obstacle::TooLarge), "{error}");
        assert_eq!((arena.held(), arena.room()), (claimed, room));
        before.must_be(&ledger);
        // On hosts other tests have ledgers of their own meanwhile.
        if cfg!(target_family = "wasm") {
            assert_eq!(memory_size(), memory);
        }
    }
    assert_eq!(*arena.alloc(5), 5);
}

/// A text of which the first half found room and the second didn't: what was there before is whole, and what the text had claimed on
/// its way goes back.
pub fn h12_a_text_that_finds_no_room() {
    let (mut memory, control) = (Memory::new(6000), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    let mut arena = Arena::new_in(&ledger, "arena");
    let before = arena.alloc([5u64; 9]);
    let piece = str::from_utf8(&[b'x'; 700]).expect("ASCII");
    let text = format_args!("{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}", piece);
    let error = arena.try_alloc_fmt(text).expect_err("no room");
    assert_eq!((error.owner, error.align, *before), ("arena", 1, [5; 9]));
    assert!(arena.alloc_slice_fill(1000, 6u8).iter().all(|byte| *byte == 6), "the first half's room can be used");
    arena.reset();
    arena.trim();
    assert_eq!(ledger.snapshot().claimed, 0);
    tally::check(&ledger);
}

/// A `Display` that passes over an error: what it writes later finds room, but the text is not whole.
pub fn h12_a_text_that_passes_over_an_error() {
    struct Deaf;
    impl fmt::Display for Deaf {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let _ = f.write_str(str::from_utf8(&[b'x'; 7000]).expect("ASCII"));
            f.write_str("y")
        }
    }
    let (mut memory, control) = (Memory::new(6000), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    let arena = Arena::new_in(&ledger, "arena");
    let error = arena.try_alloc_fmt(format_args!("{Deaf}")).expect_err("no room");
    assert!(error.size >= 7000 && error.obstacle != Obstacle::Format, "{error}");
}

/// A backing that hands out memory which the ledger already holds is found out; what is held stays whole, and none of it goes back to
/// a lender.
pub fn overlapping_grants_are_refused() {
    overlapping(Manner::Overlapping);
    overlapping(Manner::OverlappingLots);
}

fn overlapping(manner: Manner) {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, manner));
    let layout = Layout::from_size_align(1000, 8).expect("a layout");
    let claim = ledger.claim("first", layout).expect("the first is right");
    let mut live = Live::new();
    // SAFETY: a claim's memory is its holder's.
    unsafe { live.add(claim.as_ptr(), layout, Holder { owner: "first", depth: 0 }) };
    let before = Tally::of(&ledger);
    // Of a lot, something is left.
    let least = if manner == Manner::OverlappingLots { LOT } else { 1 };
    for size in [least, least + 900, 100_000] {
        let layout = Layout::from_size_align(size, 64).expect("a layout");
        let error = ledger.claim("second", layout).map(drop).expect_err("an overlap");
        assert!(matches!(error.obstacle, Obstacle::Overlap { with: "first", backing: "simulated", .. }), "{error}");
        let error = Arena::new_in(&ledger, "arena").try_alloc_layout(layout).expect_err("an overlap");
        assert!(matches!(error.obstacle, Obstacle::Overlap { with: "first", .. }), "{error}");
        assert!(BlockPool::new_in(&ledger, "pool", layout).try_alloc().is_err());
        before.must_be(&ledger);
        live.check();
    }
    if manner == Manner::OverlappingLots {
        assert_eq!(control.lent.load(Relaxed), control.asked.load(Relaxed));
    }
}

/// A backing that gives less than it was asked for is found out, and asked a bounded number of times; what it gave is kept.
pub fn short_grants_are_noticed() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Short));
    // Several halves that touch are enough in the end.
    let layout = Layout::from_size_align(1000, 8).expect("a layout");
    let claim = ledger.claim("claim", layout).expect("the second half, or the third");
    assert!(claim.len() >= 1000 && control.asked.load(Relaxed) <= 4);
    drop(claim);
    tally::check(&ledger);
    // Halves with others' memory in between never are.
    control.gap.store(4096, Relaxed);
    let (asked, layout) = (control.asked.load(Relaxed), Layout::from_size_align(5000, 8).expect("a layout"));
    let error = ledger.claim("claim", layout).map(drop).expect_err("halves");
    assert!(matches!(error.obstacle, Obstacle::Short { backing: "simulated" }), "{error}");
    assert!(control.asked.load(Relaxed) - asked <= 8);
    tally::check(&ledger);
    assert_eq!(ledger.snapshot().claimed, 0);
}

/// A loan that is off the grain, or shorter than it must be, is given back at once.
pub fn bad_loans_are_refused() {
    for (skew, cut) in [(0, 8 * GRAIN), (8, 0), (0, 8)] {
        let (mut memory, control) = (Memory::new(ROOM), Control::new());
        let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::BadLoans(skew, cut)));
        let layout = Layout::from_size_align(1000, 8).expect("a layout");
        let error = ledger.claim("claim", layout).map(drop).expect_err("a bad loan");
        assert_eq!(error.obstacle, Obstacle::Short { backing: "simulated" });
        assert!(Arena::new_in(&ledger, "arena").try_alloc([0u8; 1000]).is_err());
        assert_eq!((control.lent.load(Relaxed), ledger.snapshot().granted), (0, 0));
    }
}

/// Where the host has as much as a chunk lacks, and no more, a request larger than the step is met by growing in place.
pub fn the_last_bytes_of_memory_are_found() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    let arena = Arena::new_in(&ledger, "arena");
    arena.alloc_uninit_slice::<u8>(ROOM - 8192);
    arena.try_reserve(4096).expect("half of what is left");
    let left = 4096 - 2 * GRAIN;
    arena.try_reserve(arena.room() + left / 2).expect("the chunk grows by what it lacks");
}
