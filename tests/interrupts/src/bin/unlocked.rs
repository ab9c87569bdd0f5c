//! Without a lock: it must break.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod board {
    use freehold::sharing::{Locked, RawMutex};
    use lock_api::GuardSend;

    /// No lock.
    struct Nothing;

    // SAFETY: none: that is what is shown.
    unsafe impl RawMutex for Nothing {
        type GuardMarker = GuardSend;

        const INIT: Nothing = Nothing;

        fn lock(&self) {}

        fn try_lock(&self) -> bool {
            true
        }

        unsafe fn unlock(&self) {}
    }

    freehold_interrupts::program!(Locked<Nothing>);
}

#[cfg(not(target_os = "none"))]
fn main() {
    println!("this is for a microcontroller: `cargo verify --only interrupts` runs it in qemu");
}
