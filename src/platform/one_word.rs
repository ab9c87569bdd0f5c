//! A word for all, where there is one thread; and one that is of no use where there are several and nobody can tell them apart.

use core::sync::atomic::{AtomicUsize, Ordering};

static WORD: AtomicUsize = AtomicUsize::new(0);

/// On wasm without a C library threads have no word that stable Rust could name.
pub(crate) const HAS_WORD: bool = !cfg!(all(target_family = "wasm", target_feature = "atomics"));

pub(crate) fn word() -> usize {
    WORD.load(Ordering::Relaxed)
}

pub(crate) fn set_word(word: usize) {
    WORD.store(word, Ordering::Relaxed);
}
