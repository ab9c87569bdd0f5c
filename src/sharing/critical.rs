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
        // SAFETY: the caller has the lock, and with it what `acquire` has returned.
        let before = unsafe { self.before.take().unwrap_unchecked() };
        // SAFETY: as above.
        unsafe { critical_section::release(before) };
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

#[cfg(test)]
mod tests {
    use core::alloc::{GlobalAlloc, Layout};
    use core::cell::Cell;
    use core::ptr::NonNull;
    use std::string::String;
    use std::sync::{Mutex, MutexGuard};
    use std::{env, process, thread};

    use super::*;
    use crate::backing::{Backing, Grant, Loan, Request};
    use crate::sharing::Locked;
    use crate::{DefaultBacking, Heap, Ledger, Obstacle, SharedPool};

    /// A host's critical section: a mutex that a thread may take again.
    struct Host;
    critical_section::set_impl!(Host);

    static ONE: Mutex<()> = Mutex::new(());

    std::thread_local! {
        static DEPTH: Cell<usize> = const { Cell::new(0) };
        static GUARD: Cell<Option<MutexGuard<'static, ()>>> = const { Cell::new(None) };
    }

    // SAFETY: whoever has the mutex is alone until it has left as often as it has entered.
    unsafe impl critical_section::Impl for Host {
        unsafe fn acquire() -> critical_section::RawRestoreState {
            if DEPTH.replace(DEPTH.get() + 1) == 0 {
                GUARD.set(Some(ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)));
            }
            critical_section::RawRestoreState::default()
        }

        unsafe fn release(_: critical_section::RawRestoreState) {
            DEPTH.set(DEPTH.get() - 1);
            if DEPTH.get() == 0 {
                GUARD.set(None);
            }
        }
    }

    /// Sections lie in one another: those of other locks, and of the program's own.
    #[test]
    fn locks_lie_in_one_another() {
        let locks = [CriticalSection::INIT, CriticalSection::INIT];
        critical_section::with(|_| {
            for lock in &locks {
                lock.lock();
                assert!(lock.is_locked() && !lock.try_lock());
            }
            assert_eq!(DEPTH.get(), 3);
            for lock in locks.iter().rev() {
                // SAFETY: taken above.
                unsafe { lock.unlock() };
                assert!(!lock.is_locked());
            }
            assert_eq!(DEPTH.get(), 1);
        });
        assert_eq!(DEPTH.get(), 0);
    }

    /// Threads on one ledger, a heap and a pool on it.
    #[test]
    #[cfg_attr(miri, ignore = "a heap makes pointers of integers")]
    fn h34_threads_share_all_of_a_ledger() {
        type Shared = Locked<CriticalSection>;
        static LEDGER: Ledger<DefaultBacking, Shared> = Ledger::with_lock(DefaultBacking::new());
        static HEAP: Heap<Shared> = Heap::new_in(&LEDGER, "heap");
        static POOL: SharedPool<[u8; 100], Shared> = SharedPool::shared_in(&LEDGER, "pool");
        const STEPS: usize = 2000;
        thread::scope(|scope| {
            for byte in 1..=3 {
                scope.spawn(move || {
                    for step in 0..STEPS {
                        let layout = Layout::array::<u8>(1 + step * 7 % 3000).expect("a layout");
                        // SAFETY: the layout has bytes.
                        let block = NonNull::new(unsafe { HEAP.alloc(layout) }).expect("room");
                        // SAFETY: so many bytes, just allocated.
                        unsafe { block.write_bytes(byte, layout.size()) };
                        let boxed = POOL.alloc([byte; 100]);
                        let claim = LEDGER.claim("claim", layout).expect("room");
                        // SAFETY: the claim's own bytes.
                        unsafe { claim.as_ptr().write_bytes(byte, layout.size()) };
                        // SAFETY: so many bytes were written.
                        let bytes = unsafe { core::slice::from_raw_parts(block.as_ptr(), layout.size()) };
                        assert!(bytes.iter().chain(&*boxed).all(|other| *other == byte));
                        // SAFETY: it was allocated with this layout, and is not used any more.
                        unsafe { HEAP.dealloc(block.as_ptr(), layout) };
                    }
                });
            }
        });
        assert_eq!((DEPTH.get(), HEAP.stats().in_use, POOL.len()), (0, 0, 0));
    }

    /// A backing that uses its own ledger is told so, and nothing is handed out twice.
    #[test]
    #[cfg_attr(miri, ignore = "it starts a process")]
    fn h34_a_backing_that_comes_back_is_told() {
        const COMES_BACK: &str = "FREEHOLD_TEST_COMES_BACK";
        struct Returning(DefaultBacking);
        // SAFETY: the bytes are those of `DefaultBacking`.
        unsafe impl Backing for Returning {
            fn name(&self) -> &'static str {
                "returning"
            }

            fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
                assert!(LEDGER.claim("inner", Layout::new::<u8>()).is_err());
                self.0.claim(request)
            }

            unsafe fn give_back(&mut self, loan: Loan) {
                // SAFETY: the caller's promise.
                unsafe { self.0.give_back(loan) };
            }
        }
        static LEDGER: Ledger<Returning, Locked<CriticalSection>> = Ledger::with_lock(Returning(DefaultBacking::new()));
        if env::var_os(COMES_BACK).is_some() {
            let _ = std::panic::catch_unwind(|| LEDGER.claim("outer", Layout::new::<u8>()).is_ok());
            process::exit(0);
        }
        let out = process::Command::new(env::current_exe().expect("a path"))
            .args(["--exact", "sharing::critical::tests::h34_a_backing_that_comes_back_is_told", "--nocapture"])
            .env(COMES_BACK, "1")
            .output()
            .expect("a process");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && said.contains("used its own ledger"), "{}: {said}", out.status);
    }
}
