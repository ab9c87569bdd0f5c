//! Values in a [`FixedPool`] that is a static.

use core::hint::black_box;

use freehold::FixedPool;

static BLOCKS: FixedPool<[u32; 16], 4> = FixedPool::new();

pub fn run() -> bool {
    let first = BLOCKS.try_alloc(black_box([1; 16]));
    let second = BLOCKS.try_alloc(black_box([2; 16]));
    drop(first);
    second.is_ok_and(|block| black_box(&block)[3] == 2)
}
