//! Lists of free blocks, linked through the blocks themselves.

use core::cell::Cell;
use core::mem;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::platform::sanitizer;

/// A free block, which starts with the link to the next one.
pub(crate) type Free = Option<NonNull<u8>>;

/// Free blocks. Last in, first out.
pub(crate) struct FreeList {
    pub head: Cell<Free>,
}

impl FreeList {
    pub const fn new() -> FreeList {
        FreeList { head: Cell::new(None) }
    }

    /// Takes out the block that was put in last.
    #[inline(always)]
    pub fn pop(&self) -> Free {
        let block = self.head.get()?;
        // SAFETY: a block in a list is free, and starts with its link.
        self.head.set(unsafe { next_of(block) });
        Some(block)
    }

    /// Puts a block in.
    ///
    /// # Safety
    ///
    /// The caller owes: nobody uses `block`, which is in no list, has room for a link, and is aligned for one.
    #[inline(always)]
    pub unsafe fn push(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise.
        unsafe { link(block, self.head.get()) };
        self.head.set(Some(block));
    }

    /// Whether this block is among the first `most`.
    pub fn holds(&self, block: NonNull<u8>, most: usize) -> bool {
        self.blocks().take(most).any(|free| free.addr() == block.addr())
    }

    /// How many there are; it takes a step for each.
    pub fn len(&self) -> usize {
        self.blocks().count()
    }

    /// The same where there can be no more than so many. `None` if there are: then the list is a circle, as a block was put in twice.
    pub fn len_of(&self, most: usize) -> Option<usize> {
        let len = self.blocks().take(most.saturating_add(1)).count();
        (len <= most).then_some(len)
    }

    fn blocks(&self) -> impl Iterator<Item = NonNull<u8>> {
        // SAFETY: a block in a list is free, and starts with its link.
        core::iter::successors(self.head.get(), |block| unsafe { next_of(*block) })
    }
}

/// Free blocks that are at hand, no more than so many. Last in, first out; in the order of addresses where they come fresh from a slab.
pub(crate) struct List {
    free: FreeList,
    /// How many more it takes before it is full: together with those that it holds they are as many as fill it. 0 before it is used. Whoever puts
    /// blocks in, or takes them out, otherwise than here keeps it right, or it has no meaning.
    pub room: Cell<usize>,
}

impl List {
    /// An empty one that takes so many.
    pub const fn with_room(room: usize) -> List {
        List { free: FreeList::new(), room: Cell::new(room) }
    }

    /// So many of them, all full: none is used yet.
    pub const fn none<const N: usize>() -> [List; N] {
        // SAFETY: no link, and no number but 0, is what zeroes are.
        unsafe { mem::zeroed() }
    }

    /// A block of the list's, which takes one more again then.
    #[inline(always)]
    pub fn take(&self) -> Free {
        let block = self.free.pop()?;
        self.room.set(self.room.get() + 1);
        Some(block)
    }

    /// Puts a block in, for which there is room.
    ///
    /// # Safety
    ///
    /// The caller owes: what [`push`](FreeList::push) asks for.
    #[inline(always)]
    pub unsafe fn put(&self, block: NonNull<u8>) {
        self.room.set(self.room.get() - 1);
        // SAFETY: the caller's promise.
        unsafe { self.free.push(block) };
    }
}

impl Deref for List {
    type Target = FreeList;

    #[inline(always)]
    fn deref(&self) -> &FreeList {
        &self.free
    }
}

/// The block after this one in its list.
///
/// # Safety
///
/// The caller owes: `block` is a free block.
#[inline(always)]
pub(crate) unsafe fn next_of(block: NonNull<u8>) -> Free {
    // SAFETY: a free block starts with a link, and is aligned for one.
    unsafe { block.cast::<Free>().read() }
}

/// Has `next` be the block after this one.
///
/// # Safety
///
/// The caller owes: `block` is a free block, or one that nobody has used yet.
#[inline(always)]
pub(crate) unsafe fn link(block: NonNull<u8>, next: Free) {
    sanitizer::unpoison(block, 0..size_of::<Free>());
    // SAFETY: a block has room for a link, and is aligned for one.
    unsafe { block.cast::<Free>().write(next) };
}
