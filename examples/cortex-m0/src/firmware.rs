//! The firmware: a timer's interrupt receives packets into a pool, and main works on them. This core has no compare-and-swap; the lock is a
//! critical section.
//!
//! The pool lies in a static of its own. What main needs beside comes from a ledger.

use core::cell::{Cell, RefCell};
use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use cortex_m_semihosting::{debug, hprintln};
use critical_section::Mutex;
use freehold::{Alloc, AllocError, Arena, FixedPool, Growth, Ledger, PoolBox, Region};
use heapless::Deque;

const RAM_LEN: usize = 512;

/// The memory that the ledger shares out, in a section that start-up code doesn't clear.
#[unsafe(link_section = ".uninit.heap")]
static mut RAM: [MaybeUninit<u8>; RAM_LEN] = [MaybeUninit::uninit(); RAM_LEN];

// SAFETY: nothing but this ledger ever uses `RAM`.
static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(ram(), RAM_LEN) });

const fn ram() -> *mut u8 {
    (&raw mut RAM).cast()
}

/// What the radio receives.
struct Packet {
    number: u32,
    bytes: [u8; 120],
}

type Packets = FixedPool<Packet, 12>;

/// Room for twelve of them, for interrupts too.
static PACKETS: Packets = FixedPool::new();

/// Those that were received. A box is all that goes from the interrupt to main: the packet stays where it is.
static RECEIVED: Mutex<RefCell<Deque<PoolBox<Packet, &'static Packets>, 16>>> = Mutex::new(RefCell::new(Deque::new()));

/// How many came, and what became of the first that there was no room for.
static CAME: Mutex<Cell<u32>> = Mutex::new(Cell::new(0));
static LOST: Mutex<RefCell<Option<AllocError>>> = Mutex::new(RefCell::new(None));

/// A packet has come.
#[exception]
fn SysTick() {
    let number = critical_section::with(|here| CAME.borrow(here).replace(CAME.borrow(here).get() + 1));
    let received = PACKETS.try_alloc(Packet { number, bytes: [number as u8; 120] });
    critical_section::with(|here| match received {
        // The pool has no room for so many that the queue would be full.
        Ok(packet) => drop(RECEIVED.borrow_ref_mut(here).push_back(packet)),
        Err(rejected) => drop(LOST.borrow_ref_mut(here).get_or_insert(rejected.error)),
    });
}

/// Works on the packets that wait, and returns how many they were.
fn work(arena: &mut Arena<'_>, seen: &mut u32) -> u32 {
    let mut worked = 0;
    while let Some(packet) = critical_section::with(|here| RECEIVED.borrow_ref_mut(here).pop_front()) {
        let scope = arena.scope();
        let copy = scope.alloc_slice_copy(&packet.bytes);
        copy.sort_unstable();
        assert!(packet.number >= *seen && copy.iter().all(|byte| *byte == packet.number as u8));
        *seen = packet.number + 1;
        worked += 1;
    } // each packet's place is free again
    worked
}

#[entry]
fn main() -> ! {
    let mut timer = cortex_m::Peripherals::take().expect("the first to ask").SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(5_000);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();

    let mut arena = Arena::new_in(&LEDGER, "work").with_growth(Growth::fixed(256));
    let (mut worked, mut seen) = (0, 0);
    while worked < 100 {
        worked += work(&mut arena, &mut seen);
    }
    hprintln!("{} packets, in order", worked);

    // Main is busy with something else for a while, and all places are taken.
    let late = loop {
        if let Some(error) = critical_section::with(|here| LOST.borrow_ref_mut(here).take()) {
            break error;
        }
    };
    hprintln!("too late: {}", late);
    hprintln!("then {} at once", work(&mut arena, &mut seen));

    timer.disable_interrupt();
    hprintln!("\n{}", LEDGER.snapshot());
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("qemu has ended")
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}
