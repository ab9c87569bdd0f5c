//! C's functions on heaps of either kind, from Rust. The programs in `tests/hosts` call them from C.

use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::Ordering::Relaxed;
use std::boxed::Box;
use std::collections::BTreeMap;
use std::vec::Vec;
use std::{eprintln, vec};

use super::*;
use crate::DefaultBacking;
use crate::backing::{Budget, Region};
use crate::debug::Checked;
use crate::heap::{BoundedHeap, Heap, SmallHeap};
use crate::layout::USUAL_PAGE;
use crate::ledger::Ledger;
use crate::sharing::Needed;

/// A heap on memory of its own, for ever, as C has it.
struct Alone {
    ledger: &'static Ledger<Region<'static>>,
    heap: &'static Heap,
    sheets: &'static Sheets,
}

impl Alone {
    fn new(bytes: usize) -> Alone {
        let memory = Vec::leak(vec![MaybeUninit::uninit(); bytes]);
        let ledger: &Ledger<_> = Box::leak(Box::new(Ledger::new(Region::new(memory))));
        let heap = Box::leak(Box::new(Heap::new_in(ledger, "heap")));
        Alone { ledger, heap, sheets: Box::leak(Box::default()) }
    }

    fn c(&self) -> Headless<'static, Needed> {
        Of(self.heap).blocks(self.sheets)
    }

    fn headed(&self) -> Headed<'static, Heap> {
        AnyHeap::blocks(&Of(self.heap), self.sheets)
    }

    fn claimed(&self) -> usize {
        self.ledger.snapshot().claimed
    }
}

fn alloc(c: &impl Malloc, size: usize) -> Option<NonNull<u8>> {
    NonNull::new(c.alloc(1, size, false))
}

fn free(c: &impl Malloc, block: NonNull<u8>) {
    // SAFETY: the tests free each block once.
    unsafe { c.free(block) };
}

fn usable(c: &impl Malloc, block: NonNull<u8>) -> usize {
    // SAFETY: the tests ask for blocks in use.
    unsafe { c.usable(block) }
}

fn fill(block: NonNull<u8>, len: usize, byte: u8) {
    // SAFETY: so many bytes are in use.
    unsafe { block.write_bytes(byte, len) };
}

fn holds(block: NonNull<u8>, len: usize, byte: u8) -> bool {
    // SAFETY: so many bytes are in use, and were written.
    let bytes = unsafe { core::slice::from_raw_parts(block.as_ptr(), len) };
    bytes.first().is_none_or(|first| *first == byte) && bytes[len.min(1)..] == bytes[..len.saturating_sub(1)]
}

