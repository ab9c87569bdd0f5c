//! A library for C that brings freehold with it: the one copy of it, or with the feature `second` the other.

#![cfg(target_family = "wasm")]

use std::alloc::{GlobalAlloc, Layout};

#[cfg(not(feature = "second"))]
use freehold as own;
#[cfg(feature = "second")]
use freehold_second as own;

use own::{Heap, HeapTail, Ledger, Obstacle};

#[cfg_attr(feature = "global", global_allocator)]
static HEAP: Heap = Heap::new();
// SAFETY: what else is in the program starts no heap at `__heap_base`, but for another copy of freehold, which is seen.
static TAIL: Ledger<HeapTail> = Ledger::new(unsafe { HeapTail::new() });

/// A block of zeros.
#[cfg_attr(not(feature = "second"), unsafe(export_name = "first_allocate"))]
#[cfg_attr(feature = "second", unsafe(export_name = "second_allocate"))]
extern "C" fn allocate(size: usize) -> *mut u8 {
    let layout = Layout::from_size_align(size, 1).expect("small");
    // SAFETY: this heap serves a size of 0 too.
    unsafe { HEAP.alloc_zeroed(layout) }
}

/// # Safety
///
/// The caller owes: the block has this size, is the library's own, and is not used any more.
#[cfg_attr(not(feature = "second"), unsafe(export_name = "first_release"))]
#[cfg_attr(feature = "second", unsafe(export_name = "second_release"))]
unsafe extern "C" fn release(block: *mut u8, size: usize) {
    let layout = Layout::from_size_align(size, 1).expect("small");
    // SAFETY: the caller's promise.
    unsafe { HEAP.dealloc(block, layout) };
}

/// A block of zeros in the heap tail, for good; or null, and at `by` whose the tail is, in `length` bytes.
///
/// # Safety
///
/// The caller owes: both may be written.
#[cfg_attr(not(feature = "second"), unsafe(export_name = "first_tail"))]
#[cfg_attr(feature = "second", unsafe(export_name = "second_tail"))]
unsafe extern "C" fn tail(size: usize, by: *mut *const u8, length: *mut usize) -> *mut u8 {
    let claim = TAIL.claim("tail", Layout::from_size_align(size, 1).expect("small"));
    match claim {
        Ok(claim) => {
            let start = claim.as_ptr().as_ptr();
            std::mem::forget(claim);
            // SAFETY: a claim has at least as many bytes as were asked for.
            unsafe { start.write_bytes(0, size) };
            start
        }
        Err(error) => {
            let whose = if let Obstacle::Occupied { by, .. } = error.obstacle { by } else { "nobody's" };
            // SAFETY: the caller's promise.
            unsafe { by.write(whose.as_ptr()) };
            // SAFETY: the caller's promise.
            unsafe { length.write(whose.len()) };
            std::ptr::null_mut()
        }
    }
}
