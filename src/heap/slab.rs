//! Slabs: claims that are cut into blocks of one class.
//!
//! A class has the blocks that were freed last in a list, at hand for whatever comes next. A list that is full is set aside whole; what was
//! set aside before goes back to the slabs the blocks lie in, and is taken from there a slab at a time: after much was freed in whatever
//! order, what is allocated one after the other lies side by side again. (mimalloc, by Leijen, has such a list in each page; the two in front
//! are Bonwick's magazines.) Blocks that are fresh are in no list, and are cut one by one.

use core::cell::Cell;
use core::iter;
use core::ops::Deref;
use core::ptr::NonNull;

use super::class::{ALIGN, FIRST_OF_SPANS, LEAST_SLAB, size_of_class, slab_of_class};
use super::shared::{Shared, head_of};
use crate::free_list::{Chain, Free, FreeList, List, link};
use crate::layout::GRAIN;
use crate::platform::sanitizer;

/// The slabs of one class. Zeroes are none.
pub(super) struct Slabs {
    /// The slab that was claimed last, or is used anew: blocks that are in no list, and how many there are.
    fresh: Cell<Free>,
    left: Cell<usize>,
    /// The list that was full last.
    aside: FreeList,
    /// The slabs that have free blocks of their own, and those in which nothing else is.
    open: Cell<Option<Slab>>,
    empty: Cell<Option<Slab>>,
    /// How many there are.
    count: Cell<usize>,
}

/// The start of a slab, after the ledger's own header; blocks of one class follow. Slabs lie at multiples of their size, so
/// a block's address leads here.
pub(super) struct SlabRecord {
    /// Its neighbours among the slabs that are open, or empty.
    before: Cell<Option<Slab>>,
    after: Cell<Option<Slab>>,
    /// Its free blocks but for those in lists of the class, and how many there are.
    free: Cell<Free>,
    len: Cell<usize>,
}

/// A slab, by its record, which is there until the slab is given back.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)] // so that `None` is zeroes
pub(super) struct Slab(NonNull<SlabRecord>);

impl Deref for Slab {
    type Target = SlabRecord;

    fn deref(&self) -> &SlabRecord {
        // SAFETY: a `Slab` is made from a block of a slab, or by `add` for a new one, and forgotten when the slab is given back.
        unsafe { self.0.as_ref() }
    }
}

impl Slab {
    /// Begins a slab of so many free blocks with its record.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is the payload of a claim that begins, with the ledger's header, at a multiple of a slab's length, and
    /// is that long. Nobody else uses it.
    unsafe fn begin(payload: NonNull<u8>, len: usize) -> Slab {
        let at = Slab(payload.cast());
        let (before, after, free, len) = (Cell::new(None), Cell::new(None), Cell::new(None), Cell::new(len));
        // SAFETY: the caller's promise; a payload lies on the grain, and this one is longer than the record.
        unsafe { at.0.write(SlabRecord { before, after, free, len }) };
        payload.as_ptr().expose_provenance();
        at
    }

    /// The payload of the slab's claim.
    pub fn payload(self) -> NonNull<u8> {
        self.0.cast()
    }

    /// The slab of `slab` bytes that a block lies in.
    ///
    /// # Safety
    ///
    /// The caller owes: it does.
    unsafe fn of(block: NonNull<u8>, slab: usize) -> Slab {
        let within = block.addr().get() & (slab - 1);
        // SAFETY: the slab starts at the multiple of its size before the block, its record `GRAIN` bytes after that.
        Slab(unsafe { block.sub(within - GRAIN).cast() })
    }
}

/// Where the first block of a slab of so many bytes lies: before it there is room for the record of a shared slab too, which this may become.
const fn first_of(slab: usize) -> usize {
    GRAIN + head_of(slab)
}

const _: () = assert!(size_of::<SlabRecord>() <= head_of(4 << 10));

/// Bytes of free blocks with which a list is full, and blocks at most. It has more only where it has just been filled.
const AT_HAND: usize = 8 << 10;
const MOST: usize = 64;

/// More blocks than any list has: one that is full, and all of a slab's, be it that those filled it or that they are to go back with it.
pub(super) const LONGEST: usize = MOST + blocks_of(LEAST_SLAB, ALIGN);

const _: () = {
    let mut class = 1;
    while class < FIRST_OF_SPANS {
        assert!(blocks_of(slab_of_class(class), size_of_class(class)) <= blocks_of(LEAST_SLAB, ALIGN));
        class += 1;
    }
};

/// Blocks of a slab.
const fn blocks_of(slab: usize, block: usize) -> usize {
    (slab - first_of(slab)) / block
}

/// Blocks of a slab of this class.
#[cfg_attr(freehold_for_size, inline(never))]
fn blocks_in(class: usize) -> usize {
    blocks_of(slab_of_class(class), size_of_class(class))
}

/// Bytes of a slab's payload that are no block's, for blocks of this class.
pub(super) fn slack(class: usize) -> usize {
    slab_of_class(class) - GRAIN - blocks_in(class) * size_of_class(class)
}

