//! Where in memory blocks of C's lie that are no claims, and of which class: so a block's address leads to its size.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicUsize};

use super::ALIGN;
use crate::heap::{Heap, LEAST_SLAB};
use crate::platform;
use crate::sharing::Shareable;

/// What C's functions know of a [`Heap`]'s memory. It belongs to one heap, and takes nothing before the first block.
///
/// Of each sheet, which is as long as the smallest slab, it says what lies there. Sheets stand in chapters, which are found by their number, that of
/// the half megabyte: in one of a few trees by its last bits, and there at each step by the next one. So of chapters that lie side by side as many
/// are passed as their count among those of a tree has bits, seven in 4 GiB; and of any no more than a number has bits.
pub struct Sheets {
    trees: [AtomicPtr<Chapter>; TREES],
    /// A map in which there is nothing, or null: the last one that was done with.
    spare: AtomicPtr<Map>,
    /// How many strays lie where there is no chapter. As long as there are any none is added: it would not know of them.
    strays: AtomicUsize,
    /// How many chapters searches have passed.
    #[cfg(test)]
    pub(super) looks: AtomicUsize,
}

/// So much memory has a tree of its own for each chapter: 64 MiB.
const TREES: usize = 128;

/// Sheets of a chapter: half a megabyte.
const SHEETS: usize = 128;

// It stays for ever, and a block in a slab would keep that: what is aligned to more than blocks is a claim.
#[repr(align(32))]
struct Chapter {
    /// Its place among all there may be.
    number: usize,
    /// Those below it in its tree: whose next bit is not set, and whose is. What is there stays for ever.
    below: [AtomicPtr<Chapter>; 2],
    maps: [AtomicPtr<Map>; SHEETS],
    known: [AtomicU32; SHEETS],
}

const _: () = assert!(align_of::<Chapter>() > ALIGN);

/// For each 16 bytes of a sheet the class of the block that begins there and is in use; 0 is none. One in which there is nothing goes back. Used
/// with the heap locked.
struct Map([AtomicU8; LEAST_SLAB / ALIGN]);

/// What is known of the blocks of C's that begin in so many bytes.
///
/// In a slab of a class all are of that class, so how many there are is enough. In one that all classes share, each is written down in a map.
/// Where the one became the other there are both.
///
/// And where there was no room for either, a block says itself how long it is, in its first 16 bytes: it is a *stray*. Nothing is counted in a sheet
/// that has any, or they would be taken for one of those; so how many there are is known too.
#[derive(Clone, Copy)]
pub(super) struct Sheet<'s> {
    /// How many are known by their class, which it is, how many are in the map, and how many are strays: so who frees a block looks at one number.
    known: &'s AtomicU32,
    /// The map, or null.
    map: &'s AtomicPtr<Map>,
}

/// Bits of a count: a sheet has no more than 256 blocks. And where the others begin.
const COUNT: u32 = 10;
const WRITTEN: u32 = 16;
const STRAYS: u32 = WRITTEN + COUNT;

/// How many are in the map.
fn written(known: u32) -> u32 {
    known >> WRITTEN & ((1 << COUNT) - 1)
}

/// Of what is known the class and the count of those that are in no map.
fn split(known: u32) -> (usize, u32) {
    let counted = known & ((1 << WRITTEN) - 1);
    ((counted >> COUNT) as usize, counted & ((1 << COUNT) - 1))
}

