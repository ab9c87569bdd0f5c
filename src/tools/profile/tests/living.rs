//! What lives in a heap, with names.

#![cfg(not(any(target_family = "wasm", miri)))]

use std::hint::black_box;

use freehold::{Heap, debug::Checked};
use freehold_profile::{Profile, by_address, frames, named};

#[global_allocator]
static HEAP: Checked<Heap> = Checked::new(Heap::new()).with_frames(frames);

#[inline(never)]
fn keeps(count: usize) -> Vec<Vec<u8>> {
    let mut kept = Vec::with_capacity(count);
    while kept.len() < count {
        kept.push(black_box(Vec::with_capacity(77)));
    }
    kept
}

/// More places than there was room for at first.
macro_rules! places {
    ($($number:literal)*) => { vec![$({ _ = $number; black_box(Box::new([0_u8; 1234])) }),*] };
}

#[test]
fn what_lives_has_its_place_and_its_age() {
    let mark = HEAP.mark();
    let kept = keeps(10);
    let profile = Profile::living(&HEAP, Some(mark), named);
    let found: Vec<_> = profile.places.iter().filter(|place| place.total.bytes == 770).collect();
    let [place] = found[..] else { panic!("{:#?}", profile.places) };
    assert_eq!((place.total, place.most, place.at_peak), (place.at_end, place.at_end, place.at_end));
    assert_eq!((place.total.blocks, profile.verb.as_str()), (10, "Allocated, and lives,"));
    assert!(place.frames[0].function.starts_with("living::keeps"), "{:#?}", place.frames);
    let line =
        place.frames.iter().find_map(|frame| frame.line.as_ref().filter(|line| line.file.ends_with("living.rs")));
    assert!(line.is_some(), "{:#?}", place.frames);
    assert!(
        place.frames.iter().any(|frame| frame.function.contains("what_lives_has_its_place")),
        "{:#?}",
        place.frames
    );
    // The youngest is as old as there were allocations since.
    assert!(place.lifetimes >= (0..10).sum::<u64>() && place.lifetimes <= 10 * profile.end);
    drop(kept);
    let profile = Profile::living(&HEAP, Some(mark), by_address);
    assert!(profile.places.iter().all(|place| place.total.bytes != 770));
}

#[test]
fn as_many_places_as_there_are() {
    let mark = HEAP.mark();
    #[rustfmt::skip]
    let kept = places!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39);
    let profile = Profile::living(&HEAP, Some(mark), by_address);
    let found = profile.places.iter().filter(|place| place.total.bytes == 1234).count();
    assert_eq!(found, kept.len());
    assert!(profile.places[0].frames.iter().all(|frame| frame.function.starts_with("0x")));
}
