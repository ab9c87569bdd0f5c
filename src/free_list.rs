//! Lists of free blocks, linked through the blocks themselves.

use core::cell::Cell;
use core::iter;
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
        // SAFETY: a block in a list is free.
        is_among(block, self.head.get(), most, |free| unsafe { next_of(free) })
    }

    /// How many there are where there can be no more than so many; it takes a step for each. `None` if there are more: then the list is a circle, as
    /// a block was put in twice.
    pub fn len_of(&self, most: usize) -> Option<usize> {
        len_from(self.head.get(), most)
    }
}

/// Free blocks that have been gone along once, so that a walk over them has an end: there is no other way to go along a list.
pub(crate) struct Chain(Free);

impl Chain {
    /// What `first` leads to, if that is no more than `most` blocks. A list that has more than it can is a circle, as a block was put in twice. Nobody
    /// knows which of them are free then: there is none, and they are lost.
    #[cfg_attr(freehold_for_size, inline(never))]
    pub fn of(first: Free, most: usize) -> Chain {
        Chain(first.filter(|_| len_from(first, most).is_some()))
    }

    /// One block.
    ///
    /// # Safety
    ///
    /// The caller owes: nobody uses `block`, which has room for a link, and is aligned for one.
    pub unsafe fn one(block: NonNull<u8>) -> Chain {
        // SAFETY: the caller's promise.
        unsafe { link(block, None) };
        Chain(Some(block))
    }

    /// The next block, if it is one like that.
    #[inline(always)]
    pub fn next_if(&mut self, wanted: impl FnOnce(NonNull<u8>) -> bool) -> Free {
        let block = self.0.filter(|block| wanted(*block))?;
        // SAFETY: a block in a list is free, and starts with its link.
        self.0 = unsafe { next_of(block) };
        Some(block)
    }
}

impl Iterator for Chain {
    type Item = NonNull<u8>;

    #[inline(always)]
    fn next(&mut self) -> Free {
        self.next_if(|_| true)
    }
}

/// How many blocks `first` leads to, if that is no more than `most`.
fn len_from(first: Free, most: usize) -> Option<usize> {
    // SAFETY: a block in a list is free.
    steps(first, most, |free| unsafe { next_of(free) })
}

/// How many blocks or places `first` leads to by `next`, if that is no more than `most`. If it is, the list is a circle.
#[inline(always)]
pub(crate) fn steps<T: Copy>(first: Option<T>, most: usize, next: impl Fn(T) -> Option<T>) -> Option<usize> {
    let (mut at, mut left) = (first, most);
    while let Some(free) = at {
        left = left.checked_sub(1)?;
        at = next(free);
    }
    Some(most - left)
}

/// Whether a block or a place is one of the first `most` that `first` leads to by `next`.
#[inline(always)]
pub(crate) fn is_among<T: Copy + PartialEq>(
    wanted: T,
    first: Option<T>,
    most: usize,
    next: impl Fn(T) -> Option<T>,
) -> bool {
    iter::successors(first, |free| next(*free)).take(most).any(|free| free == wanted)
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
unsafe fn next_of(block: NonNull<u8>) -> Free {
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