impl Sheet<'_> {
    /// Changes class and count at once to what `to` makes of them: the class that it had. `None`, and no change, if `to` says so.
    #[inline(always)]
    fn update(self, to: impl Fn(usize, u32) -> Option<(usize, u32)>) -> Option<usize> {
        let new = |known| {
            let (class, count) = split(known);
            to(class, count).map(|(class, count)| known >> WRITTEN << WRITTEN | (class as u32) << COUNT | count)
        };
        // Who frees a block has heard of all that happened here to it from who handed it over, and memory goes from slab to slab under the heap's
        // lock.
        self.known.fetch_update(Relaxed, Relaxed, new).ok().map(|known| split(known).0)
    }

    /// One block less of those that are in no map, if there are any: their class.
    #[inline(always)]
    fn one_less(self) -> Option<usize> {
        self.update(|class, count| Some((class, count.checked_sub(1)?)))
    }

    /// The class that all those are of that are in no map, if there are any.
    pub fn class(self) -> Option<usize> {
        let (class, count) = split(self.known.load(Relaxed));
        (count > 0).then_some(class)
    }

    /// One more block, if there are others of this class.
    #[inline(always)]
    pub fn one_more(self, class: usize) -> bool {
        self.update(|known, count| (known == class && count > 0).then(|| (class, count + 1))).is_some()
    }

    /// One more block, in a slab of its class: perhaps the first. `false`: there are strays.
    pub fn begin(self, class: usize) -> bool {
        let new = |known| {
            let (was, count) = split(known);
            debug_assert!(count == 0 || was == class);
            (known >> STRAYS == 0).then(|| known >> WRITTEN << WRITTEN | (class as u32) << COUNT | (count + 1))
        };
        self.known.fetch_update(Relaxed, Relaxed, new).is_ok()
    }

    /// One more stray, if nothing is counted here and there is room to count it.
    fn one_stray_more(self) -> bool {
        let new = |known| (split(known).1 == 0).then(|| u32::checked_add(known, 1 << STRAYS))?;
        self.known.fetch_update(Relaxed, Relaxed, new).is_ok()
    }

    #[inline(always)]
    fn is_mapped(self) -> bool {
        written(self.known.load(Relaxed)) > 0
    }

    /// Where the map says what begins at `block`, if there is a map. The heap is locked.
    fn in_map(&self, block: NonNull<u8>) -> Option<&AtomicU8> {
        let map = self.map.load(Acquire);
        // Another thread may have grown memory for it.
        platform::reach(map.addr() + size_of::<Map>());
        // SAFETY: null, or written before it was put there. It goes with the heap locked, and this is used so.
        let Map(classes) = unsafe { map.as_ref() }?;
        Some(&classes[block.addr().get() % LEAST_SLAB / ALIGN])
    }

    /// The class of a block, if it is known.
    pub fn class_of<L: Shareable>(self, block: NonNull<u8>, heap: &Heap<L>) -> Option<usize> {
        let written = || {
            // SAFETY: there is a block of this heap's.
            let class = unsafe { heap.in_turn(|| self.in_map(block).map(|place| place.load(Relaxed))) };
            class.filter(|class| *class > 0).map(usize::from)
        };
        let written = if self.is_mapped() { written() } else { None };
        written.or_else(|| self.class())
    }

    /// Takes a block out of the map that is about to be freed, if it is there: its class; and the map, if there is nothing else in it. The heap is locked.
    fn take_out(self, block: NonNull<u8>) -> Option<(usize, *mut Map)> {
        let class = self.in_map(block)?.swap(0, Relaxed);
        if class == 0 {
            return None;
        }
        let others = written(self.known.fetch_sub(1 << WRITTEN, Relaxed)) > 1;
        let gone = if others { ptr::null_mut() } else { self.map.swap(ptr::null_mut(), AcqRel) };
        Some((usize::from(class), gone))
    }

    /// Puts a block into the map, or into `fresh` if there is none; `false` if there is not even that. The heap is locked.
    fn put_in(self, block: NonNull<u8>, class: usize, fresh: &mut Option<NonNull<Map>>) -> bool {
        if self.map.load(Relaxed).is_null()
            && let Some(map) = fresh.take()
        {
            self.map.store(map.as_ptr(), Release);
        }
        let Some(place) = self.in_map(block) else {
            return false;
        };
        place.store(class as u8, Relaxed);
        self.known.fetch_add(1 << WRITTEN, Relaxed);
        true
    }

    /// Writes down a block beside others in the map, if there are any. Wherever it lies: what is written is right of any that is not counted.
    #[inline(always)]
    pub fn write_beside<L: Shareable>(self, heap: &Heap<L>, block: NonNull<u8>, class: usize) -> bool {
        // SAFETY: there is a block of this heap's.
        self.is_mapped() && unsafe { heap.in_turn(|| self.put_in(block, class, &mut None)) }
    }
}

