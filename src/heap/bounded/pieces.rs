//! One region, cut into pieces that are free and blocks that are in use, with no word beside a block.
//!
//! ```text
//!     bits       block        piece                            block      piece
//!   ┌─────────┬────────────┬────────────────────────────────┬───────┬───────────────────────────────────┐
//!   │ 1 0 0 ··│            │ next  before  len  ······  len │       │ next  before  len  ·········  len │
//!   └─────────┴────────────┴────────────────────────────────┴───────┴───────────────────────────────────┘
//! ```
//!
//! Whoever frees a block says how long it is, so a block needs no header. A bit for each word says whether a piece begins or ends before it: two
//! of them tell a block whether its neighbours are free, and how long these are they say themselves, at both of their ends (boundary tags, by
//! Knuth, but in free memory only). A piece of two words has its two links and no more; one of a single word is in no bin, and waits until
//! a neighbour is free. The lowest bit of what stands at their ends tells them from longer ones.

use core::ptr::{self, NonNull};

use crate::layout::{padding, whole};
use crate::platform::sanitizer;
use crate::span::Span;

#[cfg(test)]
mod tests;

/// Pieces and blocks begin and end at multiples of so many bytes.
const WORD: usize = size_of::<usize>();

/// No block has fewer bytes: when it is free it has room for two links.
const LEAST: usize = 2 * WORD;

/// Bins from one power of two to the next: a piece is longer than the shortest of its bin by half of that at most.
const STEPS: usize = 2;

/// The last is for all that are longer than 384 KiB (768 on 64-bit targets).
const BINS: usize = u32::BITS as usize;

/// So many pieces are looked at after the first; from there on only the first of each bin, up to one that is long enough for certain.
const LOOKS: i32 = 7;

/// The lowest bit of what stands at both ends of a piece: it has one word or two. In the links of that bin it is always set, in those that
/// lead nowhere too.
const SHORT: usize = 1;

/// What stands in a piece of one word.
const ONE: usize = 2 | SHORT;

/// The pieces of a region.
#[repr(C)]
pub(super) struct Pieces {
    /// A bit for each bin that holds a piece.
    filled: u32,
    /// Where the bit of address 0 would be, if there were one; with the provenance of all of the region. Null before there is a region.
    bits: *mut u32,
    /// Bytes that are free.
    pub free: usize,
    /// The fewest that ever were.
    pub least: usize,
    /// The first piece of each bin.
    heads: [usize; BINS],
    /// How many words of the region were read and written.
    #[cfg(test)]
    steps: core::cell::Cell<usize>,
}

/// Bytes of a block for so many.
#[inline(always)]
pub(super) fn room(size: usize) -> usize {
    (size.max(LEAST) + (WORD - 1)) & !(WORD - 1)
}

impl Pieces {
    pub const fn new() -> Pieces {
        Pieces {
            filled: 0,
            bits: ptr::null_mut(),
            free: 0,
            least: 0,
            heads: [0; BINS],
            #[cfg(test)]
            steps: core::cell::Cell::new(0),
        }
    }

    #[inline(always)]
    pub fn are_open(&self) -> bool {
        !self.bits.is_null()
    }

    /// Takes a region: one piece, behind the bits. `false` if it is too small, and then nothing has changed.
    ///
    /// # Safety
    ///
    /// The caller owes: there is no region yet; this one is nobody else's from now on.
    pub unsafe fn open(&mut self, region: Span) -> bool {
        let (start, at, end) = parts(region);
        if at + LEAST > end {
            return false;
        }
        self.bits = region.base().as_ptr().with_addr(start).cast::<u32>().wrapping_sub(word_of(start));
        (start..at).step_by(WORD).for_each(|word| self.set(word, 0));
        self.insert(at, end - at);
        self.least = self.free;
        true
    }

    /// Takes `len` bytes at a multiple of `align`; null if there is no piece for them.
    #[inline(always)]
    pub fn take(&mut self, len: usize, align: usize) -> *mut u8 {
        let Some((at, has, gap)) = self.find(len, align) else {
            return ptr::null_mut();
        };
        self.remove(at, has);
        if gap > 0 {
            self.insert(at, gap);
        }
        // SAFETY: what is left of the piece is in nobody's use.
        unsafe { self.resize(at + gap, has - gap, len) };
        self.memory(at + gap)
    }

