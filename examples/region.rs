//! What a microcontroller does: a `static` ledger over a static buffer, an arena and a pool on it, and no panic when
//! memory runs out.
//!
//! `cargo run --example region` runs it here. For the chip, where there is neither `std` nor an allocator:
//! `cargo build --example region --target thumbv7em-none-eabihf`; the start-up code and the memory map are cortex-m-rt's,
//! or whatever your board uses, and they call `run`.

#![cfg_attr(target_os = "none", no_std, no_main)]

use core::fmt::{self, Write};
use core::mem::MaybeUninit;

use freehold::{Alloc, AllocError, Arena, Growth, Ledger, Obstacle, Region, SharedPool};

const RAM_LEN: usize = 16 << 10;

/// The memory to share out. On the chip it lies in a section that start-up code doesn't clear.
#[cfg_attr(target_os = "none", unsafe(link_section = ".uninit.heap"))]
static mut RAM: [MaybeUninit<u8>; RAM_LEN] = [MaybeUninit::uninit(); RAM_LEN];

// SAFETY: nothing but this ledger ever uses `RAM`. (For external RAM, or a section between two symbols of the linker's,
// write its address here.)
static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(ram(), RAM_LEN) });

const fn ram() -> *mut u8 {
    (&raw mut RAM).cast()
}

/// What an interrupt handler would send to the main loop: on a real chip with the feature `critical-section`, whose lock keeps interrupts
/// off, here and in the ledger.
static EVENTS: SharedPool<Event> = SharedPool::shared_in(&LEDGER, "events").with_growth(Growth::fixed(512));

struct Event {
    channel: u8,
    mean: u16,
}

/// What the sensor says.
fn sample(i: usize) -> u16 {
    200 + (i * 7 % 50) as u16
}

/// One round of measurements: everything in it is freed by leaving the scope, but for the event, which is in the pool.
fn round<'s>(alloc: impl Alloc<'s>, samples: usize) -> Result<&'s str, AllocError> {
    let mut sum = 0;
    for (i, place) in alloc.try_alloc_uninit_slice(samples)?.iter_mut().enumerate() {
        sum += usize::from(*place.write(sample(i)));
    }
    let event = Event { channel: 3, mean: (sum / samples) as u16 };
    let event = EVENTS.try_alloc(event).map_err(|full| full.error)?;
    Ok(alloc.try_alloc_fmt(format_args!("channel {}: {samples} samples, mean {}", event.channel, event.mean))?)
}

/// The program: on the host and on the chip the same.
fn firmware(out: &mut dyn Write) -> fmt::Result {
    // Claims in even steps: in small memory, doubling would leave little for anyone else.
    let mut arena = Arena::new_in(&LEDGER, "round").with_growth(Growth::fixed(1 << 10));
    for samples in [10, 100, 1_000] {
        match round(&arena.scope(), samples) {
            Ok(text) => writeln!(out, "{text}")?,
            Err(error) => writeln!(out, "no: {error}")?,
        }
    }

    // Too much: an error that says what was asked and how much is left. Nothing was taken; work goes on.
    let before = LEDGER.snapshot();
    let error = arena.try_alloc_slice_copy(&[0u8; RAM_LEN]).expect_err("more than there is");
    writeln!(out, "no: {error}")?;
    assert!(matches!(error.obstacle, Obstacle::Exhausted { backing: "region", .. }));
    assert_eq!(LEDGER.snapshot().free, before.free);
    writeln!(out, "{}", round(&arena.scope(), 100).expect("there is room for that"))?;

    // All of it can go back, and one owner may then have nearly everything.
    drop(arena);
    EVENTS.trim();
    let all = Arena::new_in(&LEDGER, "all");
    assert_eq!(all.alloc_slice_fill(RAM_LEN - 512, 0xA5u8).len(), RAM_LEN - 512);
    writeln!(out, "{}", LEDGER.snapshot())
}

#[cfg(not(target_os = "none"))]
fn main() {
    let mut text = String::new();
    firmware(&mut text).expect("a `String` takes all");
    print!("{text}");
}

#[cfg(target_os = "none")]
mod chip {
    /// What the start-up code calls.
    #[unsafe(no_mangle)]
    extern "C" fn run() {
        struct Nowhere;
        impl super::Write for Nowhere {
            fn write_str(&mut self, _: &str) -> super::fmt::Result {
                Ok(())
            }
        }
        // On a board this would be its serial port.
        let _ = super::firmware(&mut Nowhere);
    }

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        loop {}
    }
}
