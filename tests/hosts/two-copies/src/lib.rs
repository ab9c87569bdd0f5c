//! h06: two versions of freehold in one program, each with arenas, pools and a heap on its own ledger. The heap of the first is the
//! program's, that of the second an `Allocator`.

#![cfg_attr(all(target_family = "wasm", target_os = "unknown"), no_std)]

extern crate alloc;

mod block;
mod copies;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod exports;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod tail;

use alloc::vec::Vec;

use block::Block;
use copies::{Copy, From, overlap};
use freehold_soak::Dice;

#[global_allocator]
static FIRST: freehold::Heap = freehold::Heap::new();
static SECOND: freehold_second::Heap = freehold_second::Heap::new();

copies::copy!(first, freehold, allocator_api2::alloc::Global);
copies::copy!(second, freehold_second, &crate::SECOND);

static COPIES: [Copy; 2] = [first::COPY, second::COPY];

/// The blocks that are alive at once, at most.
const ALIVE: usize = 100;

/// Both copies allocate and free as chance has it: each block is filled, and nobody may change a byte of it until it is freed.
pub fn interleave(round: u32, turns: usize) {
    let mut dice = Dice::new(round, 0);
    let mut alive: Vec<(usize, Block)> = Vec::new();
    for turn in 0..turns {
        if alive.len() == ALIVE || !alive.is_empty() && dice.below(5) < 2 {
            check(alive.swap_remove(dice.below(alive.len())));
        } else {
            let index = dice.below(COPIES.len());
            let from = From::ALL[dice.below(From::ALL.len())];
            // Of all sizes up to some pages.
            let magnitude = dice.below(19);
            let size = 1 + dice.below(1 << magnitude);
            let mut block = (COPIES[index].block)(from, size);
            assert_eq!(block.lost(), 0, "{from:?} of {} is not zero", COPIES[index].name);
            block.fill(1 + dice.below(255) as u8);
            alive.push((index, block));
        }
        if turn % 512 == 0 {
            look_up(&alive);
        }
    }
    look_up(&alive);
    alive.into_iter().for_each(check);
    // All is free again, in either.
    assert_eq!(COPIES.each_ref().map(|copy| (copy.settle)()), [0, 0]);
}

/// Gives a block back, if every byte is as it was.
fn check((index, block): (usize, Block)) {
    assert_eq!(block.lost(), 0, "of {:?}, which is the {}'s", block.range(), COPIES[index].name);
}

/// Each block lies in a span of the copy that gave it, and the copies' spans have nothing in common.
fn look_up(alive: &[(usize, Block)]) {
    let [first, second] = COPIES.each_ref().map(|copy| (copy.spans)());
    assert!(first.iter().all(|one| second.iter().all(|other| !overlap(one, other))));
    for (index, block) in alive {
        let spans = [&first, &second][*index];
        let range = block.range();
        assert!(spans.iter().any(|span| span.start < range.start && range.end <= span.end), "{range:?}");
    }
}
