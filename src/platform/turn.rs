//! What a thread does that waits for another: it gives way, and in the end it gives up.

/// Lets another thread run, where there is a host that can be told to. `turn` says how often the same thread has waited for the same
/// before: where a thread that was let run has not come far, it sleeps a millisecond, so that it is let run whatever its priority, and
/// time passes however busy the machine is.
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub(crate) fn give_way(turn: u64) {
    match turn {
        // Miri runs another thread then, and doesn't know Windows' function.
        _ if cfg!(miri) => core::hint::spin_loop(),
        ..YIELDS => os::give_way(),
        _ => os::sleep(),
    }
}

/// Lets another thread run, where there is a host that can be told to. Here is none: on wasm the one thing to be asked for is an atomic
/// wait, which traps on a browser's main thread.
#[cfg(not(all(any(unix, windows), not(target_family = "wasm"))))]
pub(crate) fn give_way(_turn: u64) {
    core::hint::spin_loop();
}

/// How often a thread gives way before it sleeps.
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub(crate) const YIELDS: u64 = 1 << 10;

/// How often a thread gives way before it says that a lock is lost: a minute of sleep, on hosts, or more if they are busy.
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub(crate) const PATIENCE: u64 = YIELDS + 60_000;

/// How often a thread gives way before it says that a lock is lost: many seconds of looking at it.
#[cfg(not(all(any(unix, windows), not(target_family = "wasm"))))]
pub(crate) const PATIENCE: u64 = 1 << 32;

#[cfg(all(unix, not(target_family = "wasm")))]
mod os {
    pub(super) fn give_way() {
        // SAFETY: it touches no memory.
        unsafe { libc::sched_yield() };
    }

    pub(super) fn sleep() {
        // SAFETY: it touches no memory.
        unsafe { libc::usleep(1000) };
    }
}

#[cfg(windows)]
mod os {
    #[link(name = "kernel32")]
    unsafe extern "system" {
        safe fn SwitchToThread() -> i32;
        safe fn Sleep(milliseconds: u32);
    }

    pub(super) fn give_way() {
        SwitchToThread();
    }

    pub(super) fn sleep() {
        Sleep(1);
    }
}
