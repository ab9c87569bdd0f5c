//! The boards that qemu emulates: a micro:bit (Cortex-M0), an MPS2 (Cortex-M4) and qemu's `virt` (riscv32).
//!
//! A program is `no_main`, exports its own `main` with [`start!`], and links `link.x`, which its build script names.

#![cfg(target_os = "none")]
#![no_std]

pub use semihosting::println as say;

#[cfg(target_arch = "arm")]
#[path = "cortex_m.rs"]
mod timer;
#[cfg(target_arch = "riscv32")]
#[path = "riscv.rs"]
mod timer;

pub use timer::{now, silence, since};

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};

/// How a program ended: the emulator's exit code, which the tests look at.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// As it should.
    Well = 0,
    /// By a panic, or a check that failed.
    Badly = 1,
    /// It would go on for ever.
    Hung = 2,
}

/// Ends the program, and with it the emulator.
pub fn end(how: End) -> ! {
    semihosting::process::exit(how as i32)
}

/// Hands the last word that the emulator calls the program with to `read`. `None` if there is none.
pub fn last_word<R>(read: impl FnOnce(&str) -> Option<R>) -> Option<R> {
    let words = semihosting::experimental::env::args::<256>().ok()?;
    read((&words).last()?.ok()?)
}

/// Makes a function the program: `start!(main)`, for a `fn main() -> !`.
#[macro_export]
macro_rules! start {
    ($main:path) => {
        #[unsafe(export_name = "main")]
        extern "C" fn start() -> ! {
            $main()
        }
    };
}

/// What the timer calls: a `fn()`, or 0.
static BELL: AtomicUsize = AtomicUsize::new(0);

/// From now on `bell` interrupts the program each time that about so many instructions have gone by, its own among them.
pub fn ring_every(instructions: u32, bell: fn()) {
    BELL.store(bell as usize, Ordering::Release);
    timer::ring(instructions);
}

/// The timer's interrupt.
fn rung() {
    let bell = BELL.load(Ordering::Acquire);
    if bell != 0 {
        // SAFETY: only `ring_every` writes there, and it writes a `fn()`.
        let bell: fn() = unsafe { core::mem::transmute(bell) };
        bell();
    }
}

/// A fault of the processor's.
fn fault() -> ! {
    say!("fault");
    end(End::Badly)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    say!("{info}");
    end(End::Badly)
}
