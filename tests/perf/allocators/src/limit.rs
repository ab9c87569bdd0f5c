//! A bump that never frees, but for the last block: what it costs to do next to nothing.
//!
//! So that a row can be measured again and again, what comes after a [`mark`] can be given up as a whole. In that it is what
//! freeing would have to beat: its memory is there already, but a block never lies where the last one was, still in the cache.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The first free byte; 0 before the first block.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// All blocks until now stay.
pub fn mark() -> usize {
    NEXT.load(Relaxed)
}

/// Gives up all blocks since the mark; none of them may be in use any more.
///
/// # Safety
///
/// It is the last mark, and no block since then is in use.
pub unsafe fn release(mark: usize) {
    NEXT.store(mark, Relaxed);
}

/// The allocator. For one thread.
pub struct Heap(());

/// One of it; all are the same.
pub const fn heap() -> Heap {
    Heap(())
}

// SAFETY: each block begins where all others end, and is within `memory`.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = NEXT.load(Relaxed).next_multiple_of(layout.align());
        match memory::reach(start, layout.size()) {
            Some(block) => {
                NEXT.store(block.addr() + layout.size(), Relaxed);
                block
            }
            None => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if block.addr() + layout.size() == NEXT.load(Relaxed) {
            NEXT.store(block.addr(), Relaxed);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let last = block.addr() + layout.size() == NEXT.load(Relaxed);
        if size <= layout.size() || (last && memory::reach(block.addr(), size).is_some()) {
            if last {
                NEXT.store(block.addr() + size, Relaxed);
            }
            return block;
        }
        // SAFETY: the caller's promise: with this alignment the size is no more than a layout may have.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the caller's promise: the size is not 0.
        let moved = unsafe { self.alloc(wanted) };
        if !moved.is_null() {
            // SAFETY: both have that many bytes, and the new one lies behind all others.
            unsafe { ptr::copy_nonoverlapping(block, moved, layout.size()) };
        }
        moved
    }
}

#[cfg(target_arch = "wasm32")]
mod memory {
    use core::arch::wasm32::{memory_grow, memory_size};
    use core::ptr;

    const PAGE: usize = 1 << 16;

    /// A block of so many bytes at `start`, for which the memory grows if it must; the very first has the next page.
    pub fn reach(start: usize, bytes: usize) -> Option<*mut u8> {
        let end = memory_size(0) * PAGE;
        let start = if start == 0 { end } else { start };
        let wanted = start.checked_add(bytes)?;
        if wanted > end && memory_grow(0, (wanted - end).div_ceil(PAGE)) == usize::MAX {
            return None;
        }
        Some(ptr::with_exposed_provenance_mut(start))
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod memory {
    use core::cell::UnsafeCell;
    use core::mem::MaybeUninit;

    const LEN: usize = 1 << 29;

    #[repr(align(4096))]
    struct Memory(UnsafeCell<MaybeUninit<[u8; LEN]>>);

    // SAFETY: the allocator hands out each of its bytes to one owner.
    unsafe impl Sync for Memory {}

    /// The system gives memory to what of it was written to.
    static MEMORY: Memory = Memory(UnsafeCell::new(MaybeUninit::uninit()));

    /// A block of so many bytes at `start`, if that many are there; the very first is at the beginning.
    pub fn reach(start: usize, bytes: usize) -> Option<*mut u8> {
        let base = MEMORY.0.get().cast::<u8>();
        let at = start.saturating_sub(base.addr());
        let end = at.checked_add(bytes)?;
        // SAFETY: it lies in the memory, or just behind it.
        (end <= LEN).then(|| unsafe { base.add(at) })
    }
}
