//! A spin lock that gives way, and does not wait for ever.

use core::fmt;
use core::hint::spin_loop;
use core::mem;
use core::sync::atomic::{AtomicBool, Ordering};

use lock_api::{GuardSend, RawMutex};
use spin::mutex::SpinMutex;

use crate::platform;

/// The lock that is taken where no other is named: a spin lock of two bytes. It never waits to be woken, as an atomic wait traps on a
/// browser's main thread. After a short spin it lets other threads run, where there is a host that can be told to; and if that takes long,
/// it sleeps for a millisecond at a time.
///
/// A lock may be lost: the thread that has it was terminated in the allocator, or trapped there and never goes on, or stayed in the parent
/// when this process was forked. Whoever waits for such a lock ends the program, by a panic that does not unwind (on wasm a trap): on hosts
/// after a minute or more, elsewhere after some seconds, or minutes on a slow processor. Whoever comes to it after that ends the program
/// sooner.
pub struct Spin {
    mutex: SpinMutex<()>,
    /// Set if somebody has waited in vain, until somebody else has not.
    lost: AtomicBool,
}

/// How often a lock that counts as lost is looked at: for a part of a second where nothing else can be done, or some. It may not be lost:
/// a thread that was only halted in the allocator, by a debugger, say, goes on and gives it back.
const LOST_PATIENCE: u64 = platform::PATIENCE / 16;

/// How often the next look is twice as late as the one before, until others are let run.
const DOUBLINGS: u32 = 6;

impl Spin {
    /// Takes the lock that somebody else has.
    #[cold]
    #[inline(never)]
    fn wait(&self) {
        let found = self.wait_for(self.patience());
        if found == self.lost.load(Ordering::Relaxed) {
            self.lost.store(!found, Ordering::Relaxed);
        }
        if !found {
            a_lock_was_never_given_back();
        }
    }

    /// How often it is looked for.
    fn patience(&self) -> u64 {
        if self.lost.load(Ordering::Relaxed) { LOST_PATIENCE } else { platform::PATIENCE }
    }

    /// Takes it, if it is there at one of so many looks.
    fn wait_for(&self, patience: u64) -> bool {
        (0..DOUBLINGS).any(|step| self.look(|| (0..1 << step).for_each(|_| spin_loop())))
            || (0..patience).any(|turn| self.look(|| platform::give_way(turn)))
    }

    /// Lets some time pass, then takes the lock if it is there.
    #[inline]
    fn look(&self, pause: impl FnOnce()) -> bool {
        pause();
        !self.mutex.is_locked() && self.try_lock()
    }
}

/// Says so, and ends: it must not unwind, as an allocator may not. The message is one literal, which std prints without allocating; and if
/// what prints it allocates all the same, and waits for the same lock, it comes here soon. This function's name is what a
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
        // It may fail though the lock is there, which costs less on some processors; then it is taken in the wait.
        if self.mutex.try_lock_weak().map(mem::forget).is_none() {
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

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::{env, process, thread};

    use super::*;

    /// Waits for a lock that is never given back, if the process was started for that.
    const LOSES: &str = "FREEHOLD_TEST_LOSES_A_LOCK";

    #[test]
    fn h35_a_wait_has_an_end() {
        let spin = Spin::INIT;
        assert!(spin.try_lock());
        assert!(!spin.wait_for(100));
        // SAFETY: taken above.
        unsafe { spin.unlock() };
        assert!(spin.wait_for(1));
    }

    /// The first wait for a lost lock takes its time, the next does not; and once it is given back after all, everything is as before.
    #[test]
    fn h35_a_lost_lock_is_lost_until_it_is_given_back() {
        let spin = Spin::INIT;
        assert!(spin.try_lock());
        assert_eq!(spin.patience(), platform::PATIENCE);
        spin.lost.store(true, Ordering::Relaxed);
        assert!(spin.patience() <= platform::PATIENCE / 8);
        // SAFETY: taken above.
        unsafe { spin.unlock() };
        spin.wait();
        assert!(spin.is_locked());
        assert_eq!(spin.patience(), platform::PATIENCE);
    }

    #[test]
    fn threads_take_turns() {
        struct Count(core::cell::UnsafeCell<usize>);
        // SAFETY: used behind the lock below.
        unsafe impl Sync for Count {}
        let (spin, count) = (Spin::INIT, Count(core::cell::UnsafeCell::new(0)));
        let (spin, count) = (&spin, &count);
        const TURNS: usize = if cfg!(miri) { 50 } else { 50_000 };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || {
                    for _ in 0..TURNS {
                        spin.lock();
                        // SAFETY: this thread has the lock.
                        unsafe { *count.0.get() += 1 };
                        // SAFETY: taken above.
                        unsafe { spin.unlock() };
                    }
                });
            }
        });
        // SAFETY: the threads are gone.
        assert_eq!(unsafe { *count.0.get() }, 4 * TURNS);
    }

    /// It says what has happened, and ends the process: an allocator may not unwind.
    #[test]
    #[cfg_attr(miri, ignore = "it starts a process")]
    fn h35_a_lost_lock_is_said_to_be_lost() {
        if env::var_os(LOSES).is_some() {
            let spin = Spin::INIT;
            spin.lock();
            spin.lost.store(true, Ordering::Relaxed);
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| spin.lock()));
            process::exit(0);
        }
        let this = env::current_exe().expect("a path");
        let out = process::Command::new(this)
            .args(["--exact", "sharing::spin::tests::h35_a_lost_lock_is_said_to_be_lost", "--nocapture"])
            .env(LOSES, "1")
            .output()
            .expect("a process");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && said.contains("was never given back"), "{}: {said}", out.status);
    }
}
