//! [`Bounded`]: a heap for memory that is small and does not grow.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{self, NonNull};

use super::HeapStats;
use crate::access::{Needed, Shareable};
use crate::backing::Region;
use crate::platform::{self, sanitizer};

mod pieces;
#[cfg(test)]
mod tests;

use pieces::{Pieces, bytes_for_blocks, room};

/// A global allocator for firmware: one region, bounded time, about a kilobyte of code, and no word beside a block.
///
/// Take it on bare metal, where all memory that the heap will ever have is known. (Where memory grows, or arenas and pools are to share it
/// through a ledger, [`Global`](crate::Global) is the one to take.)
///
/// ```
/// use core::mem::MaybeUninit;
/// use freehold::{Bounded, Region};
///
/// static mut RAM: [MaybeUninit<u8>; 4096] = [MaybeUninit::uninit(); 4096];
/// static HEAP: Bounded = Bounded::empty(); // with `#[global_allocator]` in firmware
///
/// // First of all in `main`. Without memory every request is refused.
/// // SAFETY: nothing else names RAM.
/// let region = unsafe { Region::from_raw((&raw mut RAM).cast(), 4096) };
/// HEAP.lend(region).expect("it has no memory yet");
/// println!("{}", HEAP.stats()); // in use, free, held, peak
/// # assert!(HEAP.longest() > 3900);
/// ```
///
/// # What it costs
///
/// - Flash, over an allocator that never frees, for a firmware with a `BTreeMap<u32, String>`, boxes and strings (Cortex-M4, opt-level `z`,
///   LTO, abort): about 1,100 bytes.
/// - RAM that is not in the region: 39 words, and the lock.
/// - A bit for each word of the region: 1/32 of it on 32-bit targets, 1/64 on 64-bit ones.
/// - A block has its size rounded up to a word, two words at least. It is aligned to a word; a larger alignment leaves the gap before it free.
///
/// # Bounds
///
/// Each verb is O(1). What there is depends on nothing: not on the length of the region, nor on what is in it. `n` words of the region
/// are read or written at most, all of them counted (a test does), beside what lies in the heap itself:
///
/// | verb | n | what for |
/// |---|--:|---|
/// | `alloc` | 46 | 9 pieces are looked at, one is taken, its rest is put back |
/// | `alloc`, aligned to more than a word | 145 | 39 pieces, and two rests |
/// | `alloc_zeroed` | as `alloc` | and the block is filled |
/// | `dealloc` | 31 | it merges with what is free before it and behind it |
/// | `realloc`, shorter, or longer with room behind | 20 | it stays where it is |
/// | `realloc`, longer without | 3 + `alloc` + `dealloc` | and the block is copied |
/// | [`stats`](Bounded::stats), [`longest`](Bounded::longest) | 2 | |
/// | [`lend`](Bounded::lend), once | 14, and one for each 32 words (64-bit: 64) | the bits are cleared |
///
/// The lock is held as long, but not while a block is filled or copied.
///
/// # What is refused
///
/// Null means that there is no piece of that length, or that it lies behind eight others of nearly that length (up to half as long again as
/// the shortest of them) that are too short. Then nothing has changed. What is freed merges at once: when all is free there is one piece.
/// Pieces of more than 384 KiB (twice that on 64-bit targets) count as of nearly one length.
///
/// # Who may use it
///
/// `A` says how it is shared: as the target needs unless you say otherwise. An interrupt handler needs a [`Locked`](crate::Locked) heap whose
/// lock keeps interrupts off.
///
/// Lists by length with a bit for each are TLSF's (Masmano, Ripoll, Crespo and Real, 2004); that memory says at both of its ends how long it
/// is, is Knuth's; that a block needs no header where it is freed with its size is known from `linked_list_allocator`.
pub struct Bounded<A = Needed> {
    access: A,
    // Used between `enter` and `leave` only.
    heap: UnsafeCell<Heap>,
}

/// What one thread at a time uses.
#[repr(C)]
struct Heap {
    pieces: Pieces,
    /// Where they lie: no bytes before there is memory.
    region: Region<'static>,
}

// SAFETY: the heap is used by one thread at a time, between `enter` and `leave`; the access is one that any thread may enter.
unsafe impl<A: Shareable> Sync for Bounded<A> {}
// SAFETY: its memory belongs to it alone and is bound to no thread.
unsafe impl<A: Shareable + Send> Send for Bounded<A> {}

impl<A: Shareable> Default for Bounded<A> {
    fn default() -> Bounded<A> {
        Bounded::empty()
    }
}

impl<A: Shareable> Bounded<A> {
    /// A heap without memory. Until it is [lent](Bounded::lend) some every request is refused.
    pub const fn empty() -> Bounded<A> {
        // SAFETY: no bytes.
        let region = unsafe { Region::from_raw(ptr::null_mut(), 0) };
        Bounded { access: A::NEW, heap: UnsafeCell::new(Heap { pieces: Pieces::new(), region }) }
    }

    /// Gives a heap its memory, if it has none: a region that the linker knows, or whose bounds are found at run time.
    ///
    /// # Errors
    ///
    /// The region comes back untouched, and the heap stays as it is: if it has memory, which is for good; or if this region is too
    /// small for a single block.
    pub fn lend(&self, region: Region<'static>) -> Result<(), Region<'static>> {
        self.with(|heap| {
            // SAFETY: there is none yet, and the region is kept from now on.
            if !heap.pieces.are_open() && region.span().is_some_and(|memory| unsafe { heap.pieces.open(memory) }) {
                heap.region = region;
                return Ok(());
            }
            Err(region)
        })
    }

    /// What it holds: its region. What is in use is counted with what it is rounded up to; the peak is the most that ever was in use.
    pub fn stats(&self) -> HeapStats {
        self.with(|heap| {
            let (held, all) = heap.region.span().map_or((0, 0), |span| (span.len(), bytes_for_blocks(span)));
            let Pieces { free, least, .. } = heap.pieces;
            HeapStats { held, in_use: all - free, free, peak: all - least }
        })
    }

    /// So many bytes one request can have now; a few more, if several pieces are about as long.
    pub fn longest(&self) -> usize {
        self.with(|heap| heap.pieces.longest())
    }

    /// Runs `work`, in which no foreign code runs, with the heap to itself.
    #[inline(always)]
    fn with<R>(&self, work: impl FnOnce(&mut Heap) -> R) -> R {
        self.access.enter();
        // SAFETY: entered, so nobody else has it until this leaves; and `work` does not come back here.
        let done = work(unsafe { &mut *self.heap.get() });
        // SAFETY: entered above.
        unsafe { self.access.leave() };
        done
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
unsafe impl<A: Shareable> GlobalAlloc for Bounded<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let memory = self.with(|heap| heap.pieces.take(room(layout.size()), layout.align()));
        handed_out(memory, layout.size())
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise: a block of this layout, which is what was taken for it.
        self.with(|heap| unsafe { heap.pieces.put(memory.addr(), room(layout.size())) });
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // What is read here may lie where another thread has grown memory.
        platform::reach(memory.addr() + layout.size());
        let (old, new) = (room(layout.size()), room(new_size));
        let stayed = self.with(|heap| {
            // SAFETY: the caller's promise: a block of this layout, which is what was taken for it.
            let stays = unsafe { heap.pieces.resize(memory.addr(), old, new) };
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
