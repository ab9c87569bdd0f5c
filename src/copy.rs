//! Copies of a few bytes without a call.
//!
//! A copy whose length isn't known at compile time becomes a call to `memcpy`, on wasm `memory.copy`, which engines run as
//! a call into their runtime. Up to 32 bytes two copies of fixed length that overlap in the middle are faster: the first
//! from the front, the second up to the end.

use core::mem::MaybeUninit;
use core::ptr::NonNull;

type Bytes<const N: usize> = [MaybeUninit<u8>; N];

/// Copies `len` values; up to 32 bytes of them without a call.
///
/// # Safety
///
/// The caller owes: `from` may be read and `to` written for `len` values of `T`, and the two don't overlap.
#[inline(always)]
pub(crate) unsafe fn copy<T: Copy>(from: *const T, to: NonNull<T>, len: usize) {
    let bytes = len * size_of::<T>();
    let (source, target) = (from.cast::<u8>(), to.cast::<u8>());
    // Which lengths are possible at all is known at compile time for larger types.
    let unit = size_of::<T>();
    if bytes > 32 {
        // SAFETY: the caller's promise.
        unsafe { to.as_ptr().copy_from_nonoverlapping(from, len) };
    } else if bytes >= 16 {
        // SAFETY: from 16 to 32 bytes.
        unsafe { both_ends::<16>(source, target, bytes) };
    } else if bytes >= 8 && unit < 16 {
        // SAFETY: from 8 to 15 bytes.
        unsafe { both_ends::<8>(source, target, bytes) };
    } else if bytes >= 4 && unit < 8 {
        // SAFETY: from 4 to 7 bytes.
        unsafe { both_ends::<4>(source, target, bytes) };
    } else if bytes >= 2 && unit < 4 {
        // SAFETY: 2 or 3 bytes.
        unsafe { both_ends::<2>(source, target, bytes) };
    } else if bytes == 1 && unit < 2 {
        // SAFETY: 1 byte.
        unsafe { both_ends::<1>(source, target, bytes) };
    }
}

/// Copies `len` bytes of a heap's block to another; up to 64 of them without a call.
///
/// # Safety
///
/// As for [`copy`], and both blocks have 16 bytes at least, which may be copied as well.
#[inline(always)]
pub(crate) unsafe fn copy_block(from: *const u8, to: NonNull<u8>, len: usize) {
    match len {
        // A sanitizer knows how long blocks are.
        // SAFETY: the caller's promise.
        _ if cfg!(freehold_asan) => unsafe { to.as_ptr().copy_from_nonoverlapping(from, len) },
        // SAFETY: the caller's promise.
        0..=32 => unsafe { both_ends::<16>(from, to, len.max(16)) },
        // SAFETY: as above.
        33..=64 => unsafe { both_ends::<32>(from, to, len) },
        // SAFETY: as above.
        _ => unsafe { to.as_ptr().copy_from_nonoverlapping(from, len) },
    }
}

/// Copies the first `N` bytes and the last `N`.
///
/// # Safety
///
/// The caller owes: as for [`copy`], with `bytes` from `N` to `2 * N`.
#[inline(always)]
unsafe fn both_ends<const N: usize>(from: *const u8, to: NonNull<u8>, bytes: usize) {
    // SAFETY: `N` bytes can be read at the front.
    let front = unsafe { from.cast::<Bytes<N>>().read_unaligned() };
    // SAFETY: `bytes` is at least `N`.
    let last = unsafe { from.add(bytes - N) };
    // SAFETY: `N` bytes can be read up to the end.
    let back = unsafe { last.cast::<Bytes<N>>().read_unaligned() };
    // SAFETY: `N` bytes can be written at the front.
    unsafe { to.cast::<Bytes<N>>().write_unaligned(front) };
    // SAFETY: `bytes` is at least `N`.
    let last = unsafe { to.add(bytes - N) };
    // SAFETY: `N` bytes can be written up to the end.
    unsafe { last.cast::<Bytes<N>>().write_unaligned(back) };
}
