//! Vectors that grow by `push`.

use std::hint::black_box;

use crate::row::Work;

/// One that nothing is in the way of.
pub struct One;

/// Sixteen in turn, so that each is in another's way.
pub struct Sixteen;

impl Work for One {
    const NAME: &'static str = "a Vec of 1,000,000 u32";
    const OPERATIONS: usize = 2_000_000;

    fn run() -> u64 {
        // One alone is short for the clock.
        (0..2).map(|_| pushes(1, 1_000_000)).sum()
    }
}

impl Work for Sixteen {
    const NAME: &'static str = "16 Vecs of 25,000 u32 in turn";
    const OPERATIONS: usize = 1_600_000;

    fn run() -> u64 {
        (0..4).map(|_| pushes(16, 400_000)).sum()
    }
}

#[inline(never)]
fn pushes(vectors: usize, count: u32) -> u64 {
    let mut all: Vec<Vec<u32>> = (0..vectors).map(|_| Vec::new()).collect();
    for number in 0..count {
        all[number as usize % vectors].push(number);
    }
    black_box(&mut all).iter().map(|vector| vector.len() as u64 + u64::from(vector[vector.len() / 2])).sum()
}
