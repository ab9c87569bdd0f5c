//! The free spans, by length: in rows from one power of two to the next, each of some bins, and words that say which bins hold
//! any. So a span of a fitting length is found in a few steps (two-level segregated fit, by Masmano, Ripoll, Crespo and Real).

use super::node::{At, InBin, Link};
use crate::layout::{Fit, GRAIN};

/// Bins of a row: a span that is taken is longer than asked by a sixteenth at most, or, where memory is small, by a quarter.
const STEPS: usize = if cfg!(all(target_os = "none", not(target_family = "wasm"))) { 4 } else { 16 };

/// Sixteen rows. What is longer than all of them is in the last bin too.
const BINS: usize = 16 * STEPS;

/// So many spans of one bin are looked at one by one before a longer one is taken that has room for certain.
const TRIES: usize = 2;

pub(super) struct Bins {
    /// A bit for each word of `filled` that is not 0.
    words: u32,
    /// A bit for each bin that is not empty.
    filled: [u32; WORDS],
    /// The span that was freed last, in each bin.
    heads: [Link; BINS],
}

const WORDS: usize = BINS / 32;

impl Bins {
    pub const fn new() -> Bins {
        Bins { words: 0, filled: [0; WORDS], heads: [None; BINS] }
    }

    /// Puts a span in: it is free from now on.
    pub fn insert(&mut self, at: At) {
        let bin = bin_of(at.len.get());
        let after = self.heads[bin].replace(at);
        at.set_free(after);
        match after {
            Some(after) => of(&after).before.set(Some(at)),
            None => {
                self.filled[bin / 32] |= 1 << (bin % 32);
                self.words |= 1 << (bin / 32);
            }
        }
    }

    /// Takes a span out, of which the length has not changed since it was put in.
    pub fn remove(&mut self, at: At) {
        let (before, after) = (of(&at).before.get(), of(&at).after.get());
        if let Some(after) = after {
            of(&after).before.set(before);
        }
        if let Some(before) = before {
            of(&before).after.set(after);
            return;
        }
        let bin = bin_of(at.len.get());
        self.heads[bin] = after;
        if after.is_none() {
            let left = self.filled[bin / 32] & !(1 << (bin % 32));
            self.filled[bin / 32] = left;
            if left == 0 {
                self.words &= !(1 << (bin / 32));
            }
        }
    }

    /// A free span in which `fit`, aligned to more than the grain, finds room, one of the shortest; where in it, and how many bytes from there.
    /// A span of that length may do or not.
    pub fn find(&self, fit: &Fit) -> Option<(At, usize, usize)> {
        let least = Fit { align: GRAIN, ..*fit }.anywhere()?;
        let bin = bin_of(least);
        let near = self.holding(fit, bin, 4 * TRIES);
        let ample = || fit.in_span(self.find_len(fit.anywhere()?)?);
        near.or_else(ample).or_else(|| self.holding(fit, bin, usize::MAX))
    }

    /// The first of `tries` spans, in this bin and those after it, in which `fit` finds room.
    #[inline(never)]
    fn holding(&self, fit: &Fit, bin: usize, tries: usize) -> Option<(At, usize, usize)> {
        let mut left = tries;
        for at in self.from(bin) {
            left = left.checked_sub(1)?;
            let found = fit.in_span(at);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// One of the shortest free spans of `len` bytes or more.
    pub fn find_len(&self, len: usize) -> Link {
        let bin = bin_of(len);
        let near = self.of(bin).take(TRIES).find(|at| at.len.get() >= len);
        let ample = || self.heads[self.next(bin + 1)?];
        near.or_else(ample).or_else(|| self.of(bin).find(|at| at.len.get() >= len))
    }

    /// Length of the longest free span.
    pub fn longest(&self) -> usize {
        let last = || {
            let word = self.words.checked_ilog2()? as usize;
            Some(word * 32 + self.filled[word].checked_ilog2()? as usize)
        };
        last().map_or(0, |bin| self.of(bin).map(|at| at.len.get()).max().unwrap_or(0))
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = At> {
        self.from(0)
    }

    /// Those in this bin and in those after it.
    fn from(&self, bin: usize) -> impl Iterator<Item = At> {
        core::iter::successors(self.next(bin), |bin| self.next(bin + 1)).flat_map(|bin| self.of(bin))
    }

    /// The first bin from this one on that is not empty.
    fn next(&self, bin: usize) -> Option<usize> {
        let word = bin / 32;
        let bits = self.filled.get(word)? & (u32::MAX << (bin % 32));
        if bits != 0 {
            return Some(word * 32 + bits.trailing_zeros() as usize);
        }
        let word = (self.words & (u32::MAX << word << 1)).trailing_zeros() as usize;
        Some(word * 32 + self.filled.get(word)?.trailing_zeros() as usize)
    }

    /// The spans in this bin.
    fn of(&self, bin: usize) -> impl Iterator<Item = At> {
        core::iter::successors(self.heads[bin], |at| of(at).after.get())
    }
}

/// Where a span stands in its bin.
fn of(at: &At) -> &InBin {
    // SAFETY: what is asked here is in a bin, or on its way into one, and so free: whoever claims a span takes it out first.
    unsafe { at.in_bin() }
}

impl Fit {
    /// Where in a free span it finds room, and how many bytes from there.
    fn in_span(&self, at: At) -> Option<(At, usize, usize)> {
        let (gap, len) = self.at(at.addr())?;
        (gap.checked_add(len)? <= at.len.get()).then_some((at, gap, len))
    }
}

/// The bin for spans of so many bytes: up to [`STEPS`] grains each length has its own, from there as many to a doubling.
fn bin_of(len: usize) -> usize {
    let grains = len / GRAIN;
    let shift = (grains | STEPS).ilog2() - STEPS.ilog2();
    (shift as usize * STEPS + (grains >> shift)).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_rise_with_the_length_and_are_narrow() {
        const DOUBLINGS: usize = if cfg!(miri) { 3 } else { 15 };
        let (mut last, mut start) = (0, 0);
        for grains in 0..STEPS << DOUBLINGS {
            let bin = bin_of(grains * GRAIN);
            if bin != last {
                assert_eq!(bin, last + 1, "{grains}");
                start = grains;
            }
            assert!((grains - start) * STEPS <= grains, "{grains} in one bin with {start}");
            last = bin;
        }
        assert_eq!(last, (DOUBLINGS + 1) * STEPS - 1);
        assert_eq!((bin_of((STEPS << 15) * GRAIN), bin_of(usize::MAX)), (BINS - 1, BINS - 1));
    }
}
