//! The allocator that counts.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;

use crate::lost;
use crate::watch::{self, Ask};

/// An allocator with a layer around it that counts, for the thread that has a closure watched: it has to be the test program's.
///
/// ```
/// use std::alloc::System;
/// use freehold_testing::{Counted, count};
///
/// #[global_allocator]
/// static HEAP: Counted<System> = Counted::new(System);
///
/// let (kept, counts) = count(|| vec![1_u8; 100]);
/// assert_eq!((kept.len(), counts.allocations, counts.bytes), (100, 1, 100));
/// ```
///
/// A thread that has nothing watched goes through by one look at a variable of its own, and one at a global one when it frees.
#[derive(Debug)]
pub struct Counted<H> {
    heap: H,
    look: Option<fn() -> usize>,
}

impl<H> Counted<H> {
    /// The layer around `heap`.
    pub const fn new(heap: H) -> Counted<H> {
        Counted { heap, look: None }
    }

    /// Has [`fails_at_every_allocation`](crate::fails_at_every_allocation) call `look` after each run, and fail if it finds something: it returns how much. That is
    /// `check` of freehold's debug layer.
    ///
    /// ```
    /// use freehold::{Heap, debug::Checked};
    /// use freehold_testing::{Counted, fails_at_every_allocation};
    ///
    /// #[global_allocator]
    /// static HEAP: Counted<Checked<Heap>> = Counted::new(Checked::new(Heap::new())).looking(look);
    ///
    /// fn look() -> usize {
    ///     HEAP.heap().check()
    /// }
    ///
    /// fails_at_every_allocation(|| Vec::<u8>::new().try_reserve(10));
    /// ```
    pub const fn looking(mut self, look: fn() -> usize) -> Self {
        self.look = Some(look);
        self
    }

    /// The allocator below.
    pub const fn heap(&self) -> &H {
        &self.heap
    }

    /// A new block, unless it is to be refused.
    fn take(&self, size: usize, from: impl FnOnce() -> *mut u8) -> *mut u8 {
        if !watch::watches(self.look) {
            return from();
        }
        if !watch::asks(Ask::Block, size) {
            return ptr::null_mut();
        }
        let block = from();
        watch::came(block, size);
        block
    }
}

// SAFETY: each call is the allocator's below, or refused by a null pointer. What is done beside it doesn't unwind, and allocates only in this
// very way, with nothing held.
unsafe impl<H: GlobalAlloc> GlobalAlloc for Counted<H> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.take(layout.size(), || unsafe { self.heap.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.take(layout.size(), || unsafe { self.heap.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        watch::frees(block);
        // Before somebody else can have it.
        lost::went(block);
        // SAFETY: the caller's promise.
        unsafe { self.heap.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let watches = watch::watches(self.look);
        if watches && !watch::asks(Ask::Resize, size) {
            return ptr::null_mut();
        }
        let run = lost::went(block);
        // SAFETY: the caller's promise.
        let moved = unsafe { self.heap.realloc(block, layout, size) };
        // One that was there before the run, and was only resized, is none of the run's.
        lost::came(if moved.is_null() { block } else { moved }, run);
        if watches && !moved.is_null() {
            watch::moved(block, moved, size);
        }
        moved
    }
}
