//! Bytes that say whose they are.

use core::ptr;

use freehold_board::{End, end, say};

/// Writes `mark` to each of them.
///
/// # Safety
///
/// The caller owes: they are the caller's.
pub unsafe fn fill(bytes: *mut u8, len: usize, mark: u8) {
    // SAFETY: the caller's promise.
    unsafe { ptr::write_bytes(bytes, mark, len) };
}

/// Looks whether each is still `mark`; if not, somebody else had them, and the program ends.
///
/// # Safety
///
/// The caller owes: they are the caller's, and were filled.
pub unsafe fn check(bytes: *const u8, len: usize, mark: u8) {
    // SAFETY: the caller's promise.
    let bytes = unsafe { core::slice::from_raw_parts(bytes, len) };
    // SAFETY: any bits are a word.
    let (before, words, after) = unsafe { bytes.align_to::<u32>() };
    let word = u32::from_ne_bytes([mark; 4]);
    if words.iter().any(|other| *other != word) || before.iter().chain(after).any(|other| *other != mark) {
        say!("bytes of {mark} are not as they were written: {bytes:?}");
        end(End::Badly);
    }
}
