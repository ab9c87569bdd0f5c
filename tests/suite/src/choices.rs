//! Where a random program's decisions come from: a seed, a list that a shrinker can cut down, or a fuzzer's bytes.

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

/// Decisions written as bytes, lowest first, one after another; of the last one some may be missing.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'b>(pub &'b [u8]);

impl Bytes<'_> {
    /// So many bytes are a decision.
    pub const EACH: usize = size_of::<u32>();
}

impl Choices for Bytes<'_> {
    fn next(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_at(self.0.len().min(Bytes::EACH));
        self.0 = rest;
        let mut choice = [0; Bytes::EACH];
        choice[..first.len()].copy_from_slice(first);
        (!first.is_empty()).then(|| u32::from_le_bytes(choice))
    }
}
