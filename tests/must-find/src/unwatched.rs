//! The control: each row without the layer, or without debug assertions. Nothing is found then, as nobody looks; and some of them break the heap, so that
//! each is a run of its own, in a program that may end as it likes.

use core::alloc::Layout;
use core::fmt::Debug;

use crate::Below;
use crate::blocks::{Row as OfBlock, SIZE, layout};
use crate::hands::Alone;
use crate::places::Row as OfPlace;
use crate::room::Room;
use crate::subject::Repeats;

/// What becomes of a program that makes a mistake which nobody finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on as if nothing were.
    GoesOn,
    /// Memory is two users', or a list has no end, or it faults.
    Breaks,
}

/// A row, what must become of it, and what does. If the program ends meanwhile, it breaks.
pub struct Control<'a> {
    /// The row.
    pub row: &'static dyn Debug,
    /// What must become of it.
    pub expected: Outcome,
    run: &'a dyn Fn() -> Outcome,
}

impl Control<'_> {
    /// Does it.
    pub fn run(&self) -> Outcome {
        (self.run)()
    }
}

/// Hands the row with this number to `work`, over a heap that is fresh. There are [`count`](crate::count) of them.
pub fn control(number: usize, heap: &Below, room: &Room, work: impl FnOnce(&Control<'_>)) {
    match OfBlock::ALL.get(number) {
        Some(row) => {
            let run = || {
                // The rows want something to stand there.
                let _ = room.region(Room::LEN);
                // The block comes to lie between two that live.
                let [before, hole, behind] = [1, 2, 3].map(|number| Block::take(heap, SIZE, number).expect("room"));
                hole.give(heap);
                row.act(&Repeats::new(heap), room, &Alone, true);
                if !before.is_whole() || !behind.is_whole() {
                    return Outcome::Breaks;
                }
                let outcome = probe(heap);
                if before.is_whole() && behind.is_whole() { outcome } else { Outcome::Breaks }
            };
            work(&Control { row, expected: row.unwatched(), run: &run });
        }
        None => {
            let row = &OfPlace::ALL[number - OfBlock::ALL.len()];
            let run = || {
                let shows = row.unwatched(room, &Alone, true).shows();
                if shows { Outcome::Breaks } else { Outcome::GoesOn }
            };
            work(&Control { row, expected: row.alone(), run: &run });
        }
    }
}

/// More blocks than a heap has room for.
const MOST: usize = 600;

/// A block, all bytes of which are a number of its own.
struct Block {
    start: *mut u8,
    layout: Layout,
    number: u8,
}

impl Block {
    fn take(heap: &Below, size: usize, number: u8) -> Option<Block> {
        let layout = layout(size, 8);
        // SAFETY: the size is not 0.
        let start = unsafe { heap.alloc(layout) };
        if start.is_null() {
            return None;
        }
        // SAFETY: so many bytes were allocated.
        unsafe { start.write_bytes(number, size) };
        Some(Block { start, layout, number })
    }

    fn is_whole(&self) -> bool {
        (0..self.layout.size()).all(|at| {
            // SAFETY: the block has as many, all of them written; if the heap is broken, what stands there shows it.
            let byte = unsafe { self.start.add(at) };
            // SAFETY: as above.
            (unsafe { byte.read() }) == self.number
        })
    }

    fn give(self, heap: &Below) {
        // SAFETY: it was allocated there with this layout.
        unsafe { heap.dealloc(self.start, self.layout) };
    }
}

/// Takes all that there is in blocks of some sizes, and looks at all of them; twice.
fn probe(heap: &Below) -> Outcome {
    let mut counts = [0; 2];
    for count in &mut counts {
        let mut blocks = [const { None::<Block> }; MOST];
        for (index, block) in blocks.iter_mut().enumerate() {
            *block = Block::take(heap, [37, 50, 8, 100][index % 4], index as u8);
            if block.is_none() {
                break;
            }
            *count += 1;
        }
        if !blocks.iter().flatten().all(Block::is_whole) {
            return Outcome::Breaks;
        }
        blocks.into_iter().flatten().for_each(|block| block.give(heap));
    }
    if counts[0] == counts[1] { Outcome::GoesOn } else { Outcome::Breaks }
}

impl OfBlock {
    /// What becomes of it on a `BoundedHeap`.
    fn unwatched(self) -> Outcome {
        use OfBlock::*;
        match self {
            // The heap finds its own records free where they are not, or none.
            FreedTwice | ResizedAfterFree | Stale | HandedOutTwice | Foreign | Interior | InteriorResized => {
                Outcome::Breaks
            }
            // They are written over, or what the next block has.
            AfterFreeChecked | PastEndInPieces => Outcome::Breaks,
            // It falls into what rounding has left, or in the middle of free memory: this time.
            PastEndFreed | PastEndZeroed | PastEndResized | PastEndChecked | PastEndOfFreed | FarPastEnd
            | BeforeStart | FarBeforeStart | AfterFreeReused | AfterResize => Outcome::GoesOn,
            // The heap takes nobody's word for a layout.
            FreedAsSmaller | FreedAsAligned | ResizedAsSmaller => Outcome::GoesOn,
            // There is no record, nobody who counts, and no limit.
            RecordBroken | RecordWiped | RecordOfFreedBroken | NoRecords | NeverFreed | ThirdFails | ResizeFails
            | BeyondLimit => Outcome::GoesOn,
        }
    }
}

impl OfPlace {
    /// What becomes of it without debug assertions.
    fn alone(self) -> Outcome {
        use OfPlace::*;
        match self {
            // What was there can be read still.
            ScopeEnded | ArenaReset | ArenaDropped | TypedArenaCleared | BlockRead => Outcome::GoesOn,
            // It is free, and so it is once more; unless somebody else has it.
            ClaimFreedTwice => Outcome::GoesOn,
            BlockFreedTwice | BlockOfAnotherPool | BlockInterior | BoxFreedTwice | BoxOfAnotherPool
            | ClaimOfAnother => Outcome::Breaks,
        }
    }
}
