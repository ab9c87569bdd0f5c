//! What only the inside shows: how many blocks a list holds, and what becomes of the reserve.

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use std::boxed::Box;
use std::vec::Vec;

use super::class::{CLASSES, FINE, FIRST_OF_SPANS, size_of_class};
use super::slab::Slabs;
use super::stock::Stock;
use super::{ALIGN, Heap, slab};
use crate::backing::Region;
use crate::layout::{GRAIN, USUAL_PAGE};
use crate::ledger::Ledger;
use crate::sharing::{Locked, Needed};

mod circles;
#[cfg(any(unix, windows))]
mod crowd;
#[cfg(any(unix, windows, target_family = "wasm"))]
mod in_place;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
mod pages;

/// Runs `work` with a heap on a region of so many bytes. They stay for ever, as a heap does: who forks goes over all of them.
fn on_region(bytes: usize, work: impl FnOnce(&Heap, &Ledger<Region<'static>>)) {
    let memory = Vec::leak(std::vec![MaybeUninit::uninit(); bytes]);
    let ledger = Box::leak(Box::new(Ledger::new(Region::new(memory))));
    work(&Heap::new_in(ledger, "heap"), ledger);
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).expect("a layout")
}

fn alloc(heap: &Heap, size: usize) -> Option<NonNull<u8>> {
    // SAFETY: this heap serves a size of 0 too.
    NonNull::new(unsafe { heap.alloc(layout(size)) })
}

fn free(heap: &Heap, block: NonNull<u8>, size: usize) {
    // SAFETY: a block of this heap's with this layout, not used any more.
    unsafe { heap.dealloc(block.as_ptr(), layout(size)) };
}

/// A list holds no more than it may, and knows how many more that is, whatever comes and goes in whatever order; also where what is freed is
/// the first that it sees, as the blocks came from shared slabs.
#[test]
fn lists_hold_what_they_may() {
    fn check(heap: &Stock<Needed>) {
        for class in 0..FIRST_OF_SPANS {
            let (listed, room, aside) = heap.listed(class);
            let (most, filled) = (slab::most(class), Slabs::most_filled(class));
            let size = size_of_class(class);
            // As many as fill it, or as many as it was filled with. Before the first block it has not been asked.
            let full = |blocks: usize| [0, most].contains(&blocks) || blocks > most && blocks <= filled;
            assert!(full(room + listed), "room for {room}, beside {listed} of {size} bytes");
            assert!(full(aside), "{aside} blocks of {size} bytes set aside");
        }
    }
    const STEPS: usize = 400;
    const MOST: usize = 700;
    on_region(32 << 10, |heap, _| {
        let held: Vec<_> = (0..100).map(|_| alloc(heap, 16).expect("room")).collect();
        for block in held {
            free(heap, block, 16);
            check(heap.heap().expect("a heap"));
        }
    });
    on_region(1 << 20, |heap, _| {
        let mut number = 1u32;
        let mut below = |end: usize| {
            number ^= number << 13;
            number ^= number >> 17;
            number ^= number << 5;
            number as usize % end
        };
        for size in [0, 16, 48, 256, 300, 1024] {
            let mut held = Vec::new();
            for _ in 0..STEPS {
                let many = below(MOST);
                if held.len() < many {
                    held.resize_with(many.min(300_000 / size.max(16)), || alloc(heap, size).expect("room"));
                } else {
                    for _ in many..held.len() {
                        let index = below(held.len());
                        free(heap, held.swap_remove(index), size);
                    }
                }
                check(heap.heap().expect("a heap"));
                if many % 16 == 0 {
                    heap.trim();
                    check(heap.heap().expect("a heap"));
                }
            }
            held.into_iter().for_each(|block| free(heap, block, size));
            heap.trim();
        }
    });
}

/// Fills a heap with blocks of 16 bytes until it has none.
fn fill(heap: &Heap) -> Vec<NonNull<u8>> {
    core::iter::from_fn(|| alloc(heap, 16)).collect()
}

/// Bytes that it has where the ledger holds 64 KiB.
const ROOM: usize = (2 << 10) - GRAIN;

fn slack_of_reserve(heap: &Heap) -> usize {
    heap.heap().map_or(0, Stock::reserved)
}

