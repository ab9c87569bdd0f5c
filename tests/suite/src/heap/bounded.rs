//! [`BoundedHeap`], a heap on one region. It makes no pointers of integers, so Miri follows all of it with strict provenance: the names of these
//! cases don't begin as those of other heaps.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use freehold::{BoundedHeap, Region};

use super::alone::{h11_overflowing_requests as overflowing_requests, program};
use super::blocks::Blocks;
use super::coming_back::by_narrow_pointers;
use super::conformance::every_request;
use super::subject::Subject;
use super::ways::c_over;
use crate::STEPS;
use crate::backings::Memory;
use crate::choices::{Choices, Seeded};
use crate::live::Live;

/// Enough for everything the suite asks.
const ROOM: usize = if cfg!(miri) { 5 << 20 } else { 32 << 20 };
/// For what asks for no large blocks: in Miri clearing the bits of more takes longer than the case.
const LESS: usize = if cfg!(miri) { 600 << 10 } else { ROOM };

/// A heap, and what can be expected of its region.
pub struct Lent<'h> {
    heap: &'h BoundedHeap,
    region: (usize, usize),
    roomy: bool,
}

impl Subject for Lent<'_> {
    type Heap = BoundedHeap;

    fn heap(&self) -> &BoundedHeap {
        self.heap
    }

    fn roomy(&self) -> bool {
        self.roomy
    }

    /// Its memory never becomes more; that a refused request has changed nothing is seen here.
    fn taken(&self) -> usize {
        self.heap.stats().in_use
    }

    fn check(&self, live: &Live) {
        let (start, end) = self.region;
        for block in live.blocks() {
            let at = block.place.addr().get();
            assert!(start <= at && at + block.layout.size() <= end, "{block:?} is not in the region");
        }
    }

    fn count(&self, blocks: &Blocks<'_, impl GlobalAlloc>) {
        let word = size_of::<usize>();
        let served: usize = blocks.layouts().map(|layout| layout.size().max(2 * word).next_multiple_of(word)).sum();
        let stats = self.heap.stats();
        assert_eq!(stats.in_use, served, "{stats}");
        assert!(stats.peak >= served && self.heap.longest() <= stats.free, "{stats}");
        // A bit for each word, and what is lost at both ends.
        assert!(stats.slack() <= stats.held / (8 * word) + 3 * word + 8, "{stats}");
    }

    fn trim(&self) {}

    fn idle(&self) {
        let stats = self.heap.stats();
        assert_eq!((stats.in_use, self.heap.longest()), (0, stats.free), "all that is free is one piece");
    }
}

/// Runs `work` with a heap on the end of a region of so many bytes, from some odd byte on.
pub fn with_bounded<R>(bytes: usize, roomy: bool, work: impl FnOnce(&Lent<'_>) -> R) -> R {
    let memory = Memory::new(bytes + 1);
    let start = memory.start().as_ptr().wrapping_add(1);
    let heap = BoundedHeap::empty();
    // SAFETY: inside the memory, which outlives the heap.
    assert!(heap.lend(unsafe { Region::from_raw(start, bytes) }).is_ok());
    work(&Lent { heap: &heap, region: (start.addr(), start.addr() + bytes), roomy })
}

/// Every request, where there is room for all and where there is not.
pub fn conformance() {
    with_bounded(ROOM, true, |lent| every_request(lent));
    for bytes in [100, 9000, 300_000].into_iter().take(if cfg!(miri) { 2 } else { 3 }) {
        with_bounded(bytes, false, |lent| every_request(lent));
    }
}

/// Random programs; the same again finds the same memory (h26).
pub fn model() {
    let sizes = [ROOM, 60_000, 12_000, 1500];
    for (seed, bytes) in sizes.into_iter().enumerate().skip(if cfg!(miri) { 2 } else { 0 }) {
        let seed = seed as u32;
        with_bounded(bytes, bytes == ROOM, |lent| {
            let refused = program(lent, &mut Seeded::new(seed, STEPS));
            assert!(bytes > 12_000 || refused > 0 || cfg!(miri), "memory was never used up");
            assert_eq!(program(lent, &mut Seeded::new(seed, STEPS)), refused, "the same again was refused more");
        });
    }
}

/// By C's functions: every request, and random programs.
pub fn by_c() {
    with_bounded(LESS, true, |lent| {
        if !cfg!(miri) {
            every_request(&c_over(lent));
        }
        program(&c_over(lent), &mut Seeded::new(7, STEPS));
    });
}

/// By its `Allocator`: every request, random programs; and what lives in it is gone when it is reset, whatever became of it.
#[cfg(feature = "collections")]
pub fn by_allocator() {
    use super::subject::Via;
    use super::ways::ByAllocator;
    with_bounded(LESS, true, |lent| {
        let way = Via { below: lent, way: ByAllocator(lent.heap), plain: true };
        if !cfg!(miri) {
            every_request(&way);
        }
        program(&way, &mut Seeded::new(8, STEPS));
    });
    let memory = Memory::new(9000);
    let mut heap: BoundedHeap = BoundedHeap::empty();
    heap.reset(); // of no memory
    // SAFETY: inside the memory, which outlives the heap.
    assert!(heap.lend(unsafe { Region::from_raw(memory.start().as_ptr(), 9000) }).is_ok());
    let free = heap.stats().free;
    for request in 0..if cfg!(miri) { 3 } else { 20_u64 } {
        let mut list = allocator_api2::vec::Vec::new_in(&heap);
        list.extend_from_slice(&[request; 375]);
        let other = allocator_api2::boxed::Box::new_in([request; 125], &heap);
        assert!(list[..] == [request; 375] && other[..] == [request; 125] && heap.stats().in_use >= 4000);
        core::mem::forget((list, other));
        heap.reset();
        assert_eq!((heap.stats().in_use, heap.stats().free, heap.longest()), (0, free, free));
        assert!(heap.stats().peak >= 4000, "the most that ever was in use");
    }
}

/// What nothing can meet.
pub fn h11_overflowing_requests() {
    with_bounded(LESS, true, |lent| overflowing_requests(lent));
}

/// Blocks that come back by pointers that reach no more than was asked for.
pub fn h23_blocks_come_back_by_narrow_pointers() {
    with_bounded(LESS, true, |lent| by_narrow_pointers(lent.heap));
}

/// Regions for firmware.
const REGIONS: &[usize] =
    if cfg!(miri) { &[2 << 10] } else { &[2 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20] };

/// More blocks than are held here.
const MANY: usize = 600;

/// Blocks, as many as a heap has of those that are asked for, and which request was refused.
struct Filled<'h> {
    heap: &'h BoundedHeap,
    blocks: [Option<(NonNull<u8>, Layout)>; MANY],
    refused: Layout,
}

