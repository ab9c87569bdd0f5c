//! The layer that tells who broke a heap: what it must find, and that it finds nothing in correct programs.

use core::alloc::{GlobalAlloc, Layout};

pub mod arenas;
pub mod must_find;
pub mod suites;

/// A heap that is lent to the layer.
#[derive(Debug)]
pub struct ByRef<'h, H>(pub &'h H);

// SAFETY: the heap's own.
unsafe impl<H: GlobalAlloc> GlobalAlloc for ByRef<'_, H> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.0.realloc(block, layout, size) }
    }
}