/// When nothing else is to be had, blocks of every fine class are cut from the reserve, lie apart, are counted, and come back; then it starts over.
#[test]
fn h37_the_reserve_serves_every_fine_class_and_starts_over() {
    on_region(USUAL_PAGE, |heap, ledger| {
        free(heap, alloc(heap, 16).expect("room"), 16);
        assert_eq!(slack_of_reserve(heap), ROOM, "a region of 64 KiB has a reserve");
        for _ in 0..3 {
            // The largest pieces first, so that not even a slab is left.
            let claims: Vec<_> = (6..16)
                .rev()
                .flat_map(|bit| core::iter::from_fn(move || ledger.claim("all", layout(1 << bit)).ok()))
                .collect();
            assert!(!claims.is_empty());
            let mut blocks = Vec::new();
            while let Some((block, size)) = (0..=FINE / ALIGN)
                .map(|class| class * ALIGN)
                .cycle()
                .nth(blocks.len() % 17)
                .and_then(|size| Some((alloc(heap, size)?, size)))
            {
                // SAFETY: a block of so many bytes.
                unsafe { block.write_bytes(blocks.len() as u8, size) };
                blocks.push((block, size));
            }
            assert!(blocks.len() > 12, "{} blocks", blocks.len());
            let stats = heap.stats();
            let served: usize = blocks.iter().map(|(_, size)| (*size).max(16)).sum();
            assert_eq!((stats.in_use, stats.in_use + stats.free + stats.slack()), (served, stats.held), "{stats}");
            for (number, (block, size)) in blocks.iter().enumerate() {
                // SAFETY: so many bytes were written.
                let bytes = unsafe { core::slice::from_raw_parts(block.as_ptr(), *size) };
                assert!(bytes.iter().all(|byte| *byte == number as u8));
                free(heap, *block, *size);
            }
            drop(claims);
            // Whoever is refused has had the heap let go of all it has at hand, but not of this.
            assert!(ledger.claim("too much", layout(USUAL_PAGE)).is_err());
            assert_eq!((slack_of_reserve(heap), heap.stats().in_use), (ROOM, 0));
        }
        heap.trim();
        assert_eq!((slack_of_reserve(heap), ledger.snapshot().spans().count()), (0, 2));
    });
}

/// Where blocks of it stay in use, a new one is claimed as soon as there is room again; the old one goes back with the last of them.
#[test]
fn h37_a_reserve_in_use_is_renewed() {
    on_region(100 << 10, |heap, ledger| {
        let blocks = fill(heap);
        let held = heap.stats().held;
        assert_eq!(slack_of_reserve(heap), 0, "it is used up");
        // All but what was allocated last.
        let (most, last) = blocks.split_at(blocks.len() - 20);
        most.iter().for_each(|block| free(heap, *block, 16));
        heap.trim();
        free(heap, alloc(heap, 200).expect("room"), 200);
        assert!(slack_of_reserve(heap) > ROOM, "there is none again");
        last.iter().for_each(|block| free(heap, *block, 16));
        heap.trim();
        assert_eq!((slack_of_reserve(heap), ledger.snapshot().spans().count()), (0, 2), "of {held} bytes");
    });
}

/// A small region loses nothing for it.
#[test]
fn h37_no_reserve_where_memory_is_small() {
    on_region(60 << 10, |heap, _| {
        let blocks = fill(heap);
        assert!(blocks.len() > 2000);
        assert_eq!(slack_of_reserve(heap), 0);
    });
}

/// However many shared slabs there are, and whatever holes they have, a block is found or refused after a look at a few; and a block that
/// comes back finds its slab in a tree that stays flat.
#[test]
fn h36_few_shared_slabs_are_looked_at() {
    const SLABS: usize = 300;
    on_region(8 << 20, |heap, ledger| {
        free(heap, alloc(heap, 16).expect("room"), 16);
        // Nothing but holes of a kilobyte: no slab of a class's own fits.
        let claims: Vec<_> =
            core::iter::from_fn(|| ledger.claim("all", layout(1024 - GRAIN)).ok()).enumerate().collect();
        let (holes, _rest): (Vec<_>, Vec<_>) = claims.into_iter().partition(|(index, _)| index % 2 == 0);
        drop(holes.into_iter().take(SLABS).map(|(_, claim)| claim).collect::<Vec<_>>());
        let shared = heap.heap().expect("a heap").shared();
        let mut blocks: Vec<_> =
            [48, 16, 256, 112, 64].into_iter().cycle().map_while(|size| Some((alloc(heap, size)?, size))).collect();
        assert!(shared.slabs() >= SLABS, "{} slabs", shared.slabs());
        assert!(shared.depth() < 40, "a tree of {} levels", shared.depth());
        let mut number = 0;
        while let Some((block, size)) = (!blocks.is_empty()).then(|| blocks.swap_remove(number * 7919 % blocks.len())) {
            number += 1;
            free(heap, block, size);
            let before = shared.looks.get();
            let again = alloc(heap, 16 + number % 16 * 16);
            // Once before memory is asked for, and twice after, if there is none.
            let looked = shared.looks.get() - before;
            assert!(looked <= 3 * (2 + 32), "{looked} slabs were looked at");
            again.into_iter().for_each(|block| free(heap, block, 16 + number % 16 * 16));
            if number % 64 == 0 {
                heap.trim();
            }
        }
        heap.trim();
        assert_eq!((heap.stats().in_use, shared.slabs()), (0, 0));
    });
}

