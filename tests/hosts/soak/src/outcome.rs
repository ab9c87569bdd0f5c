//! How the program ended.

use core::fmt;

/// How the program ended.
#[derive(Default)]
pub struct Outcome {
    /// How many there were.
    pub operations: usize,
    /// Bytes that did not hold what their holder had written, when the first of them were found.
    pub lost: usize,
    /// Whose they were.
    pub losers: [Option<&'static str>; 4],
    /// Requests that there was no memory for.
    pub refused: usize,
    /// What each of these did.
    pub counts: [(&'static str, usize); NAMES.len()],
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { operations, lost, losers, refused, counts } = self;
        write!(f, "operations: {operations}\nlost: {lost}")?;
        losers.iter().flatten().try_for_each(|loser| write!(f, ", {loser}"))?;
        write!(f, "\nrefused: {refused}")?;
        counts.iter().try_for_each(|(name, count)| write!(f, "\n{name}: {count}"))
    }
}

pub const MALLOC: usize = 0;
pub const ALLOC: usize = 1;
pub const CLAIM: usize = 2;
pub const POOL: usize = 3;
pub const ARENA: usize = 4;
pub const SCOPE: usize = 5;
pub const TYPED: usize = 6;
pub const RESIZED: usize = 7;
pub const EXCHANGED: usize = 8;
pub const GROWN: usize = 9;
pub const SMALL: usize = 10;
pub const SHARED: usize = 11;

/// What these numbers stand for, one after the other. Whoever hands out memory in a module is among them.
pub const NAMES: [&str; 12] = [
    "malloc",
    "alloc",
    "claim",
    "pool",
    "arena",
    "scope",
    "typed arena",
    "resized",
    "exchanged",
    "grown outside",
    "small",
    "shared pool",
];
