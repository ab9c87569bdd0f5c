//! riscv32: the timer is the machine's, through CLINT.

use riscv::interrupt::Interrupt;
use riscv::register::{mie, mstatus};
use riscv_rt::core_interrupt;

/// The timer's ticks in the time of 1,000 instructions of 64 ns: its clock has 10 MHz.
const TICKS: u32 = 640;

/// When it rings: two words.
const RINGS: *mut u32 = 0x0200_4000 as *mut u32;
/// What it counts: two words.
const TIME: *const u32 = 0x0200_bff8 as *const u32;

pub(crate) fn listen() {
    write(u32::MAX, u32::MAX);
    // SAFETY: there is a handler.
    unsafe { mie::set_mtimer() };
    // SAFETY: nothing is on the way that an interrupt could break.
    unsafe { mstatus::set_mie() };
}

fn write(low: u32, high: u32) {
    // SAFETY: the board has the register there.
    unsafe { RINGS.write_volatile(low) };
    // SAFETY: as above.
    unsafe { RINGS.add(1).write_volatile(high) };
}

/// Rings the bell once, after about so many instructions.
pub fn ring_after(instructions: u32) {
    // The programs run for seconds: a word of 100 ns each is enough.
    write(now() + (instructions * TICKS / 1000).max(1), 0);
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
    write(u32::MAX, u32::MAX);
    crate::rung();
}

#[unsafe(export_name = "ExceptionHandler")]
fn exception() -> ! {
    crate::fault()
}
