//! With the lock that keeps interrupts off: it must end well.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod board {
    // What the target needs: a critical section.
    freehold_interrupts::program!(freehold::sharing::Needed);
}

#[cfg(not(target_os = "none"))]
fn main() {
    println!("this is for a microcontroller: `cargo verify --only interrupts` runs it in qemu");
}
