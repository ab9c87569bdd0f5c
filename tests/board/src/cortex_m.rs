//! Cortex-M: the timer is SysTick. It counts time, which in the emulator is instructions; it has no cycle counter (DWT).

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{ExceptionFrame, exception};

/// The timer's ticks in the time of 1,000 instructions of 64 ns: its clock has 16 MHz on the micro:bit, 25 MHz on the MPS2.
const TICKS: u32 = if cfg!(board = "microbit") { 1024 } else { 1600 };

/// It counts down from here.
const TOP: u32 = 0x00ff_ffff;

fn timer() -> SYST {
    // SAFETY: main and the handler write whole registers, each alone: the handler by `ring_after` only, main before the first ring.
    unsafe { cortex_m::Peripherals::steal() }.SYST
}

/// Counts down from `ticks`, now, again and again.
fn count_from(ticks: u32) {
    let mut timer = timer();
    timer.set_reload(ticks.clamp(2, TOP));
    timer.clear_current();
}

fn start() {
    let mut timer = timer();
    timer.set_clock_source(SystClkSource::Core);
    timer.enable_counter();
}

/// Rings the bell again and again, about so many instructions after it was last rung.
pub(crate) fn ring(instructions: u32) {
    count_from(instructions * TICKS / 1000);
    timer().enable_interrupt();
    start();
}

/// The bell is silent.
pub fn silence() {
    timer().disable_interrupt();
}

/// The clock, for [`since`]. Not where the bell rings: there is one timer.
pub fn now() -> u32 {
    if !timer().is_counter_enabled() {
        count_from(TOP);
        start();
        // It is 0 until it first counts.
        while SYST::get_current() == 0 {}
    }
    SYST::get_current()
}

/// The ticks from then on, if they are fewer than 16 million.
pub fn since(then: u32) -> u32 {
    then.wrapping_sub(SYST::get_current()) & TOP
}

#[exception]
fn SysTick() {
    crate::rung();
}

#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    crate::fault()
}
