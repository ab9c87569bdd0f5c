//! The lock of feature `critical-section`.

use core::cell::Cell;
use core::fmt;

use critical_section::RestoreState;
use lock_api::{GuardNoSend, RawMutex};

/// A lock that keeps everybody else out while it is held, interrupts too, by way of the crate `critical-section` (feature
/// `critical-section`): the program, or the crate for its processor, says there how that is done. It may be taken while another of its kind
/// is held.
///
/// Nobody ever waits for it, but on hosts and on processors with several cores. So whoever finds it taken is the one who has it, come back
/// from inside: a backing that uses its own ledger. That ends the program with a message, by a panic that does not unwind.
pub struct CriticalSection {
    /// Set iff the lock is held: how things were before. Used within the critical section only.
    before: Cell<Option<RestoreState>>,
}

// SAFETY: the cell is used within the critical section only, by one at a time.
unsafe impl Sync for CriticalSection {}

// SAFETY: whoever takes it is in the critical section until it is given back, and so alone.
unsafe impl RawMutex for CriticalSection {
    // It is left where it was entered.
    type GuardMarker = GuardNoSend;

    #[allow(clippy::declare_interior_mutable_const)] // what `RawMutex` asks for
    const INIT: CriticalSection = CriticalSection { before: Cell::new(None) };

    #[inline]
    fn lock(&self) {
        if !self.try_lock() {
            a_lock_was_taken_twice();
        }
    }

    #[inline]
    fn try_lock(&self) -> bool {
        // SAFETY: it is left below, or in `unlock`. Whoever takes several locks gives back first what was taken last.
        let before = unsafe { critical_section::acquire() };
        if self.before.get().is_some() {
            // SAFETY: entered just above.
            unsafe { critical_section::release(before) };
            return false;
        }
        self.before.set(Some(before));
        true
    }

    #[inline]
    unsafe fn unlock(&self) {
        if let Some(before) = self.before.take() {
            // SAFETY: the caller has the lock, so this is what `acquire` has returned.
            unsafe { critical_section::release(before) };
        }
    }
}

/// It must not unwind, as an allocator may not.
#[cold]
#[inline(never)]
extern "C" fn a_lock_was_taken_twice() -> ! {
    panic!("a backing used its own ledger, or what lives on it")
}

impl fmt::Debug for CriticalSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_locked() { "CriticalSection(locked)" } else { "CriticalSection" })
    }
}
