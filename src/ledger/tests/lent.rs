//! Memory that a ledger is lent.

use super::*;

/// What a ledger is lent serves claims; what can't be used, or is in use, is refused, and then all is as it was (h13, h03).
#[test]
fn h13_regions_lent_later() {
    let mut memory = Vec::<u8>::with_capacity(16_384);
    let start = memory.as_mut_ptr();
    let skip = start.addr().wrapping_neg() % GRAIN;
    let region = |from: usize, len: usize| {
        // SAFETY: less than the memory's length.
        let base = unsafe { start.add(skip + from) };
        // SAFETY: of the memory, which lives longer than the ledger. That no two are in use is what is tested.
        unsafe { Region::from_raw(base, len) }
    };
    let ledger = Ledger::new(region(0, 4096));
    let claim = |size| ledger.claim("claim", Layout::from_size_align(size, 8).unwrap());
    let first = claim(3000).expect("room");
    assert!(claim(5000).is_err());
    let before = ledger.snapshot();
    // Over a claim, over what is free, and around both.
    for (from, len) in [(100, 2000), (4096 - 2 * GRAIN, 4096), (0, 8192)] {
        let refused = ledger.lend(region(from, len)).unwrap_err();
        assert!(matches!(refused.error.obstacle, Obstacle::Overlap { backing: "lent region", .. }), "{refused:?}");
    }
    // SAFETY: it is refused, as it has no bytes.
    let nothing = ledger.lend(unsafe { Region::from_raw(core::ptr::null_mut(), 0) }).unwrap_err();
    assert!(matches!(nothing.error.obstacle, Obstacle::Unfit { .. }));
    // What is refused comes back.
    let short = ledger.lend(region(10_001, GRAIN)).unwrap_err();
    assert!(matches!(short.error.obstacle, Obstacle::Unfit { .. }) && short.error.size == GRAIN);
    assert!(ledger.lend(short.value).is_err());
    // The header fits, and nothing with it.
    let header = ledger.lend(region(10_001, 2 * GRAIN)).unwrap_err();
    assert!(matches!(header.error.obstacle, Obstacle::Unfit { why, .. } if why.contains("too small")), "{header:?}");
    let after = ledger.snapshot();
    assert_eq!((after.granted, after.claimed, after.growths), (before.granted, before.claimed, before.growths));
    // It touches what is there, and stays apart.
    ledger.lend(region(4096, 8000)).expect("nobody has it");
    let second = claim(5000).expect("it was lent");
    assert!(claim(5000).is_err());
    drop((first, second));
    assert_eq!(ledger.snapshot().spans().count(), 2);
    assert!(claim(9000).is_err(), "two memories are one");
    ledger.records.with(|kept| kept.book.check());
    drop(memory);
}
