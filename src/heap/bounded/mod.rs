//! [`BoundedHeap`]: a heap for memory that is small and does not grow.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};

use super::HeapStats;
use crate::backing::Region;
use crate::platform::{self, sanitizer};
use crate::sharing::{Needed, Shareable};
use crate::span::Span;

#[cfg(feature = "allocator-api2")]
mod allocator;
mod pieces;
#[cfg(test)]
mod tests;

use pieces::{Pieces, bytes_for_blocks, room};

/// A global allocator for firmware: one region, bounded time, about a kilobyte of code, and no word beside a block.
///
/// Take it first on bare metal, where all memory that the heap will ever have is known. Where memory grows, or arenas and pools share it
/// through a ledger, [`Heap`](crate::Heap) is the one to take; in a wasm module that must be small, `SmallHeap`.
///
/// ```
/// use core::mem::MaybeUninit;
/// use freehold::{BoundedHeap, Region};
///
/// static mut RAM: [MaybeUninit<u8>; 4096] = [MaybeUninit::uninit(); 4096];
/// static HEAP: BoundedHeap = BoundedHeap::empty(); // in firmware with `#[global_allocator]` before it
///
/// // First of all in `main`: without memory every request is refused.
/// // SAFETY: nothing else names RAM.
/// let region = unsafe { Region::from_raw((&raw mut RAM).cast(), 4096) };
/// HEAP.lend(region).expect("it has no memory yet");
/// println!("{}", HEAP.stats()); // in use, free, held, peak
/// # assert!(HEAP.longest() > 3900);
/// ```
///
/// # What it takes
///
/// - A bit for each word of the region: 1/32 of it on 32-bit targets, 1/64 on 64-bit ones. (A word is an address: 4 bytes, or 8.)
/// - For each block its size rounded up to a word, and two words at least; no header. Blocks are aligned to a word. What lies before one that is
///   aligned to more stays free.
/// - 38 words that are not in the region, all zero at first, and the lock.
/// - Code: a firmware with a `BTreeMap<u32, String>`, boxes and a vector has 996 bytes more than with an allocator that never frees
///   (Cortex-M4, opt-level `z`, LTO, abort, interrupts off as the lock; `linked_list_allocator` 820, embedded-alloc 892 and 932, talc 1,256). Where
///   a program is built for speed its parts are inlined: 3,256 bytes with opt-level 3.
///
/// # Bounds
///
/// Each verb is O(1). Its worst case depends neither on the region's length nor on what is in it. Counted are the words of the region that it
/// reads or writes; a test holds them against this table.
///
/// | verb | words at most | what it does |
/// |---|--:|---|
/// | `alloc`, aligned to a word or less | 31 | looks at 9 pieces, takes one out, puts the rest back |
/// | `alloc`, aligned to more | 96 | looks at 39, takes one out, puts two rests back |
/// | `alloc_zeroed` | as `alloc` | clears the block after that |
/// | `dealloc` | 20 | merges the block with what is free before it and behind it |
/// | `realloc`, in place | 15 | shorter always, longer where the memory behind is free |
/// | `realloc`, moving | 15, `alloc`, `dealloc` | copies the block between the two |
/// | [`stats`](BoundedHeap::stats), [`longest`](BoundedHeap::longest) | 2 | |
/// | [`lend`](BoundedHeap::lend) | 9, and the bits | clears a bit for each word, once |
///
/// The lock is held for each of these and no longer: not while a block is cleared or copied.
///
/// # What is refused
///
/// Null means that no piece of free memory is long enough, or that one is, but lies in its list behind eight others that are too short though
/// less than half as long again as the shortest of that list. (Pieces of more than 384 KiB, or 768 on 64-bit targets, are all in one list.) All is
/// as it was then. What is freed merges at once, so what is free is always in as few pieces as can be; when nothing is in use it is one.
///
/// # Who may use it
///
/// `A` says how it is shared: as the target needs unless you say otherwise. An interrupt handler that allocates needs a
/// [`Locked`](crate::sharing::Locked) heap whose lock keeps interrupts off. On wasm each call first looks whether there is stack enough, which takes
/// longer than the rest.
///
/// Lists by length with a bit for each are those of TLSF (Masmano, Ripoll, Crespo and Real, 2004); that memory says at both of its ends
/// how long it is, is Knuth's idea; that a block needs no header where whoever frees it knows its size was shown by `linked_list_allocator`.
pub struct BoundedHeap<A = Needed> {
    access: A,
    // Used between `enter` and `leave` only.
    heap: UnsafeCell<Lent>,
}