    /// Makes a block free: it is one piece with those that it touches.
    ///
    /// # Safety
    ///
    /// The caller owes: so many bytes were taken here, and are not used any more.
    #[inline(always)]
    pub unsafe fn put(&mut self, at: usize, len: usize) {
        let before = self.free_at(at, at - WORD, at - WORD);
        self.remove(at - before, before);
        // SAFETY: the caller's promise; what lies before is no piece any more.
        unsafe { self.resize(at - before, before + len, 0) };
    }

    /// Has what is no piece grow or shrink where it is. `false` if what is behind it is too short or in use, and then nothing has changed.
    ///
    /// # Safety
    ///
    /// The caller owes: these `old` bytes are in no piece, and nobody uses what of them is beyond `new`.
    #[cfg_attr(freehold_for_size, inline(never))]
    pub unsafe fn resize(&mut self, at: usize, old: usize, new: usize) -> bool {
        let end = at + old;
        // Nothing is read behind the end of memory, where no piece begins.
        let behind = self.free_at(end, end, end.wrapping_add(2 * WORD));
        if new > old + behind {
            return false;
        }
        self.remove(end, behind);
        self.insert(at + new, old + behind - new);
        self.least = self.least.min(self.free);
        true
    }

    /// Bytes of a piece that is hardly shorter than the longest.
    pub fn longest(&self) -> usize {
        self.filled.checked_ilog2().map_or(0, |bin| self.len_of(self.first(bin)))
    }

    /// A place in the region.
    #[inline(always)]
    pub fn memory(&self, at: usize) -> *mut u8 {
        self.bits.with_addr(at).cast()
    }

    /// A piece that has the length at such a place: where it begins, how long it is, and what of it lies before that place.
    ///
    /// [`LOOKS`] pieces are looked at, from the length's own bin on; then the first is taken of those that are long enough wherever they
    /// lie.
    #[inline(always)]
    fn find(&self, len: usize, align: usize) -> Option<(usize, usize, usize)> {
        let mut looks = LOOKS;
        let mut bins = self.filled & u32::MAX << bin_of(len);
        while bins != 0 {
            let mut at = self.first(bins.trailing_zeros());
            bins &= bins - 1;
            loop {
                let (has, gap) = (self.len_of(at), padding(at, align));
                if gap + len <= has {
                    return Some((at, has, gap));
                }
                at = place(self.get(at));
                looks -= 1;
                if at == 0 || looks < 0 {
                    break;
                }
            }
        }
        None
    }

