//! Which stretches of memory have blocks of C's in slabs, and of which size: so a block's address leads to its size.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU16};

use crate::heap::{LEAST_SLAB, Heap};
use crate::platform;
use crate::sharing::Shareable;

/// What C's functions know of a [`Heap`]'s memory. It belongs to one heap, and takes nothing before the first block.
///
/// Of each sheet, which is as long as the smallest slab, two bytes say what lies there. Such pairs stand in chapters, which are found by their
/// address in one of a few lists.
pub struct Sheets {
    lists: [AtomicPtr<Chapter>; LISTS],
    /// Set iff the last block that was asked for lay in a slab that all classes share: memory is small, or short.
    short: AtomicBool,
}

/// So much memory has a list of its own before two parts share one: 256 MiB.
const LISTS: usize = 128;

/// Sheets of a chapter: 2 MiB.
const SHEETS: usize = 512;

struct Chapter {
    /// Its place among all there may be.
    number: usize,
    /// The next one in its list, for ever.
    next: *const Chapter,
    sheets: [Sheet; SHEETS],
}

/// How many blocks of C's begin in a sheet and are known by it, and the class of all of them. Its other blocks say themselves how long they
/// are; there are never both kinds at once.
pub(super) struct Sheet(AtomicU16);

/// Bits of the count: a sheet has no more than 256 blocks.
const COUNT: u32 = 10;

impl Sheet {
    fn split(both: u16) -> (usize, u16) {
        (usize::from(both >> COUNT), both & ((1 << COUNT) - 1))
    }

    /// Changes it at once to what `to` makes of the class and the count: the class that it had. `None`, and no change, if `to` says so.
    #[inline(always)]
    fn update(&self, to: impl Fn(usize, u16) -> Option<(usize, u16)>) -> Option<usize> {
        let new = |both| {
            let (class, count) = Self::split(both);
            to(class, count).map(|(class, count)| (class as u16) << COUNT | count)
        };
        // Who frees a block has heard of all that happened to it from who handed it over, and blocks move from slab to slab under the heap's lock.
        self.0.fetch_update(Relaxed, Relaxed, new).ok().map(|both| Self::split(both).0)
    }

    /// The class of blocks that it knows, if it knows any.
    #[inline(always)]
    pub fn class(&self) -> Option<usize> {
        let (class, count) = Self::split(self.0.load(Relaxed));
        (count > 0).then_some(class)
    }

    /// One more block, if it knows others of this class.
    #[inline(always)]
    pub fn one_more(&self, class: usize) -> bool {
        self.update(|known, count| (known == class && count > 0).then(|| (class, count + 1))).is_some()
    }

    /// One more block, perhaps the first. All that it knows are of this class.
    pub fn begin(&self, class: usize) {
        self.update(|known, count| {
            debug_assert!(count == 0 || known == class);
            Some((class, count + 1))
        });
    }

    /// One block less, if it knows any: their class.
    #[inline(always)]
    pub fn one_less(&self) -> Option<usize> {
        self.update(|class, count| Some((class, count.checked_sub(1)?)))
    }
}

impl Default for Sheets {
    fn default() -> Sheets {
        Sheets::new()
    }
}

impl Sheets {
    #[doc(hidden)]
    pub const fn new() -> Sheets {
        Sheets { lists: [const { AtomicPtr::new(ptr::null_mut()) }; LISTS], short: AtomicBool::new(false) }
    }

    #[inline(always)]
    pub(super) fn is_short(&self) -> bool {
        self.short.load(Relaxed)
    }

    pub(super) fn set_short(&self, short: bool) {
        self.short.store(short, Relaxed);
    }

    /// The sheet that a block begins in, if anything was written down of its chapter.
    #[inline(always)]
    pub(super) fn of(&self, block: NonNull<u8>) -> Option<&Sheet> {
        let sheet = block.addr().get() / LEAST_SLAB;
        let number = sheet / SHEETS;
        let mut next = self.lists[number % LISTS].load(Acquire).cast_const();
        // SAFETY: what is in a list was written before it was put there, and stays for ever.
        while let Some(chapter) = unsafe { next.as_ref() } {
            if chapter.number == number {
                // Another thread may have grown memory for it.
                platform::reach(next.addr() + size_of::<Chapter>());
                return Some(&chapter.sheets[sheet % SHEETS]);
            }
            next = chapter.next;
        }
        None
    }

    /// Adds the chapter of this block, in memory of the heap's. `false`: there is no room for it.
    #[cold]
    #[inline(never)]
    pub(super) fn add_chapter<L: Shareable>(&self, heap: &Heap<L>, block: NonNull<u8>) -> bool {
        const LAYOUT: Layout = Layout::new::<Chapter>();
        // SAFETY: it has a size.
        let Some(chapter) = NonNull::new(unsafe { heap.alloc_zeroed(LAYOUT) }) else {
            return false;
        };
        let chapter = chapter.cast::<Chapter>();
        let number = block.addr().get() / LEAST_SLAB / SHEETS;
        let list = &self.lists[number % LISTS];
        let mut first = list.load(Acquire);
        loop {
            if self.of(block).is_some() {
                // Another thread was first.
                // SAFETY: it was allocated just now, and nobody knows of it.
                unsafe { heap.dealloc(chapter.as_ptr().cast(), LAYOUT) };
                return true;
            }
            // SAFETY: it has room for one, and nobody knows of it.
            let place = unsafe { &raw mut (*chapter.as_ptr()).number };
            // SAFETY: as above.
            unsafe { place.write(number) };
            // SAFETY: as above.
            let place = unsafe { &raw mut (*chapter.as_ptr()).next };
            // SAFETY: as above. Zeroes are sheets of which nothing is known.
            unsafe { place.write(first) };
            match list.compare_exchange(first, chapter.as_ptr(), AcqRel, Acquire) {
                Ok(_) => return true,
                Err(others) => first = others,
            }
        }
    }
}
