//! riscv32: the timer is the machine's, through CLINT.

use core::sync::atomic::{AtomicU32, Ordering};

use riscv::interrupt::Interrupt;
use riscv::register::{mie, mstatus};
use riscv_rt::core_interrupt;

/// The timer's ticks in the time of 1,000 instructions of 64 ns: its clock has 10 MHz.
const TICKS: u32 = 640;

/// When it rings: two words.
const COMPARED: *mut u32 = 0x0200_4000 as *mut u32;
/// What it counts: two words.
const TIME: *const u32 = 0x0200_bff8 as *const u32;

/// How long from one ring to the next.
static PERIOD: AtomicU32 = AtomicU32::new(0);

/// Rings the bell again and again, about so many instructions after it was last rung.
pub(crate) fn ring(instructions: u32) {
    PERIOD.store((instructions * TICKS / 1000).max(1), Ordering::Relaxed);
    next(now());
    // Programs run for seconds: the lower word of 100 ns each is enough.
    // SAFETY: the board has the register there.
    unsafe { COMPARED.wrapping_add(1).write_volatile(0) };
    // SAFETY: there is a handler.
    unsafe { mie::set_mtimer() };
    // SAFETY: nothing is on the way that an interrupt could break.
    unsafe { mstatus::set_mie() };
}

/// It rings next, counted from then.
fn next(then: u32) {
    // SAFETY: the board has the register there.
    unsafe { COMPARED.write_volatile(then + PERIOD.load(Ordering::Relaxed)) };
}

/// The bell is silent.
pub fn silence() {
    // SAFETY: nothing else uses it.
    unsafe { mie::clear_mtimer() };
}

/// The clock, for [`since`].
pub fn now() -> u32 {
    // SAFETY: the board has the register there.
    unsafe { TIME.read_volatile() }
}

/// The ticks from then on.
pub fn since(then: u32) -> u32 {
    now().wrapping_sub(then)
}

#[core_interrupt(Interrupt::MachineTimer)]
fn timer() {
    let then = now();
    crate::rung();
    next(then);
}

#[unsafe(export_name = "ExceptionHandler")]
fn exception() -> ! {
    crate::fault()
}
