//! With a lock that spins: it must hang, and its watchdog ends it.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod board {
    use core::sync::atomic::{AtomicBool, Ordering};

    use freehold::sharing::{Locked, RawMutex};
    use freehold_board::{End, end, say};
    use lock_api::GuardSend;

    /// A spin lock. It does without compare-and-swap, which some of the cores don't have.
    struct Spinning(AtomicBool);

    /// So often it is looked at: the watchdog.
    const LOOKS: u32 = 10_000_000;

    // SAFETY: on one core, whoever sets the flag is alone until it is cleared: what interrupts in between finds it cleared and leaves it so.
    unsafe impl RawMutex for Spinning {
        type GuardMarker = GuardSend;

        #[allow(clippy::declare_interior_mutable_const)] // what `RawMutex` asks for
        const INIT: Spinning = Spinning(AtomicBool::new(false));

        fn lock(&self) {
            if !(0..LOOKS).any(|_| self.try_lock()) {
                say!("hung: the interrupt waits for what it has interrupted");
                end(End::Hung);
            }
        }

        fn try_lock(&self) -> bool {
            let free = !self.0.load(Ordering::Acquire);
            if free {
                self.0.store(true, Ordering::Release);
            }
            free
        }

        unsafe fn unlock(&self) {
            self.0.store(false, Ordering::Release);
        }
    }

    freehold_interrupts::program!(Locked<Spinning>);
}

#[cfg(not(target_os = "none"))]
fn main() {
    println!("this is for a microcontroller: `cargo verify --only interrupts` runs it in qemu");
}
