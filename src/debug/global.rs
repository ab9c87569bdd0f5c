//! `GlobalAlloc` for a checked heap.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use super::calls::Below;
use super::{Checked, given};
use crate::backing::Backing;
use crate::sharing::Kind;

/// A heap by its `GlobalAlloc`.
struct ByGlobal<'h, H>(&'h H);

// SAFETY: what a `GlobalAlloc` owes. The layer asks for no size of 0, as there are fences.
unsafe impl<H: GlobalAlloc> Below for ByGlobal<'_, H> {
    fn take(&self, layout: Layout, zeroed: bool) -> Option<NonNull<u8>> {
        NonNull::new(if zeroed {
            // SAFETY: the layout has bytes.
            unsafe { self.0.alloc_zeroed(layout) }
        } else {
            // SAFETY: as above.
            unsafe { self.0.alloc(layout) }
        })
    }

    unsafe fn give(&self, memory: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(memory.as_ptr(), layout) };
    }
}

impl<H: GlobalAlloc, B: Backing, L: Kind> Checked<H, B, L> {
    /// Gives the heap all that waits, after a look at it. Then what the heap says of itself is what it would say without the layer.
    pub fn trim(&self) {
        self.let_all_go(&ByGlobal(&self.heap));
    }
}

// SAFETY: blocks lie in what the heap below handed out, each to one holder; they are aligned as asked, as their front is a multiple of the
// alignment. Nothing here unwinds: who panics when told of a finding ends the program.
unsafe impl<H: GlobalAlloc, B: Backing, L: Kind> GlobalAlloc for Checked<H, B, L> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.take(&ByGlobal(&self.heap), layout, false).map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.take(&ByGlobal(&self.heap), layout, true).map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if let Some(block) = given(memory) {
            self.give(&ByGlobal(&self.heap), block, layout);
        }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let (Some(block), Ok(new)) = (given(memory), Layout::from_size_align(new_size, layout.align())) else {
            return ptr::null_mut();
        };
        // SAFETY: the caller's promise.
        let place = unsafe { self.change(&ByGlobal(&self.heap), block, layout, new, false) };
        place.map_or(ptr::null_mut(), NonNull::as_ptr)
    }
}
