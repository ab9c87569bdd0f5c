//! Slabs that all classes share: where memory is small, or short, there is none for a slab of each class.
//!
//! They are claims of any length and at any address, so they fit a hole or the end of a region. Each has a map with a bit for each 16
//! bytes, so what one class gives back serves any other. That takes some steps more for a block than a list, and no memory.
//!
//! A block does not say that it lies in one, and its neighbourhood may be somebody else's memory. So they stand in a tree, in the order of their
//! addresses, which is asked when blocks leave their list.

use core::cell::Cell;
use core::iter;
use core::ops::Deref;
use core::ptr::NonNull;
use core::slice;

use super::class::{ALIGN, FIRST_OF_SPANS, size_of_class};
use crate::free_list::Free;
use crate::layout::{GRAIN, on_grain};
use crate::ledger::payload_len;
use crate::platform::{self, sanitizer};
use crate::tree::{Node, Stem, Tree};

/// The slabs that all classes of a heap share.
pub(super) struct Shared {
    /// All of them, in the order of addresses.
    all: Tree<SharedSlab>,
    /// The one of those that have free units that is looked at next: they go round in a circle.
    next: Cell<Option<SharedSlab>>,
    /// The one that was claimed last for blocks: it may have room behind it.
    newest: Cell<Option<SharedSlab>>,
    /// How many blocks of each class lie here, in use or in a list.
    apart: [Cell<u32>; FIRST_OF_SPANS],
    /// How many slabs searches have looked at.
    #[cfg(all(test, not(miri)))]
    pub looks: Cell<usize>,
}

/// SharedSlab the start of a shared slab, after the ledger's own header.
#[repr(C)]
pub(super) struct SharedRecord {
    stem: Stem,
    /// Its neighbours in the circle: itself where it is alone.
    before: Cell<SharedSlab>,
    after: Cell<SharedSlab>,
    /// Units that it has, and those that are out: it is in the circle iff these are not all.
    units: Cell<u16>,
    out: Cell<u16>,
    /// Bytes of this record and the map.
    head: Cell<u16>,
    /// Words of the map that follows: a bit for each unit that is out, and for each beyond the slab's end.
    words: Cell<u16>,
}

/// A shared slab, by its record, which is there until the slab is given back.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)] // so that `None` is zeroes
pub(super) struct SharedSlab(NonNull<SharedRecord>);

/// All blocks are multiples of it.
const UNIT: usize = ALIGN;

/// Bytes of the longest that is asked for, the ledger's header included, so that four blocks of the largest class fit in; and of the shortest, if
/// there is that much.
pub(super) const LONGEST: usize = on_grain(ROOM + head_of(ROOM) + GRAIN);
const ROOM: usize = 4 << 10;
pub(super) const SHORTEST: usize = 256;

/// Bytes of the record and the map of a slab that may have so many bytes.
pub(super) const fn head_of(slab: usize) -> usize {
    (size_of::<SharedRecord>() + words_of(slab) * size_of::<u32>() + (UNIT - 1)) & !(UNIT - 1)
}

const fn words_of(slab: usize) -> usize {
    slab / UNIT / 32
}

/// The same of those that are asked for.
pub(super) const HEAD: usize = head_of(LONGEST);

/// So many slabs are looked at for a block. The next search goes on from there.
const LOOKS: usize = 32;

impl Deref for SharedSlab {
    type Target = SharedRecord;

    fn deref(&self) -> &SharedRecord {
        // SAFETY: a `SharedSlab` is made by `add`, over a record that stays written until the slab is taken out, and not used after that.
        unsafe { self.0.as_ref() }
    }
}

// SAFETY: a record begins with its stem, which is for the tree alone, and stays where it is as long as its slab is one.
unsafe impl Node for SharedSlab {
    #[inline(always)]
    fn stem(self) -> NonNull<Stem> {
        self.0.cast()
    }

    #[inline(always)]
    unsafe fn of_stem(stem: NonNull<Stem>) -> SharedSlab {
        SharedSlab(stem.cast())
    }
}

impl SharedSlab {
    /// The payload of the slab's claim.
    pub fn payload(self) -> NonNull<u8> {
        self.0.cast()
    }

    /// Bytes that are in no block.
    fn free_bytes(self) -> usize {
        usize::from(self.units.get().wrapping_sub(self.out.get())) * UNIT
    }

    /// Bytes of the record and the map.
    fn head(self) -> usize {
        self.head.get().into()
    }

    /// Units that the map has room for.
    fn most(self) -> usize {
        usize::from(self.words.get()) * 32
    }

    /// By how many bytes it may grow until it is as long as they come. It is one that was [added](Shared::add).
    pub fn to_grow(self) -> usize {
        (LONGEST - GRAIN - HEAD).saturating_sub(usize::from(self.units.get()) * UNIT)
    }

    fn block(self, unit: usize) -> NonNull<u8> {
        // SAFETY: the slab has so many units after its record and its map.
        unsafe { self.payload().add(self.head() + unit * UNIT) }
    }

