//! Who may use a pool at once: one thread, or several that take turns.

use lock_api::RawMutex;

/// How a pool is shared: [`Local`] or [`Locked`].
///
/// It can't be implemented outside this crate.
pub trait Access: sealed::Sealed {
    #[doc(hidden)]
    fn enter(&self);
    /// # Safety
    ///
    /// The caller owes: it has entered, and has not left since.
    #[doc(hidden)]
    unsafe fn leave(&self);
}

mod sealed {
    pub trait Sealed {}
}

/// Not shared: no lock, no cost, and the pool is not `Sync`.
#[derive(Debug)]
pub struct Local(());

impl Local {
    pub(super) const NEW: Local = Local(());
}

/// Shared behind a lock; by default a spin lock, which never waits for the operating system.
///
/// An interrupt handler that spins for what it interrupted waits for ever: to share a pool with one, name a
/// [`RawMutex`] that keeps interrupts off while it is held.
#[derive(Debug)]
pub struct Locked<R = spin::mutex::SpinMutex<()>>(R);

impl<R: RawMutex> Locked<R> {
    pub(super) const NEW: Locked<R> = Locked(R::INIT);
}

impl sealed::Sealed for Local {}

impl Access for Local {
    #[inline(always)]
    fn enter(&self) {}

    #[inline(always)]
    unsafe fn leave(&self) {}
}

impl<R> sealed::Sealed for Locked<R> {}

impl<R: RawMutex> Access for Locked<R> {
    #[inline]
    fn enter(&self) {
        self.0.lock();
    }

    #[inline]
    unsafe fn leave(&self) {
        // SAFETY: the caller has entered, which took the lock.
        unsafe { self.0.unlock() };
    }
}
