//! A lock where there are threads, nothing where there are none. Never an atomic wait: those trap on a browser's main
//! thread.

#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
mod chosen {
    use core::mem;

    use lock_api::Mutex;

    use crate::spin::Spin;

    /// A spin lock.
    pub(crate) struct Lock<T>(Mutex<Spin, T>);

    impl<T> Lock<T> {
        pub(crate) const fn new(value: T) -> Lock<T> {
            Lock(Mutex::new(value))
        }

        /// Runs `f` with the value to itself. `f` must not come back here for the same lock: it would wait for itself.
        pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.0.lock())
        }

        /// Takes the lock, if nobody has it.
        pub(crate) fn hold(&self) -> bool {
            self.0.try_lock().map(mem::forget).is_some()
        }

        /// Gives it back.
        ///
        /// # Safety
        ///
        /// The caller owes: it took the lock, by [`hold`](Lock::hold).
        pub(crate) unsafe fn release(&self) {
            // SAFETY: the caller has it.
            unsafe { self.0.force_unlock() };
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

        /// Nobody has to be kept out, as there is nobody.
        pub(crate) fn hold(&self) -> bool {
            true
        }

        /// # Safety
        ///
        /// None: there is nothing to give back.
        pub(crate) unsafe fn release(&self) {}

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
