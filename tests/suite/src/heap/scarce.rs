//! Small memory, and the end of any memory (h38): what is refused is refused because memory is used up, not because each size wants a part
//! of its own.

use core::alloc::{GlobalAlloc, Layout};

use freehold::backing::{Backing, GRAIN};
use freehold::{Heap, Ledger, Region};

use super::{HEAP, counting, make_large, on_simulated, with_heap};
use crate::backings::{Manner, Memory};
use crate::choices::{Choices, Seeded};

/// Bytes of the regions.
const REGIONS: &[usize] = if cfg!(miri) { &[6 << 10] } else { &[4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20] };

/// In smaller ones what a heap and a ledger need for themselves, and how far the last piece falls short, is more than a fifth.
const LEAST: usize = if GRAIN == 32 { 8 << 10 } else { 64 << 10 };

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).expect("a layout")
}

fn on_region<R>(bytes: usize, work: impl FnOnce(&Heap, &Ledger<Region<'static>>) -> R) -> R {
    let memory = Memory::new(bytes);
    // SAFETY: the memory is nobody else's while the region is in use.
    with_heap(Ledger::new(unsafe { Region::from_raw(memory.start().as_ptr(), bytes) }), work)
}

/// Blocks of a heap, each of which leads to the one before it and has its number at its end: so any number of them is watched without
/// memory for that.
struct Chain<'h> {
    heap: &'h Heap,
    last: *mut u8,
    len: usize,
}

/// Bytes of a link: the block before, and its size.
const LINK: usize = size_of::<(*mut u8, usize)>();