/// Memory of the heap's for a `T`, all zero. C's block need not be refused where there is none, so nobody is told.
fn zeroes<T, L: Shareable>(heap: &Heap<L>) -> Option<NonNull<T>> {
    heap.try_alloc(Layout::new::<T>(), true).map(NonNull::cast)
}

/// Gives such memory back.
///
/// # Safety
///
/// The caller owes: nobody uses it any more.
unsafe fn end<T, L: Shareable>(heap: &Heap<L>, memory: NonNull<T>) {
    // SAFETY: the caller's promise; it was allocated with this layout.
    unsafe { heap.dealloc(memory.as_ptr().cast(), Layout::new::<T>()) };
}

impl Default for Sheets {
    fn default() -> Sheets {
        Sheets::new()
    }
}

impl Sheets {
    #[doc(hidden)]
    pub const fn new() -> Sheets {
        Sheets {
            trees: [const { AtomicPtr::new(ptr::null_mut()) }; TREES],
            spare: AtomicPtr::new(ptr::null_mut()),
            strays: AtomicUsize::new(0),
            #[cfg(test)]
            looks: AtomicUsize::new(0),
        }
    }

    /// The chapter of this number; or if there is none, the place for it.
    #[inline(always)]
    fn find(&self, number: usize) -> Result<&Chapter, &AtomicPtr<Chapter>> {
        let (mut place, mut rest) = (&self.trees[number % TREES], number / TREES);
        loop {
            let next = place.load(Acquire);
            // Another thread may have grown memory for it.
            platform::reach(next.addr() + size_of::<Chapter>());
            // SAFETY: what is in a tree was written before it was put there, and stays for ever.
            let Some(chapter) = (unsafe { next.as_ref() }) else { return Err(place) };
            #[cfg(test)]
            self.looks.fetch_add(1, Relaxed);
            if chapter.number == number {
                return Ok(chapter);
            }
            (place, rest) = (&chapter.below[rest % 2], rest / 2);
        }
    }

