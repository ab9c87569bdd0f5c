//! The lists of free blocks, and the slabs they come from.

use core::cell::Cell;
use core::iter;
use core::ptr::{self, NonNull};

use super::class::{
    ALIGN, CLASSES, FINE, FIRST_OF_SPANS, LARGEST_IN_SLAB, size_of_class, size_of_span, slab_of_class,
    span_class_within,
};
use super::pages::Returned;
use super::reserve;
use super::shared::{self, Shared};
use super::slab::{self, Slabs, slack};
use super::stats::ClassStats;
use crate::free_list::{Chain, Free, FreeList, List};
use crate::layout::GRAIN;
use crate::ledger::{Keeper, Records, Spans, Want, payload_len};
use crate::platform::{self, Link, Packed, Whole};
use crate::sharing::crowd::Crowd;
use crate::sharing::{Shareable, Turn};

mod back;
mod crowd;
mod let_go;
#[cfg(any(unix, windows, target_family = "wasm"))]
mod place;
mod scarce;
mod wide;

use wide::Wide;

/// What a [`Heap`](super::Heap) owns, in a claim of the ledger's that is never given back.
pub(super) struct Stock<L: 'static> {
    access: L,
    // Used in a `Turn` only, like all that follows.
    lists: [List; FINE_CLASSES],
    shared: Shared,
    /// A claim that nothing is in: see [`reserve`].
    reserve: Cell<Free>,
    wide: Cell<Option<&'static Wide>>,
    pub(super) spans: &'static dyn Spans,
    records: &'static Records<L>,
    pub(super) owner: &'static str,
    /// The heap that was opened before this one on the same ledger.
    next: Cell<Option<&'static dyn Keeper>>,
    link: Link,
    crowd: Crowd<L, crowd::Lists>,
    pub(super) pages: Returned,
}

/// No first slab of a class's own, and no claim that is rounded up, is a larger part of all that the ledger holds.
const SLAB_PART: usize = 64;

/// A shared slab is such a part of all that the ledger holds, between the shortest and the longest.
const SHARED_PART: usize = 32;

const FINE_CLASSES: usize = FINE / ALIGN + 1;

// SAFETY: the lists are used by one thread at a time, in its `Turn`; only an `Access` that any thread may enter
// is used with more than one.
unsafe impl<L: Shareable> Sync for Stock<L> {}

impl<L: Shareable> Stock<L> {
    pub fn new(spans: &'static dyn Spans, records: &'static Records<L>, owner: &'static str) -> Stock<L> {
        Stock {
            access: L::NEW,
            lists: List::none(),
            shared: Shared::new(),
            reserve: Cell::new(None),
            wide: Cell::new(None),
            spans,
            records,
            owner,
            next: Cell::new(None),
            link: Link::new(),
            crowd: Crowd::new(),
            pages: Returned::new(),
        }
    }

    /// Has the heaps that the ledger has asked until now be asked by this one, which it asks from now on. Nobody else knows of it yet.
    pub fn follow(&self, others: Option<&'static dyn Keeper>) {
        self.next.set(others);
    }

