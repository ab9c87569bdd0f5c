//! The same where values are built in their places: the smallest firmware has no `memcpy`.

use core::hint::black_box;

use freehold::FixedPool;

static BLOCKS: FixedPool<[u32; 16], 4> = FixedPool::new();

pub fn run() -> bool {
    let (Ok(first), Ok(mut second)) = (BLOCKS.try_alloc_uninit(), BLOCKS.try_alloc_uninit()) else { return false };
    drop(black_box(first));
    let word = second.as_mut_ptr().cast::<u32>();
    // SAFETY: the first word of the block.
    unsafe { word.write(black_box(2)) };
    drop(black_box(second));
    true
}
