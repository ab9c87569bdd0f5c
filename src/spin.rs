//! A spin lock that gives way, and does not wait for ever.

use core::fmt;
use core::hint::spin_loop;
use core::mem;
use core::sync::atomic::{AtomicBool, Ordering};

use lock_api::{GuardSend, RawMutex};
use spin::mutex::SpinMutex;

use crate::platform;

/// The lock that is taken where no other is named: a spin lock of two bytes, which never waits by means of the operating system (an atomic
/// wait traps on a browser's main thread), but lets other threads run where there is a host that can be told to.
///
/// A lock may be lost: its thread was terminated in the allocator, or trapped there and is never run on; or it belongs to a process of
/// which this one is the fork. Who waits for such a lock ends the program (a panic that does not unwind: on wasm a trap) after a minute
/// or more on hosts, after some seconds elsewhere, and whoever comes next at once.
pub struct Spin {
    mutex: SpinMutex<()>,
    /// Set if somebody has waited in vain, until somebody else has not.
    lost: AtomicBool,
}

/// How often a lock that counts as lost is looked at.
const LOST_PATIENCE: u64 = 1 << 10;

/// How often, after the first look, the looks are twice as far from each other before others are let run.
const DOUBLINGS: u32 = 6;

impl Spin {
    #[inline(always)]
    fn take(&self) -> bool {
        self.mutex.try_lock_weak().map(mem::forget).is_some()
    }

    /// Takes the lock that somebody else has.
    #[cold]
    #[inline(never)]
    fn wait(&self) {
        if !(0..DOUBLINGS).any(|step| self.look(|| (0..1 << step).for_each(|_| spin_loop()))) {
            let patience = if self.lost.load(Ordering::Relaxed) { LOST_PATIENCE } else { platform::PATIENCE };
            if !(0..patience).any(|_| self.look(platform::give_way)) {
                self.lost.store(true, Ordering::Relaxed);
                a_lock_was_never_given_back();
            }
        }
        if self.lost.load(Ordering::Relaxed) {
            self.lost.store(false, Ordering::Relaxed);
        }
    }

    /// Lets some time pass, then takes the lock if it is there.
    #[inline]
    fn look(&self, pause: impl FnOnce()) -> bool {
        pause();
        !self.mutex.is_locked() && self.take()
    }
}

/// Says so, and ends: it must not unwind, as an allocator may not. The message is one literal, which std prints without allocating; and if
/// what prints it allocates all the same, and waits for the same lock, it comes here at once. This function's name is what a
/// trap on wasm shows.
#[cold]
#[inline(never)]
extern "C" fn a_lock_was_never_given_back() -> ! {
    panic!(
        "a lock of freehold's was never given back: a thread was terminated, or trapped, inside the allocator, or this process was \
         forked while another thread was there"
    )
}

// SAFETY: the lock is spin's: whoever takes it is alone until it is given back.
unsafe impl RawMutex for Spin {
    type GuardMarker = GuardSend;

    #[allow(clippy::declare_interior_mutable_const)] // what `RawMutex` asks for
    const INIT: Spin = Spin { mutex: SpinMutex::new(()), lost: AtomicBool::new(false) };

    #[inline(always)]
    fn lock(&self) {
        if !self.take() {
            self.wait();
        }
    }

    #[inline(always)]
    fn try_lock(&self) -> bool {
        self.mutex.try_lock().map(mem::forget).is_some()
    }

    #[inline(always)]
    unsafe fn unlock(&self) {
        // SAFETY: the caller has it.
        unsafe { self.mutex.force_unlock() };
    }

    #[inline]
    fn is_locked(&self) -> bool {
        self.mutex.is_locked()
    }
}

impl fmt::Debug for Spin {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(if self.is_locked() { "Spin(locked)" } else { "Spin" })
    }
}
