//! `Allocator` for what is checked, so that one collection can be.

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use super::Checked;
use super::calls::Below;
use crate::backing::Backing;
use crate::sharing::Kind;

/// A heap or an arena by its `Allocator`.
struct ByTrait<'a, A>(&'a A);

// SAFETY: what an `Allocator` owes.
unsafe impl<A: Allocator> Below for ByTrait<'_, A> {
    fn take(&self, layout: Layout, zeroed: bool) -> Option<NonNull<u8>> {
        let memory = if zeroed { self.0.allocate_zeroed(layout) } else { self.0.allocate(layout) };
        Some(memory.ok()?.cast())
    }

    unsafe fn give(&self, memory: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.deallocate(memory, layout) };
    }
}

/// A block as `Allocator` wants it.
fn sized(block: Option<NonNull<u8>>, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
    Ok(NonNull::slice_from_raw_parts(block.ok_or(AllocError)?, layout.size()))
}

// SAFETY: blocks lie in what the allocator below handed out, and stay where they are until they are deallocated, also when this is moved:
// records are found by addresses, and lie in claims.
unsafe impl<A: Allocator, B: Backing, L: Kind> Allocator for Checked<A, B, L> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        sized(self.take(&ByTrait(&self.heap), layout, false), layout)
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        sized(self.take(&ByTrait(&self.heap), layout, true), layout)
    }

    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        self.give(&ByTrait(&self.heap), memory, layout);
    }

    unsafe fn grow(&self, memory: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise.
        sized(unsafe { self.change(&ByTrait(&self.heap), memory, old, new, false) }, new)
    }

    unsafe fn grow_zeroed(&self, memory: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise.
        sized(unsafe { self.change(&ByTrait(&self.heap), memory, old, new, true) }, new)
    }

    unsafe fn shrink(&self, memory: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise.
        sized(unsafe { self.change(&ByTrait(&self.heap), memory, old, new, false) }, new)
    }
}
