//! An arena on a region.

use core::hint::black_box;
use core::mem::MaybeUninit;

use freehold::{Alloc, Arena, Ledger, Region};

// Not counted.
#[unsafe(link_section = ".uninit.memory")]
static mut RAM: [MaybeUninit<u8>; 8192] = [MaybeUninit::uninit(); 8192];
// SAFETY: nothing else names it.
static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(ram(), 8192) });

const fn ram() -> *mut u8 {
    (&raw mut RAM).cast()
}

pub fn run() -> bool {
    let mut arena = Arena::new_in(&LEDGER, "samples");
    (0..black_box(4)).all(|turn| {
        let scope = arena.scope();
        let Ok(samples) = scope.try_alloc_uninit_slice::<u16>(black_box(100 * turn)) else { return false };
        black_box(samples).len() == 100 * turn
    })
}
