//! The free spans, by length: in rows from one power of two to the next, each of some bins, and words that say which bins hold
//! any. So a span of a fitting length is found in a few steps (two-level segregated fit, by Masmano, Ripoll, Crespo and Real).

use super::header::{Entry, InBin};
use crate::layout::{Fit, GRAIN, padding, step_of};

/// Bins of a row: a span that is taken is longer than asked by a sixteenth at most, or, where memory is small, by a quarter.
const STEPS: usize = if cfg!(all(target_os = "none", not(target_family = "wasm"))) { 4 } else { 16 };

/// Sixteen rows. What is longer than all of them is in the last bin too.
const BINS: usize = 16 * STEPS;

/// So many spans of one bin are looked at before a longer one is taken that has room for certain.
const TRIES: usize = 2;

/// So many at most, where there is none that is longer: what lies behind them is not found, though it may be long enough.
const LOOKS: usize = 32;

/// From this length on a bin keeps in front those spans that hold a block of half their length or more, a power of two, at a multiple of
/// its size. A heap's slabs lie like that, and the smallest is so long.
const BLOCKS_FROM: usize = 4096;

pub(super) struct Bins {
    /// A bit for each word of `filled` that is not 0.
    words: u32,
    /// A bit for each bin that is not empty.
    filled: [u32; WORDS],
    /// The first span of each bin. They go round in a circle: the last lies before the first.
    heads: [Option<Entry>; BINS],
    /// How many spans searches have looked at.
    #[cfg(test)]
    pub looks: core::cell::Cell<usize>,
}

const WORDS: usize = BINS / 32;

impl Bins {
    pub const fn new() -> Bins {
        Bins {
            words: 0,
            filled: [0; WORDS],
            heads: [None; BINS],
            #[cfg(test)]
            looks: core::cell::Cell::new(0),
        }
    }

    /// Puts a span in: it is free from now on.
    #[inline(always)]
    pub fn insert(&mut self, at: Entry) {
        let bin = bin_of(at.len.get());
        at.set_free(at);
        let Some(first) = self.heads[bin] else {
            self.heads[bin] = Some(at);
            self.filled[bin / 32] |= 1 << (bin % 32);
            self.words |= 1 << (bin / 32);
            return;
        };
        let last = of(&first).before.replace(at);
        of(&last).after.set(at);
        of(&at).before.set(last);
        of(&at).after.set(first);
        if holds_block(at.addr(), at.len.get()) {
            self.heads[bin] = Some(at);
        }
    }

    /// Takes a span out, of which the length has not changed since it was put in.
    #[inline(always)]
    pub fn remove(&mut self, at: Entry) {
        let (before, after) = (of(&at).before.get(), of(&at).after.get());
        of(&before).after.set(after);
        of(&after).before.set(before);
        let bin = bin_of(at.len.get());
        if self.heads[bin] != Some(at) {
            return;
        }
        if after != at {
            self.heads[bin] = Some(after);
            return;
        }
        self.heads[bin] = None;
        let left = self.filled[bin / 32] & !(1 << (bin % 32));
        self.filled[bin / 32] = left;
        if left == 0 {
            self.words &= !(1 << (bin / 32));
        }
    }

    /// A free span in which `fit`, aligned to more than the grain, finds room, one of the shortest; where in it, and how many bytes from there.
    ///
    /// It looks at two spans in each bin from the length on, then takes one of the first that have room for certain. A slab, which is
    /// as long as it is aligned, is always found, and 34 spans at most are looked at for it. For other claims there are 66, and where the
    /// alignment is more than the length 32 more for each doubling between the two. Where there is none of all these, 32 more are looked
    /// at, the shortest first. What is not found although it is there lies behind so many that lie wrong.
    pub fn find(&self, fit: &Fit) -> Option<(Entry, usize, usize)> {
        let first = bin_of(Fit { align: GRAIN, ..*fit }.anywhere()?);
        let certain = fit.anywhere()?;
        let bins = || {
            core::iter::successors(self.next(first), |bin| self.next(bin + 1)).take_while(|bin| *bin < bin_of(certain))
        };
        let near = || bins().flat_map(|bin| self.forward(bin).take(TRIES)).find_map(|at| fit.in_span(at));
        let ample = || fit.in_span(self.find_len(certain)?);
        near()
            .or_else(ample)
            .or_else(|| bins().flat_map(|bin| self.forward(bin)).take(LOOKS).find_map(|at| fit.in_span(at)))
    }

