//! The blocks that a heap has given out.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use freehold::Heap;

use super::{HEAP, sizes};
use crate::live::{Holder, Live};

/// So many are held at once: not more than are watched.
pub const HELD: usize = if cfg!(miri) { 14 } else { 80 };

const HOLDER: Holder = Holder { owner: HEAP, depth: 0 };

/// Blocks of a heap's, each in a place of its own, and each watched in a table that others may use too.
pub struct Blocks<'h, H = Heap> {
    heap: &'h H,
    held: [Option<(NonNull<u8>, Layout)>; HELD],
}

impl<'h, H: GlobalAlloc> Blocks<'h, H> {
    /// None yet.
    pub fn new(heap: &'h H) -> Blocks<'h, H> {
        Blocks { heap, held: [None; HELD] }
    }

    /// The heap they are from.
    pub fn heap(&self) -> &'h H {
        self.heap
    }

    /// The layouts of those that are held.
    pub fn layouts(&self) -> impl Iterator<Item = Layout> {
        self.held.iter().flatten().map(|(_, layout)| *layout)
    }

    /// Bytes that serve them.
    pub fn served(&self) -> usize {
        self.layouts().map(sizes::served).sum()
    }

    /// Some place that holds a block, or that holds none.
    pub fn find(&self, choice: u32, held: bool) -> Option<usize> {
        (0..HELD).map(|step| (choice as usize + step) % HELD).find(|index| self.held[*index].is_some() == held)
    }

    /// Allocates a block for a place that holds none. `false` if there was no room.
    pub fn alloc(&mut self, live: &mut Live, index: usize, layout: Layout) -> bool {
        // SAFETY: the crate's heaps serve a size of 0 too.
        let block = unsafe { self.heap.alloc(layout) };
        self.hold(live, index, block, layout)
    }

    /// [`alloc`](Blocks::alloc), and the block must be zero.
    pub fn alloc_zeroed(&mut self, live: &mut Live, index: usize, layout: Layout) -> bool {
        // SAFETY: the crate's heaps serve a size of 0 too.
        let block = unsafe { self.heap.alloc_zeroed(layout) };
        if let Some(block) = NonNull::new(block) {
            // SAFETY: a block that was just allocated, and must be zero.
            let dirty = unsafe { first_dirty(block, layout.size()) };
            assert_eq!(dirty, None, "{layout:?} is not zero from there on");
        }
        self.hold(live, index, block, layout)
    }

    fn hold(&mut self, live: &mut Live, index: usize, block: *mut u8, layout: Layout) -> bool {
        assert!(self.held[index].is_none());
        let Some(block) = NonNull::new(block) else { return false };
        // SAFETY: a block is the caller's until it is deallocated.
        unsafe { live.add(block, layout, HOLDER) };
        self.held[index] = Some((block, layout));
        true
    }

    /// Grows or shrinks the block in a place to `size` bytes, not 0. `false` if that failed, and then it is as it was.
    pub fn realloc(&mut self, live: &mut Live, index: usize, size: usize) -> bool {
        let Some((block, old)) = self.held[index] else { return false };
        let new = Layout::from_size_align(size, old.align()).expect("a layout");
        // SAFETY: the block is of this heap, with this layout.
        let Some(place) = NonNull::new(unsafe { self.heap.realloc(block.as_ptr(), old, size) }) else {
            live.check();
            return false;
        };
        // SAFETY: the block lies there now.
        unsafe { live.moved(block, place, old, new, HOLDER) };
        self.held[index] = Some((place, new));
        true
    }

    /// Frees the block in a place, if there is one.
    pub fn free(&mut self, live: &mut Live, index: usize) {
        if let Some((block, layout)) = self.held[index].take() {
            if layout.size() > 0 {
                live.remove(block);
            }
            // SAFETY: the block is of this heap, with this layout, and not used any more.
            unsafe { self.heap.dealloc(block.as_ptr(), layout) };
        }
    }

    /// Frees all, in some other order than they came.
    pub fn free_all(&mut self, live: &mut Live) {
        for step in 0..HELD {
            // 3 and the number of places have no common factor, so each comes once.
            self.free(live, step * 3 % HELD);
        }
    }
}

const _: () = assert!(!HELD.is_multiple_of(3));

/// Where the first byte is that is not zero.
///
/// # Safety
///
/// The caller owes: so many bytes may be read there, and have been written.
pub unsafe fn first_dirty(block: NonNull<u8>, len: usize) -> Option<usize> {
    // SAFETY: the caller's promise; nobody writes here meanwhile.
    let bytes = unsafe { NonNull::slice_from_raw_parts(block, len).as_ref() };
    // Whole pieces are compared at once, which takes Miri no longer than a byte.
    let zeros = [0; 4096];
    let pieces = bytes.chunks(zeros.len()).enumerate();
    let (number, dirty) = { pieces }.find(|(_, piece)| **piece != zeros[..piece.len()])?;
    Some(number * zeros.len() + dirty.iter().position(|byte| *byte != 0)?)
}
