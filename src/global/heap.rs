//! The lists of free blocks, and the slabs they come from.

use core::array;
use core::cell::Cell;
use core::ptr::NonNull;

use super::class::{
    ALIGN, CLASSES, LARGEST, LARGEST_IN_SLAB, LARGEST_SLAB, class_of, class_within, size_of_class, slab_of_class,
};
use super::stats::ClassStats;
use crate::access::Shareable;
use crate::layout::GRAIN;
use crate::ledger::{Keeper, Placed, Spans, Want, payload_len};

/// A free block starts with the link to the next one.
type Free = Option<NonNull<u8>>;

/// What a [`Global`](super::Global) owns, in a claim of the ledger's that is never given back.
pub(super) struct Heap<A> {
    access: A,
    // Used between `enter` and `leave` only, like all that follows.
    lists: [List; CLASSES],
    /// Bytes of free blocks that are spans of their own, and how many there may be before such a block goes to the ledger at once.
    listed: Cell<usize>,
    limit: Cell<usize>,
    spans: &'static dyn Spans,
    owner: &'static str,
    /// The heap that was opened before this one on the same ledger.
    next: Cell<Option<&'static dyn Keeper>>,
}

// SAFETY: the lists are used by one thread at a time, between `enter` and `leave`; only an `Access` that any thread may enter
// is used with more than one.
unsafe impl<A: Shareable> Sync for Heap<A> {}

/// The free blocks of one class.
struct List {
    /// Last in, first out; in the order of addresses where they come fresh from a slab.
    head: Cell<Free>,
    /// The slab that was claimed last: blocks that were never in a list, and how many there are.
    fresh: Cell<Free>,
    left: Cell<usize>,
    /// How many slabs there are.
    slabs: Cell<usize>,
}

/// At the start of a slab, after the ledger's own header; blocks of one class follow. Slabs lie at multiples of their size, so
/// a block's address leads here. All of it is used only while a class is swept.
struct Slab {
    /// The next slab that has free blocks.
    next: Cell<Option<NonNull<Slab>>>,
    /// Its free blocks, and how many there are.
    free: Cell<Free>,
    len: Cell<usize>,
}

/// So many bytes of fresh blocks are put into a list at once, a block at least: soon enough used to be in the cache still.
const BATCH: usize = 512;

/// The part of all that is claimed that free spans may be kept of.
const PART: usize = 8;

/// So many classes further up a free span may serve instead of one claimed anew: it is longer by an eighth at most.
const LONGER: usize = 1;

/// The first class of which each block is a span of its own.
pub(super) const FIRST_OF_SPANS: usize = class_of(LARGEST_IN_SLAB) + 1;

/// Where the first block of a slab lies.
const FIRST: usize = (GRAIN + size_of::<Slab>()).next_multiple_of(ALIGN);

impl<A: Shareable> Heap<A> {
    pub fn new(spans: &'static dyn Spans, owner: &'static str) -> Heap<A> {
        let lists = array::from_fn(|_| List {
            head: Cell::new(None),
            fresh: Cell::new(None),
            left: Cell::new(0),
            slabs: Cell::new(0),
        });
        Heap { access: A::NEW, lists, listed: Cell::new(0), limit: Cell::new(0), spans, owner, next: Cell::new(None) }
    }

    /// Has the ledger ask this heap for its free blocks before memory grows.
    pub fn enlist(&'static self) {
        self.enter();
        self.next.set(self.spans.enlist(self));
        self.leave();
    }

    /// A block of this class from its list.
    #[inline(always)]
    pub fn take(&self, class: usize) -> Free {
        self.enter();
        let block = self.lists[class].pop();
        self.leave();
        block
    }

    /// Puts a block back.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` is one of this class, from this heap, and nobody uses it any more.
    #[inline(always)]
    pub unsafe fn put(&self, class: usize, block: NonNull<u8>) {
        self.enter();
        // SAFETY: the caller's promise.
        unsafe { self.lists[class].push(block) };
        self.leave();
    }

