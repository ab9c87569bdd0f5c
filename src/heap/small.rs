//! [`SmallHeap`]: a heap in a few hundred bytes of code.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr::{self, NonNull};

use crate::free_list::FreeList;
use crate::layout::{padding, step_of};
use crate::platform::{self, sanitizer};
use crate::sharing::{Needed, Shareable, Turn};

/// Blocks are multiples of so many bytes, at multiples of so many bytes.
const GRANULE: usize = 16;

/// Bytes that are grown at a time at least: pages may be smaller.
const LEAST: usize = 1024;

/// A power of two altogether: masked with this, an index is in bounds.
const CLASSES: usize = (class_of(isize::MAX as usize) + 1).next_power_of_two();

/// A global allocator for modules where each byte of code counts: about 450 bytes of it, after `wasm-opt -Oz`.
///
/// It grows memory by itself, page by page, and keeps no record in a ledger: fresh pages are nobody else's, so arenas, pools and
/// other heaps beside it are safe, but don't get its pages, nor it theirs. A request is rounded up to one of four sizes from one
/// power of two to the next (by a fifth at most; 16 bytes apart up to 128), and a freed block serves that size again, last in,
/// first out: freed blocks never merge. So a program that frees everything can run again without growing memory, but one that
/// goes from many small blocks to a few large ones holds both. Alignments over 16 bytes cost as many bytes more; a block of whole
/// pages has memory grow by one page more, which the next blocks have.
///
/// Each call takes a few instructions. Null is returned if memory can't grow; nothing has changed then. On hosts each piece of address space
/// that it asks for stands alone, and what is left of one is lost when the next is needed.
///
/// ```
/// #[global_allocator]
/// static HEAP: freehold::SmallHeap = freehold::SmallHeap::new();
///
/// assert_eq!(vec![7; 1000].len(), 1000);
/// ```
///
/// The classes are those of many allocators since TLSF (Masmano, Ripoll, Crespo and Real, 2004); that a module as small as this
/// is worth having was shown by `lol_alloc` and Zig's allocator for wasm.
pub struct SmallHeap<A = Needed> {
    access: A,
    // Used in a `Turn` only, like all that follows.
    free: [FreeList; CLASSES],
    /// Where fresh memory begins.
    next: Cell<*mut u8>,
    /// Its last byte, which no block has: at the end of a 4 GiB memory there is no address after it.
    last: Cell<usize>,
}

// SAFETY: the lists are used by one thread at a time, in its `Turn`; the access is one that any thread may enter.
unsafe impl<A: Shareable> Sync for SmallHeap<A> {}
// SAFETY: its memory belongs to it alone and is bound to no thread.
unsafe impl<A: Shareable + Send> Send for SmallHeap<A> {}

/// Classes from one power of two to the next.
const STEPS: usize = 4;

/// The class that serves `size` bytes: by the last granule that it has a part of.
const fn class_of(size: usize) -> usize {
    step_of(last_of(size), STEPS).0
}

/// Bytes of the block that serves `size` bytes.
#[inline(always)]
const fn block_of(size: usize) -> usize {
    let last = last_of(size);
    let (_, wide) = step_of(last, STEPS);
    ((last >> wide) + 1) << wide << GRANULE.ilog2()
}

#[inline(always)]
const fn last_of(size: usize) -> usize {
    size.saturating_sub(1) / GRANULE
}

/// Bytes that a block for `layout` must have: where it is aligned to more than a granule, room for that, and for where it starts.
#[inline(always)]
fn room_for(layout: Layout) -> usize {
    layout.size() + if layout.align() > GRANULE { layout.align() } else { 0 }
}

impl<A: Shareable> Default for SmallHeap<A> {
    fn default() -> SmallHeap<A> {
        SmallHeap::new()
    }
}

impl<A: Shareable> SmallHeap<A> {
    /// The heap. It takes nothing before the first allocation.
    ///
    /// ```
    /// use freehold::sharing::Locked;
    /// use freehold::SmallHeap;
    ///
    /// static AS_THE_TARGET_NEEDS: SmallHeap = SmallHeap::new();
    /// static BEHIND_A_LOCK: SmallHeap<Locked> = SmallHeap::new();
    /// ```
    pub const fn new() -> SmallHeap<A> {
        SmallHeap {
            access: A::NEW,
            free: [const { FreeList::new() }; CLASSES],
            next: Cell::new(ptr::null_mut()),
            last: Cell::new(0),
        }
    }

    #[inline(always)]
    fn list(&self, size: usize) -> &FreeList {
        &self.free[class_of(size) & (CLASSES - 1)]
    }

    /// A block for so many bytes.
    #[inline(always)]
    fn take(&self, size: usize) -> *mut u8 {
        let turn = Turn::enter(&self.access);
        let mut block = self.list(size).pop().map_or(ptr::null_mut(), NonNull::as_ptr);
        if block.is_null() {
            let bytes = block_of(size);
            if self.last.get() - self.next.get().addr() >= bytes || self.grow(bytes) {
                block = self.next.get();
                // Up to `last` at most, so this can't wrap.
                self.next.set(block.wrapping_add(bytes));
            }
        }
        drop(turn);
        NonNull::new(block).inspect(|block| sanitizer::hand_out(*block, size, GRANULE));
        block
    }

