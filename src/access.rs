//! Who may use a pool or a heap at once: one thread, or several that take turns.

use lock_api::RawMutex;

use crate::spin::Spin;

/// How a pool or a heap is shared: [`Local`] or [`Locked`].
///
/// It can't be implemented outside this crate.
pub trait Access: sealed::Sealed + Sized {
    #[doc(hidden)]
    const NEW: Self;
    /// Whether whoever enters must wait until others have left: another thread for a while, the same one for ever.
    #[doc(hidden)]
    const EXCLUDES: bool;
    #[doc(hidden)]
    fn enter(&self);
    /// Enters, if that can be had at once.
    #[doc(hidden)]
    fn try_enter(&self) -> bool;
    /// # Safety
    ///
    /// The caller owes: it has entered, and has not left since.
    #[doc(hidden)]
    unsafe fn leave(&self);
}

mod sealed {
    pub trait Sealed {}
}

/// Not shared: no lock, no cost, and what it guards is not `Sync`.
#[derive(Debug)]
pub struct Local(());

/// Shared behind a lock: a spin lock, [`Spin`], unless another is named. On wasm without threads no lock is taken, whichever is named, as
/// there is nobody to keep out.
///
/// An interrupt handler that spins for what it interrupted waits in vain: to share with one, name a [`RawMutex`] that keeps
/// interrupts off while it is held.
#[derive(Debug)]
pub struct Locked<R = Spin>(R);

impl sealed::Sealed for Local {}

impl Access for Local {
    const NEW: Local = Local(());
    const EXCLUDES: bool = false;

    #[inline(always)]
    fn enter(&self) {}

    #[inline(always)]
    fn try_enter(&self) -> bool {
        true
    }

    #[inline(always)]
    unsafe fn leave(&self) {}
}

impl<R> sealed::Sealed for Locked<R> {}

impl<R: RawMutex> Access for Locked<R> {
    const NEW: Locked<R> = Locked(R::INIT);
    const EXCLUDES: bool = THREADS;

    #[inline]
    fn enter(&self) {
        if THREADS {
            self.0.lock();
        }
    }

    #[inline]
    fn try_enter(&self) -> bool {
        !THREADS || self.0.try_lock()
    }

    #[inline]
    unsafe fn leave(&self) {
        if THREADS {
            // SAFETY: the caller has entered, which took the lock.
            unsafe { self.0.unlock() };
        }
    }
}

/// Whether there is anybody to keep out. On wasm without threads there is not, as nothing that runs between entering and leaving enters
/// again. And where a stack overflow ended the call, which JavaScript may catch and go on after, a lock would stay locked for ever.
const THREADS: bool = !cfg!(all(target_family = "wasm", not(target_feature = "atomics")));

/// An [`Access`] that any thread of the program may enter: [`Locked`], and [`Local`] where there is only one thread.
pub trait Shareable: Access + Sync + 'static {}

impl<R: RawMutex + Sync + 'static> Shareable for Locked<R> {}

#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
impl Shareable for Local {}

/// What it takes to share on this target: nothing on single-threaded wasm, else a spin lock.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
pub type Needed = Local;
/// What it takes to share on this target: nothing on single-threaded wasm, else a spin lock.
#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
pub type Needed = Locked;
