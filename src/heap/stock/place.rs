//! Where a block lies.

use super::*;
use crate::heap::Lies;

impl<L: Shareable> Stock<L> {
    /// Runs `then` with where a block of this class lies, which is in use. No slab becomes a shared one meanwhile.
    pub fn with_place<R>(&self, block: NonNull<u8>, class: usize, then: impl FnOnce(Lies) -> R) -> R {
        let _turn = self.enter();
        then(if self.shared.find_block(block).is_some() {
            Lies::InShared
        } else if slab::is_single(block, class) {
            Lies::Alone
        } else {
            Lies::InSlab
        })
    }
}
