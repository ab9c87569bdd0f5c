//! When memory grows (h26): only once nobody has any to spare, the heap included.

use core::alloc::{GlobalAlloc, Layout};

use freehold::backing::{Backing, GRAIN};
use freehold::{Alloc, Arena, BlockPool, Growth, Heap, Ledger};

use super::blocks::{Blocks, HELD};
use super::{HEAP, alone, counting, make_large, on_simulated, sizes};
use crate::backings::Manner;
use crate::choices::{Choices, Seeded};
use crate::live::Live;
use crate::{STEPS, tally};

const ROOM: usize = 4 << 20;

/// Bytes that the heap is filled with in one go.
const FILL: usize = if cfg!(miri) { 16 << 10 } else { 300 << 10 };

/// What is asked for afterwards: less by what slabs lose at their ends, and where they don't begin at a multiple of their size.
const LESS: usize = FILL / 4 * 3;

/// Fills the heap with blocks of one layout, then frees all; how many there were.
fn fill_and_free(heap: &Heap, layout: Layout, bytes: usize) -> usize {
    let mut last: *mut u8 = core::ptr::null_mut();
    let count = bytes / sizes::served(layout);
    for _ in 0..count {
        // SAFETY: the layout has bytes.
        let block = unsafe { heap.alloc(layout) };
        assert!(!block.is_null(), "no room for {layout:?}");
        // Each leads to the one before it.
        // SAFETY: a block of that layout, which has room for a pointer.
        unsafe { block.cast::<*mut u8>().write_unaligned(last) };
        last = block;
    }
    for _ in 0..count {
        // SAFETY: written above.
        let before = unsafe { last.cast::<*mut u8>().read_unaligned() };
        // SAFETY: the block is of this heap, with this layout, and not used any more.
        unsafe { heap.dealloc(last, layout) };
        last = before;
    }
    assert!(last.is_null());
    count
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a layout")
}

/// A heap's programs alone: what is freed is enough when they run again, without a trim between, and after one all is in one piece.
pub fn h26_programs_of_the_heap_alone() {
    let mut taken = Taken::default();
    let seeds = if cfg!(miri) { 1 } else { 8 };
    for seed in 0..seeds {
        for manner in [Manner::Exact, Manner::Steps(4096)] {
            on_simulated(ROOM, manner, 0, |heap, ledger, _| {
                taken.run_again(ledger, heap, || program(heap, &mut Seeded::new(seed, STEPS)));
                in_one_piece(heap, ledger);
            });
        }
    }
    taken.check();
}

/// What programs took of memory when they ran for the first time, and when they had run over and over.
///
/// What frees everything soon takes no more. Not at once: the first time memory grows just where it is needed, the next time all of it is
/// there, and pieces lie elsewhere. How they lie decides what fits, and with some 100 KiB in all one block that does not fit is much: of
/// 400 programs half take no more than the first time, one in fifty takes 1.4 times as much. From a trimmed heap on it is always the same:
/// then the same again grows nothing.
#[derive(Default)]
pub struct Taken {
    first: usize,
    last: usize,
    programs: usize,
}

impl Taken {
    /// Runs a program until it asks for no more.
    pub fn run_again<B: Backing>(&mut self, ledger: &Ledger<B>, heap: &Heap, mut run: impl FnMut()) {
        run();
        let first = ledger.snapshot().granted;
        let (warm, trimmed) = if cfg!(miri) { (1, 1) } else { (4, 2) };
        (0..warm).for_each(|_| run());
        (0..trimmed).for_each(|_| {
            heap.trim();
            run();
        });
        heap.trim();
        let growths = ledger.growths();
        run();
        assert_eq!(ledger.growths(), growths, "the same again asks for more memory");
        let last = ledger.snapshot().granted;
        assert!(last <= 2 * first, "{last} bytes, after {first} for the first time");
        self.first += first;
        self.last += last;
        self.programs += 1;
    }

    /// Each may be unlucky, all of them not.
    pub fn check(&self) {
        let Self { first, last, programs } = *self;
        assert!(programs < 10 || last <= first + first / 4, "{last} bytes, after {first} for the first time");
    }
}

