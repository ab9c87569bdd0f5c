//! What the suites know of a heap beside that it allocates, so that all heaps of the crate, by all ways to their blocks, go through the same
//! ones.

use core::alloc::GlobalAlloc;

use super::blocks::Blocks;
use crate::live::Live;

/// A heap of the crate's under test.
pub trait Subject {
    /// What allocates.
    type Heap: GlobalAlloc;

    /// The heap.
    fn heap(&self) -> &Self::Heap;

    /// Whether there is room for everything that is asked.
    fn roomy(&self) -> bool;

    /// Bytes of memory that the heap has taken for good, as far as they are known.
    fn taken(&self) -> usize;

    /// What is below the heap must be in order, while these blocks are in use.
    fn check(&self, live: &Live);

    /// What the heap says of itself must be what these blocks, which are all that are in use, come to.
    fn count(&self, blocks: &Blocks<'_, impl GlobalAlloc>);

    /// Gives back what is free, if the heap can.
    fn trim(&self);

    /// What must hold when no block is in use and the heap was trimmed.
    fn idle(&self);
}

/// A heap by another way to its blocks: `way` is on the heap of `below`.
pub struct Via<'s, S, H> {
    /// The heap itself.
    pub below: &'s S,
    /// The way to its blocks.
    pub way: H,
    /// Whether a block costs what it costs without the way.
    pub plain: bool,
}

impl<S: Subject, H: GlobalAlloc> Subject for Via<'_, S, H> {
    type Heap = H;

    fn heap(&self) -> &H {
        &self.way
    }

    fn roomy(&self) -> bool {
        self.below.roomy()
    }

    fn taken(&self) -> usize {
        self.below.taken()
    }

    fn check(&self, live: &Live) {
        self.below.check(live);
    }

    fn count(&self, blocks: &Blocks<'_, impl GlobalAlloc>) {
        if self.plain {
            self.below.count(blocks);
        }
    }

    fn trim(&self) {
        self.below.trim();
    }

    fn idle(&self) {
        self.below.idle();
    }
}
