//! Where a block lies, for who has nothing but its address: C's `free`. No other program has anything of this.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::class::{ALIGN, FINE, LARGEST_IN_SLAB, class_of, size_of_coarse};
use super::{Heap, Served, refused};
use crate::free_list::Free;
use crate::layout::round_up;
use crate::sharing::Shareable;

/// What to ask for where so many bytes are wanted, so that the size of what is served is known: all of a slab's block, or as much of a claim, a
/// multiple of 16. Never 0. `None` where that is more than any number.
#[inline(always)]
pub(crate) fn block_bytes(size: usize) -> Option<usize> {
    match size {
        0..=FINE => round_up(size.max(1), ALIGN),
        257..=LARGEST_IN_SLAB => Some(size_of_coarse(class_of(size))),
        _ => round_up(size, ALIGN),
    }
}

impl<L: Shareable> Heap<L> {
    /// What `alloc` and `alloc_zeroed` do, but nobody is told of a refusal: whoever asks has another way to go.
    pub(crate) fn try_alloc(&self, layout: Layout, zero: bool) -> Free {
        let memory = self.find(layout, zero)?;
        if zero && Served::from(layout) != Served::Alone {
            // SAFETY: a block of at least this size, just allocated.
            unsafe { memory.write_bytes(0, layout.size()) };
        }
        Some(memory)
    }

    /// Whether a block lies in a slab that all classes share, and not in one of its own class: a block of up to 1 KiB.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` was allocated here, and is in use.
    pub(crate) unsafe fn is_in_shared(&self, block: NonNull<u8>) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.made() }.is_in_shared(block)
    }

    /// Has whoever is to be told hear of a request that was refused, as [`try_alloc`](Heap::try_alloc) tells nobody.
    #[cold]
    pub(crate) fn refuse(&self, size: usize) {
        refused(self.spans, self.owner, size, ALIGN);
    }

    /// Runs `work` while nobody else is in here, nor anybody's `work`. It uses nothing of the heap's.
    ///
    /// # Safety
    ///
    /// The caller owes: something was allocated here.
    pub(crate) unsafe fn in_turn<R>(&self, work: impl FnOnce() -> R) -> R {
        // SAFETY: the caller's promise.
        unsafe { self.made() }.in_turn(work)
    }
}