impl<'h> Filled<'h> {
    fn new(heap: &'h BoundedHeap, mut next: impl FnMut() -> Layout) -> Filled<'h> {
        let mut blocks = [None; MANY];
        for place in &mut blocks {
            let layout = next();
            // SAFETY: this heap serves a size of 0 too.
            let Some(block) = NonNull::new(unsafe { heap.alloc(layout) }) else {
                return Filled { heap, blocks, refused: layout };
            };
            *place = Some((block, layout));
        }
        panic!("more blocks than were thought of");
    }

    fn bytes(&self) -> usize {
        self.blocks.iter().flatten().map(|(_, layout)| layout.size()).sum()
    }

    /// Frees every so many of the blocks, and says how many that were.
    fn free(&mut self, step: usize) -> usize {
        let places = self.blocks.iter_mut().filter(|place| place.is_some()).step_by(step);
        let freed = places.filter_map(Option::take).map(|(block, layout)| {
            // SAFETY: a block of this heap's with this layout, not used any more.
            unsafe { self.heap.dealloc(block.as_ptr(), layout) };
        });
        freed.count()
    }
}

/// Small memory is used up before anything is refused: of random sizes up to a sixteenth of the region, in fresh memory and in memory that is
/// free again.
pub fn h38_small_memory_is_used_up() {
    for (&bytes, seed) in REGIONS.iter().flat_map(|bytes| (0..if cfg!(miri) { 1 } else { 20 }).map(move |s| (bytes, s)))
    {
        with_bounded(bytes, false, |lent| {
            let mut choices = Seeded::new(seed, usize::MAX);
            for _ in 0..2 {
                let mut filled = Filled::new(lent.heap, || {
                    let size = 1 + choices.below(bytes as u32 / 16) as usize;
                    Layout::from_size_align(size, 1 << choices.below(4)).expect("a layout")
                });
                let (live, refused) = (filled.bytes(), filled.refused);
                assert!(live * 100 >= bytes * 80, "{live} of {bytes} bytes are in use when {refused:?} is refused");
                filled.free(1);
                lent.idle();
            }
        });
    }
}

/// Holes are as good as fresh memory: where every other block of 2000 bytes was freed, blocks of 16 bytes fill each hole to the last byte.
pub fn h38_holes_are_used_up() {
    for &bytes in REGIONS {
        with_bounded(bytes, false, |lent| {
            let layout = |size| Layout::from_size_align(size, 4).expect("a layout");
            let mut filled = Filled::new(lent.heap, || layout(2000));
            let holes = filled.free(2);
            // SAFETY: the layout has bytes.
            let small = core::iter::from_fn(|| NonNull::new(unsafe { lent.heap.alloc(layout(16)) })).count();
            assert!(small >= holes * 125, "{small} blocks in {holes} holes of {bytes} bytes");
            // What they leave is less than the shortest block.
            assert!(lent.heap.longest() < 16, "{} bytes are left", lent.heap.longest());
        });
    }
}
