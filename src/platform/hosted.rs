//! Hosts: address space is reserved in one large piece and memory is put behind it page by page, so that a ledger sees
//! what it sees on wasm: one linear memory that grows at its end.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::{Landmark, sanitizer};
use crate::layout::PAGE;

static COMMITTED: AtomicUsize = AtomicUsize::new(0);

/// Bytes of memory now: what all [`Hosted`](crate::Hosted) backings together have taken from the host.
pub fn memory_size() -> usize {
    COMMITTED.load(Ordering::Relaxed)
}

pub(crate) fn landmarks() -> [Option<Landmark>; 3] {
    [None; 3]
}

/// Address space of `len` bytes (whole pages), aligned to at least 4 KiB, with no memory behind it yet.
pub(crate) fn reserve(len: usize) -> Option<NonNull<u8>> {
    os::reserve(len).inspect(|base| sanitizer::root(*base, len))
}

/// Puts zeroed memory behind `[base, base + len)`. `false` if the host refused; then nothing changed.
///
/// # Safety
///
/// The caller owes: the range lies in one reservation that has not been given back, and is not committed yet.
pub(crate) unsafe fn commit(base: NonNull<u8>, len: usize) -> bool {
    // SAFETY: what the caller owes is what the port asks for.
    let done = unsafe { os::commit(base, len) };
    if done {
        COMMITTED.fetch_add(len, Ordering::Relaxed);
    }
    done
}

/// Fresh pages that are never given back.
pub(crate) fn fresh(pages: usize) -> Option<NonNull<u8>> {
    let len = pages.checked_mul(PAGE)?;
    let base = reserve(len)?;
    // SAFETY: the reservation was made just now.
    unsafe { commit(base, len) }.then_some(base)
}

/// Gives a whole reservation back, of which `committed` bytes had memory behind them.
///
/// # Safety
///
/// The caller owes: `base` and `len` are those of one reservation, and nothing in it is used any more.
pub(crate) unsafe fn unreserve(base: NonNull<u8>, len: usize, committed: usize) {
    sanitizer::unroot(base, len);
    sanitizer::unpoison(base, 0..committed);
    // SAFETY: what the caller owes is what the port asks for.
    unsafe { os::unreserve(base, len) };
    COMMITTED.fetch_sub(committed, Ordering::Relaxed);
}

#[cfg(all(unix, not(miri)))]
mod os {
    use core::ffi::{c_int, c_void};
    use core::ptr::NonNull;

    // libc's own prototypes. `off_t` has 64 bits but for the 32-bit C libraries named here; only 0 is ever passed.
    #[cfg(all(target_pointer_width = "32", any(target_env = "gnu", target_os = "android")))]
    type Offset = i32;
    #[cfg(not(all(target_pointer_width = "32", any(target_env = "gnu", target_os = "android"))))]
    type Offset = i64;

    unsafe extern "C" {
        fn mmap(addr: *mut c_void, len: usize, prot: c_int, flags: c_int, fd: c_int, offset: Offset) -> *mut c_void;
        fn mprotect(addr: *mut c_void, len: usize, prot: c_int) -> c_int;
        fn munmap(addr: *mut c_void, len: usize) -> c_int;
    }

    const PROT_NONE: c_int = 0;
    const PROT_READ_WRITE: c_int = 1 | 2;
    const MAP_PRIVATE: c_int = 2;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const MAP_ANONYMOUS_NORESERVE: c_int = 0x20 | 0x4000;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const MAP_ANONYMOUS_NORESERVE: c_int = 0x1000 | 0x40;
    // MAP_FAILED of every C library.
    const FAILED: usize = usize::MAX;

    pub(super) fn reserve(len: usize) -> Option<NonNull<u8>> {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS_NORESERVE;
        // SAFETY: an anonymous mapping at no particular address touches nothing that exists.
        let base = unsafe { mmap(core::ptr::null_mut(), len, PROT_NONE, flags, -1, 0) };
        if base.addr() == FAILED { None } else { NonNull::new(base.cast()) }
    }

    pub(super) unsafe fn commit(base: NonNull<u8>, len: usize) -> bool {
        // SAFETY: the range is part of a mapping of ours that nobody uses yet (the caller's promise).
        unsafe { mprotect(base.as_ptr().cast(), len, PROT_READ_WRITE) == 0 }
    }

    pub(super) unsafe fn unreserve(base: NonNull<u8>, len: usize) {
        // SAFETY: a whole mapping of ours that nobody uses any more (the caller's promise).
        unsafe { munmap(base.as_ptr().cast(), len) };
    }
}

#[cfg(all(windows, not(miri)))]
mod os {
    use core::ffi::c_void;
    use core::ptr::NonNull;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn VirtualAlloc(addr: *mut c_void, len: usize, kind: u32, protect: u32) -> *mut c_void;
        fn VirtualFree(addr: *mut c_void, len: usize, kind: u32) -> i32;
    }

    const MEM_COMMIT: u32 = 0x1000;
    const MEM_RESERVE: u32 = 0x2000;
    const MEM_RELEASE: u32 = 0x8000;
    const PAGE_NOACCESS: u32 = 1;
    const PAGE_READWRITE: u32 = 4;

    pub(super) fn reserve(len: usize) -> Option<NonNull<u8>> {
        // SAFETY: a reservation at no particular address touches nothing that exists.
        NonNull::new(unsafe { VirtualAlloc(core::ptr::null_mut(), len, MEM_RESERVE, PAGE_NOACCESS) }.cast())
    }

    pub(super) unsafe fn commit(base: NonNull<u8>, len: usize) -> bool {
        // SAFETY: the range is part of a reservation of ours that nobody uses yet (the caller's promise).
        !unsafe { VirtualAlloc(base.as_ptr().cast(), len, MEM_COMMIT, PAGE_READWRITE) }.is_null()
    }

    pub(super) unsafe fn unreserve(base: NonNull<u8>, _len: usize) {
        // SAFETY: a whole reservation of ours that nobody uses any more (the caller's promise).
        unsafe { VirtualFree(base.as_ptr().cast(), 0, MEM_RELEASE) };
    }
}

/// Miri has no address space to reserve: there a reservation is a block of the C heap, small and committed at once.
#[cfg(all(unix, miri))]
mod os {
    use core::ptr::NonNull;

    use crate::platform::{lend, take_back};

    pub(super) fn reserve(len: usize) -> Option<NonNull<u8>> {
        // Miri gives up where a host would refuse.
        if len > 1 << 30 { None } else { lend(4096, len) }
    }

    pub(super) unsafe fn commit(base: NonNull<u8>, len: usize) -> bool {
        // SAFETY: the range is part of a block of ours (the caller's promise); fresh pages are zero.
        unsafe { base.write_bytes(0, len) };
        true
    }

    pub(super) unsafe fn unreserve(base: NonNull<u8>, _len: usize) {
        // SAFETY: a block of ours that nobody uses any more (the caller's promise).
        unsafe { take_back(base) };
    }
}
