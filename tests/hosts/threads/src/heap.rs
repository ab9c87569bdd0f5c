//! The heap under test, and the same one without its lock.

use freehold::Heap;

/// As a user writes it: behind a spin lock, as there are threads.
#[cfg(not(feature = "unlocked"))]
#[global_allocator]
pub static HEAP: Heap = Heap::new();

#[cfg(feature = "unlocked")]
#[global_allocator]
pub static HEAP: Heap<freehold::sharing::Locked<NoLock>> = Heap::new_in(&LEDGER, "unlocked");

#[cfg(feature = "unlocked")]
static LEDGER: freehold::Ledger<freehold::MemoryGrow, freehold::sharing::Locked<NoLock>> =
    freehold::Ledger::with_lock(freehold::MemoryGrow::new());

/// The control: a lock that lets everyone in.
#[cfg(feature = "unlocked")]
pub struct NoLock;

// SAFETY: none. It does not lock, and what becomes of a heap behind it is what the control shows.
#[cfg(feature = "unlocked")]
unsafe impl freehold::sharing::RawMutex for NoLock {
    const INIT: NoLock = NoLock;
    type GuardMarker = ();

    fn lock(&self) {}

    fn try_lock(&self) -> bool {
        true
    }

    unsafe fn unlock(&self) {}
}
