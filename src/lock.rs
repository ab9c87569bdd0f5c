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

        /// The same, where foreign code runs in `f`.
        pub(crate) fn with_foreign<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            self.with(f)
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

    /// One flag that tells re-entry: without threads nothing can be waited for. It is set only while foreign code runs, as nobody
    /// else can come back: a stack overflow or a trap in our own code, which JavaScript may catch and go on after, leaves none behind.
    pub(crate) struct Lock<T> {
        // Set iff some `with_foreign` holds a reference to the value.
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

        /// Runs `f`, in which no foreign code runs, with the value to itself.
        ///
        /// # Panics
        ///
        /// If foreign code comes here from a [`with_foreign`](Lock::with_foreign) of the same lock.
        #[inline]
        pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            if self.taken.get() {
                came_back();
            }
            // SAFETY: the flag is not set, so no foreign code holds a reference to the value further up, and `f` calls none: this
            // reference is the only one until it ends.
            f(unsafe { &mut *self.value.get() })
        }

        /// Runs `f` with the value to itself.
        ///
        /// # Panics
        ///
        /// If `f` comes back here for the same lock.
        pub(crate) fn with_foreign<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            struct Release<'a>(&'a Cell<bool>);
            impl Drop for Release<'_> {
                fn drop(&mut self) {
                    self.0.set(false);
                }
            }
            if self.taken.replace(true) {
                came_back();
            }
            let _release = Release(&self.taken);
            // SAFETY: the flag was not set, so no other reference to the value is alive, and this one ends before the
            // flag is cleared.
            f(unsafe { &mut *self.value.get() })
        }
    }

    #[cold]
    #[inline(never)]
    fn came_back() -> ! {
        panic!("a backing used its own ledger, or a call to it never ended: a trap or a stack overflow in a backing")
    }
}

pub(crate) use chosen::Lock;
