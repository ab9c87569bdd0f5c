//! A row: one piece of work, and everybody who does it.

use crate::job::{Job, Sample};

/// One piece of work.
pub struct Row {
    /// What the row stands with in tables and plots.
    pub group: &'static str,
    /// What is done.
    pub name: String,
    /// How many allocations one iteration does. (Of rows without any: how many times what the row is about happens.)
    pub operations: usize,
    /// How many it does when instructions are counted: fewer where they are many. 0 if it makes no sense to.
    pub counted: usize,
    /// The bytes that are asked for at once in one iteration.
    pub bytes: usize,
    /// How it has to be measured.
    pub nature: Nature,
    /// Who does it. The first is the limit that the others are compared with.
    pub contenders: Vec<Contender>,
}

/// How a row has to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// As often as makes a sample of some length.
    Plain,
    /// Each sample in a process or an instance of its own.
    Cold,
    /// One iteration is a sample.
    Large,
    /// One iteration is a sample, once another has brought memory into its usual state.
    Steady,
    /// By several threads: so long that they really run beside each other.
    Threads,
}

/// Somebody who does a row's work.
pub struct Contender {
    /// The crate, and how it is used where there are several ways.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Does the work.
    pub measure: fn(&Job) -> Sample,
}

/// What a contender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Written by hand.
    Limit,
    /// freehold.
    Ours,
    /// Another crate.
    Peer,
}

impl Contender {
    /// Somebody of any kind.
    pub fn new(name: &'static str, kind: Kind, measure: fn(&Job) -> Sample) -> Self {
        Contender { name, kind, measure }
    }

    /// A hand-written limit.
    pub fn limit(name: &'static str, measure: fn(&Job) -> Sample) -> Self {
        Self::new(name, Kind::Limit, measure)
    }

    /// freehold.
    pub fn ours(name: &'static str, measure: fn(&Job) -> Sample) -> Self {
        Self::new(name, Kind::Ours, measure)
    }

    /// Another crate.
    pub fn peer(name: &'static str, measure: fn(&Job) -> Sample) -> Self {
        Self::new(name, Kind::Peer, measure)
    }
}
