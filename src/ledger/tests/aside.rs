//! What was given back last, and is set aside.

use super::*;
use crate::ledger::{Spans, Want};

/// An arena that is made anew gets the same span, whole, and nobody sees that it was anything but free meanwhile: not the map, the
/// sums, or who needs the room for something else.
#[test]
fn what_was_given_back_last_is_handed_out_again() {
    const LEN: usize = 16 * GRAIN;
    let mut memory = Vec::<u8>::with_capacity(8 * LEN + GRAIN);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let want = Want { prefer: LEN, ..Want::of(GRAIN, 8) };
    // SAFETY: no claim is to grow.
    let place = |want: &Want| unsafe { ledger.place("arena", want) }.map(|placed| placed.payload);
    let give_back = |span: crate::span::Span| {
        // SAFETY: a claim of this ledger's, which nobody uses any more.
        unsafe { ledger.give_back(span.base()) };
    };
    let is_aside = || ledger.records.with_aside(|kept| kept.book.is_aside());
    let first = place(&want).expect("room");
    let between = place(&want).expect("room");
    give_back(first);
    assert!(is_aside());
    assert_eq!(place(&want).expect("room"), first, "as it was");
    assert!(!is_aside());
    // Less or more than that is looked for, and so is room that is aligned to more than the grain.
    for other in [
        Want { prefer: LEN - GRAIN, ..want },
        Want { prefer: LEN + 1, ..want },
        Want { size: LEN - GRAIN + 1, ..want },
        Want { prefix: LEN - 2 * GRAIN, size: GRAIN + 1, ..want },
        Want { align: 2 * GRAIN, ..want },
    ] {
        give_back(between);
        let found = place(&other).expect("room");
        assert!(!is_aside() && found.len() >= other.prefix + other.size, "{found:?}");
        give_back(found);
        assert_eq!(ledger.snapshot().claimed, LEN, "what is aside is nobody's");
        assert_eq!(place(&want).expect("room"), between);
    }
    let claimed = || ledger.snapshot().claimed_by("arena");
    give_back(between);
    assert_eq!(claimed(), LEN);
    give_back(first);
    // All is one again, for who needs all, and for who looks.
    let all = place(&Want::of(8 * LEN - GRAIN, 8)).expect("nobody has any");
    give_back(all);
    assert_eq!((claimed(), ledger.snapshot().spans().count()), (0, 1));
}

/// Where several memories are kept apart, what is aside may lie in one that others need.
#[test]
fn parts_set_nothing_aside() {
    use crate::{Ram, Regions};

    let mut memory = [core::mem::MaybeUninit::<u8>::uninit(); 4096];
    let ledger = Ledger::new(Regions::new([Ram::new("ram", Region::new(&mut memory))]));
    drop(ledger.claim("claim", Layout::new::<[u8; 100]>()).expect("room"));
    assert!(!ledger.records.with_aside(|kept| kept.book.is_aside()));
}

/// What is aside is nobody's: it is no part of the most that was ever in claims.
#[test]
fn the_peak_leaves_out_what_is_aside() {
    let mut memory = Vec::<u8>::with_capacity(70_000);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let layout = Layout::new::<[u8; 30_000]>();
    drop(ledger.claim("arena", layout).expect("room"));
    let peak = ledger.snapshot().peak;
    drop(ledger.claim("arena", layout).expect("room"));
    // As a heap claims.
    ledger.records.place("heap", 20_000).first().expect("room");
    assert_eq!(ledger.snapshot().peak, peak);
}

/// What fits just so fits once more, wherever it must lie (h26).
#[test]
fn h26_an_aligned_claim_that_fits_just_so_fits_again() {
    for align in [2 * GRAIN, 256, 1024, 4096] {
        for len in [10_000, 50_000, 200_000, 1 << 20] {
            let mut memory = Vec::<u8>::with_capacity(len + 3 * align);
            let spare = memory.spare_capacity_mut();
            let from = (spare.as_ptr().addr() + GRAIN).wrapping_neg() & (align - 1);
            let len = len & !(GRAIN - 1);
            let ledger = Ledger::new(Region::new(&mut spare[from..from + len]));
            let layout = Layout::from_size_align(len - GRAIN, align).expect("a layout");
            drop(ledger.claim("one", layout).expect("room"));
            assert!(ledger.claim("two", layout).is_ok(), "{len} bytes at {align}");
        }
    }
}