    fn map(&self) -> &[Cell<u32>] {
        // SAFETY: the map follows the record, in the same claim.
        let start = unsafe { self.0.add(1) };
        // SAFETY: it has so many words, which were written when the slab was entered, and is used here alone.
        unsafe { slice::from_raw_parts(start.cast().as_ptr(), usize::from(self.words.get())) }
    }

    /// The first unit from `from` on that is out, or with `out` unset that is free; [`most`](SharedSlab::most) if there is none.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn next(self, from: usize, out: bool) -> usize {
        let mut unit = from;
        while let Some(word) = self.map().get(unit / 32) {
            let found = if out { word.get() } else { !word.get() } >> (unit % 32);
            if found != 0 {
                return unit + found.trailing_zeros() as usize;
            }
            unit = (unit | 31) + 1;
        }
        self.most()
    }

    /// Where the first stretch of free units starts that has so many. There are half as many at most as units.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn stretch(self, units: usize) -> Option<usize> {
        let mut end = 0;
        loop {
            let start = self.next(end, false);
            end = self.next(start, true);
            if end - start >= units {
                return Some(start);
            }
            if end == start {
                return None;
            }
        }
    }

    /// Writes down whether `count` units are out.
    fn mark(self, unit: usize, count: usize, out: bool) {
        let (mut unit, end) = (unit, unit + count);
        while unit < end
            && let Some(word) = self.map().get(unit / 32)
        {
            word.set(word.get() & !(1 << (unit % 32)) | u32::from(out) << (unit % 32));
            unit += 1;
        }
    }
}

impl Shared {
    pub const fn new() -> Shared {
        Shared {
            all: Tree::new(),
            next: Cell::new(None),
            newest: Cell::new(None),
            apart: [const { Cell::new(0) }; FIRST_OF_SPANS],
            #[cfg(all(test, not(miri)))]
            looks: Cell::new(0),
        }
    }

    /// How many blocks of a class lie here.
    pub fn apart(&self, class: usize) -> usize {
        self.apart.get(class).map_or(0, |count| count.get() as usize)
    }

    /// How many slabs there are, and how deep their tree is.
    #[cfg(all(test, not(miri)))]
    pub fn slabs(&self) -> usize {
        self.each().count()
    }

    #[cfg(all(test, not(miri)))]
    pub fn depth(&self) -> usize {
        self.all.depth()
    }

    fn count(&self, class: usize, change: i32) {
        self.apart[class].set(self.apart[class].get().wrapping_add_signed(change));
    }

    /// Bytes that are there for any block, and bytes that are no block's, of records. It takes a step for each slab.
    pub fn besides(&self) -> (usize, usize) {
        self.each().fold((0, 0), |(free, slack), at| {
            // SAFETY: the slab is a claim of the ledger's, held until the payload is given back.
            let len = unsafe { payload_len(at.payload()) };
            (free + at.free_bytes(), slack.wrapping_add(len - usize::from(at.units.get()) * UNIT))
        })
    }

    /// Whether no block lies here.
    pub fn is_idle(&self) -> bool {
        self.apart.iter().all(|count| count.get() == 0)
    }

    fn each(&self) -> impl Iterator<Item = SharedSlab> {
        iter::successors(self.all.at_or_above(0), |at| self.all.above(at.0.addr().get()))
    }

    /// Enters a slab that was claimed just now: it is the one to grow.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is the payload of a claim, of [`HEAD`] and at least a unit. Nobody else uses it until it is returned from here.
    pub unsafe fn add(&self, payload: NonNull<u8>) -> SharedSlab {
        // SAFETY: the caller's promise.
        let len = unsafe { payload_len(payload) };
        sanitizer::poison(payload, HEAD..len);
        // SAFETY: the caller's promise.
        let at = unsafe { self.begin(payload, len, LONGEST.max(len + GRAIN)) };
        self.newest.set(Some(at));
        self.show(at);
        at
    }

    /// Enters what was a slab of one class: so many blocks of that class lie there, side by side, and are out as far as is known here.
    ///
    /// # Safety
    ///
    /// The caller owes: the same of the payload, but for the blocks.
    pub unsafe fn adopt(&self, payload: NonNull<u8>, len: usize, class: usize, blocks: usize) {
        // SAFETY: the caller's promise.
        let at = unsafe { self.begin(payload, len, len + GRAIN) };
        self.mark(at, 0, blocks * size_of_class(class) / UNIT, true);
        self.count(class, blocks as i32);
    }