impl<'h> Chain<'h> {
    fn new(heap: &'h Heap) -> Chain<'h> {
        Chain { heap, last: core::ptr::null_mut(), len: 0 }
    }

    /// One block more, at least as long as a link. `false` if there is no room.
    fn alloc(&mut self, size: usize) -> bool {
        // SAFETY: the layout has bytes.
        let block = unsafe { self.heap.alloc(layout(size)) };
        if block.is_null() {
            return false;
        }
        // SAFETY: a block of so many bytes.
        unsafe { block.write_bytes(self.len as u8, size) };
        // SAFETY: a block that is as long as a link.
        unsafe { block.cast::<(*mut u8, usize)>().write_unaligned((self.last, size)) };
        self.last = block;
        self.len += 1;
        true
    }

    /// The block that was allocated last, with its size: whole, and in the chain no more.
    fn pop(&mut self) -> Option<(*mut u8, usize)> {
        let block = core::ptr::NonNull::new(self.last)?.as_ptr();
        // SAFETY: written when it was allocated.
        let (before, size) = unsafe { block.cast::<(*mut u8, usize)>().read_unaligned() };
        self.len -= 1;
        // The last one in any case.
        for at in (LINK..size).rev().step_by(if cfg!(miri) { 61 } else { 1 }) {
            // SAFETY: a block of so many bytes.
            let byte = unsafe { block.add(at) };
            // SAFETY: written when it was allocated.
            assert_eq!(unsafe { byte.read() }, self.len as u8, "block {} of {size} bytes, at {at}", self.len);
        }
        self.last = before;
        Some((block, size))
    }

    fn push(&mut self, block: *mut u8, size: usize) {
        // SAFETY: a block of so many bytes, taken from another chain.
        unsafe { block.write_bytes(self.len as u8, size) };
        // SAFETY: as above.
        unsafe { block.cast::<(*mut u8, usize)>().write_unaligned((self.last, size)) };
        self.last = block;
        self.len += 1;
    }

    fn free(&mut self, block: *mut u8, size: usize) {
        // SAFETY: a block of this heap's with this layout, which is not used any more.
        unsafe { self.heap.dealloc(block, layout(size)) };
    }

    fn free_all(&mut self) {
        while let Some((block, size)) = self.pop() {
            self.free(block, size);
        }
    }

    /// Frees every other one, and returns how many.
    fn free_every_other(&mut self) -> usize {
        let (mut kept, mut freed) = (Chain::new(self.heap), 0);
        while let Some((block, size)) = self.pop() {
            if self.len.is_multiple_of(2) {
                self.free(block, size);
                freed += 1;
            } else {
                kept.push(block, size);
            }
        }
        *self = kept;
        freed
    }
}

/// All has come back, and is one piece beside the heap's record.
fn check_end<B: Backing>(heap: &Heap, ledger: &Ledger<B>) {
    heap.trim();
    assert_eq!((heap.stats().in_use, heap.stats().free), (0, 0));
    assert_eq!(ledger.snapshot().claimed, counting::record(ledger));
}

/// In N bytes random sizes up to a sixteenth of that are refused when four fifths are in live blocks at the earliest.
pub fn h38_fresh_memory_is_used_up() {
    for bytes in REGIONS.iter().map(|bytes| (*bytes).max(LEAST)) {
        for seed in 1..if cfg!(miri) { 2 } else { 12 } {
            on_region(bytes, |heap, ledger| {
                let (mut chain, mut live) = (Chain::new(heap), 0);
                let mut sizes = Seeded::new(seed, usize::MAX);
                loop {
                    let size = 1 + sizes.below(bytes as u32 / 16) as usize;
                    // A block that is shorter than a link is watched as one that is as long, and counted as it was asked for.
                    let taken = size.max(LINK);
                    if !chain.alloc(taken) {
                        break;
                    }
                    live += size;
                }
                assert!(live * 5 >= bytes * 4, "{live} of {bytes} bytes in {} blocks, seed {seed}", chain.len);
                assert_eq!(heap.stats().held, ledger.snapshot().claimed_by(HEAP));
                chain.free_all();
                check_end(heap, ledger);
            });
        }
    }
}

/// With holes between blocks of any size, memory that is free serves the smallest blocks, three quarters of it at the least.
fn fill_holes<B: Backing>(heap: &Heap, ledger: &Ledger<B>, size: usize) {
    let (mut chain, mut small) = (Chain::new(heap), Chain::new(heap));
    while chain.alloc(size) {}
    let freed = chain.free_every_other() * size;
    while small.alloc(16) {}
    let served = small.len * 16;
    assert!(served * 4 >= freed * 3, "{served} bytes in blocks of 16, in {freed} bytes of holes of {size}");
    // And the other way round, as much as was there in one piece.
    small.free_all();
    assert!(freed == 0 || chain.alloc(size), "a hole of {size} that served small blocks");
    chain.free_all();
    check_end(heap, ledger);
}

const HOLES: &[usize] =
    if cfg!(miri) { &[200, 2000] } else { &[16, 48, 64, 200, 256, 300, 500, 1000, 1024, 2000, 5000] };

/// In regions.
pub fn h38_holes_of_any_size_serve_small_blocks() {
    for &bytes in REGIONS {
        for &size in HOLES {
            on_region(bytes, |heap, ledger| fill_holes(heap, ledger, size));
        }
    }
}

/// At the end of memory that grew, in whatever manner: with slabs for each class, or without.
pub fn h38_the_end_of_memory_that_grew() {
    let manners: &[(Manner, usize)] = if cfg!(miri) {
        &[(Manner::Exact, 0)]
    } else {
        &[(Manner::Exact, 0), (Manner::Odd, 0), (Manner::Steps(4096), 0), (Manner::Islands, GRAIN)]
    };
    for &(manner, gap) in manners {
        let large: &[bool] = if cfg!(miri) { &[false] } else { &[true, false] };
        for &large in large {
            // Miri has the smaller holes in regions.
            for &size in &HOLES[usize::from(cfg!(miri))..] {
                let room = if cfg!(miri) { 9 << 10 } else { [100 << 10, 3 << 19][usize::from(large)] };
                on_simulated(room, manner, gap, |heap, ledger, _| {
                    if large {
                        make_large(ledger);
                    }
                    let (mut chain, mut small) = (Chain::new(heap), Chain::new(heap));
                    while chain.alloc(size.max(LINK)) {}
                    let freed = chain.free_every_other() * size;
                    while small.alloc(16) {}
                    let served = small.len * 16;
                    assert!(served * 4 >= freed * 3, "{served} bytes in {freed} bytes of holes of {size}, {manner:?}");
                    small.free_all();
                    chain.free_all();
                    check_end(heap, ledger);
                });
            }
        }
    }
}

/// One block of each small size, in regions in which a slab for each is out of the question.
pub fn h38_one_block_of_each_size() {
    let regions: &[usize] = if cfg!(miri) { &[8 << 10] } else { &[4 << 10, 8 << 10, 16 << 10, 64 << 10] };
    for &bytes in regions {
        on_region(bytes, |heap, ledger| {
            let mut chain = Chain::new(heap);
            for size in (16..=256).step_by(16) {
                assert!(chain.alloc(size), "{size} bytes in a region of {bytes}");
            }
            chain.free_all();
            check_end(heap, ledger);
        });
    }
}

/// A region of a kilobyte has room for a small block, on 32 bits one of 700 bytes.
pub fn h38_the_least_region() {
    let least = if GRAIN == 32 { 700 } else { 1024 };
    on_region(least, |heap, _| assert!(Chain::new(heap).alloc(LINK)));
}