    /// One of the shortest free spans of `len` bytes or more. It looks at 34 spans at most.
    pub fn find_len(&self, len: usize) -> Option<Entry> {
        let bin = bin_of(len);
        let near = self.backward(bin).take(TRIES).find(|at| at.len.get() >= len);
        let ample = || self.backward(self.next(bin + 1)?).next();
        near.or_else(ample).or_else(|| self.backward(bin).take(LOOKS).find(|at| at.len.get() >= len))
    }

    /// Length of the longest free span; or of one that is hardly shorter, if there are very many of about that length.
    pub fn longest(&self) -> usize {
        let last = || {
            let word = self.words.checked_ilog2()? as usize;
            Some(word * 32 + self.filled[word].checked_ilog2()? as usize)
        };
        last().map_or(0, |bin| self.backward(bin).take(LOOKS).map(|at| at.len.get()).max().unwrap_or(0))
    }

    /// The first of those of `len` bytes or more that is `wanted`. It looks at 32.
    pub fn find_any(&self, len: usize, wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let bins = core::iter::successors(self.next(bin_of(len)), |bin| self.next(bin + 1));
        bins.flat_map(|bin| self.backward(bin)).take(LOOKS).find(|at| at.len.get() >= len && wanted(at))
    }

    /// All of them.
    #[cfg(test)]
    pub fn all(&self) -> impl Iterator<Item = Entry> {
        (0..BINS).flat_map(|bin| self.forward(bin))
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

    /// The spans in this bin: first those that hold a block, the one that was freed last before the others.
    fn forward(&self, bin: usize) -> impl Iterator<Item = Entry> {
        let first = self.heads[bin];
        let next = move |at: &Entry| Some(of(at).after.get()).filter(|next| Some(*next) != first);
        core::iter::successors(first, next).inspect(|_| self.look())
    }

    /// The spans in this bin: first those that hold no block, the one that was freed last before the others.
    fn backward(&self, bin: usize) -> impl Iterator<Item = Entry> {
        let last = self.heads[bin].map(|first| of(&first).before.get());
        let next = move |at: &Entry| Some(of(at).before.get()).filter(|next| Some(*next) != last);
        core::iter::successors(last, next).inspect(|_| self.look())
    }

    /// Counts a span that is looked at.
    #[inline(always)]
    fn look(&self) {
        #[cfg(test)]
        self.looks.set(self.looks.get() + 1);
    }
}

/// Where a span stands in its bin.
#[inline(always)]
fn of(at: &Entry) -> &InBin {
    // SAFETY: what is asked here is in a bin, or on its way into one, and so free: whoever claims a span takes it out first.
    unsafe { at.in_bin() }
}

/// Whether a span of `len` bytes at `addr` holds a block that is as long as the largest power of two in `len`, at a multiple of that.
#[inline(always)]
fn holds_block(addr: usize, len: usize) -> bool {
    len >= BLOCKS_FROM && {
        let block = 1 << len.ilog2();
        padding(addr, block) <= len - block
    }
}

impl Fit {
    /// Where in a free span it finds room, and how many bytes from there.
    pub(super) fn in_span(&self, at: Entry) -> Option<(Entry, usize, usize)> {
        let (gap, len) = self.at(at.addr())?;
        (gap.checked_add(len)? <= at.len.get()).then_some((at, gap, len))
    }
}

/// The bin for spans of so many bytes: up to [`STEPS`] grains each length has its own, from there as many to a doubling.
#[inline(always)]
fn bin_of(len: usize) -> usize {
    step_of(len / GRAIN, STEPS).0.min(BINS - 1)
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