impl Slabs {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.count.get()
    }

    /// How many blocks are set aside.
    #[cfg(all(test, not(miri)))]
    pub fn set_aside(&self) -> usize {
        self.aside.len_of(LONGEST).expect("no circle")
    }

    /// How many blocks a list may have that slabs have filled.
    #[cfg(all(test, not(miri)))]
    pub fn most_filled(class: usize) -> usize {
        blocks_in(class)
    }

    /// How many blocks they have, in use or not.
    pub fn blocks(&self, class: usize) -> usize {
        self.count() * blocks_in(class)
    }

    /// Whether the class should have one more slab: not the first before so many blocks lie `apart` as fill half of one, nor where memory is not
    /// `ample`. A slab for each of many sizes that hardly anybody asks for would be mostly empty.
    pub fn wants_another(&self, class: usize, apart: usize, ample: impl FnOnce() -> bool) -> bool {
        self.count() > 0 || apart >= blocks_in(class) / 2 && ample()
    }

    /// How many blocks are free, but for those in the list. It takes a step for each slab that has any.
    pub fn free_blocks(&self) -> usize {
        let chain = |first: Option<Slab>| iter::successors(first, |at| at.after.get());
        let slabs = chain(self.open.get()).chain(chain(self.empty.get()));
        self.left.get()
            + self.aside.len_of(LONGEST).unwrap_or(0)
            + slabs.take(self.count()).map(|at| at.len.get()).sum::<usize>()
    }

    /// Enters a slab that was claimed just now.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is the payload of a claim that begins, with the ledger's header, at a multiple of what a slab of this class has, and
    /// is that long. Nobody else uses it until [`remove`](Slabs::remove) returns it.
    pub unsafe fn add(&self, payload: NonNull<u8>, class: usize) {
        // SAFETY: the caller's promise.
        let at = unsafe { Slab::begin(payload, blocks_in(class)) };
        sanitizer::poison(payload, size_of::<SlabRecord>()..slab_of_class(class) - GRAIN);
        self.count.set(self.count.get() + 1);
        at.after.set(self.empty.replace(Some(at)));
    }

    /// Takes out a slab in which nothing is in use, if there is one: the payload, which is the caller's again.
    pub fn remove(&self) -> Option<NonNull<u8>> {
        let left = self.count.get().checked_sub(1)?;
        let at = self.empty.get()?;
        self.empty.set(at.after.get());
        self.count.set(left);
        Some(at.payload())
    }

    /// The next fresh block, of so many bytes, if there is one.
    #[inline]
    pub fn cut(&self, block: usize) -> Free {
        let left = self.left.get().checked_sub(1)?;
        let fresh = self.fresh.get()?;
        self.left.set(left);
        // SAFETY: at most the end of the slab.
        self.fresh.set(Some(unsafe { fresh.add(block) }));
        Some(fresh)
    }

    /// Fills the list, which is empty, as there is no fresh block: with what was set aside, or with all that a slab has that has other blocks
    /// in use. If there is none, an empty slab is next to be [cut](Slabs::cut).
    pub fn fill(&self, list: &List, class: usize) {
        list.head.set(self.aside.head.take());
        list.room.set(0);
        if list.head.get().is_some() {
            return;
        }
        let mut len = 0;
        if let Some(at) = self.open.get() {
            // It has some; but after a block was freed twice slabs may be a circle too.
            len = at.len.get().max(1);
            list.head.set(self.close(at));
        }
        list.room.set(most(class).saturating_sub(len));
        if len == 0
            && let Some(at) = self.empty.get()
        {
            self.empty.set(at.after.get());
            at.len.set(0);
            // SAFETY: the first block lies in the slab.
            self.fresh.set(Some(unsafe { at.payload().add(first_of(slab_of_class(class)) - GRAIN) }));
            self.left.set(blocks_in(class));
        }
    }

    /// Sets a full list aside, and returns what was set aside before.
    pub fn swap_aside(&self, full: Free) -> Free {
        self.aside.head.replace(full)
    }

    /// Takes back `first`, a block that lies in a slab of this class, and as many of those that follow it as lie there too.
    pub fn take_back(&self, first: NonNull<u8>, rest: &mut Chain, class: usize) {
        let slab = slab_of_class(class);
        // Blocks that were freed one after the other often lie in one slab.
        let (mut last, mut len) = (first, 1);
        while let Some(block) = rest.next_if(|block| (block.addr().get() ^ first.addr().get()) < slab) {
            (last, len) = (block, len + 1);
        }
        // SAFETY: what is neither shared nor a span lies in a slab of its class.
        let at = unsafe { Slab::of(first, slab) };
        if at.len.get() == 0 {
            self.open(at);
        }
        // SAFETY: a block in a list is free, and starts with its link.
        unsafe { link(last, at.free.replace(Some(first))) };
        at.len.set(at.len.get() + len);
        let blocks = blocks_in(class);
        if at.len.get() == blocks {
            self.close(at);
            at.len.set(blocks);
            at.after.set(self.empty.replace(Some(at)));
        }
    }

    /// Makes a slab that has free blocks one that all classes share, if there is one: the blocks of it that are out stay where they are. Its free
    /// blocks, which it takes for blocks that are out, are for the caller to take back.
    pub fn share(&self, class: usize, shared: &Shared) -> Free {
        let (Some(at), 0) = (self.open.get(), self.left.get()) else {
            return None;
        };
        let free = self.close(at);
        self.count.set(self.count.get() - 1);
        // SAFETY: the slab's claim, with blocks of this class from there on and nothing before them but the record, which is forgotten here.
        unsafe { shared.adopt(at.payload(), slab_of_class(class) - GRAIN, class, blocks_in(class)) };
        free
    }

    /// Puts a slab among those that have free blocks of their own.
    fn open(&self, at: Slab) {
        let after = self.open.replace(Some(at));
        if let Some(after) = after {
            after.before.set(Some(at));
        }
        at.after.set(after);
        at.before.set(None);
    }

    /// Takes it out again, with its free blocks.
    fn close(&self, at: Slab) -> Free {
        let (before, after) = (at.before.get(), at.after.get());
        if let Some(after) = after {
            after.before.set(before);
        }
        match before {
            Some(before) => before.after.set(after),
            None => self.open.set(after),
        }
        at.len.set(0);
        at.free.take()
    }
}

/// With how many blocks the list of a class is full.
pub(super) fn most(class: usize) -> usize {
    (AT_HAND / size_of_class(class)).min(MOST)
}
