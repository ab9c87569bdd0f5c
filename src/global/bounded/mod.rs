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

use pieces::{Pieces, room};

pub struct Bounded<A = Needed> {
    access: A,
    // Used between `enter` and `leave` only.
    heap: UnsafeCell<Heap>,
}

/// What one thread at a time uses.
#[repr(C)]
struct Heap {
    pieces: Pieces,
    /// Where they lie.
    region: Region<'static>,
}

// SAFETY: the heap is used by one thread at a time, between `enter` and `leave`; the access is one that any thread may enter.
unsafe impl<A: Shareable> Sync for Bounded<A> {}
// SAFETY: its memory belongs to it alone and is bound to no thread.
unsafe impl<A: Shareable + Send> Send for Bounded<A> {}

impl<A: Shareable> Default for Bounded<A> {
    fn default() -> Bounded<A> {
        Bounded::new()
    }
}

impl<A: Shareable> Bounded<A> {
    pub const fn new() -> Bounded<A> {
        // SAFETY: no bytes.
        let region = unsafe { Region::from_raw(ptr::null_mut(), 0) };
        Bounded { access: A::NEW, heap: UnsafeCell::new(Heap { pieces: Pieces::new(), region }) }
    }

    pub fn lend(&self, region: Region<'static>) -> Result<(), Region<'static>> {
        self.with(|heap| {
            // SAFETY: there is none yet; the region is kept beside it, and nobody else's for good.
            if !heap.pieces.are_open() && region.span().is_some_and(|span| unsafe { heap.pieces.open(span) }) {
                heap.region = region;
                return Ok(());
            }
            Err(region)
        })
    }

    pub fn stats(&self) -> HeapStats {
        self.with(|heap| {
            let (used, peak) = (heap.pieces.free, heap.pieces.least);
            let held = heap.region.span().map_or(0, |span| span.len());
            HeapStats { held, in_use: used, free: held - used, peak }
        })
    }

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

/// What is on its way out, memory for `size` bytes or null: nothing else of its granules may be touched, and this thread may use it now,
/// whoever grew the memory.
#[inline(always)]
fn handed_out(memory: *mut u8, size: usize) -> *mut u8 {
    NonNull::new(memory).inspect(|block| sanitizer::hand_out(*block, size, room(size)));
    platform::reach(memory.addr() + size);
    memory
}

// SAFETY: blocks are cut from the region, whole granules at a multiple of what was asked for, and handed out to one holder at a time: what is
// in a block is in no piece. Nothing here unwinds.
unsafe impl<A: Shareable> GlobalAlloc for Bounded<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let memory = self.with(|heap| heap.pieces.take(room(layout.size()), layout.align()));
        handed_out(memory, layout.size())
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.with(|heap| { heap.pieces.put(memory.addr(), room(layout.size())) });
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // What is read here may lie where another thread has grown memory.
        platform::reach(memory.addr() + layout.size());
        let stayed = self.with(|heap| {
            // SAFETY: the caller's promise: a block of this layout, which is what was taken for it.
            let stays = heap.pieces.resize(memory.addr(), room(layout.size()), room(new_size));
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
            // SAFETY: two blocks, one of them just allocated; only what grows has to move.
            unsafe { ptr::copy_nonoverlapping(memory, moved, layout.size()) };
            // SAFETY: the caller's promise.
            unsafe { self.dealloc(memory, layout) };
        }
        moved
    }
}
