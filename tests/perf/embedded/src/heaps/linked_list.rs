//! linked_list_allocator: its own lock spins.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{NonNull, null_mut};

use lock_api::Mutex;

use super::lock::Masked;
use crate::Heap;

pub struct Chosen(Mutex<Masked, ::linked_list_allocator::Heap>);

// SAFETY: as linked_list_allocator's own `LockedHeap`.
unsafe impl GlobalAlloc for Chosen {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.lock().allocate_first_fit(layout).map_or(null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(block) = NonNull::new(block) {
            // SAFETY: the caller's promise.
            unsafe { self.0.lock().deallocate(block, layout) };
        }
    }
}

// SAFETY: it is so.
unsafe impl Heap for Chosen {
    const EMPTY: Self = Chosen(Mutex::new(::linked_list_allocator::Heap::empty()));

    unsafe fn start(&'static self, base: *mut u8, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.0.lock().init(base, len) };
    }
}
