//! Blocks of a [`BlockPool`] on a region.

use core::alloc::Layout;
use core::hint::black_box;
use core::mem::MaybeUninit;

use freehold::{BlockPool, Ledger, Region};

// Not counted.
#[unsafe(link_section = ".uninit.memory")]
static mut RAM: [MaybeUninit<u8>; 1024] = [MaybeUninit::uninit(); 1024];
// SAFETY: nothing else names it.
static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(ram(), 1024) });

const fn ram() -> *mut u8 {
    (&raw mut RAM).cast()
}

pub fn run() -> bool {
    let Ok(blocks) = BlockPool::fixed_in(&LEDGER, "blocks", Layout::new::<[u32; 16]>(), 4) else { return false };
    let (Ok(first), Ok(second)) = (blocks.try_alloc(), blocks.try_alloc()) else { return false };
    // SAFETY: allocated above, and not used any more.
    unsafe { blocks.free(black_box(first)) };
    // SAFETY: as above.
    unsafe { blocks.free(black_box(second)) };
    true
}
