//! The control: each row without the layer, or without debug assertions. Nothing is found then, as nobody looks; and some of them break the heap, so that
//! each is a run of its own, in a program that may end as it likes.

use core::alloc::Layout;
use core::fmt::Debug;
use core::ptr;

use crate::Below;
use crate::blocks::{Repeats, Row as OfBlock, layout};
use crate::hands::Alone;
use crate::places::Row as OfPlace;
use crate::room::Room;

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
                row.act(&Repeats::new(heap), room, &Alone, true);
                probe(heap)
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

/// Takes all that there is in blocks of some sizes, each filled with a number of its own, and looks at all of them; twice.
fn probe(heap: &Below) -> Outcome {
    let mut counts = [0; 2];
    for count in &mut counts {
        let mut blocks = [(ptr::null_mut::<u8>(), Layout::new::<u8>()); MOST];
        for (index, block) in blocks.iter_mut().enumerate() {
            let layout = layout([37, 50, 8, 100][index % 4], 8);
            // SAFETY: the size is not 0.
            *block = (unsafe { heap.alloc(layout) }, layout);
            if block.0.is_null() {
                break;
            }
            // SAFETY: so many bytes were allocated.
            unsafe { block.0.write_bytes(index as u8, layout.size()) };
            *count += 1;
        }
        let is_own = |(index, (block, layout)): (usize, &(*mut u8, Layout))| {
            (0..layout.size()).all(|at| {
                // SAFETY: the block has as many, all written above; if the heap is broken, what stands there shows it.
                let byte = unsafe { block.add(at) };
                // SAFETY: as above.
                (unsafe { byte.read() }) == index as u8
            })
        };
        if !blocks[..*count].iter().enumerate().all(is_own) {
            return Outcome::Breaks;
        }
        for (block, layout) in &blocks[..*count] {
            // SAFETY: it was allocated above with this layout.
            unsafe { heap.dealloc(*block, *layout) };
        }
    }
    if counts[0] == counts[1] { Outcome::GoesOn } else { Outcome::Breaks }
}

impl OfBlock {
    /// What becomes of it on a `BoundedHeap`.
    fn unwatched(self) -> Outcome {
        use OfBlock::*;
        match self {
            // The heap takes no word of a layout, or has room behind a block, or nobody has the memory yet.
            FreedAsSmaller | FreedAsAligned | ResizedAsSmaller | RecordBroken | RecordWiped | RecordOfFreedBroken
            | NoRecords | NeverFreed | ThirdFails | ResizeFails | BeyondLimit => Outcome::GoesOn,
            FreedTwice | ResizedAfterFree | Foreign | Interior | InteriorResized | Stale | PastEndFreed
            | PastEndResized | PastEndChecked | PastEndInPieces | FarPastEnd | BeforeStart | FarBeforeStart
            | PastEndOfFreed | AfterFreeChecked | AfterFreeReused | AfterResize | HandedOutTwice => Outcome::Breaks,
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
            BlockFreedTwice | BlockOfAnotherPool | BlockInterior | BoxFreedTwice | BoxOfAnotherPool
            | ClaimFreedTwice | ClaimOfAnother => Outcome::Breaks,
        }
    }
}