    /// Fresh pages with room for `bytes`, and at least one byte more; what was left of those before is lost unless these are one with them.
    #[inline(always)]
    fn grow(&self, bytes: usize) -> bool {
        let page = platform::page_size();
        // Small pages may begin between two granules.
        let between = if page < GRANULE { GRANULE - 1 } else { 0 };
        let pages = bytes.saturating_add(between).max(if page < LEAST { LEAST } else { 0 }) / page + 1;
        let Some(base) = platform::fresh(pages) else {
            return false;
        };
        // Blocks come back as whatever pointer their holder had.
        let start = base.as_ptr().expose_provenance();
        if !platform::FRESH_JOINS || start != self.last.get().wrapping_add(1) {
            self.next.set(base.as_ptr().wrapping_add(padding(start, GRANULE) & between));
        }
        sanitizer::poison(base, 0..pages * page);
        self.last.set(start + (pages * page - 1));
        true
    }
}

/// What is on its way out, memory for `layout` or null: this thread may use it now, whoever grew it.
#[inline(always)]
fn within_reach(memory: *mut u8, layout: Layout) -> *mut u8 {
    platform::reach(memory.addr() + layout.size());
    memory
}

// SAFETY: blocks are cut from fresh pages, multiples of 16 bytes at multiples of 16 bytes, and handed out to one holder at a time:
// a block in a list is nobody's, and leaves it when it is taken. A larger alignment is found inside a block that is longer by it.
unsafe impl<A: Shareable> GlobalAlloc for SmallHeap<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = self.take(room_for(layout));
        if layout.align() <= GRANULE || block.is_null() {
            return within_reach(block, layout);
        }
        // At least 16 bytes after the block's start, at most `align`.
        let aligned = block.map_addr(|addr| (addr + layout.align()) & !(layout.align() - 1));
        // SAFETY: these bytes lie in the block, before what is handed out.
        let start = unsafe { aligned.cast::<*mut u8>().sub(1) };
        // SAFETY: as above.
        unsafe { start.write(block) };
        within_reach(aligned, layout)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: what was allocated is not null.
        let mut block = platform::owned(unsafe { NonNull::new_unchecked(memory) });
        if layout.align() > GRANULE {
            // SAFETY: before an aligned block's memory stands where the block starts.
            let start = unsafe { block.cast::<NonNull<u8>>().sub(1) };
            // SAFETY: as above.
            block = unsafe { start.read() };
        }
        let _turn = Turn::enter(&self.access);
        sanitizer::poison(block, 0..room_for(layout));
        // SAFETY: the block is the caller's no more, and has room for a link.
        unsafe { self.list(room_for(layout)).push(block) };
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller owes that the new size, rounded up to the alignment, does not overflow.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // What is read here, or handed out again, may lie where another thread has grown memory.
        within_reach(memory, layout);
        if class_of(room_for(layout)) == class_of(room_for(new)) {
            // The caller's pointer may reach no more than the old size.
            // SAFETY: what was allocated is not null.
            let memory = platform::owned(unsafe { NonNull::new_unchecked(memory) });
            sanitizer::hand_out(memory, new_size, layout.size());
            return within_reach(memory.as_ptr(), new);
        }
        // SAFETY: the caller's promise.
        let moved = unsafe { self.alloc(new) };
        if !moved.is_null() {
            // SAFETY: two blocks, one of them just allocated, both as long as what is copied.
            unsafe { ptr::copy_nonoverlapping(memory, moved, layout.size().min(new_size)) };
            // SAFETY: the caller's promise.
            unsafe { self.dealloc(memory, layout) };
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_a_block_that_holds_it_and_wastes_little() {
        let mut before = None;
        for size in (0..5000).step_by(if cfg!(miri) { 61 } else { 1 }).chain((1..80).map(|step| step * 100_003)) {
            let (class, bytes) = (class_of(size), block_of(size));
            assert!(class < CLASSES && bytes >= size && bytes.is_multiple_of(GRANULE));
            assert!(bytes - size <= GRANULE || (bytes - size) * 5 < bytes, "{size} bytes in {bytes}");
            assert!(before.is_none_or(|(c, b)| (c, b) == (class, bytes) || c < class && b < bytes));
            before = Some((class, bytes));
        }
    }

    /// Each way out renews what the thread knows of memory that others have grown, up to the end of what it gets (h32).
    #[test]
    #[cfg_attr(miri, ignore = "a heap makes pointers of integers, which strict provenance forbids")]
    fn h32_every_way_out_is_reached() {
        for align in [8, 64] {
            let heap: SmallHeap = SmallHeap::new();
            let layout = |size| Layout::from_size_align(size, align).unwrap();
            let check = |memory: *mut u8, size: usize| {
                assert!(
                    !memory.is_null() && platform::reached::take() == memory.addr() + size,
                    "{size} bytes, {align}"
                );
                memory
            };
            platform::reached::take();
            // Fresh, then from the list.
            for _ in 0..2 {
                // SAFETY: the layout has bytes.
                let block = check(unsafe { heap.alloc(layout(4000)) }, 4000);
                // SAFETY: the block has this layout.
                unsafe { heap.dealloc(block, layout(4000)) };
            }
            // SAFETY: the layout has bytes.
            let block = check(unsafe { heap.alloc_zeroed(layout(4000)) }, 4000);
            // In place.
            // SAFETY: the block has this layout.
            let block = check(unsafe { heap.realloc(block, layout(4000), 4001) }, 4001);
            // Moved, up and down: what is copied may lie further up than what it is copied to.
            // SAFETY: the block has this layout.
            let moved = check(unsafe { heap.realloc(block, layout(4001), 9000) }, 9000);
            // SAFETY: the block has this layout.
            let back = unsafe { heap.realloc(moved, layout(9000), 4000) };
            assert!(back < moved && platform::reached::take() == moved.addr() + 9000);
        }
    }
}
