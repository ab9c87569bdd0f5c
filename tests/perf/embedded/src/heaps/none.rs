//! No heap: no memory.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;

use crate::Heap;

pub struct Chosen;

// SAFETY: it never has a block.
unsafe impl GlobalAlloc for Chosen {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

// SAFETY: it uses none.
unsafe impl Heap for Chosen {
    const EMPTY: Self = Chosen;

    unsafe fn start(&'static self, _: *mut u8, _: usize) {}
}
