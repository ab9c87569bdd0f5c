//! A word for each thread, of the C library's: what a thread puts there, no other sees. It is 0 at first.

#[cfg(target_family = "wasm")]
use core::ffi::c_void;
use core::ptr::without_provenance;
use core::sync::atomic::{AtomicUsize, Ordering};

#[cfg(not(target_family = "wasm"))]
use libc::{
    pthread_getspecific, pthread_key_create, pthread_key_delete, pthread_key_t as WordKey, pthread_setspecific,
};

/// By musl's own prototypes, as WASI and Emscripten have them.
#[cfg(target_family = "wasm")]
type WordKey = core::ffi::c_uint;
#[cfg(target_family = "wasm")]
unsafe extern "C" {
    fn pthread_key_create(key: *mut WordKey, end: Option<unsafe extern "C" fn(*mut c_void)>) -> core::ffi::c_int;
    fn pthread_key_delete(key: WordKey) -> core::ffi::c_int;
    fn pthread_getspecific(key: WordKey) -> *mut c_void;
    fn pthread_setspecific(key: WordKey, value: *const c_void) -> core::ffi::c_int;
}

/// The key, and one more; 0 before there is one.
static KEY: AtomicUsize = AtomicUsize::new(0);

pub(crate) const HAS_WORD: bool = true;

/// The key of a word that somebody has written to.
fn key() -> Option<WordKey> {
    KEY.load(Ordering::Acquire).checked_sub(1).map(|key| key as WordKey)
}

/// The key, made now if there is none; `None` if the C library has none left.
fn make_key() -> Option<WordKey> {
    if let Some(key) = key() {
        return Some(key);
    }
    let mut fresh: WordKey = 0;
    // SAFETY: `fresh` is writable, and nothing is to be done when a thread ends.
    if unsafe { pthread_key_create(&mut fresh, None) } != 0 {
        return None;
    }
    // Of several threads that are here at once one is first.
    if KEY.compare_exchange(0, fresh as usize + 1, Ordering::AcqRel, Ordering::Acquire).is_err() {
        // SAFETY: it was made just now, and nobody else knows of it.
        unsafe { pthread_key_delete(fresh) };
    }
    key()
}

/// This thread's word. It allocates nothing.
pub(crate) fn word() -> usize {
    // SAFETY: the key was made, and is never deleted.
    key().map_or(0, |key| unsafe { pthread_getspecific(key) }.addr())
}

/// Changes this thread's word. Some C libraries allocate here; where there is no word it stays 0.
pub(crate) fn set_word(word: usize) {
    if let Some(key) = make_key() {
        // SAFETY: the key was made, and is never deleted. What is stored is a number.
        unsafe { pthread_setspecific(key, without_provenance(word)) };
    }
}
