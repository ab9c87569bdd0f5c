//! Programs on `BoundedHeap`, each on a region of its own.

use freehold::{BoundedHeap, Region};
use freehold_suite::backings::Memory;
use freehold_suite::choices::{Bytes, Choices};

use crate::blocks::{Program, run};

/// Runs a program twice on a region of a length that it chooses: all that was freed is one piece again, and the second time nothing is refused
/// that was not at first.
pub fn bounded(program: &[u8]) {
    let mut choices = Bytes(program);
    let len = 64 + choices.below(400_000) as usize;
    let memory = Memory::new(len);
    let heap: BoundedHeap = BoundedHeap::empty();
    // SAFETY: the memory outlives the heap, and nobody else uses it.
    assert!(heap.lend(unsafe { Region::from_raw(memory.start().as_ptr(), len) }).is_ok());
    let whole = heap.longest();
    let layouts = run(&Program(&heap), &mut Bytes(choices.0));
    assert_eq!((heap.stats().in_use, heap.longest()), (0, whole));
    assert_eq!(run(&Program(&heap), &mut Bytes(choices.0)), layouts);
    assert_eq!((heap.stats().in_use, heap.longest()), (0, whole));
}
