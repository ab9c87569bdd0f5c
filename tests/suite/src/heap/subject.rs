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

/// Something around a heap under test: it is asked what it knows itself, and the heap all else. What is around a heap implements this alone.
pub trait Around {
    /// The heap that it is around, with what is known of that.
    type Below: Subject;
    /// What allocates.
    type Outer: GlobalAlloc;

    /// The heap that it is around.
    fn below(&self) -> &Self::Below;

    /// What allocates.
    fn outer(&self) -> &Self::Outer;

    /// What is around the heap must be in order too.
    fn check_outer(&self) {}

    /// What it says of itself must be what these blocks come to.
    fn count_outer(&self, blocks: &Blocks<'_, impl GlobalAlloc>);

    /// Gives back what is free, before the heap does.
    fn trim_outer(&self) {}

    /// What must hold of it when no block is in use and it was trimmed.
    fn idle_outer(&self) {}
}

impl<A: Around> Subject for A {
    type Heap = A::Outer;

    fn heap(&self) -> &A::Outer {
        self.outer()
    }

    fn roomy(&self) -> bool {
        self.below().roomy()
    }

    fn taken(&self) -> usize {
        self.below().taken()
    }

    fn check(&self, live: &Live) {
        self.below().check(live);
        self.check_outer();
    }

    fn count(&self, blocks: &Blocks<'_, impl GlobalAlloc>) {
        self.count_outer(blocks);
    }

    fn trim(&self) {
        self.trim_outer();
        self.below().trim();
    }

    fn idle(&self) {
        self.idle_outer();
        self.below().idle();
    }
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

impl<S: Subject, H: GlobalAlloc> Around for Via<'_, S, H> {
    type Below = S;
    type Outer = H;

    fn below(&self) -> &S {
        self.below
    }

    fn outer(&self) -> &H {
        &self.way
    }

    fn count_outer(&self, blocks: &Blocks<'_, impl GlobalAlloc>) {
        if self.plain {
            self.below.count(blocks);
        }
    }
}
