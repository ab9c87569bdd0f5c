//! A whole program on [`BoundedHeap`](freehold::BoundedHeap).

mod whole_program;

use std::alloc::{GlobalAlloc, Layout};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use freehold::{BoundedHeap, Region};

const LEN: usize = if cfg!(miri) { 4 << 20 } else { 256 << 20 };

static mut RAM: [MaybeUninit<u8>; LEN] = [MaybeUninit::uninit(); LEN];

/// A heap that gets its memory with the first request, which comes before `main` here, and before any thread.
struct Early(BoundedHeap, AtomicBool);

// SAFETY: all is the heap's own.
unsafe impl GlobalAlloc for Early {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !self.1.swap(true, Relaxed) {
            let start = (&raw mut RAM).cast();
            // SAFETY: nothing else names RAM, and it is lent once.
            assert!(self.0.lend(unsafe { Region::from_raw(start, LEN) }).is_ok());
        }
        // SAFETY: the caller's promise.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(memory, layout) };
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.0.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static HEAP: Early = Early(BoundedHeap::empty(), AtomicBool::new(false));

fn main() {
    whole_program::run("bounded");
}