    /// [`take`](Heap::take), for classes of which each block is a span of its own.
    #[inline]
    pub fn take_span(&self, class: usize) -> Free {
        self.enter();
        let mut classes = class..CLASSES.min(class + 1 + LONGER);
        let taken = classes.find_map(|class| Some((class, self.lists[class].pop()?)));
        if let Some((class, _)) = taken {
            self.listed.set(self.listed.get() - size_of_class(class));
        }
        self.leave();
        taken.map(|(_, block)| block)
    }

    /// [`put`](Heap::put), for classes of which each block is a span of its own.
    ///
    /// # Safety
    ///
    /// As there.
    #[inline]
    pub unsafe fn put_span(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise; such a block is a payload of the ledger's.
        let len = unsafe { payload_len(block) };
        // It may be longer than what was asked for, by a little or by much.
        let class = class_within(len.min(LARGEST));
        self.enter();
        let listed = self.listed.get() + size_of_class(class);
        let room = listed <= self.limit.get();
        if room {
            self.listed.set(listed);
            // SAFETY: the caller's promise.
            unsafe { self.lists[class].push(block) };
        }
        self.leave();
        if !room {
            // SAFETY: as above.
            unsafe { self.spans.give_back(block) };
        }
    }

    /// A block of this class that was in no list.
    pub fn refill(&self, class: usize) -> Free {
        let block = size_of_class(class);
        let Some(slab) = slab_of_class(class) else {
            return self.span(block, ALIGN).map(|(block, _)| block);
        };
        loop {
            self.enter();
            let list = &self.lists[class];
            list.cut(block, BATCH.div_ceil(block));
            let taken = list.pop();
            self.leave();
            if taken.is_some() {
                return taken;
            }
            self.claim_slab(class, slab)?;
        }
    }

    /// Claims a slab of so many bytes for a class.
    fn claim_slab(&self, class: usize, slab: usize) -> Option<()> {
        let (list, block) = (&self.lists[class], size_of_class(class));
        // The claim begins, with the ledger's header, at a multiple of the slab's size, and ends just before the next.
        let want = Want { prefix: slab - GRAIN, size: 0, align: slab, prefer: 0, ahead: true, grow: None };
        // SAFETY: no claim is to grow.
        let (Placed::New(payload, _) | Placed::Grown(payload)) = unsafe { self.spans.place(self.owner, &want) }.ok()?;
        if payload.addr() & (slab - 1) != GRAIN {
            // A loan, which begins where its lender likes.
            // SAFETY: it was claimed just now, and is not used.
            unsafe { self.spans.give_back(payload.base()) };
            return None;
        }
        let record = Slab { next: Cell::new(None), free: Cell::new(None), len: Cell::new(0) };
        // SAFETY: a fresh payload, on the grain and longer than the record.
        unsafe { payload.base().cast().write(record) };
        // SAFETY: the first block lies in the slab.
        let first = unsafe { payload.base().add(FIRST - GRAIN) };
        first.as_ptr().expose_provenance();
        self.enter();
        // Another thread may have brought a slab meanwhile.
        list.cut(block, usize::MAX);
        list.fresh.set(Some(first));
        list.left.set(blocks_of(slab, block));
        list.slabs.set(list.slabs.get() + 1);
        self.leave();
        Some(())
    }

    /// A span of its own, and the address from which on it is zero.
    pub fn span(&self, size: usize, align: usize) -> Option<(NonNull<u8>, usize)> {
        if align <= GRAIN
            && let Some((memory, zero_from)) = self.spans.place_free(self.owner, size)
        {
            memory.as_ptr().expose_provenance();
            return Some((memory, zero_from));
        }
        // Memory is short: time to see what there is.
        let claimed = self.spans.totals().claimed;
        self.enter();
        self.limit.set(claimed / PART);
        self.leave();
        let want = Want { prefix: 0, size, align, prefer: 0, ahead: true, grow: None };
        // SAFETY: no claim is to grow.
        match unsafe { self.spans.place(self.owner, &want) }.ok()? {
            Placed::New(payload, zero_from) if payload.addr().is_multiple_of(align) => {
                payload.base().as_ptr().expose_provenance();
                Some((payload.base(), zero_from))
            }
            Placed::New(payload, _) | Placed::Grown(payload) => {
                // A loan, aligned to no more than the grain.
                // SAFETY: it was claimed just now, and is not used.
                unsafe { self.spans.give_back(payload.base()) };
                None
            }
        }
    }

