//! What keeps interrupts off, for the heaps that take a lock of their user's.

use core::cell::UnsafeCell;

use critical_section::RestoreState;
use lock_api::{GuardNoSend, RawMutex};

/// A critical section.
pub struct Masked(UnsafeCell<RestoreState>);

// SAFETY: what is in it is used in a critical section only.
unsafe impl Sync for Masked {}

// SAFETY: nobody else runs in a critical section.
unsafe impl RawMutex for Masked {
    type GuardMarker = GuardNoSend;

    #[allow(clippy::declare_interior_mutable_const)] // what `RawMutex` asks for
    const INIT: Masked = Masked(UnsafeCell::new(RestoreState::invalid()));

    fn lock(&self) {
        // SAFETY: `unlock` ends it, and nothing that is locked takes the same lock again.
        let before = unsafe { critical_section::acquire() };
        // SAFETY: in the critical section.
        unsafe { self.0.get().write(before) };
    }

    fn try_lock(&self) -> bool {
        self.lock();
        true
    }

    unsafe fn unlock(&self) {
        // SAFETY: still in the critical section.
        let before = unsafe { self.0.get().read() };
        // SAFETY: begun in `lock`.
        unsafe { critical_section::release(before) };
    }
}
