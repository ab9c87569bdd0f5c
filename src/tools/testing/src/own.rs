//! This crate's own work: what it allocates and frees is nobody's.

use std::cell::Cell;

thread_local! {
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is at it.
#[inline]
pub(crate) fn is_own() -> bool {
    OWN.get()
}

/// Does something of that kind.
pub(crate) fn own<R>(work: impl FnOnce() -> R) -> R {
    struct Until(bool);
    impl Drop for Until {
        fn drop(&mut self) {
            OWN.set(self.0);
        }
    }
    let _until = Until(OWN.replace(true));
    work()
}

/// Where a panic doesn't unwind, it was left so.
#[cfg(all(target_family = "wasm", panic = "abort"))]
pub(crate) fn is_left() {
    OWN.set(false);
}