/// Allocates, frees and resizes at random; in the end everything is free.
fn program(heap: &Heap, choices: &mut impl Choices) {
    let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
    while let Some(done) = alone::step(&mut live, &mut blocks, choices) {
        assert!(done, "no room");
    }
    blocks.free_all(&mut live);
}

/// After a trim all that was granted is one free span, but for the heap's own record.
fn in_one_piece<B: Backing>(heap: &Heap, ledger: &Ledger<B>) {
    heap.trim();
    tally::check(ledger);
    let snapshot = ledger.snapshot();
    assert_eq!(snapshot.claimed, counting::record(ledger));
    assert_eq!(snapshot.spans().count(), 2, "the record, and all the rest in one piece");
}

/// What one class had, any other can have, a large block, and a block of large alignment: no class hoards.
pub fn h26_no_class_hoards() {
    let sizes: &[usize] =
        if cfg!(miri) { &[200, 8000] } else { &[16, 48, 500, 1000, 1024, 1100, 8000, 32_768, 70_000, 299_000] };
    for &first in sizes {
        on_simulated(ROOM, Manner::Exact, 0, |heap, ledger, _| {
            fill_and_free(heap, layout(first, 8), FILL);
            let growths = ledger.growths();
            for &second in sizes.iter().filter(|second| **second < LESS) {
                // Where the first large ones come to lie, between what the heap keeps, there may be no room beside them for another: as it is on 32 bits.
                let alone = cfg!(target_pointer_width = "32") && second > LESS / 4;
                let fill = if alone { sizes::served(layout(second, 8)) } else { LESS };
                fill_and_free(heap, layout(second, 8), fill);
                assert_eq!(ledger.growths(), growths, "{first} bytes each, then {second}");
            }
            fill_and_free(heap, layout(5000, 256), LESS);
            assert_eq!(ledger.growths(), growths, "{first} bytes each, then spans of their own");
            // A single block that is as large as all of them.
            fill_and_free(heap, layout(LESS, 8), LESS);
            assert_eq!(ledger.growths(), growths, "{first} bytes each, then all at once");
            in_one_piece(heap, ledger);
        });
    }
}

/// What the heap keeps in lists is an arena's, a typed arena's, a pool's or a claim's before memory grows, without anybody asking for a trim.
pub fn h26_others_have_what_the_heap_keeps() {
    /// Takes about so many bytes of the ledger's.
    type Taker<B> = fn(&Ledger<B>, usize);
    fn check<B: Backing>(heap: &Heap, ledger: &Ledger<B>) {
        let takers: [(&str, Taker<B>); 4] = [
            ("claim", |ledger, bytes| drop(ledger.claim("claim", layout(bytes, 8)).expect("room"))),
            ("arena", |ledger, bytes| {
                let arena = Arena::new_in(ledger, "arena");
                arena.alloc_uninit_slice::<u8>(bytes);
            }),
            ("arena of small chunks", |ledger, bytes| {
                let arena = Arena::new_in(ledger, "arena").with_growth(Growth::fixed(2000));
                (0..bytes / 200).for_each(|_| _ = arena.alloc_uninit_slice::<u8>(100));
            }),
            ("pool", |ledger, bytes| {
                let pool = BlockPool::fixed_in(ledger, "pool", layout(100, 4), bytes / 120).expect("room");
                assert!(pool.try_alloc().is_ok());
            }),
        ];
        let sizes: &[usize] = if cfg!(miri) { &[200, 1500] } else { &[16, 100, 1024, 1500, 8000] };
        for (name, take) in takers {
            for &size in sizes {
                fill_and_free(heap, layout(size, 8), FILL);
                let (growths, stats) = (ledger.growths(), heap.stats());
                // Of blocks that are spans of their own it keeps a part, once it has been told how large that may be.
                let kept = if size <= 1024 { FILL / 2 } else { 0 };
                assert!(stats.free >= kept && stats.in_use == 0, "the heap keeps what was freed: {stats}");
                take(ledger, LESS);
                assert_eq!(ledger.growths(), growths, "{name}, after blocks of {size} bytes");
                tally::check(ledger);
            }
        }
    }
    on_simulated(ROOM, Manner::Exact, 0, |heap, ledger, _| {
        make_large(ledger);
        check(heap, ledger);
    });
    if !cfg!(miri) {
        on_simulated(ROOM, Manner::Steps(4096), 0, |heap, ledger, _| {
            make_large(ledger);
            check(heap, ledger);
        });
    }
}

