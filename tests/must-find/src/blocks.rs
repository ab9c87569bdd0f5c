//! The rows of heaps: a list.

use core::alloc::Layout;

use crate::rows;

rows! {
    /// A block is freed twice.
    FreedTwice,
    /// A block is resized after it was freed.
    ResizedAfterFree,
    /// A pointer is freed that never was a block.
    Foreign,
    /// A pointer into a block is freed.
    Interior,
    /// A pointer into a block is resized.
    InteriorResized,
    /// A block is freed twice, and has gone back to the heap between.
    Stale,
    /// A block is freed as a smaller one.
    FreedAsSmaller,
    /// A block is freed with another alignment.
    FreedAsAligned,
    /// A block is resized as one of another size.
    ResizedAsSmaller,
    /// A byte is written right past the end, and the block is freed.
    PastEndFreed,
    /// The same, and the block is resized.
    PastEndResized,
    /// The same, and the heap is checked.
    PastEndChecked,
    /// The same, of a block that was to be zero, and is.
    PastEndZeroed,
    /// Two bytes past the end are written, and those between them are not.
    PastEndInPieces,
    /// The last byte that is looked at, past the end of a block that is aligned to more.
    FarPastEnd,
    /// A byte is written right before the block.
    BeforeStart,
    /// The first byte that is looked at, before a block that is aligned to more.
    FarBeforeStart,
    /// A block that was freed is written past its end.
    PastEndOfFreed,
    /// The first byte of a freed block is written, and the heap is checked.
    AfterFreeChecked,
    /// The last byte of a freed block is written, and it goes back to the heap.
    AfterFreeReused,
    /// A block is written by a pointer to where it was before it was resized.
    AfterResize,
    /// The heap below hands out the same block twice.
    HandedOutTwice,
    /// A record of a block in use is written over.
    RecordBroken,
    /// It is wiped.
    RecordWiped,
    /// A record of a block that was freed is written over.
    RecordOfFreedBroken,
    /// There is no memory for records.
    NoRecords,
    /// A block is never freed.
    NeverFreed,
    /// The third allocation is to fail, and fails.
    ThirdFails,
    /// The next one is to fail, and it is a resize: the block stays as it is.
    ResizeFails,
    /// More is to be in use than a limit allows.
    BeyondLimit,
}

pub fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a layout")
}

/// An odd size, so that the end lies on no boundary.
pub const SIZE: usize = 37;
/// What is written where nobody may.
pub const WRITTEN: u8 = 0x5a;
/// Records that the layer has room for at first.
pub const FIRST: usize = 64;

/// What a row was about.
#[derive(Clone, Copy, Debug)]
pub struct About {
    pub block: *mut u8,
    pub layout: Layout,
    /// The how manieth allocation it was.
    pub serial: usize,
}
