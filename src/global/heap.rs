//! The lists of free blocks, and the slabs they come from.

use core::cell::Cell;
use core::iter;
use core::ptr::{self, NonNull};

use super::class::{
    ALIGN, CLASSES, LARGEST, LARGEST_IN_SLAB, class_of, class_within, may_be_single, size_of_class, size_of_coarse,
    slab_of_class,
};
use super::list::{Free, List};
use super::reserve::{self, Reserve};
use super::slab::{Slabs, slack};
use super::stats::ClassStats;
use crate::access::Shareable;
use crate::layout::GRAIN;
use crate::ledger::{Keeper, Placed, Records, Spans, Want, payload_len};
use crate::platform::{self, Link, Whole};

/// What a [`Global`](super::Global) owns, in a claim of the ledger's that is never given back.
pub(super) struct Heap<L: 'static> {
    access: L,
    // Used between `enter` and `leave` only, like all that follows.
    lists: [List; CLASSES],
    slabs: [Slabs; FIRST_OF_SPANS],
    reserve: Reserve,
    /// Bytes of free blocks that are spans of their own, and how many there may be before such a block goes to the ledger at once.
    listed: Cell<usize>,
    limit: Cell<usize>,
    spans: &'static dyn Spans,
    records: &'static Records<L>,
    owner: &'static str,
    /// The heap that was opened before this one on the same ledger.
    next: Cell<Option<&'static dyn Keeper>>,
    link: Link,
}

// SAFETY: the lists are used by one thread at a time, between `enter` and `leave`; only an `Access` that any thread may enter
// is used with more than one.
unsafe impl<L: Shareable> Sync for Heap<L> {}

/// The part of all that is claimed that free spans may be kept of.
const PART: usize = 8;

/// The first class of which each block is a span of its own.
pub(super) const FIRST_OF_SPANS: usize = class_of(LARGEST_IN_SLAB) + 1;

impl<L: Shareable> Heap<L> {
    pub fn new(spans: &'static dyn Spans, records: &'static Records<L>, owner: &'static str) -> Heap<L> {
        Heap {
            access: L::NEW,
            lists: [const { List::new() }; CLASSES],
            slabs: [const { Slabs::new() }; FIRST_OF_SPANS],
            reserve: Reserve::new(),
            listed: Cell::new(0),
            limit: Cell::new(0),
            spans,
            records,
            owner,
            next: Cell::new(None),
            link: Link::new(),
        }
    }

    /// Has the heaps that the ledger has asked until now be asked by this one, which it asks from now on. Nobody else knows of it yet.
    pub fn follow(&self, others: Option<&'static dyn Keeper>) {
        self.next.set(others);
    }

    /// A block of this class from its list, if it can be had at once: whoever must wait for it does so out of line, and keeps nothing of
    /// this path in memory meanwhile.
    #[inline(always)]
    pub fn take_at_once(&self, class: usize) -> Free {
        if self.reach().access.try_enter() { self.pop_and_leave(class) } else { None }
    }

    #[inline(always)]
    fn pop_and_leave(&self, class: usize) -> Free {
        let block = self.pop(class);
        self.leave();
        block
    }

    /// A block of this class from its list. The caller has entered.
    #[inline(always)]
    fn pop(&self, class: usize) -> Free {
        let list = &self.lists[class];
        let block = list.pop();
        if block.is_some() {
            list.room.set(list.room.get() + 1);
        }
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
        let list = &self.lists[class];
        if list.room.get() == 0 {
            self.relieve(class);
        }
        list.room.set(list.room.get() - 1);
        // SAFETY: the caller's promise.
        unsafe { list.push(block) };
        self.leave();
    }

    /// Makes room in a list that is full.
    #[cold]
    #[inline(never)]
    fn relieve(&self, class: usize) {
        self.give_back(&self.slabs[class].relieve(&self.lists[class], class, &self.reserve));
    }

    /// Gives the ledger back what is in a list of spans.
    fn give_back(&self, spans: &List) {
        iter::from_fn(|| spans.pop()).for_each(|span| {
            // SAFETY: a free block that is a span of its own, a payload of the ledger's.
            unsafe { self.spans.give_back(span) };
        });
    }

