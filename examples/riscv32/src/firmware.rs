//! The firmware: words are counted in a map on the program's heap, and put in order in an arena. Two pieces of memory, each bounded.

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use freehold::{Alloc, Arena, BoundedHeap, Growth, Ledger, Region};
use semihosting::{println, process};

const HEAP_LEN: usize = 8 << 10;
const RAM_LEN: usize = 8 << 10;

/// The memory of the heap, and that of arenas and pools: in a section that start-up code doesn't clear.
#[unsafe(link_section = ".uninit.heap")]
static mut HEAP_RAM: [MaybeUninit<u8>; HEAP_LEN] = [MaybeUninit::uninit(); HEAP_LEN];
#[unsafe(link_section = ".uninit.arenas")]
static mut RAM: [MaybeUninit<u8>; RAM_LEN] = [MaybeUninit::uninit(); RAM_LEN];

#[global_allocator]
static HEAP: BoundedHeap = BoundedHeap::empty();

// SAFETY: nothing but this ledger ever uses `RAM`.
static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(ram(), RAM_LEN) });

const fn ram() -> *mut u8 {
    (&raw mut RAM).cast()
}

const TEXT: &str = "the one who has the one that the other wants has what the other has not";

/// The words of a text and how often each is there, the most frequent first. They live as long as the scope.
fn frequent<'s, 't>(scope: impl Alloc<'s>, text: &'t str) -> &'s [(&'t str, u32)]
where
    't: 's,
{
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for word in text.split(' ') {
        *counts.entry(word).or_default() += 1;
    }
    let counts = scope.alloc_from_iter(counts);
    counts.sort_by(|(_, a), (_, b)| b.cmp(a));
    counts
}

#[riscv_rt::entry]
fn main() -> ! {
    let start = (&raw mut HEAP_RAM).cast();
    // SAFETY: nothing but the heap ever uses it.
    let region = unsafe { Region::from_raw(start, HEAP_LEN) };
    assert!(HEAP.lend(region).is_ok(), "the heap has memory already");

    let mut arena = Arena::new_in(&LEDGER, "words").with_growth(Growth::fixed(1 << 10));
    for turn in 1..=3 {
        let scope = arena.scope();
        let [first, second, ..] = frequent(&scope, TEXT) else { panic!("a short text") };
        println!("turn {turn}: {} {} times, {} {} times", first.0, first.1, second.0, second.1);
    } // the list is gone, and so are the map's nodes

    // More than there is: an error that says so, and work goes on.
    let mut line = String::new();
    println!("refused: {}", arena.try_alloc_uninit_slice::<u8>(RAM_LEN).expect_err("more than there is"));
    println!("refused: {} bytes for a line", line.try_reserve(HEAP_LEN).map_or(HEAP_LEN, |()| 0));

    println!("\n{}\n\n{}", HEAP.stats(), LEDGER.snapshot());
    process::exit(0)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    process::exit(1)
}

// For its critical sections.
use riscv as _;
