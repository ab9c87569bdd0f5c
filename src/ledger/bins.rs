//! The free spans, by length: in rows from one power of two to the next, each of some bins, and a bit for each bin that holds
//! any. So a span of a fitting length is found in a few steps (two-level segregated fit, by Masmano, Ripoll, Crespo and Real).

use Way::{After, Before};

use super::header::{Entry, InBin};
use crate::layout::{Fit, GRAIN, high_bit, padding, step_of};

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
            filled: [0; WORDS],
            heads: [None; BINS],
            #[cfg(test)]
            looks: core::cell::Cell::new(0),
        }
    }

    /// Puts a span in: it is free from now on.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    pub fn insert(&mut self, at: Entry) {
        let bin = bin_of(at.len.get());
        at.set_free(at);
        let Some(first) = self.heads[bin] else {
            self.heads[bin] = Some(at);
            self.filled[bin / 32] |= 1 << (bin % 32);
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
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
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
        self.filled[bin / 32] &= !(1 << (bin % 32));
    }

    /// A free span that has room for a claim of `len` bytes that fits so, one of the shortest.
    ///
    /// It looks at two spans in each bin in which that depends on the span, then takes one of the first longer ones, which have room for certain.
    /// Where there is none of those, 32 more are looked at, the shortest first. If the claim is aligned to no more than the grain, as most are, there
    /// is one such bin. A slab, which is as long as it is aligned, is always found, and 34 spans at most are looked at for it. For other claims
    /// there are 66, and where the alignment is more than the length 32 more for each doubling between the two. What is not found although it
    /// is there lies behind so many that lie wrong.
    #[cfg_attr(not(freehold_for_size), inline(always))]
    pub fn find(&self, fit: Fit, len: usize) -> Option<Entry> {
        self.near(fit, len, TRIES, usize::MAX).or_else(|| self.near(fit, len, LOOKS, LOOKS))
    }

    /// The first such span in the bins from the length on: of each in which they may be too short, and of all of those, so many are looked at.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    fn near(&self, fit: Fit, len: usize, each: usize, mut all: usize) -> Option<Entry> {
        let ample = fit.anywhere(len);
        let (mut bin, end) = (bin_of(len), bin_of(ample));
        loop {
            if let Some(first) = self.first(bin) {
                let (from, way) = if ample == len { (of(&first).before.get(), Before) } else { (first, After) };
                let found = self.look_at(from, each.min(all), way, |at| {
                    all -= 1;
                    fit.is_in(at, len)
                });
                if found.is_some() {
                    return found;
                }
            }
            bin = self.next(bin + 1);
            if bin > end {
                return self.last(bin);
            }
        }
    }

    /// Length of the longest free span; or of one that is hardly shorter, if there are very many of about that length.
    pub fn longest(&self) -> usize {
        let mut longest = 0;
        let last = || {
            let word = self.filled.iter().rposition(|bits| *bits != 0)?;
            self.last(word * 32 + self.filled.get(word)?.checked_ilog2()? as usize)
        };
        if let Some(last) = last() {
            self.look_at(last, LOOKS, Before, |at| {
                longest = longest.max(at.len.get());
                false
            });
        }
        longest
    }

    /// The first of those of `len` bytes or more that is `wanted`. It looks at 32.
    pub fn find_any(&self, len: usize, wanted: impl Fn(Entry) -> bool) -> Option<Entry> {
        let (mut left, mut bin) = (LOOKS, self.next(bin_of(len)));
        while left > 0 {
            let found = self.look_at(self.last(bin)?, left, Before, |at| {
                left -= 1;
                at.len.get() >= len && wanted(at)
            });
            if found.is_some() {
                return found;
            }
            bin = self.next(bin + 1);
        }
        None
    }

    /// All of them.
    #[cfg(test)]
    pub fn all(&self) -> impl Iterator<Item = Entry> {
        (0..BINS).filter_map(|bin| self.first(bin)).flat_map(|first| {
            let next = move |at: &Entry| Some(of(at).after.get()).filter(|next| *next != first);
            core::iter::successors(Some(first), next)
        })
    }

    /// The first bin from this one on that is not empty; one more than there are if there is none.
    #[inline]
    fn next(&self, bin: usize) -> usize {
        let (mut word, mut from) = (bin / 32, u32::MAX << (bin % 32));
        while let Some(bits) = self.filled.get(word) {
            if bits & from != 0 {
                return word * 32 + (bits & from).trailing_zeros() as usize;
            }
            (word, from) = (word + 1, u32::MAX);
        }
        BINS
    }

    /// The first span in this bin: those that hold a block come first, of these the one that was freed last.
    #[inline(always)]
    fn first(&self, bin: usize) -> Option<Entry> {
        *self.heads.get(bin)?
    }

    /// The last one: those that hold no block come last, of these the one that was freed last.
    #[inline(always)]
    fn last(&self, bin: usize) -> Option<Entry> {
        Some(of(&self.first(bin)?).before.get())
    }

    /// The first of up to `count` spans of a bin, from this one on, that `holds`.
    #[inline(always)]
    fn look_at(&self, from: Entry, count: usize, way: Way, mut holds: impl FnMut(Entry) -> bool) -> Option<Entry> {
        let mut at = from;
        for _ in 0..count {
            self.look();
            if holds(at) {
                return Some(at);
            }
            at = match way {
                Before => of(&at).before.get(),
                After => of(&at).after.get(),
            };
            if at == from {
                break;
            }
        }
        None
    }

    /// Counts a span that is looked at.
    #[inline(always)]
    fn look(&self) {
        #[cfg(test)]
        self.looks.set(self.looks.get() + 1);
    }
}

/// From which side a bin is looked through.
#[derive(Clone, Copy)]
enum Way {
    Before,
    After,
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
        let block = 1 << high_bit(len);
        padding(addr, block) <= len - block
    }
}

impl Fit {
    /// Whether a claim of `len` bytes finds room in a free span.
    pub(super) fn is_in(&self, at: Entry, len: usize) -> bool {
        self.from(at.addr(), len) <= at.len.get()
    }
}

/// The bin for spans of so many bytes: up to [`STEPS`] grains each length has its own, from there as many to a doubling.
#[cfg_attr(freehold_for_size, inline(never))]
#[cfg_attr(not(freehold_for_size), inline(always))]
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
