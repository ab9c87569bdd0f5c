//! How full memory is when a heap first refuses.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::RefCell;

use freehold_board::say;
use freehold_perf_embedded::{Heap, Place};

use crate::dice::Dice;

/// The lengths of memory.
const LENS: [usize; 6] = [2 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];

/// Blocks that live: where, and how large.
struct Live([(*mut u8, usize); 80_000], usize);

struct Single(RefCell<Live>);

// SAFETY: nothing interrupts this program.
unsafe impl Sync for Single {}

static LIVE: Single = Single(RefCell::new(Live([(core::ptr::null_mut(), 0); 80_000], 0)));

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, if size < 8 { 1 } else { 8 }).expect("small")
}

impl Live {
    /// A block more, if there is room.
    fn take(&mut self, heap: &impl GlobalAlloc, size: usize) -> bool {
        // SAFETY: it has a size.
        let block = unsafe { heap.alloc(layout(size)) };
        if block.is_null() {
            return false;
        }
        self.0[self.1] = (block, size);
        self.1 += 1;
        true
    }

    fn give_back(&mut self, heap: &impl GlobalAlloc, at: usize) {
        self.1 -= 1;
        self.0.swap(at, self.1);
        let (block, size) = self.0[self.1];
        // SAFETY: allocated with this layout, and forgotten here.
        unsafe { heap.dealloc(block, layout(size)) };
    }

    fn bytes(&self) -> usize {
        self.0[..self.1].iter().map(|(_, size)| size).sum()
    }
}

pub fn run<H: Heap + 'static>(place: &'static Place<H>) {
    let live = &mut *LIVE.0.borrow_mut();
    for len in LENS {
        // SAFETY: what was allocated is forgotten.
        fresh(unsafe { place.fresh(len) }, live, len);
        // SAFETY: as above.
        holes(unsafe { place.fresh(len) }, live, len);
    }
    let mut free = 0;
    for seed in 0..16 {
        // SAFETY: as above.
        free += coming_and_going(unsafe { place.fresh(64 << 10) }, live, seed);
    }
    say!("bytes free when 1 to 512 is first refused, {}", free / 16);
}

/// Random sizes of up to a sixteenth, until one is refused: the mean of 16 runs would be the heap's that was filled, so the sizes are
/// long rows of dice instead.
fn fresh(heap: &impl GlobalAlloc, live: &mut Live, len: usize) {
    live.1 = 0;
    let mut dice = Dice::new(len as u32);
    while live.take(heap, 1 + dice.below(len / 16)) {}
    say!("fresh {len}, {}", live.bytes());
}

/// Filled with blocks of 2,000 bytes, or a 32nd of the memory, of which every other one is freed; then blocks of 16 bytes.
fn holes(heap: &impl GlobalAlloc, live: &mut Live, len: usize) {
    live.1 = 0;
    let size = (len / 32).min(2000);
    while live.take(heap, size) {}
    for at in (0..live.1).rev().step_by(2) {
        live.give_back(heap, at);
    }
    let before = live.1;
    while live.1 < live.0.len() && live.take(heap, 16) {}
    say!("holes {len}, {}", live.1 - before);
}

/// Two blocks come for each that goes, until one is refused. Returns the bytes that nobody has then.
fn coming_and_going(heap: &impl GlobalAlloc, live: &mut Live, seed: u32) -> usize {
    live.1 = 0;
    let mut dice = Dice::new(seed + 7);
    while live.take(heap, 1 + dice.below(512)) && live.take(heap, 1 + dice.below(512)) {
        live.give_back(heap, dice.below(live.1));
    }
    (64 << 10) - live.bytes()
}
