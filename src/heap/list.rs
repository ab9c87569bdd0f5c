//! The list of a class: free blocks that are at hand, and how many more it takes.

use core::cell::Cell;
use core::mem;
use core::ops::Deref;

use crate::free_list::FreeList;

/// The free blocks of one class that are at hand. Last in, first out; in the order of addresses where they come fresh from a slab.
pub(super) struct List {
    free: FreeList,
    /// How many more it takes before it is full and set aside: together with those that it holds they are as many as
    /// [fill](super::slab::most) it, or as slabs have filled it with. 0 before it is used. Without meaning where each block is a span of its own.
    pub room: Cell<usize>,
}

impl List {
    pub const fn new() -> List {
        List { free: FreeList::new(), room: Cell::new(0) }
    }

    /// So many of them, none of which is used yet.
    pub const fn none<const N: usize>() -> [List; N] {
        // SAFETY: no link, and no number but 0, is what zeroes are.
        unsafe { mem::zeroed() }
    }
}

impl Deref for List {
    type Target = FreeList;

    #[inline(always)]
    fn deref(&self) -> &FreeList {
        &self.free
    }
}
