//! The limit of pools: a list of free blocks that goes through the blocks themselves.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::Buffer;

/// Blocks for a `T` each, in a buffer that was there before.
pub struct FreeList<T> {
    free: Cell<Option<NonNull<Link>>>,
    buffer: Buffer,
    values: PhantomData<T>,
}

struct Link(Option<NonNull<Link>>);

impl<T> FreeList<T> {
    pub fn new(blocks: usize) -> Self {
        assert!(size_of::<T>() >= size_of::<Link>() && align_of::<T>() >= align_of::<Link>());
        let list =
            FreeList { free: Cell::new(None), buffer: Buffer::new(blocks * size_of::<T>()), values: PhantomData };
        for block in (0..blocks).rev() {
            // SAFETY: the buffer has that many blocks.
            let block = unsafe { list.buffer.start().cast::<T>().add(block) };
            if let Some(block) = NonNull::new(block) {
                // SAFETY: a block of the buffer that is not in the list yet.
                unsafe { list.free(block) };
            }
        }
        list
    }

    #[inline(always)]
    pub fn alloc(&self, value: T) -> NonNull<T> {
        let Some(block) = self.free.get() else { panic!("the limit's buffer is too small") };
        // SAFETY: a block in the list holds a link.
        self.free.set(unsafe { block.as_ref() }.0);
        let block = block.cast::<T>();
        // SAFETY: a block is as large and as aligned as a `T`.
        unsafe { block.write(value) };
        block
    }

    /// # Safety
    ///
    /// The caller owes: the block came from this list, and nobody uses it any more.
    #[inline(always)]
    pub unsafe fn free(&self, block: NonNull<T>) {
        let block = block.cast::<Link>();
        // SAFETY: a block is as large and as aligned as a link.
        unsafe { block.write(Link(self.free.get())) };
        self.free.set(Some(block));
    }
}
