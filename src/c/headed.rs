//! C's blocks on any heap: what C doesn't say at `free` stands in front of each.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use super::{ALIGN, Malloc, ask};

const _: () = assert!(2 * size_of::<usize>() <= ALIGN);

/// A heap that is told the size when a block is freed. So each of C's has 16 bytes or, if it is aligned to more, as many as that in front, and the
/// last two words of these are its size and its alignment.
pub struct Headed<'h, A>(pub(super) &'h A);

/// What stands before a block.
#[derive(Clone, Copy)]
#[repr(C)]
struct BlockHeader {
    size: usize,
    /// Also the bytes from the start of the memory to the block.
    align: usize,
}

impl BlockHeader {
    /// Of the memory, the header and what is before it included.
    fn layout(self) -> Option<Layout> {
        Layout::from_size_align(self.size.checked_add(self.align)?, self.align).ok()
    }

    /// The block in `memory`, with its header written; null for null.
    ///
    /// # Safety
    ///
    /// The caller owes: `memory` is null or was allocated with this header's layout.
    unsafe fn open(self, memory: *mut u8) -> *mut u8 {
        if memory.is_null() {
            return memory;
        }
        // SAFETY: the memory has `align` bytes in front of the block's own.
        let block = unsafe { memory.add(self.align) };
        // SAFETY: a header is no longer than these.
        let header = unsafe { block.cast::<BlockHeader>().sub(1) };
        // SAFETY: as above; a block is aligned for words.
        unsafe { header.write(self) };
        block
    }

    /// # Safety
    ///
    /// The caller owes: `block` was allocated by [`Headed`] and not freed.
    unsafe fn of(block: NonNull<u8>) -> BlockHeader {
        // SAFETY: a header stands in front of such a block.
        let header = unsafe { block.cast::<BlockHeader>().sub(1) };
        // SAFETY: as above.
        unsafe { header.read() }
    }

    /// # Safety
    ///
    /// The caller owes: this is the header of `block`.
    unsafe fn memory(self, block: NonNull<u8>) -> *mut u8 {
        // SAFETY: the memory starts so many bytes before the block.
        unsafe { block.sub(self.align) }.as_ptr()
    }
}

// SAFETY: blocks are the heap's, which owes the same, but for what is before them.
unsafe impl<A: GlobalAlloc> Malloc for Headed<'_, A> {
    fn alloc(&self, align: usize, size: usize, zero: bool) -> *mut u8 {
        let header = BlockHeader { size, align: align.max(ALIGN) };
        let Some(layout) = header.layout() else {
            return ptr::null_mut();
        };
        // SAFETY: at least 16 bytes are asked for.
        let memory = unsafe { ask(self.0, layout, zero) };
        // SAFETY: it was just allocated, or is null.
        unsafe { header.open(memory) }
    }

    unsafe fn realloc(&self, block: NonNull<u8>, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        let old = unsafe { BlockHeader::of(block) };
        let new = BlockHeader { size, ..old };
        let (Some(layout), Some(wanted)) = (old.layout(), new.layout()) else {
            return ptr::null_mut();
        };
        // SAFETY: the caller's promise.
        let memory = unsafe { old.memory(block) };
        // SAFETY: it was allocated with this layout; the new size is one of a layout, and not 0.
        let memory = unsafe { self.0.realloc(memory, layout, wanted.size()) };
        // SAFETY: it was just allocated, or is null.
        unsafe { new.open(memory) }
    }

    unsafe fn free(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise.
        let header = unsafe { BlockHeader::of(block) };
        if let Some(layout) = header.layout() {
            // SAFETY: the caller's promise.
            let memory = unsafe { header.memory(block) };
            // SAFETY: it was allocated with this layout.
            unsafe { self.0.dealloc(memory, layout) };
        }
    }

    unsafe fn usable(&self, block: NonNull<u8>) -> usize {
        // SAFETY: the caller's promise.
        unsafe { BlockHeader::of(block) }.size
    }
}
