//! Where a block lies.

use super::*;

impl<L: Shareable> Stock<L> {
    /// Whether a block lies in a shared slab.
    pub fn is_in_shared(&self, block: NonNull<u8>) -> bool {
        let _turn = self.enter();
        self.shared.find_block(block).is_some()
    }

    /// Runs `work` while nobody else is in here. It uses nothing of the heap's.
    #[inline(always)]
    pub fn in_turn<R>(&self, work: impl FnOnce() -> R) -> R {
        let _turn = self.enter();
        work()
    }
}
