//! A million random operations on 64 KiB.

use core::alloc::{GlobalAlloc, Layout};

use freehold_board::say;
use freehold_perf_embedded::{Heap, Place};

use crate::dice::Dice;
use crate::meter::{Meter, Tally};

const LEN: usize = 64 << 10;
const OPERATIONS: usize = 1_000_000;
/// Half of them have a block at a time: 41 KB.
const SLOTS: usize = 320;
const LARGEST: usize = 512;

pub fn run<H: Heap + 'static>(place: &'static Place<H>, meter: &Meter) {
    // SAFETY: nothing of the heap is in use.
    let heap = unsafe { place.fresh(LEN) };
    in_turn(heap, meter);
    // SAFETY: all was freed.
    let heap = unsafe { place.fresh(LEN) };
    random(heap, meter);
}

/// A block of 64 bytes, taken and given back in turn: the shortest way.
fn in_turn(heap: &impl GlobalAlloc, meter: &Meter) {
    let layout = Layout::new::<[u64; 8]>();
    let (mut taking, mut giving) = (Tally::default(), Tally::default());
    for turn in 0..1000 {
        // SAFETY: it has a size.
        let (block, count) = meter.count(|| unsafe { heap.alloc(layout) });
        assert!(!block.is_null());
        // SAFETY: just allocated.
        let ((), freeing) = meter.count(|| unsafe { heap.dealloc(block, layout) });
        // The first ones find the heap as it was started.
        if turn >= 10 {
            taking.add(count);
            giving.add(freeing);
        }
    }
    taking.say("in turn", "alloc");
    giving.say("in turn", "free");
}

fn random(heap: &impl GlobalAlloc, meter: &Meter) {
    let mut slots: [Option<(*mut u8, Layout)>; SLOTS] = [None; SLOTS];
    let mut dice = Dice::new(1);
    let (mut taking, mut giving, mut refused) = (Tally::default(), Tally::default(), 0);
    for _ in 0..OPERATIONS {
        let slot = &mut slots[dice.below(SLOTS)];
        match slot.take() {
            Some((block, layout)) => {
                // SAFETY: allocated below, with this layout.
                giving.add(meter.count(|| unsafe { heap.dealloc(block, layout) }).1);
            }
            None => {
                let size = 1 + dice.below(LARGEST);
                let layout = Layout::from_size_align(size, if size < 8 { 1 } else { 8 }).expect("small");
                // SAFETY: it has a size.
                let (block, count) = meter.count(|| unsafe { heap.alloc(layout) });
                taking.add(count);
                if block.is_null() {
                    refused += 1;
                } else {
                    *slot = Some((block, layout));
                }
            }
        }
    }
    taking.say("random", "alloc");
    giving.say("random", "free");
    say!("random, refused, {refused}");
}