/// What one thread at a time uses.
#[repr(C)]
struct Lent {
    pieces: Pieces,
    /// Where they lie, before there is memory nowhere.
    memory: Option<Span>,
}

// SAFETY: the heap is used by one thread at a time, between `enter` and `leave`; the access is one that any thread may enter.
unsafe impl<A: Shareable> Sync for BoundedHeap<A> {}
// SAFETY: its memory belongs to it alone and is bound to no thread.
unsafe impl<A: Shareable + Send> Send for BoundedHeap<A> {}

impl<A: Shareable> Default for BoundedHeap<A> {
    fn default() -> BoundedHeap<A> {
        BoundedHeap::empty()
    }
}

impl<A: Shareable> BoundedHeap<A> {
    /// A heap without memory. Until it is [lent](BoundedHeap::lend) some every request is refused.
    pub const fn empty() -> BoundedHeap<A> {
        BoundedHeap { access: A::NEW, heap: UnsafeCell::new(Lent { pieces: Pieces::new(), memory: None }) }
    }

    /// Gives a heap its memory, if it has none: a region that the linker knows, or whose bounds are found at run time.
    ///
    /// # Errors
    ///
    /// The region comes back untouched, and the heap stays as it is: if it has memory, which is for good; or if this region is too
    /// small for a single block, or ends before it begins.
    #[inline(always)] // which kind of region it is, is known where it is made
    pub fn lend(&self, mut region: Region<'static>) -> Result<(), Region<'static>> {
        // Its end may have to be asked for.
        let memory = region.find().ok().flatten();
        // SAFETY: the region's memory is nobody else's, and what has it is forgotten if this takes it.
        if memory.is_some_and(|memory| unsafe { self.open(memory) }) {
            let _for_good = ManuallyDrop::new(region);
            return Ok(());
        }
        Err(region)
    }

    /// Takes the memory, if there is none yet, and it is enough.
    ///
    /// # Safety
    ///
    /// The caller owes: it is nobody else's for good, if this returns `true`.
    unsafe fn open(&self, memory: Span) -> bool {
        self.with(|heap| {
            // SAFETY: there is none yet; and the caller's promise.
            let opened = !heap.pieces.are_open() && unsafe { heap.pieces.open(memory) };
            if opened {
                heap.memory = Some(memory);
            }
            opened
        })
    }

    /// Frees all that lives in it, at once: in as many steps as there are words of bits. Nothing is dropped.
    ///
    /// Nobody has anything in it any more, or this doesn't compile: a collection in `&heap` (feature `allocator-api2`) borrows it. So it can be the heap
    /// of a request, or of a tenant, which is reset as a whole. (Who has a raw block of [`GlobalAlloc`]'s must not use it any more.)
    ///
    #[cfg_attr(feature = "allocator-api2", doc = "```")]
    #[cfg_attr(not(feature = "allocator-api2"), doc = "```ignore")]
    /// use allocator_api2::vec::Vec;
    /// use core::mem::MaybeUninit;
    /// use freehold::{BoundedHeap, Region};
    ///
    /// static mut RAM: [MaybeUninit<u8>; 4096] = [MaybeUninit::uninit(); 4096];
    /// let mut heap: BoundedHeap = BoundedHeap::empty();
    /// // SAFETY: nothing else names RAM.
    /// heap.lend(unsafe { Region::from_raw((&raw mut RAM).cast(), 4096) }).expect("it has no memory yet");
    /// for request in 0..100_u32 {
    ///     let mut words = Vec::new_in(&heap);
    ///     words.extend(0..request);
    ///     std::mem::forget(words); // whatever becomes of it
    ///     heap.reset();
    ///     assert_eq!(heap.stats().in_use, 0);
    /// }
    /// ```
    pub fn reset(&mut self) {
        // Several calls, and between them there is no region.
        platform::stack_ahead();
        let Lent { pieces, memory } = self.heap.get_mut();
        if let Some(memory) = *memory {
            let least = pieces.least;
            *pieces = Pieces::new();
            // SAFETY: it has no region now, and this one is its own. What lived there is borrowed by nobody.
            unsafe { pieces.open(memory) };
            // The peak is the most that ever was in use.
            pieces.least = least;
        }
    }

    /// What it holds: its region. What is in use is counted with what it is rounded up to; the peak is the most that ever was in use.
    pub fn stats(&self) -> HeapStats {
        self.with(|heap| {
            let (held, all) = heap.memory.map_or((0, 0), |span| (span.len(), bytes_for_blocks(span)));
            let Pieces { free, least, .. } = heap.pieces;
            let longest = heap.pieces.longest();
            HeapStats {
                held,
                in_use: all - free,
                free,
                peak: all - least,
                headers: 0,
                unclaimed: 0,
                pieces: 0,
                longest,
            }
        })
    }

    /// So many bytes one request can have now; a few more, if several pieces are about as long.
    pub fn longest(&self) -> usize {
        self.with(|heap| heap.pieces.longest())
    }

    /// Runs `work`, in which no foreign code runs, with the heap to itself.
    #[inline(always)]
    fn with<R>(&self, work: impl FnOnce(&mut Lent) -> R) -> R {
        // Several calls, and between them the pieces are not whole.
        platform::stack_ahead();
        self.enter();
        // SAFETY: entered, so nobody else has it until this leaves; and `work` does not come back here.
        let done = work(unsafe { &mut *self.heap.get() });
        // SAFETY: entered above, and `work` has ended.
        unsafe { self.leave() };
        done
    }

    /// Comes before whatever is done with the heap.
    #[cfg_attr(freehold_for_size, inline(never))]
    fn enter(&self) {
        self.access.enter();
    }

    /// Comes after it.
    ///
    /// # Safety
    ///
    /// The caller owes: it has entered, and uses the heap no more.
    #[cfg_attr(freehold_for_size, inline(never))]
    unsafe fn leave(&self) {
        // SAFETY: the caller has it to itself.
        let pieces = unsafe { &mut (*self.heap.get()).pieces };
        if pieces.free < pieces.least {
            pieces.least = pieces.free;
        }
        // SAFETY: the caller's promise.
        unsafe { self.access.leave() };
    }
}

/// What is on its way out, memory for `size` bytes or null: nothing beyond may be touched, and this thread may use it now, whoever grew the
/// memory.
#[inline(always)]
fn handed_out(memory: *mut u8, size: usize) -> *mut u8 {
    NonNull::new(memory).inspect(|block| sanitizer::hand_out(*block, size, room(size)));
    platform::reach(memory.addr() + size);
    memory
}

// SAFETY: blocks are cut from the region, as long and aligned as asked, and handed out to one holder at a time: what is in a block is in no
// piece. Nothing here unwinds.
unsafe impl<A: Shareable> GlobalAlloc for BoundedHeap<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let memory = self.with(|heap| heap.pieces.take(room(layout.size()), layout.align()));
        handed_out(memory, layout.size())
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise: a block of this layout, which is what was taken for it.
        self.with(|heap| unsafe { heap.pieces.resize(memory.addr(), room(layout.size()), 0) });
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // What is read here may lie where another thread has grown memory.
        platform::reach(memory.addr() + layout.size());
        let (old, new) = (room(layout.size()), room(new_size));
        let stayed = self.with(|heap| {
            // SAFETY: the caller's promise: a block of this layout, which is what was taken for it.
            let stays = unsafe { heap.pieces.resize(memory.addr(), old, new) } == new;
            // The caller's pointer may reach no more than the old size.
            if stays { heap.pieces.memory(memory.addr()) } else { ptr::null_mut() }
        });
        if !stayed.is_null() {
            return handed_out(stayed, new_size);
        }
        // SAFETY: the caller owes that the new size, rounded up to the alignment, does not overflow.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: this heap serves every layout.
        let moved = unsafe { self.alloc(new) };
        if !moved.is_null() {
            // SAFETY: two blocks, one of them just allocated; what has to move is longer than it was.
            unsafe { ptr::copy_nonoverlapping(memory, moved, layout.size()) };
            // SAFETY: the caller's promise.
            unsafe { self.dealloc(memory, layout) };
        }
        moved
    }
}
