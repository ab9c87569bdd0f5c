//! Where a block lies.

use super::*;
use crate::heap::Lies;

impl<L: Shareable> Stock<L> {
    /// Where a block of this class lies, which is in use.
    pub fn place_of(&self, block: NonNull<u8>, class: usize) -> Lies {
        let _turn = self.enter();
        if self.shared.find_block(block).is_some() {
            Lies::InShared
        } else if slab::is_single(block, class) {
            Lies::Alone
        } else {
            Lies::InSlab
        }
    }

    /// Runs `work` while nobody else is in here. It uses nothing of the heap's.
    #[inline(always)]
    pub fn in_turn<R>(&self, work: impl FnOnce() -> R) -> R {
        let _turn = self.enter();
        work()
    }
}