    /// A block of this class.
    #[inline]
    pub fn take(&self, class: usize) -> Free {
        match slab_of_class(class) {
            Some(slab) => self.take_from_slabs(class, slab),
            None => self.take_listed(class).or_else(|| self.span(size_of_class(class), ALIGN).map(|(block, _)| block)),
        }
    }

    /// A block from the list of a class of which each block is a span of its own.
    #[inline]
    fn take_listed(&self, class: usize) -> Free {
        self.enter();
        let pop = |class: usize| {
            let block = self.lists[class].pop()?;
            self.listed.set(self.listed.get() - size_of_coarse(class));
            Some(block)
        };
        // One that is longer by an eighth at most does as well.
        let taken = pop(class).or_else(|| pop((class + 1).min(CLASSES - 1)));
        self.leave();
        taken
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
        let listed = self.listed.get() + size_of_coarse(class);
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

    /// A block of a class that has slabs of so many bytes: from the list, or from a slab that fills it, or from a new one.
    #[inline(never)]
    fn take_from_slabs(&self, class: usize, slab: usize) -> Free {
        let (slabs, list) = (&self.slabs[class], &self.lists[class]);
        self.enter();
        slabs.fill(list, class);
        let taken = self.pop(class);
        let single = taken.is_none() && slabs.wants_single(class);
        self.leave();
        if taken.is_some() {
            return taken;
        }
        if single {
            return self.single(class);
        }
        // Nothing is held while memory may have to grow.
        let Some(payload) = self.claim_slab(slab) else {
            // There may be room for a block all the same.
            return if may_be_single(class) { self.single(class) } else { self.last(class) };
        };
        self.enter();
        // SAFETY: the claim was made for that.
        unsafe { slabs.add(payload, class, slab) };
        self.provide();
        // Another thread may have filled it meanwhile.
        slabs.fill(list, class);
        self.pop_and_leave(class)
    }

    /// A block of a fine class from the reserve.
    #[cold]
    #[inline(never)]
    fn last(&self, class: usize) -> Free {
        self.enter();
        let block = self.reserve.cut(size_of_class(class));
        if block.is_some() {
            self.slabs[class].add_single();
        }
        self.leave();
        block
    }

    /// Sees to it that there is a reserve, if the ledger has plenty and free memory for it: nothing is asked of the backing. The caller has
    /// entered.
    fn provide(&self) {
        if self.reserve.is_short()
            && let Some(payload) = self.records.place_slab(self.owner, reserve::LEN, reserve::LEAST_GRANTED)
        {
            // SAFETY: the claim was made for that.
            unsafe { self.reserve.renew(payload) };
        }
    }

    /// How many blocks are in the list of a class, and how many more it takes.
    #[cfg(all(test, not(miri)))]
    pub fn listed(&self, class: usize) -> (usize, usize) {
        (self.lists[class].len(), self.lists[class].room.get())
    }

    /// Bytes of the reserve that are in no block.
    pub fn reserved(&self) -> usize {
        self.enter();
        let bytes = self.reserve.slack();
        self.leave();
        bytes
    }

    /// A block of this class that is a span of its own.
    fn single(&self, class: usize) -> Free {
        let (block, _) = self.span(size_of_class(class), ALIGN)?;
        self.enter();
        self.slabs[class].add_single();
        self.leave();
        Some(block)
    }

    /// Claims a slab of so many bytes: the claim begins, with the ledger's header, at a multiple of them, and ends just before the next.
    fn claim_slab(&self, slab: usize) -> Free {
        let want = Want { prefix: slab - GRAIN, size: 0, align: slab, prefer: 0, ahead: true, grow: None };
        // SAFETY: no claim is to grow.
        let (Placed::New(payload, _) | Placed::Grown(payload)) = unsafe { self.spans.place(self.owner, &want) }.ok()?;
        if payload.addr() & (slab - 1) != GRAIN {
            // A loan, which begins where its lender likes.
            // SAFETY: it was claimed just now, and is not used.
            unsafe { self.spans.give_back(payload.base()) };
            return None;
        }
        Some(payload.base())
    }

    /// A span of its own, of a byte at least, and the address from which on it is zero.
    #[inline]
    pub fn span(&self, size: usize, align: usize) -> Option<(NonNull<u8>, usize)> {
        debug_assert!(size > 0);
        if align <= GRAIN
            && let Some((memory, zero_from)) = self.records.place(self.owner, size)
        {
            memory.as_ptr().expose_provenance();
            return Some((memory, zero_from));
        }
        self.fresh_span(size, align)
    }

    /// [`span`](Heap::span), where there may be no such span that is free.
    #[cold]
    #[inline(never)]
    fn fresh_span(&self, size: usize, align: usize) -> Option<(NonNull<u8>, usize)> {
        // Memory is short: time to see what there is.
        let claimed = self.records.totals().claimed;
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

    /// How a class stands: slabs, blocks in use and free ones. Of large spans only the free ones are known. And how many bytes of its slabs, and of
    /// blocks that are spans, are no block's.
    pub fn class(&self, class: usize) -> (ClassStats, usize) {
        let size = size_of_class(class);
        self.enter();
        let listed = self.lists[class].len();
        let (slabs, singles, blocks, free) = match self.slabs.get(class) {
            Some(slabs) => (slabs.count(), slabs.singles(), slabs.blocks(class), listed + slabs.free()),
            None => (0, 0, listed, listed),
        };
        self.leave();
        let (of_slab, of_single) = slack(size);
        let slack = slabs * of_slab + singles * of_single;
        (ClassStats { size, slabs, used: blocks - free, free }, slack)
    }

    #[inline(always)]
    fn enter(&self) {
        self.reach().access.enter();
    }

    /// Whoever opened this heap may have grown memory for it, of which another thread has not heard yet: and its lock is atomic.
    #[inline(always)]
    fn reach(&self) -> &Self {
        platform::reach(ptr::from_ref(self).addr() + size_of::<Self>());
        self
    }

    #[inline(always)]
    fn leave(&self) {
        // SAFETY: each function here enters before it leaves, once.
        unsafe { self.access.leave() };
    }

    /// Gives back the free blocks that are spans of their own, or `all`, also the slabs that are free altogether. The reserve stays: this is
    /// how others get at what the heap has at hand. The caller has entered.
    fn let_go_inside(&self, all: bool) {
        self.listed.set(0);
        for (class, list) in self.lists.iter().enumerate() {
            match self.slabs.get(class) {
                Some(slabs) if all => {
                    self.give_back(&slabs.settle(list, class, &self.reserve));
                    iter::from_fn(|| slabs.remove()).for_each(|slab| {
                        // SAFETY: a slab in which nothing is in use: a payload of the ledger's.
                        unsafe { self.spans.give_back(slab) };
                    });
                }
                Some(_) => {}
                None => self.give_back(list),
            }
        }
    }

    /// Gives back all that is free; a heap without a slab needs no reserve either.
    pub fn trim(&self) {
        self.enter();
        self.let_go_inside(true);
        if self.slabs.iter().all(|slabs| slabs.count() == 0)
            && let Some(reserve) = self.reserve.end()
        {
            // SAFETY: a reserve in which nothing is in use: a payload of the ledger's.
            unsafe { self.spans.give_back(reserve) };
        }
        self.leave();
    }
}

// SAFETY: all that changes is used by whoever has entered.
unsafe impl<L: Shareable> Whole for Heap<L> {
    fn hold(&self) -> bool {
        self.access.try_enter()
    }

    unsafe fn release(&self) {
        // SAFETY: the caller's promise: it has entered.
        unsafe { self.access.leave() };
    }

    fn link(&self) -> &Link {
        &self.link
    }
}

impl<L: Shareable> Keeper for Heap<L> {
    fn let_go(&self, all: bool) {
        self.enter();
        self.let_go_inside(all);
        let next = self.next.get();
        self.leave();
        if let Some(next) = next {
            next.let_go(all);
        }
    }
}
