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
        if end.saturating_sub(at) < LEAST {
            return false;
        }
        self.bits = region.base().as_ptr().with_addr(start).cast::<u32>().wrapping_sub(word_of(start));
        let mut word = start;
        while word < at {
            self.set(word, 0);
            word += WORD;
        }
        // SAFETY: the caller's promise.
        unsafe { self.resize(at, end - at, 0) };
        self.least = self.free;
        true
    }

    /// Takes `len` bytes at a multiple of `align`; null if there is no piece for them.
    #[inline(always)]
    pub fn take(&mut self, len: usize, align: usize) -> *mut u8 {
        let Some((at, has, gap, bin)) = self.find(len, align) else {
            return ptr::null_mut();
        };
        self.remove(at, bin);
        let (start, end) = (at + gap, at + gap + len);
        self.flip(start);
        self.flip(end);
        // These two are no neighbours of any.
        self.insert(at, gap);
        self.insert(end, has - gap - len);
        self.memory(start)
    }

    /// Has a block grow or shrink where it is, and returns how long it is then: as long as before, if what is behind it is in use or too short.
    /// With none left it is free, and one piece with those that it touches.
    ///
    /// # Safety
    ///
    /// The caller owes: these `old` bytes are in no piece, and nobody uses what of them is beyond `new`.
    #[cfg_attr(freehold_for_size, inline(never))]
    pub unsafe fn resize(&mut self, at: usize, old: usize, new: usize) -> usize {
        let end = at + old;
        // Nothing is read behind the end of memory, where no piece begins.
        let room = old + self.join(end, true);
        let new = if new <= room { new } else { old };
        let mut from = at + new;
        if new == 0 {
            from -= self.join(at, false);
        } else {
            self.flip(from);
        }
        self.insert(from, at + room - from);
        new
    }

    /// Bytes of a piece that is hardly shorter than the longest.
    pub fn longest(&self) -> usize {
        self.filled.checked_ilog2().map_or(0, |bin| {
            let at = self.first(bin);
            self.len_of(at, self.get(at))
        })
    }

    /// A place in the region.
    #[inline(always)]
    pub fn memory(&self, at: usize) -> *mut u8 {
        self.bits.with_addr(at).cast()
    }

    /// A piece that has the length at such a place: where it begins, how long it is, what of it lies before that place, and its bin.
    ///
    /// [`LOOKS`] pieces are looked at, from the length's own bin on; then the first is taken of those that are long enough wherever they
    /// lie.
    #[inline(always)]
    fn find(&self, len: usize, align: usize) -> Option<(usize, usize, usize, u32)> {
        let mut looks = LOOKS;
        let mut bins = self.filled & u32::MAX << bin_of(len);
        while bins != 0 {
            let bin = bins.trailing_zeros();
            let mut at = self.first(bin);
            bins &= bins - 1;
            loop {
                let gap = padding(at, align);
                let next = self.get(at);
                let has = self.len_of(at, next);
                if gap + len <= has {
                    return Some((at, has, gap, bin));
                }
                at = place(next);
                looks -= 1;
                if at == 0 || looks < 0 {
                    break;
                }
            }
        }
        None
    }

    /// Makes a piece known, if it is one. It touches no other, and its bits are as they should be.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn insert(&mut self, at: usize, len: usize) {
        if len == 0 {
            return;
        }
        self.hide(at, len);
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

    /// Whether a piece touches a block here, changes; it is to be a part of what takes its place. How long it was; 0 if there is none.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn join(&mut self, at: usize, behind: bool) -> usize {
        if self.flip(at) == 0 {
            return 0;
        }
        let len = match self.get(if behind { at } else { at - WORD }) {
            ONE => return WORD,
            word if word & SHORT != 0 => LEAST,
            _ if behind => self.get(at + 2 * WORD),
            len => len,
        };
        self.remove(if behind { at } else { at - len }, bin_of(len));
        len
    }

    /// Takes a piece out of its bin.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn remove(&mut self, at: usize, bin: u32) {
        let (next, before) = (self.get(at), self.get(at + WORD));
        if place(next) != 0 {
            self.set(place(next) + WORD, before);
        }
        if place(before) != 0 {
            return self.set(place(before), next);
        }
        self.heads[bin as usize % BINS] = next;
        if place(next) == 0 {
            self.filled &= !(1 << bin);
        }
    }

    /// The first piece of a bin.
    #[inline(always)]
    fn first(&self, bin: u32) -> usize {
        place(self.heads[bin as usize % BINS])
    }

    /// Bytes of a piece in a bin, which begins here with this word.
    #[inline(always)]
    fn len_of(&self, at: usize, word: usize) -> usize {
        if word & SHORT != 0 { LEAST } else { self.get(at + 2 * WORD) }
    }

    /// Changes whether a piece and a block touch here. Not 0 if they did.
    ///
    /// Each verb does so twice: where a block ended, then where it ends. (One that comes ended where it begins, and one that goes ends there.)
    /// What is free changes by the first less the second.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn flip(&mut self, at: usize) -> u32 {
        self.free = self.free.wrapping_add(at).wrapping_neg();
        // Those before it in the word belong to places behind it.
        let (bits, bit) = (self.bits.wrapping_add(word_of(at)), 1_u32.rotate_right((at / WORD) as u32));
        self.step();
        // SAFETY: the place is one where a piece or a block begins or ends: its bit lies at the region's head, and has been written.
        let word = unsafe { bits.read() };
        self.step();
        // SAFETY: as above; the region is ours alone.
        unsafe { bits.write(word ^ bit) };
        word & bit
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
    // Of a few bytes at the end of the address space there may be none.
    (start, start.saturating_add(bits + (WORD - 1)) & !(WORD - 1), end)
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
