//! Blocks of one class by the hundred: more than its list holds, so that they come from their slabs and go back there.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;

use freehold::Heap;

use super::blocks::{Blocks, HELD};
use super::{HEAP, counting, make_large, on_simulated, sizes};
use crate::COUNTED;
use crate::backings::Manner;
use crate::choices::{Choices, Seeded};
use crate::live::Live;

const MANY: usize = if cfg!(miri) { 120 } else { 800 };
const ROUNDS: usize = if cfg!(miri) { 24 } else { 8 * MANY };
/// Few enough for many in a slab, which is a page of a host's then.
const SIZE: usize = 48;
const SLAB: usize = 4096;

/// The blocks, and the number that each was marked with, at both ends.
struct Marked<'h> {
    heap: &'h Heap,
    blocks: [*mut u8; MANY],
    layout: Layout,
}

impl Marked<'_> {
    fn ends(&self, at: usize) -> [*mut u16; 2] {
        let block = self.blocks[at];
        // SAFETY: a block of this size.
        let last = unsafe { block.add(self.layout.size() - 2) };
        [block.cast(), last.cast()]
    }

    fn alloc(&mut self, at: usize) {
        // SAFETY: the layout has bytes.
        self.blocks[at] = unsafe { self.heap.alloc(self.layout) };
        assert!(!self.blocks[at].is_null());
        // SAFETY: the ends of a block of this size.
        self.ends(at).into_iter().for_each(|end| unsafe { end.write_unaligned(at as u16) });
    }

    fn free(&mut self, at: usize) {
        for end in self.ends(at) {
            // SAFETY: written when it was allocated.
            assert_eq!(unsafe { end.read_unaligned() }, at as u16, "block {at} was handed out twice");
        }
        // SAFETY: a block of this heap's, with this layout, which is not used any more.
        unsafe { self.heap.dealloc(self.blocks[at], self.layout) };
        self.blocks[at] = null_mut();
    }

    fn held(&self) -> usize {
        self.blocks.iter().filter(|block| !block.is_null()).count()
    }

    /// Every one of them, in any order.
    fn shuffled(seed: u32) -> [usize; MANY] {
        let mut order = core::array::from_fn(|at| at);
        let mut choices = Seeded::new(seed, MANY);
        (1..MANY).for_each(|at| order.swap(at, choices.below(at as u32 + 1) as usize));
        order
    }

    fn check(&self) {
        let class = self.heap.classes().find(|class| class.size == self.layout.size());
        assert_eq!(class.map_or(0, |class| class.used), self.held());
    }
}

/// None is handed out twice, all are counted, and after a trim nothing is held but what is in use.
pub fn many_of_a_class() {
    let sizes: &[usize] = if cfg!(miri) { &[SIZE, 1024] } else { &[16, SIZE, 512, 1024] };
    for (&size, seed) in sizes.iter().zip(1..) {
        on_simulated(4 << 20, Manner::Exact, 0, |heap, _, _| {
            let layout = Layout::from_size_align(size, 8).expect("a layout");
            let mut marked = Marked { heap, blocks: [null_mut(); MANY], layout };
            let mut choices = Seeded::new(seed, ROUNDS);
            // Many at a time, so that there are always fewer than the list has, and then more.
            let mut turns = 0usize;
            while let Some(choice) = choices.next() {
                let first = choice as usize % MANY;
                let fill = choices.below(2) == 0;
                for at in (0..choices.below(MANY as u32 / 2) as usize).map(|at| (first + at * 7) % MANY) {
                    match (fill, marked.blocks[at].is_null()) {
                        (true, true) => marked.alloc(at),
                        (false, false) => marked.free(at),
                        _ => {}
                    }
                }
                turns += 1;
                if turns.is_multiple_of(COUNTED) {
                    marked.check();
                }
            }
            heap.trim();
            marked.check();
            for at in 0..MANY {
                if !marked.blocks[at].is_null() {
                    marked.free(at);
                }
            }
            heap.trim();
            assert_eq!((heap.stats().free, heap.stats().in_use), (0, 0));
        });
    }
}

/// A few blocks of each of many sizes don't take a slab for each, but lie in some that all share. With more of one size there are slabs
/// too, and in the end all is given back, whichever way it came.
pub fn few_of_many_sizes() {
    let sizes = || sizes::classes().filter(|size| *size <= sizes::LARGEST_IN_SLAB);
    on_simulated(4 << 20, Manner::Exact, 0, |heap, ledger, _| {
        let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
        let layout = |size| Layout::from_size_align(size, 8).expect("a layout");
        make_large(ledger);
        // What it has besides its blocks is there with the first of them.
        assert!(blocks.alloc(&mut live, HELD - 1, layout(300)));
        let had = ledger.snapshot().claimed_by(HEAP);
        blocks.free(&mut live, HELD - 1);
        let (mut index, mut bytes) = (0, 0);
        for size in sizes().take(if cfg!(miri) { 3 } else { 33 }) {
            for _ in 0..2 {
                assert!(blocks.alloc(&mut live, index, layout(size)));
                index += 1;
                bytes += size;
            }
        }
        let claimed = ledger.snapshot().claimed_by(HEAP) - had;
        assert!(claimed < bytes + bytes / 4, "{claimed} bytes for {bytes} in blocks");
        assert!(heap.classes().all(|class| class.slabs == 0), "a slab for two blocks");
        counting::check(&blocks, ledger);
        // All of one size: the first blocks of it lie in a shared slab, those after them in slabs, and they are freed in turn.
        blocks.free_all(&mut live);
        for size in sizes().take(if cfg!(miri) { 1 } else { 33 }).filter(|size| *size > 128 || cfg!(miri)) {
            for index in 0..HELD {
                assert!(blocks.alloc(&mut live, index, layout(size)));
            }
            counting::check(&blocks, ledger);
            let slabs = heap.classes().find(|class| class.size == size).map_or(0, |class| class.slabs);
            assert!(slabs > 0 || cfg!(miri), "{HELD} blocks of {size} bytes without a slab");
            blocks.free_all(&mut live);
            counting::check(&blocks, ledger);
        }
        heap.trim();
        assert_eq!(ledger.snapshot().claimed, counting::record(ledger));
    });
}

/// What is freed in any order lies side by side again when it is allocated anew, slab by slab, but for what is at hand.
pub fn side_by_side_again() {
    on_simulated(4 << 20, Manner::Exact, 0, |heap, _, _| {
        let layout = Layout::from_size_align(SIZE, 8).expect("a layout");
        let mut marked = Marked { heap, blocks: [null_mut(); MANY], layout };
        for seed in 0..if cfg!(miri) { 2 } else { 3 } {
            (0..MANY).for_each(|at| marked.alloc(at));
            let slab = |at: usize| marked.blocks[at].addr() / SLAB;
            let jumps = (1..MANY).filter(|at| slab(*at) != slab(at - 1)).count();
            // (In Miri they are so few that all of them may be at hand.)
            assert!(jumps < MANY / 3 || cfg!(miri), "{jumps} of {MANY} lie in another slab than the one before");
            Marked::shuffled(seed).into_iter().for_each(|at| marked.free(at));
        }
    });
}
