//! Memory that either copy hands out.

use alloc::boxed::Box;
use core::any::Any;
use core::ops::Range;
use core::ptr::NonNull;
use core::slice;

/// Memory that a copy has handed out; dropping it gives it back.
pub struct Block {
    start: NonNull<u8>,
    len: usize,
    /// What every byte holds.
    mark: u8,
    /// An arena, a box of a pool's, a claim: whatever keeps the memory.
    _keeper: Box<dyn Any>,
}

impl Block {
    /// `len` bytes from `start` on. They hold nothing that is known.
    ///
    /// # Safety
    ///
    /// The caller owes: they are initialised, and the keeper's alone to use, until it is dropped.
    pub unsafe fn new(start: NonNull<u8>, len: usize, keeper: impl Any) -> Block {
        Block { start, len, mark: 0, _keeper: Box::new(keeper) }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: what `new` was promised. Nothing writes to them but `fill`, which has the block to itself.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    pub fn range(&self) -> Range<usize> {
        let start = self.start.addr().get();
        start..start + self.len
    }

    /// Writes the same into every byte.
    pub fn fill(&mut self, mark: u8) {
        self.mark = mark;
        // SAFETY: as for `bytes`.
        unsafe { self.start.write_bytes(mark, self.len) };
    }

    /// How many bytes do not hold any more what was written there last, or before anything was, zero.
    pub fn lost(&self) -> usize {
        self.bytes().iter().filter(|byte| **byte != self.mark).count()
    }
}