/// What is known of so much memory takes at most, if nothing of it is in use: chapters are never given back, and a map is kept.
fn known_of(bytes: usize) -> usize {
    (bytes / (512 << 10) + 2) * 1664 + 256
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

/// A program that allocates by chance, in each way, whatever comes of it; all that may be used of each block is written, and found again.
fn random_program(c: &impl Malloc, steps: usize, largest: usize, seed: u64) -> usize {
    let mut dice = Dice(seed);
    let mut held: Vec<(NonNull<u8>, usize, u8)> = Vec::new();
    let mut refused = 0;
    for step in 0..steps {
        let byte = step as u8;
        let most = [64, 300, 1100, largest][dice.below(4)].min(largest);
        let size = dice.below(most + 1);
        let keep = |block: *mut u8, held: &mut Vec<_>, align: usize| {
            let Some(block) = NonNull::new(block) else { return 1 };
            assert!(block.addr().get().is_multiple_of(align.max(16)), "{size} bytes aligned to {align}");
            let room = usable(c, block);
            assert!(room >= size, "{room} of {size} bytes");
            fill(block, room, byte);
            held.push((block, room, byte));
            0
        };
        match dice.below(8) {
            0..=2 => refused += keep(c.alloc(1, size, false), &mut held, 1),
            3 => {
                let align = 1 << dice.below(13);
                refused += keep(c.alloc(align, size, false), &mut held, align);
            }
            4 => {
                let block = c.alloc(16, size, true);
                assert!(NonNull::new(block).is_none_or(|block| holds(block, size, 0)));
                refused += keep(block, &mut held, 16);
            }
            _ if held.is_empty() => {}
            kind => {
                let (block, room, was) = held.swap_remove(dice.below(held.len()));
                assert!(usable(c, block) == room && holds(block, room, was), "{room} bytes at {block:?}");
                if kind == 5 {
                    // SAFETY: a block in use, not used any more unless null is returned.
                    let moved = unsafe { c.realloc(block, size) };
                    let Some(moved) = NonNull::new(moved) else {
                        refused += 1;
                        held.push((block, room, was));
                        continue;
                    };
                    assert!(holds(moved, room.min(size), was), "{room} bytes to {size}");
                    refused += keep(moved.as_ptr(), &mut held, 16);
                } else {
                    free(c, block);
                }
            }
        }
    }
    for (block, room, was) in held {
        assert!(holds(block, room, was), "{room} bytes at {block:?}");
        free(c, block);
    }
    refused
}

/// In memory of any size, plenty or not, each block is what was asked for and nobody else's; all of it comes back, so what is freed is what was
/// allocated.
#[test]
fn random_programs_on_a_heap() {
    for (bytes, largest) in [(8 << 10, 500), (60 << 10, 5000), (300 << 10, 20_000), (1 << 20, 3000), (8 << 20, 50_000)]
    {
        let mut refused = 0;
        for seed in 1..=3 {
            let alone = Alone::new(bytes);
            let c = alone.c();
            refused += random_program(&c, 6000, largest, seed * 977);
            alone.heap.trim();
            // What is known of so many megabytes, and what a heap has for itself.
            let known = known_of(bytes);
            let in_use = alone.heap.stats().in_use;
            assert!(in_use <= known, "{in_use} bytes of {bytes} in use after all was freed");
            assert!(alone.claimed() <= known + (12 << 10), "{}", alone.ledger.snapshot());
            refused += random_program(&c, 2000, largest, seed);
        }
        // Not more than there is, and not always enough.
        assert!(bytes >= 1 << 20 || refused > 0, "{bytes} bytes are enough for all");
    }
}

/// The same on what must be told.
#[test]
fn random_programs_on_other_heaps() {
    static SMALL: SmallHeap = SmallHeap::new();
    static BOUNDED: BoundedHeap = BoundedHeap::empty();
    static CHECKED: Checked<SmallHeap> = Checked::new(SmallHeap::new());
    static SHEETS: Sheets = Sheets::new();
    random_program(&Of(&SMALL).blocks(&SHEETS), 4000, 20_000, 1);
    random_program(&Of(&CHECKED).blocks(&SHEETS), 500, 2000, 3);
    BOUNDED.lend(Region::new(Vec::leak(vec![MaybeUninit::uninit(); 1 << 20]))).expect("the first");
    random_program(&Of(&BOUNDED).blocks(&SHEETS), 4000, 20_000, 2);
    random_program(&Alone::new(1 << 20).headed(), 4000, 20_000, 4);
}

/// From each size to each, aligned or not: what stays and what moves has what it had, and is what it is called.
#[test]
fn from_each_size_to_each() {
    const SIZES: [usize; 17] =
        [0, 1, 16, 17, 100, 256, 257, 300, 1000, 1008, 1024, 1025, 5000, 16 << 10, (16 << 10) + 1, 60_000, 150_000];
    for bytes in [700 << 10, 4 << 20] {
        let alone = Alone::new(bytes);
        let c = alone.c();
        for align in [1, 64, 4096] {
            for (was, size) in SIZES.into_iter().flat_map(|was| SIZES.map(|size| (was, size))) {
                let [before, block, after] = [1, 2, 3].map(|byte| {
                    let block = NonNull::new(c.alloc(align, was, false)).expect("room");
                    fill(block, usable(&c, block), byte);
                    block
                });
                // SAFETY: a block in use, not used any more.
                let moved = NonNull::new(unsafe { c.realloc(block, size) }).expect("room");
                assert!(usable(&c, moved) >= size && holds(moved, was.min(size), 2), "{was} to {size} bytes");
                assert!(moved.addr().get().is_multiple_of(align.max(16)), "{was} to {size} bytes aligned to {align}");
                fill(moved, usable(&c, moved), 4);
                assert!(holds(before, usable(&c, before), 1) && holds(after, usable(&c, after), 3));
                [before, moved, after].into_iter().for_each(|block| free(&c, block));
            }
        }
        alone.heap.trim();
        assert!(alone.heap.stats().in_use <= known_of(bytes), "{}", alone.heap.stats());
    }
}

/// Where there is no room to write down what a block is, another one is found of which nothing need be written.
#[test]
fn h38_there_is_a_block_where_there_is_no_room_to_write_it_down() {
    // No room for a chapter.
    let alone = Alone::new(256 * size_of::<usize>());
    let block = alloc(&alone.c(), 16).expect("a claim");
    assert_eq!(usable(&alone.c(), block), 16);
    free(&alone.c(), block);
    // Nor for a map: no hole is longer than a block of 64 bytes.
    let alone = Alone::new(400 << 10);
    let c = alone.c();
    let mut held: Vec<_> = core::iter::from_fn(|| alloc(&c, 64)).collect();
    let mut kept = Vec::new();
    for index in (0..held.len()).rev().step_by(2) {
        kept.push(held.swap_remove(index));
    }
    let holes = held.len();
    held.into_iter().for_each(|block| free(&c, block));
    let fresh: Vec<_> = core::iter::from_fn(|| alloc(&c, 16)).collect();
    assert!(fresh.len() * 10 > holes * 9, "{} blocks in {holes} holes", fresh.len());
    kept.into_iter().chain(fresh).for_each(|block| free(&c, block));
    alone.heap.trim();
    assert!(alone.heap.stats().in_use <= known_of(400 << 10), "{}", alone.heap.stats());
}

/// What shrinks is never refused, though there is no memory to move it to; what grows is, and is as it was.
#[test]
fn what_shrinks_is_not_refused() {
    for (bytes, size) in [(16 << 10, 200), (400 << 10, 900), (400 << 10, 40)] {
        let alone = Alone::new(bytes);
        let c = alone.c();
        let held: Vec<_> = core::iter::from_fn(|| alloc(&c, size)).collect();
        held.iter().for_each(|block| fill(*block, size, 7));
        let rest: Vec<_> = [600, 100, 16]
            .into_iter()
            .flat_map(|size| {
                core::iter::from_fn({
                    let c = &c;
                    move || alloc(c, size)
                })
            })
            .collect();
        for block in &held {
            // SAFETY: a block in use, not used any more unless null is returned.
            assert!(unsafe { c.realloc(*block, 2000) }.is_null() && holds(*block, size, 7));
        }
        // The first finds no other place.
        // SAFETY: as above.
        let same = unsafe { c.realloc(held[0], 20) };
        assert!(same == held[0].as_ptr() && holds(held[0], 20, 7), "{size} bytes");
        held.into_iter().chain(rest).for_each(|block| free(&c, block));
    }
}

/// A sheet knows blocks as long as there are any in its slab, and nothing of what lies there later: another class's, or claims.
#[test]
fn a_sheet_forgets_a_slab_that_went() {
    let alone = Alone::new(1 << 20);
    let c = alone.c();
    for round in 0..3 {
        for size in [16, 100, 2000, 48, 300, 40_000, 1024, 1500, 256] {
            let count = 400_000 / (size + 64);
            let held: Vec<_> = (0..count).map(|_| alloc(&c, size).expect("room")).collect();
            for (index, block) in held.iter().enumerate() {
                let room = usable(&c, *block);
                // A class or a header more at most; and what a claim says it has is what it was asked for.
                assert!(room >= size && room <= size + size / 7 + 32, "{room} for {size} bytes, round {round}");
                fill(*block, room, index as u8);
            }
            for (index, block) in held.into_iter().enumerate() {
                assert!(holds(block, size, index as u8), "{size} bytes, round {round}");
                free(&c, block);
            }
            alone.heap.trim();
            assert!(alone.heap.stats().in_use <= known_of(1 << 20), "{}", alone.heap.stats());
        }
    }
}

/// Where memory ends a slab of one class becomes one that all share, beside blocks of C's of which only the sheet knows how long they are. What
/// else is cut from it then is told from those.
#[test]
fn blocks_beside_those_of_a_slab_that_is_shared_now() {
    for (class, others) in [(64, 16), (16, 64), (112, 48), (16, 16), (256, 200), (48, 240)] {
        let alone = Alone::new(512 << 10);
        let c = alone.c();
        // All there is, in blocks of one class; then some of them are free, in pairs and more.
        let mut held: Vec<_> = core::iter::from_fn(|| alloc(&c, class)).collect();
        assert!(held.len() * (class + 16) > 300 << 10, "{} blocks of {class} bytes", held.len());
        for (index, block) in held.iter().enumerate() {
            fill(*block, class, index as u8);
        }
        let mut kept = Vec::new();
        for (index, block) in held.drain(..).enumerate() {
            if index / 8 % 2 == 0 {
                kept.push((block, class, index as u8));
            } else {
                free(&c, block);
            }
        }
        // More of the other, and of Rust's, until there is none.
        let mut fresh = 0;
        for index in 0.. {
            let Some(block) = alloc(&c, others) else { break };
            let room = usable(&c, block);
            assert!(room >= others);
            fill(block, room, index as u8);
            kept.push((block, room, index as u8));
            fresh += 1;
        }
        if others <= class {
            assert!(fresh > 500, "{fresh} blocks of {others} bytes between those of {class}");
        }
        // In any order.
        let mut dice = Dice(7);
        while !kept.is_empty() {
            let (block, room, byte) = kept.swap_remove(dice.below(kept.len()));
            assert!(usable(&c, block) >= room && holds(block, room, byte), "{class}, {others}");
            free(&c, block);
        }
        alone.heap.trim();
        assert!(alone.heap.stats().in_use <= known_of(512 << 10), "{}", alone.heap.stats());
    }
}

/// Blocks go from thread to thread and are freed there, while sheets begin and end.
#[test]
#[cfg(any(unix, windows))]
fn threads_hand_each_other_blocks() {
    /// A block that another thread may have.
    struct Handed(NonNull<u8>);

    // SAFETY: whoever has it is the only one who uses the block.
    unsafe impl Send for Handed {}

    let alone = Alone::new(16 << 20);
    let (heap, sheets) = (alone.heap, alone.sheets);
    let places: [std::sync::Mutex<Option<(Handed, usize, u8)>>; 64] = [const { std::sync::Mutex::new(None) }; 64];
    std::thread::scope(|scope| {
        for thread in 1..=3 {
            let places = &places;
            scope.spawn(move || {
                let c = Of(heap).blocks(sheets);
                let mut dice = Dice(thread * 31);
                for step in 0..20_000 {
                    let size = [24, 48, 100, 500, 1200][dice.below(5)];
                    let block = alloc(&c, size).expect("room");
                    fill(block, size, step as u8);
                    let left = (Handed(block), size, step as u8);
                    let found = places[dice.below(64)].lock().expect("no panic").replace(left);
                    if let Some((Handed(block), size, byte)) = found {
                        assert!(usable(&c, block) >= size && holds(block, size, byte));
                        free(&c, block);
                    }
                    if step % 5000 == 0 {
                        heap.trim();
                    }
                }
            });
        }
    });
    let c = alone.c();
    for place in places {
        if let Some((Handed(block), ..)) = place.into_inner().expect("no panic") {
            free(&c, block);
        }
    }
    heap.trim();
    assert!(heap.stats().in_use <= known_of(16 << 20), "{}", heap.stats());
}

/// What a block costs with a header and without: bytes claimed for many of a size.
#[test]
fn blocks_without_headers_take_what_they_hold() {
    const BLOCKS: usize = 20_000;
    let sizes = [16, 24, 40, 64, 100, 200, 500];
    let each = |claimed: usize| claimed as f64 / BLOCKS as f64;
    let mut table = BTreeMap::new();
    for size in sizes {
        let cost = |fill: &dyn Fn(&Alone)| {
            let alone = Alone::new(BLOCKS * (size + 200));
            fill(&alone);
            each(alone.claimed())
        };
        fn many(c: &impl Malloc, size: usize) {
            for _ in 0..BLOCKS {
                alloc(c, size).expect("room");
            }
        }
        table.insert(size, [cost(&|alone| many(&alone.headed(), size)), cost(&|alone| many(&alone.c(), size))]);
    }
    for (size, [headed, headless]) in table {
        eprintln!("{size} bytes: {headed:.1} with a header, {headless:.1} without");
        let least = size.next_multiple_of(16) as f64;
        let most = if size > 256 { least * 1.15 } else { least * 1.06 + 0.5 };
        assert!(headless < most, "{headless:.1} bytes for {size}");
        // In the larger classes a header may be lost in rounding.
        assert!(headless + if size > 256 { 0.0 } else { 14.0 } < headed, "{headless:.1} and {headed:.1} for {size}");
    }
}

/// In 4 GiB of blocks, and where memory lies as far apart as can be, a block's chapter is found in a few steps; and all are given back.
#[test]
fn h36_a_few_chapters_are_passed() {
    let alone = Alone::new(32 << 20);
    let side_by_side: Vec<usize> = (0..8192).map(|number| number * (512 << 10) + 4096).collect();
    let apart: Vec<usize> = (0..1000).map(|number| number * (1 << (usize::BITS - 11)) + (3 << 20)).collect();
    // As many as an address has bits, but for those within a chapter and those of the first step.
    for (addrs, steps) in [(side_by_side, 7), (apart, usize::BITS as usize - 19 - 7 + 1)] {
        // Addresses only.
        let blocks = || addrs.iter().filter_map(|addr| NonNull::new(core::ptr::without_provenance_mut::<u8>(*addr)));
        for block in blocks() {
            assert!(alone.sheets.of(block).is_some() || alone.sheets.add_chapter(alone.heap, block), "room");
        }
        let looks = |block| {
            let before = alone.sheets.looks.load(Relaxed);
            assert!(alone.sheets.of(block).is_some());
            alone.sheets.looks.load(Relaxed) - before
        };
        let most = blocks().map(looks).max();
        assert!(most <= Some(steps), "{most:?} chapters, and {steps} are what it may take");
    }
    // SAFETY: there are no blocks.
    unsafe { alone.c().end() };
    alone.heap.trim();
    assert_eq!(alone.heap.stats().in_use, 0);
}

/// Where Rust has had all of memory, or it ends just where a sheet begins, there is no room to write down what C's blocks are: they say it themselves.
/// All holes are used, and nothing is lost; also where there is room again while they are in use.
#[test]
fn h38_blocks_say_how_long_they_are_where_there_is_no_room_to_write_it_down() {
    let layout = Layout::from_size_align(64, 8).expect("a layout");
    for (bytes, size, skip) in [(2 << 20, 16, 0), (2 << 20, 40, 0), (400 << 10, 16, 3 << 10), (8 << 10, 33, 0)] {
        let memory = Vec::leak(vec![MaybeUninit::uninit(); bytes + (8 << 10)]);
        let start = memory.as_ptr().align_offset(4 << 10) + skip;
        let ledger: &Ledger<_> = Box::leak(Box::new(Ledger::new(Region::new(&mut memory[start..start + bytes]))));
        let heap = Box::leak(Box::new(Heap::new_in(ledger, "heap")));
        let alone = Alone { ledger, heap, sheets: Box::leak(Box::default()) };
        let c = alone.c();
        // SAFETY: the layout has bytes.
        let mut rusts: Vec<_> = core::iter::from_fn(|| NonNull::new(unsafe { heap.alloc(layout) })).collect();
        let give_back = |count: usize, rusts: &mut Vec<NonNull<u8>>| {
            for index in (0..rusts.len()).rev().step_by(2).take(count) {
                let block = rusts.swap_remove(index);
                // SAFETY: it was allocated with this layout.
                unsafe { heap.dealloc(block.as_ptr(), layout) };
            }
        };
        let holes = rusts.len() / 2;
        give_back(usize::MAX, &mut rusts);
        let mut held = Vec::new();
        let take = |held: &mut Vec<_>, count: usize| {
            for byte in 0..count {
                let Some(block) = alloc(&c, size) else { return byte };
                let room = usable(&c, block);
                assert!(room >= size && block.addr().get().is_multiple_of(16));
                fill(block, room, byte as u8);
                held.push((block, room, byte as u8));
            }
            count
        };
        let taken = take(&mut held, usize::MAX);
        assert!(taken * 10 > holes * 9, "{taken} blocks of {size} bytes in {holes} holes of {bytes} bytes");
        // More and more room, while some of them are there.
        let mut dice = Dice(3);
        for _ in 0..20 {
            for _ in 0..held.len() / 3 {
                let at = dice.below(held.len());
                let (block, room, byte) = held[at];
                assert!(usable(&c, block) == room && holds(block, room, byte));
                if dice.below(2) == 0 {
                    held.swap_remove(at);
                    free(&c, block);
                } else {
                    let size = dice.below(200);
                    // SAFETY: a block in use, not used any more unless null is returned.
                    let Some(moved) = NonNull::new(unsafe { c.realloc(block, size) }) else { continue };
                    let now = usable(&c, moved);
                    assert!(now >= size && holds(moved, room.min(size), byte));
                    fill(moved, now, byte);
                    held[at] = (moved, now, byte);
                }
            }
            give_back(rusts.len() / 8, &mut rusts);
            take(&mut held, holes / 4);
        }
        for (block, room, byte) in held {
            assert!(usable(&c, block) == room && holds(block, room, byte));
            free(&c, block);
        }
        for block in rusts {
            // SAFETY: as above.
            unsafe { heap.dealloc(block.as_ptr(), layout) };
        }
        // SAFETY: there are no blocks.
        unsafe { c.end() };
        heap.trim();
        assert_eq!(heap.stats().in_use, 0, "{}", ledger.snapshot());
    }
}

/// Wherever memory begins and ends among sheets and chapters, half of what C has freed is had again in smaller blocks.
#[test]
fn h38_holes_are_used_wherever_memory_lies() {
    const BYTES: usize = 400 << 10;
    for before in (0..64).map(|step| step * 1536) {
        let memory = Vec::leak(vec![MaybeUninit::uninit(); 2 << 20]);
        // So that the last bytes are in another chapter.
        let start = memory.as_ptr().align_offset(512 << 10) + (512 << 10) - BYTES + before;
        let ledger: &Ledger<_> = Box::leak(Box::new(Ledger::new(Region::new(&mut memory[start..start + BYTES]))));
        let alone = Alone {
            ledger,
            heap: Box::leak(Box::new(Heap::new_in(ledger, "heap"))),
            sheets: Box::leak(Box::default()),
        };
        let c = alone.c();
        let held: Vec<_> = core::iter::from_fn(|| alloc(&c, 64)).collect();
        let (freed, kept): (Vec<_>, Vec<_>) = held.iter().enumerate().partition(|(index, _)| index % 2 == 0);
        freed.iter().for_each(|(_, block)| free(&c, **block));
        let fresh: Vec<_> = core::iter::from_fn(|| alloc(&c, 16)).collect();
        assert!(fresh.len() * 10 > freed.len() * 9, "{} blocks in {} holes, {before}", fresh.len(), freed.len());
        kept.into_iter().map(|(_, block)| *block).chain(fresh).for_each(|block| free(&c, block));
        alone.heap.trim();
        assert!(alone.heap.stats().in_use <= known_of(BYTES), "{}", alone.heap.stats());
    }
}

/// A block that grows where it is takes of a budget what it grows by, by `realloc` of either kind.
#[test]
fn a_block_grows_within_a_budget() {
    const LEN: usize = 30 * USUAL_PAGE;
    fn grows(c: &impl Malloc) {
        // What C and the heap have for themselves comes first.
        let first = alloc(c, 2000).expect("room");
        let block = alloc(c, LEN).expect("room");
        fill(block, LEN, 7);
        for (len, grows) in [(LEN * 3 / 2, true), (LEN * 7 / 4, true), (LEN * 3, false)] {
            // SAFETY: a block in use; where another were returned the test fails.
            let longer = unsafe { c.realloc(block, len) };
            assert_eq!(longer, if grows { block.as_ptr() } else { ptr::null_mut() });
        }
        assert!(usable(c, block) >= LEN * 7 / 4 && holds(block, LEN, 7));
        free(c, block);
        free(c, first);
    }
    let heap = || {
        let ledger = Ledger::new(Budget::new("C", 2 * LEN, DefaultBacking::new()));
        let ledger: &'static Ledger<_> = Box::leak(Box::new(ledger));
        &*Box::leak(Box::new(Heap::new_in(ledger, "heap")))
    };
    static SHEETS: [Sheets; 2] = [const { Sheets::new() }; 2];
    grows(&Of(heap()).blocks(&SHEETS[0]));
    grows(&AnyHeap::blocks(&Of(heap()), &SHEETS[1]));
}