    /// How a class stands: slabs, blocks in use and free ones. Of spans only the free ones are known.
    pub fn class(&self, class: usize) -> ClassStats {
        let size = size_of_class(class);
        self.enter();
        let list = &self.lists[class];
        let (mut free, mut next) = (list.left.get(), list.head.get());
        while let Some(block) = next {
            free += 1;
            // SAFETY: a block in a list is free, and starts with its link.
            next = unsafe { next_of(block) };
        }
        let slabs = list.slabs.get();
        self.leave();
        let blocks = slab_of_class(class).map_or(free, |slab| slabs * blocks_of(slab, size));
        ClassStats { size, slabs, used: blocks - free, free }
    }

    #[inline(always)]
    fn enter(&self) {
        self.access.enter();
    }

    #[inline(always)]
    fn leave(&self) {
        // SAFETY: each function here enters before it leaves, once.
        unsafe { self.access.leave() };
    }

    /// Gives back the free blocks that are spans of their own, or `all`, also the slabs that are free altogether.
    pub fn trim(&self, all: bool) {
        self.enter();
        self.listed.set(0);
        for class in if all { 0 } else { FIRST_OF_SPANS }..CLASSES {
            let list = &self.lists[class];
            let block = size_of_class(class);
            match slab_of_class(class) {
                Some(slab) => {
                    list.cut(block, usize::MAX);
                    self.sweep(list, slab, blocks_of(slab, block));
                }
                None => {
                    while let Some(span) = list.pop() {
                        // SAFETY: a free block of such a class is a payload of the ledger's that nobody uses.
                        unsafe { self.spans.give_back(span) };
                    }
                }
            }
        }
        self.leave();
    }

    /// Gives the slabs of a list back in which all `count` blocks are free, and puts the free blocks of each other slab in the
    /// order of their addresses: what is allocated one after the other lies side by side again.
    fn sweep(&self, list: &List, slab_bytes: usize, count: usize) {
        let mut slabs = None;
        let mut next = list.head.take();
        while let Some(block) = next {
            // SAFETY: a block in the list is free, and starts with its link.
            next = unsafe { next_of(block) };
            // SAFETY: the block lies in a slab of this size.
            let header = unsafe { header_of(block, slab_bytes) };
            // SAFETY: a slab has its record at its head until it is given back.
            let slab = unsafe { header.as_ref() };
            if slab.len.get() == 0 {
                slab.next.set(slabs.replace(header));
            }
            slab.len.set(slab.len.get() + 1);
            // SAFETY: the block is free.
            unsafe { link(block, slab.free.get()) };
            slab.free.set(Some(block));
        }
        while let Some(header) = slabs {
            // SAFETY: as above.
            let slab = unsafe { header.as_ref() };
            slabs = slab.next.get();
            let (free, len) = (slab.free.take(), slab.len.take());
            if len == count {
                list.slabs.set(list.slabs.get() - 1);
                // SAFETY: all its blocks are free, and none of them is in a list any more.
                unsafe { self.spans.give_back(header.cast()) };
            } else if let Some(free) = free {
                // SAFETY: these are free blocks of one slab of this size.
                unsafe { relink(list, header.cast(), free, slab_bytes) };
            }
        }
    }
}

impl List {
    #[inline(always)]
    fn pop(&self) -> Free {
        let block = self.head.get()?;
        // SAFETY: a block in a list is free, and starts with its link.
        self.head.set(unsafe { next_of(block) });
        Some(block)
    }

