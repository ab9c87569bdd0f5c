//! Bytes that are watched.

use core::hint::black_box;
use core::ptr::NonNull;

/// What is written at once.
const WORD: usize = 8;

/// The pattern of a mark, word by word. In two patterns a byte in 256 is the same.
fn word(mark: u64, index: usize) -> u64 {
    let mixed = (mark ^ index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

/// Fills `len` bytes with the pattern of this mark.
///
/// # Safety
///
/// The caller owes: so many bytes may be written from `start` on.
pub unsafe fn fill(start: NonNull<u8>, len: usize, mark: u64) {
    // The optimiser must not know whose they are: somebody else may believe that they are theirs.
    let start = black_box(start);
    for index in 0..len / WORD {
        // SAFETY: the caller's promise.
        let at = unsafe { start.add(index * WORD) };
        // SAFETY: the caller's promise.
        unsafe { at.cast().write_unaligned(word(mark, index).to_le_bytes()) };
    }
    let rest = len % WORD;
    // SAFETY: the caller's promise.
    let at = unsafe { start.add(len - rest) };
    // SAFETY: the caller's promise; the pattern's next word is longer than the rest.
    unsafe { at.copy_from_nonoverlapping(NonNull::from(&word(mark, len / WORD).to_le_bytes()).cast(), rest) };
    black_box(start);
}

/// How many of `len` bytes don't hold the pattern of this mark any more.
///
/// # Safety
///
/// The caller owes: so many bytes may be read from `start` on, and all are initialised.
pub unsafe fn lost(start: NonNull<u8>, len: usize, mark: u64) -> usize {
    // SAFETY: the caller's promise.
    unsafe { other(start, len, |index| word(mark, index)) }
}

/// How many of `len` bytes are not zero.
///
/// # Safety
///
/// The caller owes: so many bytes may be read from `start` on, and all are initialised.
pub unsafe fn not_zero(start: NonNull<u8>, len: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { other(start, len, |_| 0) }
}

/// How many of `len` bytes are others than they should be.
///
/// # Safety
///
/// The caller owes: so many bytes may be read from `start` on, and all are initialised.
unsafe fn other(start: NonNull<u8>, len: usize, expected: impl Fn(usize) -> u64) -> usize {
    let start = black_box(start);
    let mut count = 0;
    for index in 0..len / WORD {
        // SAFETY: the caller's promise.
        let at = unsafe { start.add(index * WORD) };
        // SAFETY: the caller's promise.
        let found = u64::from_le_bytes(unsafe { at.cast().read_unaligned() });
        if found != expected(index) {
            count += differing(found, expected(index), WORD);
        }
    }
    let rest = len % WORD;
    // SAFETY: the caller's promise.
    let at = unsafe { start.add(len - rest) };
    let mut found = [0; WORD];
    // SAFETY: the caller's promise; the rest is shorter than a word.
    unsafe { at.copy_to_nonoverlapping(NonNull::from(&mut found).cast(), rest) };
    count + differing(u64::from_le_bytes(found), expected(len / WORD), rest)
}

/// How many of the first `len` bytes differ.
fn differing(one: u64, other: u64, len: usize) -> usize {
    (one ^ other).to_le_bytes().iter().take(len).filter(|byte| **byte != 0).count()
}

/// A stretch of memory and the pattern that fills it.
pub struct Bytes {
    start: NonNull<u8>,
    len: usize,
    mark: u64,
}

impl Bytes {
    /// Fills so many bytes with the pattern of this mark.
    ///
    /// # Safety
    ///
    /// The caller owes: they may be written, and read for as long as this value is asked for them.
    pub unsafe fn new(start: NonNull<u8>, len: usize, mark: u64) -> Bytes {
        // SAFETY: the caller's promise.
        unsafe { fill(start, len, mark) };
        Bytes { start, len, mark }
    }

    /// Where they are.
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// How many there are.
    #[allow(clippy::len_without_is_empty)] // nobody watches none
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many of them somebody else has written to.
    pub fn lost(&self) -> usize {
        // SAFETY: the promise that `new` was given.
        unsafe { lost(self.start, self.len, self.mark) }
    }

    /// The same of the first `len`, or of all, where they have moved to.
    ///
    /// # Safety
    ///
    /// The caller owes: so many initialised bytes may be read from `start` on.
    pub unsafe fn lost_at(&self, start: NonNull<u8>, len: usize) -> usize {
        // SAFETY: the caller's promise.
        unsafe { lost(start, len.min(self.len), self.mark) }
    }
}
