//! The free spans, by length: in rows from one power of two to the next, each of some bins, and words that say which bins hold
//! any. So a span of a fitting length is found in a few steps (two-level segregated fit, by Masmano, Ripoll, Crespo and Real).

use super::node::{At, Link, State};
use crate::layout::{Fit, GRAIN};

/// Bins of a row: a span that is taken is longer than asked by a sixteenth at most, or, where memory is small, by a quarter.
const STEPS: usize = if cfg!(all(target_os = "none", not(target_family = "wasm"))) { 4 } else { 16 };

const ROWS: usize = 16;

/// So many spans of one bin are looked at one by one before a longer one is taken that has room for certain.
const TRIES: usize = 3;

pub(super) struct Bins {
    /// A bit for each row that is not empty.
    rows: u16,
    /// In each row, a bit for each bin that is not empty.
    filled: [u16; ROWS],
    /// The span that was freed last, in each bin.
    heads: [[Link; STEPS]; ROWS],
}

impl Bins {
    pub const fn new() -> Bins {
        Bins { rows: 0, filled: [0; ROWS], heads: [[None; STEPS]; ROWS] }
    }

    /// Puts a free span in.
    pub fn insert(&mut self, at: At) {
        let Bin { row, step } = bin_of(at.len.get());
        let after = self.heads[row][step].replace(at);
        at.state.set(State::Free { before: None, after });
        if let Some(other) = after {
            link(other, |_, after| (Some(at), after));
        }
        self.filled[row] |= 1 << step;
        self.rows |= 1 << row;
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
        let Bin { row, step } = bin_of(at.len.get());
        self.heads[row][step] = after;
        if after.is_none() {
            self.filled[row] &= !(1 << step);
            if self.filled[row] == 0 {
                self.rows &= !(1 << row);
            }
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
        let near = self.holding(fit, bin, 4 * TRIES);
        let ample = || fit.in_span(self.find_len(fit.anywhere()?)?);
        near.or_else(ample).or_else(|| self.holding(fit, bin, usize::MAX))
    }

    /// The first of `tries` spans, in this bin and those after it, in which `fit` finds room.
    #[inline(never)]
    fn holding(&self, fit: &Fit, bin: Bin, tries: usize) -> Option<(At, usize, usize)> {
        let (mut next, mut left) = (self.next(bin), tries);
        while let Some(bin) = next {
            for at in self.of(bin) {
                left = left.checked_sub(1)?;
                let found = fit.in_span(at);
                if found.is_some() {
                    return found;
                }
            }
            next = self.next(bin.next()?);
        }
        None
    }

    /// One of the shortest free spans of `len` bytes or more.
    #[inline]
    pub fn find_len(&self, len: usize) -> Link {
        let bin = bin_of(len);
        let near = self.of(bin).take(TRIES).find(|at| at.len.get() >= len);
        let ample = || self.head(self.next(bin.next()?)?);
        near.or_else(ample).or_else(|| self.of(bin).find(|at| at.len.get() >= len))
    }

    /// Length of the longest free span.
    pub fn longest(&self) -> usize {
        let last = || {
            let row = self.rows.checked_ilog2()? as usize;
            Some(Bin { row, step: self.filled[row].checked_ilog2()? as usize })
        };
        last().map_or(0, |bin| self.of(bin).map(|at| at.len.get()).max().unwrap_or(0))
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = At> {
        let bins = core::iter::successors(self.next(Bin { row: 0, step: 0 }), |bin| self.next(bin.next()?));
        bins.flat_map(|bin| self.of(bin))
    }

    /// The first bin from this one on that is not empty.
    #[inline]
    fn next(&self, bin: Bin) -> Option<Bin> {
        let steps = self.filled[bin.row] & (u16::MAX << bin.step);
        if steps != 0 {
            return Some(Bin { step: steps.trailing_zeros() as usize, ..bin });
        }
        let rows = self.rows & (u16::MAX << bin.row << 1);
        let row = rows.trailing_zeros() as usize;
        Some(Bin { row, step: self.filled.get(row)?.trailing_zeros() as usize })
    }

    fn head(&self, bin: Bin) -> Link {
        self.heads[bin.row][bin.step]
    }

    /// The spans in this bin.
    fn of(&self, bin: Bin) -> impl Iterator<Item = At> {
        core::iter::successors(self.head(bin), |at| match at.state.get() {
            State::Free { after, .. } => after,
            State::Claimed(_) => None,
        })
    }
}

impl Fit {
    /// Where in a free span it finds room, and how many bytes from there.
    fn in_span(&self, at: At) -> Option<(At, usize, usize)> {
        let (gap, len) = self.at(at.addr())?;
        (gap.checked_add(len)? <= at.len.get()).then_some((at, gap, len))
    }
}

/// Gives a free span other neighbours in its bin.
fn link(at: At, to: impl FnOnce(Link, Link) -> (Link, Link)) {
    if let State::Free { before, after } = at.state.get() {
        let (before, after) = to(before, after);
        at.state.set(State::Free { before, after });
    }
}

/// Where a bin stands.
#[derive(Clone, Copy)]
struct Bin {
    row: usize,
    step: usize,
}

impl Bin {
    /// The bin after this one.
    #[inline]
    fn next(self) -> Option<Bin> {
        match self {
            Bin { row, step } if step + 1 < STEPS => Some(Bin { row, step: step + 1 }),
            Bin { row, .. } if row + 1 < ROWS => Some(Bin { row: row + 1, step: 0 }),
            _ => None,
        }
    }
}

/// Where spans of so many bytes are kept; longer ones are kept there or further up.
#[inline]
fn bin_of(len: usize) -> Bin {
    let grains = len / GRAIN;
    if grains < STEPS {
        return Bin { row: 0, step: grains };
    }
    let log = grains.ilog2();
    let row = (log - STEPS.ilog2() + 1) as usize;
    if row >= ROWS {
        return Bin { row: ROWS - 1, step: STEPS - 1 };
    }
    Bin { row, step: (grains >> (log - STEPS.ilog2())) & (STEPS - 1) }
}
