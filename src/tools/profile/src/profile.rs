//! Who allocates what.

use crate::frame::Frame;

/// Blocks, and their bytes as they were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Blocks.
    pub blocks: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What one place in the program has allocated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The stack, the innermost frame first. With none nothing is known of it.
    pub frames: Vec<Frame>,
    /// All that it has allocated.
    pub total: Sum,
    /// The most of it that was there at once: by bytes.
    pub most: Sum,
    /// What was there of it when the whole program had the most bytes.
    pub at_peak: Sum,
    /// What is there of it at the end.
    pub at_end: Sum,
    /// How long its blocks lived, taken together.
    pub lifetimes: u64,
}

/// Who allocates what. Time goes by in allocations: it is 1 at the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// What it is a profile of, in a few words.
    pub of: String,
    /// What the places have done with what is counted: "Allocated", say.
    pub verb: String,
    /// When the program had the most bytes.
    pub peak: u64,
    /// How many allocations there were.
    pub end: u64,
    /// The places.
    pub places: Vec<Place>,
}
