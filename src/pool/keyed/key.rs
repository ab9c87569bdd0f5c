//! [`PoolKey`].

use core::fmt;
use core::num::NonZeroU32;

/// What finds a value in a [`KeyedPool`](crate::KeyedPool) again: 8 bytes, as an `Option` too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolKey {
    pub(super) index: u32,
    /// Odd, as that of the slot is while the value is there.
    pub(super) generation: NonZeroU32,
}

impl PoolKey {
    /// The key as a number, for C or a file. It is not 0.
    pub const fn to_bits(self) -> u64 {
        (self.generation.get() as u64) << 32 | self.index as u64
    }

    /// The key of that number, if it is one that a key can have.
    pub const fn from_bits(bits: u64) -> Option<PoolKey> {
        match NonZeroU32::new((bits >> 32) as u32) {
            Some(generation) if generation.get() % 2 == 1 => Some(PoolKey { index: bits as u32, generation }),
            _ => None,
        }
    }
}

impl fmt::Debug for PoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}v{}", self.index, self.generation.get() / 2 + 1)
    }
}
