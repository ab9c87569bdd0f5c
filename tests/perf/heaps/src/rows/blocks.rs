//! Blocks that come and go in random slots: nothing but the allocator, and a write at both ends of each block.

use std::alloc::{self, Layout};
use std::ptr::NonNull;

use super::random::Random;
use crate::row::Work;

/// Blocks of 1 to 10,000 bytes in a thousand slots: whichever slot is drawn is filled, or emptied.
pub struct AnySize;

/// The same, but every second block that would be freed gets another size.
pub struct Resized;

/// Blocks of 8 to 256 bytes, 10,000 of them at a time.
pub struct Small;

/// The same, 1,000 of them at a time.
pub struct FewSmall;

/// Blocks of 1 to 10,000 bytes, 500 of them at a time, not for long.
pub struct FewOfAnySize;

impl Work for AnySize {
    const NAME: &'static str = "any size, 1 to 10,000 bytes";
    const OPERATIONS: usize = 60_000;

    fn run() -> u64 {
        toggle(1_000, 1, 10_000, Self::OPERATIONS, false)
    }
}

impl Work for Resized {
    const NAME: &'static str = "the same, with realloc";
    const OPERATIONS: usize = 60_000;

    fn run() -> u64 {
        toggle(1_000, 1, 10_000, Self::OPERATIONS, true)
    }
}

impl Work for Small {
    const NAME: &'static str = "8 to 256 bytes, 10,000 live";
    const OPERATIONS: usize = 200_000;

    fn run() -> u64 {
        toggle(20_000, 8, 256, Self::OPERATIONS, false)
    }
}

impl Work for FewSmall {
    const NAME: &'static str = "8 to 256 bytes, 1,000 live";
    const OPERATIONS: usize = 40_000;

    fn run() -> u64 {
        toggle(2_000, 8, 256, Self::OPERATIONS, false)
    }
}

impl Work for FewOfAnySize {
    const NAME: &'static str = "1 to 10,000 bytes, 500 live, with realloc";
    const OPERATIONS: usize = 20_000;

    fn run() -> u64 {
        toggle(1_000, 1, 10_000, Self::OPERATIONS, true)
    }
}

/// `turns` times a slot is drawn and changed; at the end all are emptied. Every allocator runs the same function.
#[inline(never)]
fn toggle(slots: u32, least: u32, most: u32, turns: usize, resize: bool) -> u64 {
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    let mut blocks: Vec<Option<Block>> = (0..slots).map(|_| None).collect();
    let mut sum = 0u64;
    for turn in 0..turns {
        let slot = &mut blocks[random.below(slots) as usize];
        let size = (least + random.below(most - least + 1)) as usize;
        *slot = match slot.take() {
            None => Some(Block::new(size, turn as u8)),
            Some(block) if resize && random.below(2) == 0 => Some(block.resized(size, &mut sum)),
            Some(block) => {
                sum = sum.wrapping_mul(31).wrapping_add(block.ends());
                None
            }
        };
    }
    for block in blocks.into_iter().flatten() {
        sum = sum.wrapping_add(block.ends());
    }
    sum
}

/// A block with a mark at both ends.
struct Block {
    start: NonNull<u8>,
    size: usize,
}

impl Block {
    fn new(size: usize, mark: u8) -> Self {
        // SAFETY: no size here is 0.
        let start = unsafe { alloc::alloc(layout(size)) };
        let mut block = Self { start: NonNull::new(start).expect("no memory"), size };
        block.set(0, mark);
        block.set(size - 1, mark);
        block
    }

    fn resized(self, size: usize, sum: &mut u64) -> Self {
        let old = std::mem::ManuallyDrop::new(self);
        // SAFETY: it was allocated with this layout and is not used any more; no size here is 0.
        let start = unsafe { alloc::realloc(old.start.as_ptr(), layout(old.size), size) };
        let mut block = Self { start: NonNull::new(start).expect("no memory"), size };
        // Still the old one's first byte.
        let mark = block.get(0);
        *sum = sum.wrapping_mul(31).wrapping_add(u64::from(mark));
        block.set(size - 1, mark);
        block
    }

    fn ends(&self) -> u64 {
        u64::from(self.get(0)) << 8 | u64::from(self.get(self.size - 1))
    }

    fn set(&mut self, at: usize, byte: u8) {
        debug_assert!(at < self.size);
        // SAFETY: all callers ask for the first or the last byte of the block.
        let place = unsafe { self.start.add(at) };
        // SAFETY: it is a byte of this block, which nobody else has.
        unsafe { place.write(byte) };
    }

    fn get(&self, at: usize) -> u8 {
        debug_assert!(at < self.size);
        // SAFETY: all callers ask for the first or the last byte of the block.
        let place = unsafe { self.start.add(at) };
        // SAFETY: both ends were written to when the block got its size.
        unsafe { place.read() }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout, and ends here.
        unsafe { alloc::dealloc(self.start.as_ptr(), layout(self.size)) };
    }
}

fn layout(size: usize) -> Layout {
    // As a `Vec<u8>` has, or a `String`.
    Layout::array::<u8>(size).expect("a small size")
}
