//! What a thread does that waits for another: it gives way, and in the end it gives up.

/// Lets another thread run, where there is a host that can be told to.
#[cfg(all(unix, not(target_family = "wasm")))]
pub(crate) fn give_way() {
    // SAFETY: it touches no memory.
    unsafe { libc::sched_yield() };
}

/// Lets another thread run, where there is a host that can be told to.
#[cfg(windows)]
pub(crate) fn give_way() {
    #[link(name = "kernel32")]
    unsafe extern "system" {
        safe fn SwitchToThread() -> i32;
    }
    SwitchToThread();
}

/// Lets another thread run, where there is a host that can be told to. Here is none: on wasm the one thing to be asked for is an atomic
/// wait, which traps on a browser's main thread.
#[cfg(not(all(any(unix, windows), not(target_family = "wasm"))))]
pub(crate) fn give_way() {
    core::hint::spin_loop();
}

/// How often a thread gives way before it says that a lock is lost: a minute or more, on hosts, if nobody else wants the processor.
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub(crate) const PATIENCE: u64 = 1 << 28;

/// How often a thread gives way before it says that a lock is lost: many seconds of looking at it.
#[cfg(not(all(any(unix, windows), not(target_family = "wasm"))))]
pub(crate) const PATIENCE: u64 = 1 << 32;