    /// A block of this class from its list, if it can be had at once: whoever must wait for it does so out of line, and keeps nothing of
    /// this path in memory meanwhile. With a turn in place of a block the list is empty, and
    /// [`refill`](Stock::refill) goes on from there in the same turn.
    #[inline(always)]
    pub fn take_at_once(&self, class: usize) -> Result<NonNull<u8>, Option<Turn<'_, L>>> {
        let Some(turn) = Turn::try_enter(&self.within_reach().access) else { return Err(None) };
        self.lists[class].take().ok_or(Some(turn))
    }

    /// The list of a class, if the heap has one. The caller has entered.
    fn list(&self, class: usize) -> Option<&List> {
        self.lists.get(class).or_else(|| self.wide.get()?.list(class))
    }

    /// Puts a block of a fine class back, if that can be done at once: whoever must wait for it, or find room in the list first, does so out of
    /// line ([`put_among_others`](Stock::put_among_others), or with a turn [`put_late`](Stock::put_late)).
    ///
    /// # Safety
    ///
    /// The caller owes: `block` is one of this class, from this heap, and nobody uses it any more.
    #[inline(always)]
    pub unsafe fn put_at_once(&self, class: usize, block: NonNull<u8>) -> Result<(), Option<Turn<'_, L>>> {
        let Some(turn) = Turn::try_enter(&self.within_reach().access) else { return Err(None) };
        let list = &self.lists[class];
        let Some(room) = list.room.get().checked_sub(1) else { return Err(Some(turn)) };
        list.room.set(room);
        // SAFETY: the caller's promise.
        unsafe { list.push(block) };
        Ok(())
    }

    /// Puts a block of a fine class back in this turn, in which its list was found full.
    ///
    /// # Safety
    ///
    /// As there.
    #[cold]
    #[inline(never)]
    pub unsafe fn put_late(&self, class: usize, block: NonNull<u8>, _turn: Turn<'_, L>) {
        // SAFETY: the caller's promise.
        unsafe { self.put_entered(class, block) };
    }

    /// Puts a block back of a class that is not fine, and of which blocks lie in slabs.
    ///
    /// # Safety
    ///
    /// As there.
    #[inline]
    pub unsafe fn put_coarse(&self, class: usize, block: NonNull<u8>) {
        match self.enter_calmly() {
            // SAFETY: the caller's promise.
            Some(_turn) => unsafe { self.put_entered(class, block) },
            // SAFETY: as above.
            None => unsafe { self.put_among_others(class, block) },
        }
    }

    /// Puts a block of a class that has slabs back. The caller has entered.
    ///
    /// # Safety
    ///
    /// As there.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    unsafe fn put_entered(&self, class: usize, block: NonNull<u8>) {
        if let Some(list) = self.list(class) {
            // SAFETY: the caller's promise.
            unsafe { self.put_in(list, class, block) };
        } else {
            // SAFETY: as above.
            unsafe { self.put_shared(class, block) };
        }
    }

    /// [`put_coarse`](Stock::put_coarse), where there are no lists. The caller has entered.
    ///
    /// # Safety
    ///
    /// As there.
    #[cold]
    #[inline(never)]
    unsafe fn put_shared(&self, class: usize, block: NonNull<u8>) {
        // SAFETY: the caller's promise.
        self.take_back(unsafe { Chain::one(block) }, class);
    }

    /// Puts a block of this class into its list, in which room is made if it is full. The caller has entered.
    ///
    /// # Safety
    ///
    /// As there.
    #[inline(always)]
    unsafe fn put_in(&self, list: &List, class: usize, block: NonNull<u8>) {
        if list.room.get() == 0 {
            self.relieve(list, class);
        }
        // SAFETY: the caller's promise.
        unsafe { list.put(block) };
    }

    /// A block of this class that takes no search: from its list, or fresh. The caller has entered.
    #[inline]
    fn at_hand(&self, class: usize) -> Free {
        self.list(class).and_then(List::take).or_else(|| self.fresh(class))
    }

    /// The next fresh block of this class. The caller has entered.
    #[inline]
    fn fresh(&self, class: usize) -> Free {
        self.slabs(class)?.cut(size_of_class(class))
    }

    /// The slabs of a class, if the heap has any. The caller has entered.
    fn slabs(&self, class: usize) -> Option<&'static Slabs> {
        self.wide.get()?.slabs.get(class)
    }

    /// A block of this class, which has slabs.
    #[inline]
    pub fn take(&self, class: usize) -> Free {
        let Some(turn) = self.enter_calmly() else {
            return self.take_among_others(class);
        };
        // (It is looked for there, too.)
        if !cfg!(freehold_for_size)
            && let Some(block) = self.at_hand(class)
        {
            return Some(block);
        }
        self.take_from_slabs(class, turn)
    }

    /// A block of a class of which each is a span of its own: from its list, or from the ledger.
    #[inline]
    pub fn take_span(&self, class: usize, size: usize) -> Free {
        let turn = self.enter();
        let wide = self.wide.get();
        let listed = wide.and_then(|wide| wide.take_span(class));
        drop(turn);
        listed.or_else(|| self.claim_span(class, size, wide.is_some()))
    }

    /// Such a block, if a list has one.
    pub fn take_listed(&self, class: usize) -> Free {
        let _turn = self.enter();
        self.wide.get()?.take_span(class)
    }

    /// A block of such a class, for `size` bytes, from the ledger. Out of line: what is there for whoever must claim is not written to memory
    /// where a list has a block.
    #[inline(never)]
    fn claim_span(&self, class: usize, size: usize, wide: bool) -> Free {
        // What is rounded up is of use to more requests, as long as there are lists that it may get into, and memory for that.
        let whole = size_of_span(class);
        let whole = if wide && self.is_ample_for(whole) { self.span(whole, ALIGN).first() } else { None };
        whole.or_else(|| self.span(size, ALIGN).first())
    }

    /// Whether the ledger holds so much that a slab, or a claim that is rounded up, may have so many bytes.
    #[inline]
    fn is_ample_for(&self, bytes: usize) -> bool {
        self.records.granted() >= bytes * SLAB_PART
    }

    /// Puts a block back of a class of which each is a span of its own, and which was `asked` for.
    ///
    /// # Safety
    ///
    /// As there.
    #[inline]
    pub unsafe fn put_span(&self, asked: usize, block: NonNull<u8>) {
        // SAFETY: the caller's promise; such a block is a payload of the ledger's.
        let len = unsafe { payload_len(block) };
        // It may be longer than what was asked for, by a little or by much. If it is shorter than its class, as where memory is short, no list has it:
        // whoever asks for as much again would not find it there, and claim another each time.
        let class = span_class_within(len);
        let turn = self.enter();
        let list = self.wide.get().filter(|_| class >= asked).and_then(|wide| wide.spans_of(class));
        // SAFETY: the caller's promise.
        let room = list.map(|list| unsafe { list.push(block) });
        drop(turn);
        if room.is_none() {
            // SAFETY: as above.
            unsafe { self.give_one_back(block) };
        }
    }

    /// A block of a class that has slabs, of which the caller found the list empty in this turn.
    #[inline]
    pub fn refill(&self, class: usize, turn: Turn<'_, L>) -> Free {
        if let Some(block) = self.fresh(class) {
            return Some(block);
        }
        self.take_from_slabs(class, turn)
    }

    /// A block of a class that has slabs: from its own; or from a new one, if the class is worth one and there is room for it; else from wherever a
    /// block is to be had. The turn is the one in which the list was found empty: it ends before memory may have to grow.
    #[cold]
    #[inline(never)]
    fn take_from_slabs(&self, class: usize, turn: Turn<'_, L>) -> Free {
        let block = self.take_own(class);
        if block.is_some() {
            return block;
        }
        let slab = slab_of_class(class);
        let ample = || self.is_ample_for(slab);
        let own = self.slabs(class).is_some_and(|slabs| slabs.wants_another(class, self.shared.apart(class), ample));
        if !own {
            return self.scarce(class, turn);
        }
        // Nothing is held while memory may have to grow.
        drop(turn);
        let Some(payload) = self.claim_slab(slab) else {
            return self.scarce(class, self.enter());
        };
        let _turn = self.enter();
        // Who was asked to let go, or trimmed the heap, may have left it with nothing besides.
        let block = match self.widen().and_then(|wide| wide.slabs.get(class)) {
            Some(slabs) => {
                // SAFETY: the claim was made for that.
                unsafe { slabs.add(payload, class) };
                self.take_own(class)
            }
            None => self.cut_anew(payload, class),
        };
        self.provide();
        block
    }

    /// A block of this class from its own slabs, as they are. The caller has entered.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn take_own(&self, class: usize) -> Free {
        // Another thread may have put one in, while the caller was out.
        self.at_hand(class).or_else(|| {
            self.widen()?.slabs.get(class)?.fill(self.list(class)?, class);
            self.at_hand(class)
        })
    }

    /// How many blocks are in the list of a class, how many more it takes, and how many are set aside.
    #[cfg(all(test, not(miri)))]
    pub fn listed(&self, class: usize) -> (usize, usize, usize) {
        let aside = self.slabs(class).map_or(0, Slabs::set_aside);
        self.list(class)
            .map_or((0, 0, 0), |list| (list.len_of(slab::LONGEST).expect("no circle"), list.room.get(), aside))
    }

    #[cfg(all(test, not(miri)))]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Bytes of the reserve.
    #[cfg_attr(not(all(test, not(miri))), inline)]
    pub fn reserved(&self) -> usize {
        // SAFETY: the claim is the heap's.
        self.reserve.get().map_or(0, |payload| unsafe { payload_len(payload) })
    }

    /// Bytes that are free for blocks of any class, and bytes that are no block's: of the heap's own records, of those of shared slabs, and of the
    /// reserve. It takes a step for each shared slab.
    pub fn besides(&self) -> (usize, usize) {
        let record = |bytes: usize| bytes.next_multiple_of(GRAIN);
        let _turn = self.enter();
        let (free, slack) = self.shared.besides();
        let wide = self.wide.get().map_or(0, |_| record(size_of::<Wide>()));
        let records = record(size_of::<Self>()) + wide + record(self.len_of_sets());
        (free, slack.wrapping_add(records + self.reserved()))
    }

    /// Claims a slab of so many bytes: the claim begins, with the ledger's header, at a multiple of them, and ends just before the next.
    fn claim_slab(&self, slab: usize) -> Free {
        self.placed(slab - GRAIN, 0, slab, 0).first()
    }

    /// A claim for `size` bytes at a multiple of `align`, after a prefix of so many, of as many bytes as is preferred if they are to be had; and the
    /// address from which on it is zero.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn placed(&self, prefix: usize, size: usize, align: usize, prefer: usize) -> Packed {
        // SAFETY: no claim is to grow.
        unsafe { placed(self.spans, self.owner, prefix, size, align, prefer, None, 0) }
    }

    /// A span of its own, of a byte at least, and the address from which on it is zero.
    #[inline]
    pub fn span(&self, size: usize, align: usize) -> Packed {
        debug_assert!(size > 0);
        if align <= GRAIN {
            let placed = self.records.place(self.owner, size);
            if let Some(memory) = placed.first() {
                memory.as_ptr().expose_provenance();
                return placed;
            }
        }
        self.placed(0, size, align, 0)
    }

    /// How a class stands: slabs, blocks in use and free ones. Of spans only the free ones are known. And how many bytes of its slabs, or of its free
    /// spans, are no block's.
    pub fn class(&self, class: usize) -> (ClassStats, usize) {
        if class < FIRST_OF_SPANS {
            self.with_sets(class, |listed| self.class_of_blocks(class, listed))
        } else {
            self.class_of_spans(class)
        }
    }

    /// [`class`](Stock::class) of one that has slabs, beside so many free blocks that are in the lists of a crowd.
    fn class_of_blocks(&self, class: usize, listed: usize) -> (ClassStats, usize) {
        let _turn = self.enter();
        // Where a block was freed twice nobody knows which are free: then all of the list count as used.
        let list = self.list(class).and_then(|list| list.head.get());
        let listed = listed + Chain::of(list, slab::LONGEST).count();
        let apart = self.shared.apart(class);
        let (slabs, blocks, free) = match self.slabs(class) {
            Some(slabs) => (slabs.count(), apart.wrapping_add(slabs.blocks(class)), listed + slabs.free_blocks()),
            None => (0, apart, listed),
        };
        let stats = ClassStats { size: size_of_class(class), slabs, used: blocks.saturating_sub(free), free };
        (stats, slabs * slack(class))
    }

    /// [`class`](Stock::class) of one of which each block is a span.
    fn class_of_spans(&self, class: usize) -> (ClassStats, usize) {
        let size = size_of_span(class);
        let _turn = self.enter();
        let list = self.wide.get().and_then(|wide| wide.spans_of(class)?.head.get());
        let (mut free, mut longer) = (0, 0);
        for span in Chain::of(list, self.most_spans()) {
            free += 1;
            // It may be longer than its class by less than a step to the next.
            // SAFETY: a free block that is a span of its own, a payload of the ledger's.
            longer += unsafe { payload_len(span) }.saturating_sub(size);
        }
        (ClassStats { size, slabs: 0, used: 0, free }, longer)
    }

    /// More spans than any list has, as each of them is claimed, and longer than what slabs have. The caller has entered.
    fn most_spans(&self) -> usize {
        self.records.claimed() / LARGEST_IN_SLAB
    }

    #[inline(always)]
    fn enter(&self) -> Turn<'_, L> {
        Turn::enter(&self.within_reach().access)
    }

    /// Whoever opened this heap may have grown memory for it, of which another thread has not heard yet: and its lock is atomic.
    #[inline(always)]
    pub fn within_reach(&self) -> &Self {
        platform::reach(ptr::from_ref(self).addr() + size_of::<Self>());
        self
    }
}

/// A claim for `size` bytes at a multiple of `align`, after a prefix of so many, of as many bytes as is preferred if they are to be had; or one that
/// grows, which lacks so many. And the address from which on it is zero.
///
/// # Safety
///
/// The caller owes: what is to grow is a payload of that ledger's that it holds.
#[cfg_attr(freehold_for_size, inline(never))]
#[expect(clippy::too_many_arguments, reason = "a struct of them would go through memory twice")]
pub(super) unsafe fn placed(
    spans: &dyn Spans,
    owner: &'static str,
    prefix: usize,
    size: usize,
    align: usize,
    prefer: usize,
    grow: Free,
    missing: usize,
) -> Packed {
    let want = Want { prefix, prefer, ahead: true, grow, missing, block: true, ..Want::of(size, align) };
    // SAFETY: the caller's promise.
    let Ok(placed) = (unsafe { spans.place(owner, &want) }) else {
        return Packed::NONE;
    };
    placed.payload.base().as_ptr().expose_provenance();
    placed.packed()
}
