//! Numbers that look random and are the same each time.

/// xorshift: a few instructions, so that the allocator's time counts.
pub struct Random(u64);

impl Random {
    /// Any number but 0 begins a sequence.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `end`.
    #[inline(always)]
    pub fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The upper bits of a product, in place of a division's remainder.
        ((u64::from((self.0 >> 32) as u32) * u64::from(end)) >> 32) as u32
    }
}
