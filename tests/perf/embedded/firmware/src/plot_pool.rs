//! Blocks of a [`BlockPool`] on a region that it has to itself.

use core::alloc::Layout;
use core::hint::black_box;
use core::mem::MaybeUninit;

use freehold::{BlockPool, Plot, Region};

// Not counted.
#[unsafe(link_section = ".uninit.memory")]
static mut RAM: [MaybeUninit<u8>; 1024] = [MaybeUninit::uninit(); 1024];

pub fn run() -> bool {
    let start = (&raw mut RAM).cast();
    // SAFETY: this runs once, and nothing else names it.
    let mut plot = Plot::new(unsafe { Region::from_raw(start, 1024) });
    let blocks = BlockPool::alone(&mut plot, "blocks", Layout::new::<[u32; 16]>());
    let (Ok(first), Ok(second)) = (blocks.try_alloc(), blocks.try_alloc()) else { return false };
    // SAFETY: allocated above, and not used any more.
    unsafe { blocks.free(black_box(first)) };
    // SAFETY: as above.
    unsafe { blocks.free(black_box(second)) };
    true
}
