//! What a heap keeps for the way down: a claim from which it meets its own small requests when nobody has memory for another.
//!
//! Where arenas and a heap share memory that ends, an arena's last claims take what the heap had at hand. Then the arena panics, and
//! whoever formats its message asks the heap for a few small blocks. Then the claim becomes a shared slab like any other, and there is a new
//! one as soon as there is room for it.

use crate::layout::GRAIN;

/// Bytes of the claim where the ledger holds so many: enough for a message, and no large part of all.
pub(super) fn len(granted: usize) -> usize {
    (granted / 32).clamp(2 << 10, 4 << 10) & !(GRAIN - 1)
}

/// A ledger that holds less than that has none to spare for it: a page, or a region of 64 KiB with odd ends.
pub(super) const LEAST_GRANTED: usize = 16 * (4 << 10) - 2 * GRAIN;
