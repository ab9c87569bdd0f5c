//! Instructions, by the emulator's clock.

use core::arch::asm;

use freehold_board::{now, say, since};

/// Knows what the clock counts in an instruction, and what reading it costs.
pub struct Meter {
    /// Ticks of 1,000 instructions.
    thousand: u32,
    /// Ticks between two readings with nothing between them.
    nothing: u32,
}

impl Meter {
    pub fn new() -> Meter {
        let bare = {
            let then = now();
            since(then)
        };
        let then = now();
        // SAFETY: they do nothing.
        unsafe { asm!(".rept 1000", "nop", ".endr") };
        let meter = Meter { thousand: since(then) - bare, nothing: 0 };
        Meter { nothing: meter.ticks(|| ()).1, ..meter }
    }

    #[inline(never)]
    fn ticks<T>(&self, work: impl FnOnce() -> T) -> (T, u32) {
        let then = now();
        let done = work();
        (done, since(then))
    }

    /// How many instructions the work takes, in sixteenths.
    #[inline(always)]
    pub fn count<T>(&self, work: impl FnOnce() -> T) -> (T, u32) {
        let (done, ticks) = self.ticks(work);
        let ticks = u64::from(ticks.saturating_sub(self.nothing));
        (done, (ticks * 16_000 / u64::from(self.thousand)) as u32)
    }
}

/// A mean and a worst case.
#[derive(Default)]
pub struct Tally {
    sum: u64,
    worst: u32,
    count: u32,
}

impl Tally {
    pub fn add(&mut self, sixteenths: u32) {
        self.sum += u64::from(sixteenths);
        self.worst = self.worst.max(sixteenths);
        self.count += 1;
    }

    /// In tenths and in whole instructions.
    pub fn say(&self, name: &str, what: &str) {
        let mean = self.sum * 10 / 16 / u64::from(self.count.max(1));
        say!("{name}, {what}, {}.{}", mean / 10, mean % 10);
        say!("{name}, {what} worst, {}", (self.worst + 8) / 16);
    }
}
