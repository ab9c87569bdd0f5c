//! What the layer must find, around each heap. The rows are `tests/must-find`'s, which other targets run too.

use freehold::{DefaultBacking, Heap, Ledger};
use freehold_must_find::{Alone, Below, Bench, Hands, Room, every};

use crate::backings::Memory;
use crate::heap::bounded::with_bounded;
use crate::heap::small::with_small;
use crate::heap::subject::Subject;
use crate::heap::with_heap;

fn all(below: &Below, hands: &dyn Hands) {
    let memory = Memory::new(Room::LEN);
    // SAFETY: the memory is nobody else's, and outlives the room.
    let room = unsafe { Room::new(memory.start()) };
    every(&Bench { below, room: &room, hands });
}

/// Each, around a heap on a ledger.
pub fn around_heap() {
    around_heap_by(&Alone);
}

/// The same, each step done by one of these.
pub fn around_heap_by(hands: &dyn Hands) {
    with_heap(Ledger::new(DefaultBacking::new()), |heap: &Heap, _| all(heap, hands));
}

/// Each, around `SmallHeap`.
pub fn around_small() {
    with_small(|small| all(Subject::heap(small), &Alone));
}

/// Each, around `BoundedHeap`.
pub fn around_bounded() {
    with_bounded(60_000, true, |bounded| all(Subject::heap(bounded), &Alone));
}
