//! A lock where there are threads, nothing where there are none. Never an atomic wait: those trap on a browser's main
//! thread.

#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
mod chosen {
    /// A spin lock.
    pub(crate) struct Lock<T>(spin::mutex::SpinMutex<T>);

    impl<T> Lock<T> {
        pub(crate) const fn new(value: T) -> Lock<T> {
            Lock(spin::mutex::SpinMutex::new(value))
        }

        /// Runs `f` with the value to itself. `f` must not come back here for the same lock: it would wait for itself.
        pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.0.lock())
        }
    }
}

#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
mod chosen {
    use core::cell::{Cell, UnsafeCell};

    /// One flag that tells re-entry: without threads nothing can be waited for.
    pub(crate) struct Lock<T> {
        // Set iff some `with` holds a reference to the value.
        taken: Cell<bool>,
        value: UnsafeCell<T>,
    }

    // SAFETY: without the `atomics` feature a wasm module has one thread, so nothing is ever shared between two.
    unsafe impl<T: Send> Sync for Lock<T> {}

    impl<T> Lock<T> {
        pub(crate) const fn new(value: T) -> Lock<T> {
            Lock { taken: Cell::new(false), value: UnsafeCell::new(value) }
        }

        /// Runs `f` with the value to itself.
        ///
        /// # Panics
        ///
        /// If `f` comes back here for the same lock.
        pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            struct Release<'a>(&'a Cell<bool>);
            impl Drop for Release<'_> {
                fn drop(&mut self) {
                    self.0.set(false);
                }
            }
            assert!(!self.taken.replace(true), "a backing used its own ledger");
            let _release = Release(&self.taken);
            // SAFETY: the flag was not set, so no other reference to the value is alive, and this one ends before the
            // flag is cleared.
            f(unsafe { &mut *self.value.get() })
        }
    }
}

pub(crate) use chosen::Lock;
