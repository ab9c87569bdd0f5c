//! Hosts of the unix family. Prototypes and numbers are the `libc` crate's: they differ from one to the other (`MAP_ANONYMOUS`
//! has another value on MIPS than on other Linuxes, and yet others elsewhere).

use core::ffi::c_int;
use core::ptr::{NonNull, null_mut};

#[cfg(target_os = "espidf")]
compile_error!("freehold has no pages on ESP-IDF, which has no `mmap`");
#[cfg(target_os = "horizon")]
compile_error!("freehold has no pages on Horizon, which has no `mmap`");
#[cfg(target_os = "nuttx")]
compile_error!("freehold has no pages on NuttX, which has no address space to reserve");
#[cfg(target_os = "rtems")]
compile_error!("freehold has no pages on RTEMS, which has no address space to reserve");
#[cfg(target_os = "vita")]
compile_error!("freehold has no pages on the Vita, which has no `mmap`");

/// Address space needs no swap space until it is used. Where there is no such flag (FreeBSD, AIX, Hurd, QNX, …) none is set aside for
/// pages that may not be touched.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "fuchsia",
    target_os = "l4re",
    target_vendor = "apple",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "cygwin",
    target_os = "haiku",
    target_os = "solaris",
    target_os = "illumos",
))]
const NO_RESERVE: c_int = libc::MAP_NORESERVE;
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "fuchsia",
    target_os = "l4re",
    target_vendor = "apple",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "cygwin",
    target_os = "haiku",
    target_os = "solaris",
    target_os = "illumos",
)))]
const NO_RESERVE: c_int = 0;

pub(super) fn reserve(len: usize) -> Option<NonNull<u8>> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | NO_RESERVE;
    // SAFETY: an anonymous mapping at no particular address touches nothing that exists.
    let base = unsafe { libc::mmap(null_mut(), len, libc::PROT_NONE, flags, -1, 0) };
    if base == libc::MAP_FAILED { None } else { NonNull::new(base.cast()) }
}

pub(super) unsafe fn commit(base: NonNull<u8>, len: usize) -> bool {
    // SAFETY: the range is part of a mapping of ours that nobody uses yet (the caller's promise).
    unsafe { libc::mprotect(base.as_ptr().cast(), len, libc::PROT_READ | libc::PROT_WRITE) == 0 }
}

pub(super) unsafe fn unreserve(base: NonNull<u8>, len: usize) {
    // SAFETY: a whole mapping of ours that nobody uses any more (the caller's promise).
    unsafe { libc::munmap(base.as_ptr().cast(), len) };
}

/// Pages that are written to again are zero, until then nothing is behind them.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) unsafe fn empty(base: NonNull<u8>, len: usize) {
    // SAFETY: a part of a private mapping of ours, of which nobody wants what is in it (the caller's promise).
    unsafe { libc::madvise(base.as_ptr().cast(), len, libc::MADV_DONTNEED) };
}

/// What the number means that others have is a hint at most, or has not been tried.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) unsafe fn empty(_base: NonNull<u8>, _len: usize) {}

/// The limit on a process's address space (`ulimit -v`), if there is one.
#[cfg(not(any(target_os = "openbsd", target_os = "fuchsia", target_os = "vxworks")))]
pub(super) fn limit() -> Option<usize> {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the limits are written to where there is room for them.
    let failed = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) };
    if failed != 0 || limit.rlim_cur == libc::RLIM_INFINITY { None } else { usize::try_from(limit.rlim_cur).ok() }
}

/// There is none: OpenBSD limits data only, and what may not be touched is none of that.
#[cfg(any(target_os = "openbsd", target_os = "fuchsia", target_os = "vxworks"))]
pub(super) fn limit() -> Option<usize> {
    None
}
