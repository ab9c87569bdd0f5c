//! Copies of a few bytes without a call: two moves that overlap in the middle.

/// Copies `len` bytes.
///
/// # Safety
///
/// The caller owes: both sides have that many bytes, and don't overlap.
#[inline(always)]
pub unsafe fn copy_inline(from: *const u8, to: *mut u8, len: usize) {
    match len {
        // SAFETY: the caller's promise.
        33.. => unsafe { to.copy_from_nonoverlapping(from, len) },
        // SAFETY: the caller's promise; the length is at least 16.
        16.. => unsafe { both_ends::<16>(from, to, len) },
        // SAFETY: the caller's promise; the length is at least 8.
        8.. => unsafe { both_ends::<8>(from, to, len) },
        // SAFETY: the caller's promise; the length is at least 4.
        4.. => unsafe { both_ends::<4>(from, to, len) },
        // SAFETY: the caller's promise; the length is at least 2.
        2.. => unsafe { both_ends::<2>(from, to, len) },
        // SAFETY: the caller's promise; the length is 1.
        1 => unsafe { both_ends::<1>(from, to, len) },
        0 => {}
    }
}

/// # Safety
///
/// The caller owes: as above, with `len` at least `N`, and no more than twice that.
#[inline(always)]
unsafe fn both_ends<const N: usize>(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the first `N` bytes are inside.
    let first = unsafe { from.cast::<[u8; N]>().read_unaligned() };
    // SAFETY: the last `N` bytes are inside.
    let end = unsafe { from.add(len - N) };
    // SAFETY: as above.
    let last = unsafe { end.cast::<[u8; N]>().read_unaligned() };
    // SAFETY: the first `N` bytes are inside.
    unsafe { to.cast::<[u8; N]>().write_unaligned(first) };
    // SAFETY: the last `N` bytes are inside.
    let end = unsafe { to.add(len - N) };
    // SAFETY: as above.
    unsafe { end.cast::<[u8; N]>().write_unaligned(last) };
}