    /// Makes a piece known, if it is one. It touches no other.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn insert(&mut self, at: usize, len: usize) {
        if len == 0 {
            return;
        }
        self.hide(at, len);
        self.change(at, len, len);
        if len < LEAST {
            return self.set(at, ONE);
        }
        let bin = bin_of(len);
        let short = if bin == 0 { SHORT } else { 0 };
        let head = &mut self.heads[bin as usize];
        let (link, next) = (at | short, *head | short);
        *head = link;
        self.filled |= 1 << bin;
        self.set(at, next);
        self.set(at + WORD, short);
        if place(next) != 0 {
            self.set(place(next) + WORD, link);
        }
        if bin != 0 {
            self.set(at + 2 * WORD, len);
            self.set(at + len - WORD, len);
        }
    }

    /// Forgets a piece of that length, if it is one.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn remove(&mut self, at: usize, len: usize) {
        if len == 0 {
            return;
        }
        self.change(at, len, len.wrapping_neg());
        if len < LEAST {
            return;
        }
        let (next, before) = (self.get(at), self.get(at + WORD));
        if place(next) != 0 {
            self.set(place(next) + WORD, before);
        }
        if place(before) != 0 {
            return self.set(place(before), next);
        }
        let bin = bin_of(len);
        self.heads[bin as usize] = next;
        if place(next) == 0 {
            self.filled &= !(1 << bin);
        }
    }

    /// The first piece of a bin.
    #[inline(always)]
    fn first(&self, bin: u32) -> usize {
        place(self.heads[bin as usize % BINS])
    }

    /// Bytes of the piece that begins here.
    #[inline(always)]
    fn len_of(&self, at: usize) -> usize {
        self.len_by(at, at + 2 * WORD)
    }

    /// Bytes of the piece that touches a block here, and of which `end` and `len` are as below; none if there is no piece.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn free_at(&self, at: usize, end: usize, len: usize) -> usize {
        let edge = self.get_bits(at) >> (at / WORD % 32) & 1 != 0;
        if edge { self.len_by(end, len) } else { 0 }
    }

    /// Bytes of the piece that has its first or its last word here; where it has more than two words, at `len` stands how long it is.
    #[inline(always)]
    fn len_by(&self, end: usize, len: usize) -> usize {
        match self.get(end) {
            ONE => WORD,
            word if word & SHORT != 0 => LEAST,
            _ => self.get(len),
        }
    }

    /// Counts a piece that has come or gone, and marks where it begins and ends.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn change(&mut self, at: usize, len: usize, more: usize) {
        self.free = self.free.wrapping_add(more);
        self.flip(at);
        self.flip(at + len);
    }

    /// Changes whether a piece and a block touch here.
    #[inline(always)]
    fn flip(&mut self, at: usize) {
        let bits = self.get_bits(at) ^ 1 << (at / WORD % 32);
        self.step();
        // SAFETY: as in `get_bits`; the region is ours alone.
        unsafe { self.bits.wrapping_add(word_of(at)).write(bits) };
    }

    /// The bits of a place and those beside it.
    #[inline(always)]
    fn get_bits(&self, at: usize) -> u32 {
        self.step();
        // SAFETY: the place is one where a piece or a block begins or ends: its bit lies at the region's head, and has been written.
        unsafe { self.bits.wrapping_add(word_of(at)).read() }
    }

    /// A word of a piece.
    #[inline(always)]
    fn get(&self, at: usize) -> usize {
        self.step();
        // SAFETY: one of a piece's first three words, or its last, which `insert` wrote. They lie in the region and in no block.
        unsafe { self.memory(at).cast::<usize>().read() }
    }

    /// The same, to be changed.
    #[inline(always)]
    fn set(&mut self, at: usize, word: usize) {
        self.step();
        // SAFETY: as in `get`; the region is ours alone.
        unsafe { self.memory(at).cast::<usize>().write(word) };
    }

    /// Counts a word that is read or written.
    #[inline(always)]
    fn step(&self) {
        #[cfg(test)]
        self.steps.set(self.steps.get() + 1);
    }

    /// Of a piece only those words may be touched that say where it belongs, and by nobody else.
    #[inline(always)]
    fn hide(&self, at: usize, len: usize) {
        if sanitizer::ON
            && let Some(start) = NonNull::new(self.memory(at))
        {
            let first = 3 * WORD;
            sanitizer::unpoison(start, 0..first.min(len));
            sanitizer::unpoison(start, len - WORD..len);
            if len > first + WORD {
                sanitizer::poison(start, first..len - WORD);
            }
        }
    }
}

/// Bytes of a region that blocks can have altogether.
pub(super) fn bytes_for_blocks(region: Span) -> usize {
    let (_, at, end) = parts(region);
    end.saturating_sub(at)
}

/// Where in a region the bits begin, where they end and the blocks begin, and where these end.
#[inline(always)]
fn parts(region: Span) -> (usize, usize, usize) {
    let (start, end) = whole(region.addr(), region.len(), WORD);
    // That of the end too: what lies behind it is not free.
    let bits = (word_of(end) + 1 - word_of(start)) * size_of::<u32>();
    (start, (start + bits + (WORD - 1)) & !(WORD - 1), end)
}

/// Which word of the bits is a place's.
#[inline(always)]
fn word_of(at: usize) -> usize {
    at / WORD / 32
}

/// The bin for pieces of so many bytes, at least [`LEAST`].
#[cfg_attr(freehold_for_size, inline(never))]
const fn bin_of(len: usize) -> u32 {
    let shift = usize::BITS - 1 - STEPS.ilog2() - len.leading_zeros();
    let bin = shift * STEPS as u32 + (len >> shift) as u32 - FIRST;
    if bin < BINS as u32 { bin } else { BINS as u32 - 1 }
}

/// What the first bin would be called without it.
const FIRST: u32 = (LEAST.ilog2() - STEPS.ilog2() + 1) * STEPS as u32;

/// The piece that a link leads to; 0 if there is none.
#[inline(always)]
fn place(link: usize) -> usize {
    link & !SHORT
}
