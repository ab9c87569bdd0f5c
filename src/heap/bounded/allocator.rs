//! `Allocator` for a borrowed heap, so that what lives in it ends before it is reset.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use super::BoundedHeap;
use crate::platform;
use crate::sharing::Shareable;

/// A block as `Allocator` wants it.
fn sized(memory: *mut u8, size: usize) -> Result<NonNull<[u8]>, AllocError> {
    let memory = NonNull::new(memory).ok_or(AllocError)?;
    Ok(NonNull::slice_from_raw_parts(memory, size))
}

/// Another block in place of this one, or the same, with what fits of its bytes.
///
/// # Safety
///
/// The caller owes: it is one of this heap's, allocated with `old`, and used no more if there is another.
unsafe fn change<A: Shareable>(
    heap: &BoundedHeap<A>,
    memory: NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Result<NonNull<[u8]>, AllocError> {
    if old.align() == new.align() {
        // SAFETY: the caller's promise.
        return sized(unsafe { heap.realloc(memory.as_ptr(), old, new.size()) }, new.size());
    }
    // What is read here may lie where another thread has grown memory.
    platform::reach(memory.addr().get() + old.size());
    let moved = heap.allocate(new)?;
    // SAFETY: both have so many bytes, and one of them was just allocated.
    unsafe { moved.cast::<u8>().copy_from_nonoverlapping(memory, old.size().min(new.size())) };
    // SAFETY: the caller's promise.
    unsafe { heap.dealloc(memory.as_ptr(), old) };
    Ok(moved)
}

// SAFETY: blocks lie in the region, which stays where it is, until they are deallocated: to reset the heap it must not be borrowed.
unsafe impl<A: Shareable> Allocator for &BoundedHeap<A> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: this heap serves a size of 0 too.
        sized(unsafe { self.alloc(layout) }, layout.size())
    }

    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.dealloc(memory.as_ptr(), layout) };
    }

    unsafe fn grow(&self, memory: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise.
        unsafe { change(self, memory, old, new) }
    }

    unsafe fn grow_zeroed(&self, memory: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise.
        let grown = unsafe { change(self, memory, old, new) }?;
        // SAFETY: the block has grown to `new.size()` bytes.
        let fresh = unsafe { grown.cast::<u8>().add(old.size()) };
        // SAFETY: as above.
        unsafe { fresh.write_bytes(0, new.size() - old.size()) };
        Ok(grown)
    }

    unsafe fn shrink(&self, memory: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise.
        unsafe { change(self, memory, old, new) }
    }
}
