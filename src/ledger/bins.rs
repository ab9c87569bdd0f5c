//! The free spans, by length: four bins from one power of two to the next, and a word that says which of them hold any.

use super::node::{At, Link, State};
use crate::layout::{Fit, GRAIN};

const BINS: usize = u64::BITS as usize;

/// So many spans are looked at one by one before a longer one is taken that has room for certain.
const TRIES: usize = 8;

pub(super) struct Bins {
    /// A bit for each bin that is not empty.
    filled: u64,
    /// The span that was freed last, in each.
    heads: [Link; BINS],
}

impl Bins {
    pub const fn new() -> Bins {
        Bins { filled: 0, heads: [None; BINS] }
    }

    /// Puts a free span in.
    pub fn insert(&mut self, at: At) {
        let bin = bin_of(at.len.get());
        let after = self.heads[bin].replace(at);
        at.state.set(State::Free { before: None, after });
        if let Some(other) = after {
            link(other, |_, after| (Some(at), after));
        }
        self.filled |= 1 << bin;
    }

    /// Takes a span out, of which the length has not changed since it was put in.
    pub fn remove(&mut self, at: At) {
        let State::Free { before, after } = at.state.get() else {
            return;
        };
        if let Some(other) = after {
            link(other, |_, after| (before, after));
        }
        if let Some(other) = before {
            link(other, |before, _| (before, after));
            return;
        }
        let bin = bin_of(at.len.get());
        self.heads[bin] = after;
        if after.is_none() {
            self.filled &= !(1 << bin);
        }
    }

    /// A free span in which `fit` finds room, one of the shortest; where in it, and how many bytes from there.
    pub fn find(&self, fit: &Fit) -> Option<(At, usize, usize)> {
        // Spans start on the grain, so up to it alignment is known in advance. Beyond it a span of that length may do or not.
        let least = Fit { align: fit.align.min(GRAIN), ..*fit }.anywhere()?;
        if fit.align <= GRAIN {
            return Some((self.find_len(least)?, 0, least));
        }
        let bin = bin_of(least);
        let holds = |at: At| {
            let (gap, len) = fit.at(at.addr())?;
            (gap.checked_add(len)? <= at.len.get()).then_some((at, gap, len))
        };
        let near = self.from(bin).take(TRIES).filter_map(holds).min_by_key(|(at, ..)| at.len.get());
        let ample = || fit.anywhere().and_then(|ample| self.from(bin_of(ample) + 1).find_map(holds));
        near.or_else(ample).or_else(|| self.from(bin).find_map(holds))
    }

    /// One of the shortest free spans of `len` bytes or more.
    #[inline]
    pub fn find_len(&self, len: usize) -> Link {
        let bin = bin_of(len);
        let at = self.shortest(bin, len).or_else(|| self.shortest(bin + 1, len));
        at.or_else(|| self.of(bin).find(|at| at.len.get() >= len))
    }

    /// The shortest span of at least `least` bytes among the first few of the first bin from this one on that holds any.
    fn shortest(&self, bin: usize, least: usize) -> Link {
        let bin = self.filled_from(bin).trailing_zeros() as usize;
        let mut shortest: Link = None;
        for at in self.of(bin).take(TRIES) {
            let len = at.len.get();
            if len >= least && shortest.is_none_or(|other| len < other.len.get()) {
                shortest = Some(at);
                if len == least {
                    break;
                }
            }
        }
        shortest
    }

    /// Length of the longest free span.
    pub fn longest(&self) -> usize {
        let last = self.filled.checked_ilog2().map_or(0, |bin| bin as usize);
        self.from(last).map(|at| at.len.get()).max().unwrap_or(0)
    }

    /// The spans in this bin and in those after it.
    pub fn from(&self, bin: usize) -> impl Iterator<Item = At> {
        let mut filled = self.filled_from(bin);
        let bins = core::iter::from_fn(move || {
            let bin = filled.trailing_zeros() as usize;
            filled &= filled.wrapping_sub(1);
            (bin < BINS).then_some(bin)
        });
        bins.flat_map(|bin| self.of(bin))
    }

    /// A bit for each bin from this one on that is not empty.
    fn filled_from(&self, bin: usize) -> u64 {
        self.filled & u64::MAX.checked_shl(bin as u32).unwrap_or(0)
    }

    /// The spans in this bin.
    fn of(&self, bin: usize) -> impl Iterator<Item = At> {
        core::iter::successors(self.heads.get(bin).copied().flatten(), |at| match at.state.get() {
            State::Free { after, .. } => after,
            State::Claimed(_) => None,
        })
    }
}

/// Gives a free span other neighbours in its bin.
fn link(at: At, to: impl FnOnce(Link, Link) -> (Link, Link)) {
    if let State::Free { before, after } = at.state.get() {
        let (before, after) = to(before, after);
        at.state.set(State::Free { before, after });
    }
}

/// Where spans of so many bytes are kept; longer ones are kept there or further up.
fn bin_of(len: usize) -> usize {
    let grains = len / GRAIN;
    match grains {
        0..4 => grains,
        _ => {
            let log = grains.ilog2() as usize;
            ((log - 1) * 4 + ((grains >> (log - 2)) & 3)).min(BINS - 1)
        }
    }
}
