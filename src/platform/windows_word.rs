//! A word for each thread, of Windows': what a thread puts there, no other sees. It is 0 at first.

use core::ffi::c_void;
use core::ptr::without_provenance;
use core::sync::atomic::{AtomicU32, Ordering};

#[link(name = "kernel32")]
unsafe extern "system" {
    fn TlsAlloc() -> u32;
    fn TlsFree(index: u32) -> i32;
    fn TlsGetValue(index: u32) -> *mut c_void;
    fn TlsSetValue(index: u32, value: *const c_void) -> i32;
    fn GetLastError() -> u32;
    fn SetLastError(error: u32);
}

/// Both "out of indexes", and that there is none yet.
const NONE: u32 = u32::MAX;

static INDEX: AtomicU32 = AtomicU32::new(NONE);

pub(crate) const HAS_WORD: bool = true;

/// This thread's word. It is asked for in the middle of the program, for each block: what that may want to know of its last call to Windows, it
/// still does afterwards. (`TlsGetValue` is the one function that clears the error when it succeeds.)
pub(crate) fn word() -> usize {
    let index = INDEX.load(Ordering::Acquire);
    if index == NONE {
        return 0;
    }
    // SAFETY: it asks for nothing.
    let error = unsafe { GetLastError() };
    // SAFETY: the index was allocated, and is never freed.
    let word = unsafe { TlsGetValue(index) }.addr();
    // SAFETY: it asks for nothing.
    unsafe { SetLastError(error) };
    word
}

/// Changes this thread's word; where Windows has none left it stays 0.
pub(crate) fn set_word(word: usize) {
    if INDEX.load(Ordering::Acquire) == NONE {
        // SAFETY: it asks for nothing.
        let fresh = unsafe { TlsAlloc() };
        // Of several threads that are here at once one is first.
        if fresh != NONE && INDEX.compare_exchange(NONE, fresh, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: it was allocated just now, and nobody else knows of it.
            unsafe { TlsFree(fresh) };
        }
    }
    let index = INDEX.load(Ordering::Acquire);
    if index != NONE {
        // SAFETY: the index was allocated, and is never freed. What is stored is a number.
        unsafe { TlsSetValue(index, without_provenance(word)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_stays() {
        set_word(2);
        // SAFETY: it asks for nothing.
        unsafe { SetLastError(5) };
        assert_eq!(word(), 2);
        // SAFETY: as above.
        assert_eq!(unsafe { GetLastError() }, 5);
        set_word(0);
    }
}