/// Whoever forks has every heap's lock before that of its ledger, for which somebody in a heap may wait.
#[test]
#[cfg(all(unix, not(target_family = "wasm")))]
fn h33_a_heap_is_held_before_its_ledger() {
    static LEDGER: Ledger<crate::Hosted> = Ledger::new(crate::Hosted::new());
    static HEAPS: [Heap; 2] = [Heap::new_in(&LEDGER, "one"), Heap::new_in(&LEDGER, "other")];
    for heap in &HEAPS {
        free(heap, alloc(heap, 16).expect("room"), 16);
    }
    let [one, other] = HEAPS.each_ref().map(|heap| crate::platform::place_of(heap.heap().expect("a heap")));
    let ledger = crate::platform::place_of(LEDGER.records());
    assert!(one.is_some() && other.is_some() && one < ledger && other < ledger, "{one:?}, {other:?}, {ledger:?}");
}

/// A lock that one thread uses, and that counts how often it is taken.
struct Counted;

std::thread_local! {
    static TAKEN: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
    /// Called whenever such a lock is given back.
    static AFTER: core::cell::Cell<fn()> = const { core::cell::Cell::new(|| ()) };
}

// SAFETY: each test below has a heap of its own, which only its thread uses.
unsafe impl lock_api::RawMutex for Counted {
    const INIT: Counted = Counted;
    type GuardMarker = ();

    fn lock(&self) {
        TAKEN.set(TAKEN.get() + 1);
    }

    fn try_lock(&self) -> bool {
        TAKEN.set(TAKEN.get() + 1);
        true
    }

    unsafe fn unlock(&self) {
        AFTER.get()();
    }
}

/// How often a lock is taken, the heap's or its ledger's: once where it can be, and nowhere more often than the design says.
#[test]
fn a_lock_is_taken_as_seldom_as_can_be() {
    let memory = Vec::leak(std::vec![MaybeUninit::uninit(); 1 << 20]);
    let ledger = Box::leak(Box::new(Ledger::<_, Locked<Counted>>::with_lock(Region::new(memory))));
    let heap = Heap::new_in(ledger, "heap");
    let get = |size: usize| {
        TAKEN.set(0);
        // SAFETY: this heap serves every size.
        let block = NonNull::new(unsafe { heap.alloc(layout(size)) }).expect("room");
        (block, TAKEN.get())
    };
    let put = |block: NonNull<u8>, size: usize| {
        TAKEN.set(0);
        // SAFETY: a block of this heap's with this layout, not used any more.
        unsafe { heap.dealloc(block.as_ptr(), layout(size)) };
        TAKEN.get()
    };
    // The ledger has memory that is free, and the heap a reserve.
    drop(ledger.claim("all", layout(900_000)).expect("room"));
    put(get(16).0, 16);
    // The first lie in a slab that all classes share.
    let mut held: Vec<_> = (0..4).map(|_| get(100)).collect();
    assert!(held.iter().any(|(_, taken)| *taken == 1), "the list and the shared slabs");
    // Until there are slabs of that class. All that one has fills the list again and again, and then comes the next.
    while heap.classes().all(|class| (class.size, class.slabs) != (112, 1)) {
        held.push(get(100));
    }
    let (first, taken) = get(100);
    let (second, again) = get(100);
    assert_eq!((taken, again, put(second, 100), put(first, 100)), (1, 1, 1, 1), "a block of a list");
    let mut held: Vec<_> = held.into_iter().map(|(block, _)| block).collect();
    let most = loop {
        let (block, taken) = get(100);
        held.push(block);
        if taken > 1 {
            break taken;
        }
    };
    assert_eq!(most, 3, "a new slab: the list and the slabs, the ledger, the slabs again");
    assert!(held.len() > 30, "{} blocks of 100 bytes in a slab", held.len());
    assert!(held.into_iter().all(|block| put(block, 100) == 1));
    // A class of spans: from the ledger, to the list, from the list.
    let (span, taken) = get(5000);
    assert_eq!((taken, put(span, 5000)), (3, 1), "the list, the ledger, how much it holds; the list");
    assert_eq!(get(5000), (span, 1), "the list");
    put(span, 5000);
    // What no list has.
    let (large, taken) = get(100_000);
    TAKEN.set(0);
    // SAFETY: a block of this heap's with this layout; it goes on with what is returned.
    let larger = NonNull::new(unsafe { heap.realloc(large.as_ptr(), layout(100_000), 150_000) }).expect("room");
    assert_eq!((taken, TAKEN.get(), larger, put(larger, 150_000)), (1, 1, large, 1), "the ledger alone");
}

