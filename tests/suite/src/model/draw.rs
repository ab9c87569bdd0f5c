//! Sizes, alignments and policies, each drawn without regard to the others (h24).

use core::alloc::Layout;

use freehold::Growth;

use crate::choices::Choices;
use crate::heap::sizes;

/// Mostly small, now and then larger than a chunk.
pub fn size(choices: &mut impl Choices) -> usize {
    match choices.below(16) {
        0 => 0,
        1..12 => choices.below(100) as usize,
        12..15 => choices.below(1000) as usize,
        _ => choices.below(if cfg!(miri) { 2000 } else { 20_000 }) as usize,
    }
}

/// Mostly small, now and then larger than the ledger's grain.
pub fn layout(choices: &mut impl Choices) -> Layout {
    let align = match choices.below(16) {
        0..12 => 1 << choices.below(5),
        12..15 => 1 << choices.below(9),
        _ => 1 << choices.below(13),
    };
    Layout::from_size_align(size(choices), align).expect("a layout")
}

/// Of every kind of block that a heap has, and around the borders between them.
pub fn heap_size(choices: &mut impl Choices) -> usize {
    let most = if cfg!(miri) { 6000 } else { 120_000 };
    let size = match choices.below(16) {
        0..8 => choices.below(300) as usize,
        8..12 => {
            let step = choices.below(if cfg!(miri) { 60 } else { 80 }) as usize;
            sizes::classes().nth(step).unwrap_or(16) + choices.below(3) as usize - 1
        }
        12..15 => choices.below(6000) as usize,
        _ => choices.below(most) as usize,
    };
    size.max(1)
}

/// Such a size at an alignment that is mostly small.
pub fn heap_layout(choices: &mut impl Choices) -> Layout {
    let align = match choices.below(16) {
        0..13 => 1 << choices.below(5),
        _ => 1 << choices.below(14),
    };
    Layout::from_size_align(heap_size(choices), align).expect("a layout")
}

/// Any policy, useless ones included.
pub fn growth(choices: &mut impl Choices) -> Growth {
    match choices.below(4) {
        0 => Growth::new(),
        1 => Growth::fixed(choices.below(2000) as usize),
        2 => Growth::new().first(choices.below(300) as usize).factor(choices.below(4) as usize),
        _ => Growth::new().first(choices.below(3000) as usize).cap(choices.below(5000) as usize),
    }
}
