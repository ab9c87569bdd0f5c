//! The firmware: a heap that begins in the chip's own RAM and goes on outside, and frames that must lie outside.

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use freehold::{Alloc, Arena, Heap, Ledger, Ram, Region, Regions, Within};

const CHIP_LEN: usize = 32 << 10;

/// What of the chip's own RAM is to be shared out, in a section that start-up code doesn't clear.
#[unsafe(link_section = ".uninit.heap")]
static mut CHIP: [MaybeUninit<u8>; CHIP_LEN] = [MaybeUninit::uninit(); CHIP_LEN];

unsafe extern "C" {
    // Where the other RAM lies: `memory.x` says it.
    static mut __external_start: u8;
    static mut __external_end: u8;
}

/// All memory, in the order in which it is used.
static LEDGER: Ledger<Regions<2>> = Ledger::new(Regions::new([
    // SAFETY: nothing but this ledger ever uses `CHIP`.
    Ram::new("chip", unsafe { Region::from_raw(chip(), CHIP_LEN) }).suits(&["fast"]),
    // SAFETY: nothing is linked there.
    Ram::new("external", unsafe { Region::between(EXTERNAL[0], EXTERNAL[1]) }).suits(&["dma", "large"]),
]));

const fn chip() -> *mut u8 {
    (&raw mut CHIP).cast()
}

const EXTERNAL: [*mut u8; 2] = [&raw mut __external_start, &raw mut __external_end];

/// The program's heap: in the chip as long as there is room.
#[global_allocator]
static HEAP: Heap = Heap::new_in(&LEDGER, "heap");

/// What the display's DMA reads, and reaches outside only.
static DMA: Ledger<Within> = Ledger::within(&LEDGER, "dma", "frames");

/// The name of the memory that an address lies in.
fn lies_in<T: ?Sized>(value: &T) -> &'static str {
    let addr = (&raw const *value).addr();
    if (chip().addr()..chip().addr() + CHIP_LEN).contains(&addr) { "chip" } else { "external" }
}

#[entry]
fn main() -> ! {
    let mut names: BTreeMap<u32, String> = (0..20).map(|n| (n, format!("sensor {n}"))).collect();
    let history = vec![0_u32; 20_000];
    hprintln!("a name: {}, 80,000 bytes of history: {}", lies_in(names[&7].as_str()), lies_in(&history[..]));

    // Frames lie where they must, however much room there is elsewhere.
    let frames = Arena::new_in(&DMA, "frame");
    let frame = frames.alloc_slice_fill_with(320, |x| x as u16);
    hprintln!("a frame: {}", lies_in(&*frame));

    // More names than the chip has room for: the heap goes on outside, and nobody notices.
    names.extend((20..2_000).map(|n| (n, format!("sensor {n}"))));
    let outside = names.values().filter(|name| lies_in(name.as_str()) == "external").count();
    hprintln!("{} names, some of them outside: {}", names.len(), outside > 0);
    assert!(names.iter().all(|(n, name)| name.ends_with(&format!(" {n}"))));

    hprintln!("refused: {}", frames.try_alloc_uninit_slice::<u8>(16 << 20).expect_err("more than there is"));
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

// For its critical sections.
use cortex_m as _;
