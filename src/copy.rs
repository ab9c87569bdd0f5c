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

/// So many bytes [`copy_block`] copies in any case.
pub(crate) const LEAST_COPIED: usize = 16;

/// Copies `len` bytes of a heap's block to another; up to 64 of them without a call.
///
/// # Safety
///
/// As for [`copy`], and both blocks have [`LEAST_COPIED`] bytes at least, which may be copied as well.
#[inline(always)]
pub(crate) unsafe fn copy_block(from: *const u8, to: NonNull<u8>, len: usize) {
    match len {
        // A sanitizer knows how long blocks are; and where code is to be small, the call is.
        // SAFETY: the caller's promise.
        _ if cfg!(any(freehold_asan, freehold_for_size)) => unsafe { to.as_ptr().copy_from_nonoverlapping(from, len) },
        // SAFETY: the caller's promise.
        0..=32 => unsafe { both_ends::<LEAST_COPIED>(from, to, len.max(LEAST_COPIED)) },
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

#[cfg(test)]
mod tests {
    use core::array;
    use std::vec::Vec;

    use super::*;

    /// Copies `len` values into the middle of others: those arrive, and none beside them is touched.
    fn copies<const N: usize>(len: usize)
    where
        [u8; N]: Copy,
    {
        let value = |start: usize, index: usize| array::from_fn(|byte| (start + index * N + byte) as u8);
        let from: Vec<[u8; N]> = (0..len).map(|index| value(1, index)).collect();
        let mut to: Vec<[u8; N]> = (0..len + 2).map(|index| value(100, index)).collect();
        let mut wanted = to.clone();
        wanted[1..=len].copy_from_slice(&from);
        // SAFETY: so many values may be written from the second on, and they lie apart from those that are read.
        unsafe { copy(from.as_ptr(), NonNull::from(&mut to[1..]).cast(), len) };
        assert_eq!(to, wanted, "{len} values of {N} bytes");
    }

    #[test]
    fn every_length_of_every_size_is_copied_and_no_more() {
        // A few, where each copy takes a thousand times as long.
        for len in (0..=70).filter(|len| !cfg!(miri) || [0, 1, 3, 5, 17].contains(len)) {
            copies::<1>(len);
            copies::<3>(len);
            copies::<8>(len);
            if !cfg!(miri) {
                copies::<0>(len);
                copies::<2>(len);
                copies::<4>(len);
                copies::<7>(len);
                copies::<12>(len);
                copies::<16>(len);
                copies::<24>(len);
                copies::<40>(len);
            }
        }
    }

    #[test]
    fn a_block_s_bytes_are_copied_and_none_behind_it() {
        for len in (0..=140).filter(|len| !cfg!(miri) || len % 32 <= 1) {
            let block = len.max(16);
            let from: Vec<u8> = (0..block).map(|byte| byte as u8 + 1).collect();
            let mut to = [0_u8; 160];
            // SAFETY: both have 16 bytes at least, and so many as are copied.
            unsafe { copy_block(from.as_ptr(), NonNull::from(&mut to).cast(), len) };
            assert_eq!(&to[..len], &from[..len], "{len} bytes");
            assert!(to[block..].iter().all(|byte| *byte == 0), "{len} bytes and more");
        }
    }
}