    /// # Safety
    ///
    /// The caller owes: `block` is one of this class that nobody uses, in no list.
    #[inline(always)]
    unsafe fn push(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise.
        unsafe { link(block, self.head.get()) };
        self.head.set(Some(block));
    }

    /// Puts the next `count` fresh blocks of `block` bytes into the list, or all there are, the lowest address first.
    fn cut(&self, block: usize, count: usize) {
        let Some(first) = self.fresh.get() else {
            return;
        };
        let count = count.min(self.left.get());
        for index in (0..count).rev() {
            // SAFETY: so many blocks are left in the slab.
            let fresh = unsafe { first.add(index * block) };
            // SAFETY: nobody has used it yet.
            unsafe { self.push(fresh) };
        }
        self.left.set(self.left.get() - count);
        // SAFETY: at most the end of the slab.
        self.fresh.set(Some(unsafe { first.add(count * block) }));
    }
}

impl<A: Shareable> Keeper for Heap<A> {
    fn let_go(&self, all: bool) {
        self.trim(all);
        self.enter();
        let next = self.next.get();
        self.leave();
        if let Some(next) = next {
            next.let_go(all);
        }
    }
}

/// Bytes of a slab's payload that are no block's, for blocks of `block` bytes.
pub(super) fn slab_slack(block: usize) -> usize {
    slab_of_class(class_of(block)).map_or(0, |slab| slab - GRAIN - blocks_of(slab, block) * block)
}

/// Blocks of a slab.
const fn blocks_of(slab: usize, block: usize) -> usize {
    (slab - FIRST) / block
}

/// Puts the free blocks of one slab, linked from `next` on, before those of the list, in the order of their addresses.
///
/// # Safety
///
/// The caller owes: they are free blocks in the slab of `slab_bytes` whose record is at `header`, in no list.
unsafe fn relink(list: &List, header: NonNull<u8>, next: NonNull<u8>, slab_bytes: usize) {
    let mut set = [0u64; LARGEST_SLAB / ALIGN / 64];
    let mut next = Some(next);
    while let Some(block) = next {
        let index = (block.addr().get() & (slab_bytes - 1)) / ALIGN;
        set[index / 64] |= 1 << (index % 64);
        // SAFETY: a free block starts with its link.
        next = unsafe { next_of(block) };
    }
    for (word, bits) in set[..slab_bytes / ALIGN / 64].iter().enumerate().rev() {
        let mut bits = *bits;
        while bits != 0 {
            let bit = bits.ilog2() as usize;
            bits ^= 1 << bit;
            // SAFETY: the bit stands for a block, which lies after the record.
            let block = unsafe { header.add((word * 64 + bit) * ALIGN - GRAIN) };
            // SAFETY: it is free.
            unsafe { list.push(block) };
        }
    }
}

/// The record of the slab that a block lies in.
///
/// # Safety
///
/// The caller owes: the block lies in a slab of `slab_bytes`.
unsafe fn header_of(block: NonNull<u8>, slab_bytes: usize) -> NonNull<Slab> {
    let within = block.addr().get() & (slab_bytes - 1);
    // SAFETY: the slab starts at the multiple of its size before the block, its record `GRAIN` bytes after that.
    unsafe { block.sub(within - GRAIN).cast() }
}

/// # Safety
///
/// The caller owes: `block` is a free block.
#[inline(always)]
unsafe fn next_of(block: NonNull<u8>) -> Free {
    // SAFETY: a free block starts with a link, and is aligned for one.
    unsafe { block.cast::<Free>().read() }
}

/// # Safety
///
/// The caller owes: `block` is a free block, or one that nobody has used yet.
#[inline(always)]
unsafe fn link(block: NonNull<u8>, next: Free) {
    // SAFETY: a block has room for a link, and is aligned for one.
    unsafe { block.cast::<Free>().write(next) };
}
