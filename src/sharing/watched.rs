//! A lock for tests of what many share.

use core::cell::{Cell, RefCell};
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::BTreeMap;
use std::thread;
use std::vec::Vec;

/// A lock that knows how often each was taken, and which are held; and that is found taken as often as a test says.
pub(crate) struct Watched(AtomicBool);

std::thread_local! {
    /// So many of those that are to be taken at once can be, then so many can't.
    pub(crate) static FREE: Cell<usize> = const { Cell::new(0) };
    pub(crate) static IN_THE_WAY: Cell<usize> = const { Cell::new(0) };
    /// How often each lock was taken by this thread, by its address.
    pub(crate) static TAKEN: RefCell<BTreeMap<usize, usize>> = const { RefCell::new(BTreeMap::new()) };
    /// Those that this thread has, the last one last.
    static HELD: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// How many this thread has.
pub(crate) fn held() -> usize {
    HELD.with_borrow(Vec::len)
}

// SAFETY: whoever sets the flag is alone until it is cleared.
unsafe impl lock_api::RawMutex for Watched {
    const INIT: Watched = Watched(AtomicBool::new(false));
    type GuardMarker = ();

    fn lock(&self) {
        let this = core::ptr::from_ref(self).addr();
        while self.0.swap(true, Ordering::Acquire) {
            assert!(!HELD.with_borrow(|held| held.contains(&this)), "it would wait for itself");
            spin_loop();
            thread::yield_now();
        }
        TAKEN.with_borrow_mut(|taken| *taken.entry(this).or_insert(0) += 1);
        HELD.with_borrow_mut(|held| held.push(this));
    }

    fn try_lock(&self) -> bool {
        let next = if FREE.get() > 0 { &FREE } else { &IN_THE_WAY };
        let taken = FREE.get() == 0 && IN_THE_WAY.get() > 0;
        next.set(next.get().saturating_sub(1));
        if taken || self.0.load(Ordering::Relaxed) {
            return false;
        }
        self.lock();
        true
    }

    unsafe fn unlock(&self) {
        let last = HELD.with_borrow_mut(Vec::pop);
        self.0.store(false, Ordering::Release);
        // Critical sections can't be left in another order.
        assert_eq!(last, Some(core::ptr::from_ref(self).addr()), "what was taken last is given back first");
    }
}