    /// The sheet that a block begins in, if anything was written down of its chapter.
    #[inline(always)]
    pub(super) fn of(&self, block: NonNull<u8>) -> Option<Sheet<'_>> {
        let sheet = block.addr().get() / LEAST_SLAB;
        let chapter = self.find(sheet / SHEETS).ok()?;
        Some(Sheet { known: &chapter.known[sheet % SHEETS], map: &chapter.maps[sheet % SHEETS] })
    }

    /// Gives back all that is known, for tests that look for what is lost.
    ///
    /// # Safety
    ///
    /// The caller owes: no block of C's is in use, and nobody allocates one meanwhile.
    pub(super) unsafe fn end<L: Shareable>(&self, heap: &Heap<L>) {
        for tree in &self.trees {
            // Always one that has none below it.
            while !tree.load(Acquire).is_null() {
                let mut place = tree;
                // SAFETY: it is in the tree.
                while let Some(Chapter { below, .. }) = unsafe { place.load(Acquire).as_ref() } {
                    let Some(next) = below.iter().find(|next| !next.load(Acquire).is_null()) else { break };
                    place = next;
                }
                if let Some(chapter) = NonNull::new(place.swap(ptr::null_mut(), AcqRel)) {
                    // SAFETY: nobody finds it any more.
                    unsafe { end(heap, chapter) };
                }
            }
        }
        if let Some(spare) = NonNull::new(self.spare.swap(ptr::null_mut(), AcqRel)) {
            // SAFETY: as above.
            unsafe { end(heap, spare) };
        }
    }

    /// Writes down a block in a slab that all classes share. `false`: there is no room for a map.
    pub(super) fn write<L: Shareable>(&self, heap: &Heap<L>, sheet: Sheet, block: NonNull<u8>, class: usize) -> bool {
        let mut fresh = None;
        loop {
            // SAFETY: there is a block of this heap's.
            if unsafe { heap.in_turn(|| sheet.put_in(block, class, &mut fresh)) } {
                // Another thread may have been first.
                self.keep(heap, fresh);
                return true;
            }
            fresh = NonNull::new(self.spare.swap(ptr::null_mut(), AcqRel)).or_else(|| zeroes(heap));
            if fresh.is_none() {
                return false;
            }
        }
    }

    /// The class of a block that is about to be freed, if it is known, and forgets it.
    #[inline(always)]
    pub(super) fn forget<L: Shareable>(&self, heap: &Heap<L>, block: NonNull<u8>) -> Option<usize> {
        let sheet = self.of(block)?;
        if sheet.is_mapped()
            && let Some(class) = self.forget_written(heap, sheet, block)
        {
            return Some(class);
        }
        sheet.one_less()
    }

    #[inline(never)]
    fn forget_written<L: Shareable>(&self, heap: &Heap<L>, sheet: Sheet, block: NonNull<u8>) -> Option<usize> {
        // SAFETY: there is a block of this heap's.
        let (class, gone) = unsafe { heap.in_turn(|| sheet.take_out(block)) }?;
        self.keep(heap, NonNull::new(gone));
        Some(class)
    }

    /// Keeps a map in which there is nothing for the next one that is needed, or gives it back.
    fn keep<L: Shareable>(&self, heap: &Heap<L>, map: Option<NonNull<Map>>) {
        if let Some(map) = map
            && self.spare.compare_exchange(ptr::null_mut(), map.as_ptr(), AcqRel, Relaxed).is_err()
        {
            // SAFETY: nobody else knows of it.
            unsafe { end(heap, map) };
        }
    }

    /// Adds the chapter of this block, in memory of the heap's. `false`: there is no room for it, or no need any more.
    #[cold]
    #[inline(never)]
    pub(super) fn add_chapter<L: Shareable>(&self, heap: &Heap<L>, block: NonNull<u8>) -> bool {
        let Some(chapter) = zeroes::<Chapter, L>(heap) else {
            return false;
        };
        let number = block.addr().get() / LEAST_SLAB / SHEETS;
        // SAFETY: it has room for one, and nobody knows of it.
        let its = unsafe { &raw mut (*chapter.as_ptr()).number };
        // SAFETY: as above. Zeroes are sheets in which nothing is known, and no chapters below.
        unsafe { its.write(number) };
        let add = || match self.find(number) {
            Err(place) if self.strays.load(Relaxed) == 0 => {
                place.store(chapter.as_ptr(), Release);
                true
            }
            _ => false,
        };
        // SAFETY: it has been made, as the chapter was allocated there.
        let added = unsafe { heap.in_turn(add) };
        if !added {
            // Another thread was first, or there are strays.
            // SAFETY: it was made just now, and nobody knows of it.
            unsafe { end(heap, chapter) };
        }
        added
    }

    /// One more stray, at `block`. `false`: it would be taken for one of those that are counted there.
    pub(super) fn add_stray<L: Shareable>(&self, heap: &Heap<L>, block: NonNull<u8>) -> bool {
        let add = || match self.of(block) {
            Some(sheet) => sheet.one_stray_more(),
            None => {
                self.strays.fetch_add(1, Relaxed);
                true
            }
        };
        // SAFETY: there is a block of this heap's.
        unsafe { heap.in_turn(add) }
    }

    /// One stray less. It stands where it was added: no chapter comes meanwhile.
    pub(super) fn end_stray(&self, block: NonNull<u8>) {
        match self.of(block) {
            Some(sheet) => _ = sheet.known.fetch_sub(1 << STRAYS, Relaxed),
            None => _ = self.strays.fetch_sub(1, Relaxed),
        }
    }
}