/// A slab with one block in use stays, with that block; all the others go.
pub fn h26_slabs_in_use_stay() {
    on_simulated(ROOM, Manner::Exact, 0, |heap, ledger, _| {
        make_large(ledger);
        let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
        let sizes: &[usize] = if cfg!(miri) { &[200, 1000] } else { &[64, 200, 1000] };
        for &size in sizes {
            let layout = layout(size, 8);
            for index in 0..HELD {
                assert!(blocks.alloc(&mut live, index, layout));
            }
            // One in a slab: the first lie in those that all classes share.
            let kept = HELD - 1;
            (0..HELD).filter(|index| *index != kept).for_each(|index| blocks.free(&mut live, index));
            heap.trim();
            live.check();
            live.check_owners(ledger);
            let classes = || heap.classes().filter(|class| class.size == sizes::served(layout));
            assert!(classes().all(|class| class.slabs == 1 && class.used == 1), "{:?}", classes().next());
            counting::check(&blocks, ledger);
            // Its free blocks come before a new slab is claimed.
            let claimed = ledger.snapshot().claimed_by(HEAP);
            assert!(blocks.alloc(&mut live, 0, layout) && blocks.alloc(&mut live, 1, layout));
            assert_eq!(ledger.snapshot().claimed_by(HEAP), claimed);
            blocks.free_all(&mut live);
            in_one_piece(heap, ledger);
        }
    });
}

/// A block that grows a little over and over takes no more than it holds, with or without memory behind it; one that is resized to what it has stays where it
/// is.
pub fn h26_growing_bit_by_bit() {
    for align in [8, 64] {
        on_simulated(ROOM, Manner::Exact, 0, |heap, ledger, _| {
            let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
            assert!(blocks.alloc(&mut live, 0, layout(40_000, align)));
            let steps = if cfg!(miri) { 10 } else { 500 };
            for size in (40_000..).take(steps) {
                assert!(blocks.realloc(&mut live, 0, size));
                tally::check(ledger);
                assert_eq!(heap.stats().in_use, size.next_multiple_of(GRAIN), "a block that has grown to {size} bytes");
            }
            // Something behind it, so that it could only go elsewhere.
            assert!(blocks.alloc(&mut live, 1, layout(40_000, 64)));
            let claimed = ledger.snapshot().peak;
            for size in (40_000 + steps - 10..40_000 + steps).rev().step_by(3) {
                assert!(blocks.realloc(&mut live, 0, size));
            }
            assert_eq!(ledger.snapshot().peak, claimed, "what shrinks a little stays where it is");
            blocks.free_all(&mut live);
            in_one_piece(heap, ledger);
        });
    }
}

/// Two heaps on one ledger: each gives what it keeps before memory grows for the other, or for a third.
pub fn h26_two_heaps() {
    use freehold::DefaultBacking;
    static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
    static HEAPS: [Heap; 3] = [
        Heap::new_in(&LEDGER, "first heap"),
        Heap::new_in(&LEDGER, "second heap"),
        Heap::new_in(&LEDGER, "third heap"),
    ];
    let bytes = if cfg!(miri) { 200 << 10 } else { 1 << 20 };
    // Each opens its record, and asks for a slab.
    HEAPS.iter().for_each(|heap| _ = fill_and_free(heap, layout(900, 8), 2000));
    fill_and_free(&HEAPS[0], layout(9000, 8), bytes);
    let growths = LEDGER.growths();
    for (index, heap) in HEAPS.iter().enumerate().cycle().take(7) {
        fill_and_free(heap, layout(8000 + 1000 * index, 8), bytes - bytes / 8);
        assert_eq!(LEDGER.growths(), growths, "heap {index} has memory grow while others keep some");
    }
    drop(LEDGER.claim("claim", layout(bytes - bytes / 8, 8)).expect("room"));
    assert_eq!(LEDGER.growths(), growths);
    for heap in &HEAPS {
        heap.trim();
        assert_eq!((heap.stats().in_use, heap.stats().free), (0, 0));
    }
}
