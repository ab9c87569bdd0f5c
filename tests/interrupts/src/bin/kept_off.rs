//! With the lock that keeps interrupts off: it must end well.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod board {
    use freehold::{Bounded, Global, Ledger, Needed, Region, SharedPool};
    use freehold_board::start;
    use freehold_interrupts::{Packet, Program, Shared, ram};

    /// What the target needs: a critical section.
    type Lock = Needed;

    static LEDGER: Ledger<Region, Lock> = Ledger::with_lock(
        // SAFETY: the only call.
        unsafe { ram() },
    );
    static HEAP: Global<Lock> = Global::new_in(&LEDGER, "heap");
    static BOUNDED: Bounded<Lock> = Bounded::empty();
    static PACKETS: SharedPool<Packet, Lock> = SharedPool::shared_in(&LEDGER, "packets");
    static PROGRAM: Program<Lock> =
        Program::new(Shared { ledger: &LEDGER, heap: &HEAP, bounded: &BOUNDED, packets: &PACKETS });

    fn main() -> ! {
        PROGRAM.run(|| PROGRAM.rung())
    }

    start!(main);
}

#[cfg(not(target_os = "none"))]
fn main() {
    println!("this is for a microcontroller: `cargo verify --only interrupts` runs it in qemu");
}
