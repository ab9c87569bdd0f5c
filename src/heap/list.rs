//! A list of free blocks, linked through the blocks themselves.

use core::cell::Cell;
use core::ptr::NonNull;

use crate::platform::sanitizer;

/// A free block, which starts with the link to the next one.
pub(super) type Free = Option<NonNull<u8>>;

/// The free blocks of one class that are at hand. Last in, first out; in the order of addresses where they come fresh from a slab.
pub(super) struct List {
    pub head: Cell<Free>,
    /// How many more it takes before half of them go back to where they came from: together with those that it holds they are as many as
    /// its class [may have](super::slab::most). 0 before it is used. Without meaning where each block is a span of its own.
    pub room: Cell<usize>,
}

impl List {
    pub const fn new() -> List {
        List { head: Cell::new(None), room: Cell::new(0) }
    }

    #[inline(always)]
    pub fn pop(&self) -> Free {
        let block = self.head.get()?;
        // SAFETY: a block in a list is free, and starts with its link.
        self.head.set(unsafe { next_of(block) });
        Some(block)
    }

    /// # Safety
    ///
    /// The caller owes: `block` is one of this class that nobody uses, in no list.
    #[inline(always)]
    pub unsafe fn push(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise.
        unsafe { link(block, self.head.get()) };
        self.head.set(Some(block));
    }

    /// Takes out all but the first `keep` blocks. Returns how many are left, fewer if there were no more, and the first of the others.
    pub fn after(&self, keep: usize) -> (usize, Free) {
        let (mut last, mut next) = (None, self.head.get());
        for kept in 0..keep {
            let Some(block) = next else {
                return (kept, None);
            };
            last = next;
            // SAFETY: a block in a list is free, and starts with its link.
            next = unsafe { next_of(block) };
        }
        match last {
            // SAFETY: as above.
            Some(last) => unsafe { link(last, None) },
            None => self.head.set(None),
        }
        (keep, next)
    }

    /// How many there are; it takes a step for each.
    pub fn len(&self) -> usize {
        // SAFETY: a block in a list is free, and starts with its link.
        core::iter::successors(self.head.get(), |block| unsafe { next_of(*block) }).count()
    }
}

/// The block after this one in its list.
///
/// # Safety
///
/// The caller owes: `block` is a free block.
#[inline(always)]
pub(super) unsafe fn next_of(block: NonNull<u8>) -> Free {
    // SAFETY: a free block starts with a link, and is aligned for one.
    unsafe { block.cast::<Free>().read() }
}

/// # Safety
///
/// The caller owes: `block` is a free block, or one that nobody has used yet.
#[inline(always)]
pub(super) unsafe fn link(block: NonNull<u8>, next: Free) {
    sanitizer::unpoison(block, 0..size_of::<Free>());
    // SAFETY: a block has room for a link, and is aligned for one.
    unsafe { block.cast::<Free>().write(next) };
}
