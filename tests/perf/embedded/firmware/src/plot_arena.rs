//! An arena on a region that it has to itself.

use core::hint::black_box;
use core::mem::MaybeUninit;

use freehold::{Alloc, Arena, Plot, Region};

// Not counted.
#[unsafe(link_section = ".uninit.memory")]
static mut RAM: [MaybeUninit<u8>; 8192] = [MaybeUninit::uninit(); 8192];

pub fn run() -> bool {
    let start = (&raw mut RAM).cast();
    // SAFETY: this runs once, and nothing else names it.
    let mut plot = Plot::new(unsafe { Region::from_raw(start, 8192) });
    let mut arena = Arena::alone(&mut plot, "samples");
    (0..black_box(4)).all(|turn| {
        let scope = arena.scope();
        let Ok(samples) = scope.try_alloc_uninit_slice::<u16>(black_box(100 * turn)) else { return false };
        black_box(samples).len() == 100 * turn
    })
}