/// A claim that was freed is there again for a request of its class, or of the one below; and for whoever would be refused else.
#[test]
fn h26_claims_in_lists_are_whoevers_asks() {
    on_region(1 << 20, |heap, ledger| {
        drop(ledger.claim("all", layout(900_000)).expect("room"));
        // With the first slab come lists.
        free(heap, alloc(heap, 16).expect("room"), 16);
        let blocks: Vec<_> = (0..100).map(|_| alloc(heap, 5000).expect("room")).collect();
        blocks.iter().for_each(|block| free(heap, *block, 5000));
        assert!(heap.classes().any(|class| (class.size, class.free) == (5120, 100)));
        assert_eq!(alloc(heap, 4200).as_ref(), blocks.last(), "the next class's, a quarter longer");
        blocks.last().into_iter().for_each(|block| free(heap, *block, 4200));
        assert!(ledger.claim("all", layout(900_000)).is_ok(), "{ledger:?}");
    });
}

/// Who frees a block and asks for as much again has the same memory each time, in its class's length or shorter, where memory is not ample for that.
#[test]
fn h26_what_is_freed_is_had_again() {
    for region in [20 << 10, 150 << 10, 400 << 10, 1 << 20, 4 << 20] {
        on_region(region, |heap, ledger| {
            drop(ledger.claim("all", layout(region / 10 * 9)).expect("room"));
            // With the first slab come lists.
            let held: Vec<_> = (0..100).map(|_| alloc(heap, 16).expect("room")).collect();
            for size in (1..18_000).step_by(if cfg!(miri) { 5999 } else { 97 }).filter(|size| *size < region / 3) {
                let claimed = |block: Option<NonNull<u8>>| {
                    free(heap, block.expect("room"), size);
                    ledger.snapshot().claimed
                };
                let first = claimed(alloc(heap, size));
                for _ in 0..5 {
                    assert_eq!(claimed(alloc(heap, size)), first, "{size} bytes again and again in {region}");
                }
            }
            held.into_iter().for_each(|block| free(heap, block, 16));
        });
    }
}

/// Whoever forks knows of a heap and of its ledger before another thread can use that heap.
#[test]
#[cfg(all(unix, not(target_family = "wasm")))]
fn h33_a_heap_is_watched_before_it_is_used() {
    static LEDGER: Ledger<crate::Hosted, Locked<Counted>> = Ledger::with_lock(crate::Hosted::new());
    static HEAP: Heap<Locked<Counted>> = Heap::new_in(&LEDGER, "heap");
    std::thread_local! {
        static SEEN: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
    }
    AFTER.set(|| {
        if let Some(heap) = HEAP.heap() {
            SEEN.set(SEEN.get() + 1);
            let watched = [crate::platform::place_of(heap), crate::platform::place_of(LEDGER.records())];
            assert!(
                watched.iter().all(Option::is_some),
                "another thread could use it, and nobody who forks would know"
            );
        }
    });
    // SAFETY: this heap serves every size.
    assert!(!unsafe { HEAP.alloc(layout(16)) }.is_null());
    AFTER.set(|| ());
    // First when the heap became known, with the ledger locked.
    assert!(SEEN.get() > 2);
}

const _: () = assert!(FIRST_OF_SPANS < CLASSES);
