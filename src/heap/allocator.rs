//! `Allocator` for a heap, so that one collection can live in it.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use super::Heap;
use crate::sharing::Shareable;

/// A block as `Allocator` wants it; one of no bytes needs no memory.
fn block(memory: *mut u8, size: usize) -> Result<NonNull<[u8]>, AllocError> {
    let memory = NonNull::new(memory).ok_or(AllocError)?;
    Ok(NonNull::slice_from_raw_parts(memory, size))
}

// SAFETY: blocks come from the ledger and stay where they are until they are deallocated, also when the `Heap` is moved: what
// owns them lies in a claim of the ledger's.
unsafe impl<L: Shareable> Allocator for Heap<L> {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: this heap serves a size of 0 too.
        block(unsafe { self.alloc(layout) }, layout.size())
    }

    #[inline]
    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as above.
        block(unsafe { self.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.dealloc(memory.as_ptr(), layout) };
    }

    #[inline]
    unsafe fn grow(&self, memory: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise.
        block(unsafe { self.change(memory.as_ptr(), old, new) }, new.size())
    }

    #[inline]
    unsafe fn grow_zeroed(&self, memory: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise.
        let grown = block(unsafe { self.change(memory.as_ptr(), old, new) }, new.size())?;
        // SAFETY: the block has grown to `new.size()` bytes.
        let fresh = unsafe { grown.cast::<u8>().add(old.size()) };
        // SAFETY: as above.
        unsafe { fresh.write_bytes(0, new.size() - old.size()) };
        Ok(grown)
    }

    #[inline]
    unsafe fn shrink(&self, memory: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise.
        block(unsafe { self.change(memory.as_ptr(), old, new) }, new.size())
    }
}
