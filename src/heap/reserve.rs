//! What a heap keeps for the way down: a slab from which it meets its own small requests when nobody has memory for another.
//!
//! Where arenas and a heap share memory that ends, an arena's last claims take what the heap had at hand. Then the arena panics, and
//! whoever formats its message asks the heap for a few small blocks. They come from here.

use core::cell::Cell;
use core::ptr::NonNull;

use super::shared::{Shared, SharedSlab};
use crate::free_list::Free;
use crate::layout::GRAIN;
use crate::ledger::payload_len;

/// A shared slab that nothing is cut from as long as there is memory elsewhere.
pub(super) struct Reserve {
    at: Cell<Option<SharedSlab>>,
}

/// Bytes of the claim where the ledger holds so many: enough for a message, and no large part of all.
pub(super) fn len(granted: usize) -> usize {
    (granted / 32).clamp(2 << 10, 4 << 10) & !(GRAIN - 1)
}

/// A ledger that holds less than that has none to spare for it: a page, or a region of 64 KiB with odd ends.
pub(super) const LEAST_GRANTED: usize = 16 * (4 << 10) - 2 * GRAIN;

impl Reserve {
    pub const fn new() -> Reserve {
        Reserve { at: Cell::new(None) }
    }

    /// Whether it is used up by half, or not there at all.
    pub fn is_short(&self) -> bool {
        self.at.get().is_none_or(SharedSlab::is_half_out)
    }

    /// Goes on with a new claim. The one before is a shared slab like any other from now on.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is the payload of a claim. Nobody else uses it until it is returned from `shared`.
    pub unsafe fn renew(&self, shared: &Shared, payload: NonNull<u8>) -> Option<SharedSlab> {
        // SAFETY: the caller's promise.
        let len = unsafe { payload_len(payload) };
        // SAFETY: as above.
        let at = unsafe { shared.add(payload, len) };
        shared.keep(at, true);
        self.at.replace(Some(at))
    }

    /// A block of this class.
    pub fn cut(&self, shared: &Shared, class: usize) -> Free {
        shared.cut_from(self.at.get()?, class)
    }

    /// Ends it, if no block of it is out: it is a shared slab like any other.
    pub fn end(&self) -> Option<SharedSlab> {
        let at = self.at.get().filter(|at| at.is_whole())?;
        self.at.set(None);
        Some(at)
    }

    /// Bytes of it that are in no block.
    pub fn left(&self) -> usize {
        self.at.get().map_or(0, SharedSlab::free_bytes)
    }
}