    /// Begins a slab, all of it free, with its record. It may have `most` bytes at some time.
    ///
    /// # Safety
    ///
    /// As for [`add`](Shared::add), but for blocks that lie there.
    unsafe fn begin(&self, payload: NonNull<u8>, len: usize, most: usize) -> SharedSlab {
        let at = SharedSlab(payload.cast());
        let record = SharedRecord {
            stem: Stem::new(),
            before: Cell::new(at),
            after: Cell::new(at),
            units: Cell::new(0),
            out: Cell::new(0),
            head: Cell::new(head_of(most) as u16),
            words: Cell::new(words_of(most) as u16),
        };
        // There may have been a free block.
        sanitizer::unpoison(payload, 0..size_of::<SharedRecord>() + words_of(most) * size_of::<u32>());
        // Another thread may have grown memory for it.
        platform::reach(payload.addr().get() + size_of::<SharedRecord>() + words_of(most) * size_of::<u32>());
        // SAFETY: the caller's promise; a payload lies on the grain.
        unsafe { at.0.write(record) };
        // SAFETY: the map follows the record.
        let map = unsafe { at.0.add(1) }.cast::<u32>();
        // SAFETY: there is room for it, as for the record.
        unsafe { map.write_bytes(!0, words_of(most)) };
        payload.as_ptr().expose_provenance();
        self.all.insert(at);
        Self::enlarge(at, len);
        at
    }

    /// Has a slab know that its payload has so many bytes now.
    pub fn lengthen(&self, at: SharedSlab, len: usize) {
        sanitizer::poison(at.payload(), at.head() + usize::from(at.units.get()) * UNIT..len);
        self.hide(at);
        Self::enlarge(at, len);
        self.show(at);
    }

    fn enlarge(at: SharedSlab, len: usize) {
        let units = usize::from(at.units.get());
        let bytes = len - at.head() - units * UNIT;
        let more = (bytes / UNIT).min(at.most() - units);
        at.units.set((units + more) as u16);
        at.mark(units, more, false);
    }

    /// The slab that was claimed last, if it may grow by `bytes`.
    pub fn growing(&self, bytes: usize) -> Option<SharedSlab> {
        self.newest.get().filter(|at| bytes <= at.to_grow())
    }

    /// A block of this class.
    #[cfg_attr(freehold_for_size, inline(never))]
    pub fn cut(&self, class: usize) -> Free {
        let first = self.next.get()?;
        let mut at = first;
        for _ in 0..LOOKS {
            #[cfg(all(test, not(miri)))]
            self.looks.set(self.looks.get() + 1);
            let block = self.cut_from(at, class);
            if block.is_some() {
                return block;
            }
            at = at.after.get();
            if at == first {
                break;
            }
        }
        self.next.set(Some(at));
        None
    }

    /// A block of this class from this slab, if it has room.
    pub fn cut_from(&self, at: SharedSlab, class: usize) -> Free {
        let units = size_of_class(class) / UNIT;
        let unit = at.stretch(units)?;
        self.mark(at, unit, units, true);
        self.count(class, 1);
        Some(at.block(unit))
    }

    /// Takes a block of this class back, if it lies here: the slab's payload is the caller's again if it was the last one. `None` if it does not.
    pub fn put(&self, block: NonNull<u8>, class: usize) -> Option<Free> {
        let (at, within) = self.find_block(block)?;
        let size = size_of_class(class);
        sanitizer::poison(block, 0..size);
        self.count(class, -1);
        self.mark(at, within / UNIT, size / UNIT, false);
        Some(self.take_out(at))
    }

    /// The slab that a block lies in, if it lies here, and how far after the first.
    #[inline(always)]
    pub fn find_block(&self, block: NonNull<u8>) -> Option<(SharedSlab, usize)> {
        let at = self.all.at_or_below(block.addr().get())?;
        let within = block.addr().get() - at.0.addr().get();
        let within = within.checked_sub(at.head()).filter(|within| *within < usize::from(at.units.get()) * UNIT)?;
        Some((at, within))
    }

    fn mark(&self, at: SharedSlab, unit: usize, count: usize, out: bool) {
        self.hide(at);
        at.mark(unit, count, out);
        let change = if out { count } else { count.wrapping_neg() };
        at.out.set(at.out.get().wrapping_add(change as u16));
        self.show(at);
    }

    /// Takes a slab out of which nothing is out.
    fn take_out(&self, at: SharedSlab) -> Free {
        if at.out.get() > 0 {
            return None;
        }
        self.hide(at);
        self.all.remove(at);
        if self.newest.get() == Some(at) {
            self.newest.set(None);
        }
        Some(at.payload())
    }

    /// Puts a slab into the circle, as the one that is looked at next, if it has anything free.
    fn show(&self, at: SharedSlab) {
        if at.free_bytes() == 0 {
            return;
        }
        at.before.set(at);
        at.after.set(at);
        if let Some(first) = self.next.replace(Some(at)) {
            let last = first.before.replace(at);
            at.before.set(last);
            at.after.set(first);
            last.after.set(at);
        }
    }

    /// Takes it out again.
    fn hide(&self, at: SharedSlab) {
        if at.free_bytes() == 0 {
            return;
        }
        let (before, after) = (at.before.get(), at.after.get());
        before.after.set(after);
        after.before.set(before);
        if self.next.get() == Some(at) {
            self.next.set(Some(after).filter(|after| *after != at));
        }
    }
}
