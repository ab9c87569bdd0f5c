//! Where a random program's decisions come from: a seed, or a list that a shrinker can cut down.

/// Yields decisions until the program is over.
pub trait Choices {
    /// The next decision, or `None` at the end of the program.
    fn next(&mut self) -> Option<u32>;

    /// One of `n`, or 0 at the end of the program.
    fn below(&mut self, n: u32) -> u32 {
        self.next().map_or(0, |choice| choice % n)
    }
}

/// So many decisions from a seed (xorshift32).
#[derive(Clone, Copy, Debug)]
pub struct Seeded {
    state: u32,
    left: usize,
}

impl Seeded {
    /// `decisions` of them from `seed`.
    pub fn new(seed: u32, decisions: usize) -> Seeded {
        // The generator would stay at 0 for ever.
        Seeded { state: seed.wrapping_mul(0x9e37_79b9) | 1, left: decisions }
    }
}

impl Choices for Seeded {
    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        Some(self.state.wrapping_mul(0x2c1b_3c6d) >> 4)
    }
}

impl Choices for core::slice::Iter<'_, u32> {
    fn next(&mut self) -> Option<u32> {
        Iterator::next(self).copied()
    }
}
