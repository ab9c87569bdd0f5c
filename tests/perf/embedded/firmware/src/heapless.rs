//! Blocks of a pool of heapless's.

use core::hint::black_box;

use heapless::pool::boxed::BoxBlock;

heapless::box_pool!(BLOCKS: [u32; 16]);

const FOUR: usize = 4;

pub fn run() -> bool {
    #[allow(clippy::declare_interior_mutable_const)] // as its documentation has it
    const BLOCK: BoxBlock<[u32; 16]> = BoxBlock::new();
    // Not counted.
    #[unsafe(link_section = ".uninit.memory")]
    static mut MEMORY: [BoxBlock<[u32; 16]>; FOUR] = [BLOCK; FOUR];
    let memory = &raw mut MEMORY;
    // SAFETY: this runs once, and nothing else names it.
    for block in unsafe { &mut *memory } {
        BLOCKS.manage(block);
    }
    let first = BLOCKS.alloc(black_box([1; 16]));
    let second = BLOCKS.alloc(black_box([2; 16]));
    drop(first);
    second.is_ok_and(|block| black_box(&block)[3] == 2)
}
