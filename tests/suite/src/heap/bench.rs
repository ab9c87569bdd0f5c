//! `Heap`, as the subject of the conformance suite.

use core::alloc::GlobalAlloc;

use freehold::backing::Backing;
use freehold::{Heap, Ledger};

use super::blocks::Blocks;
use super::counting;
use super::subject::Subject;
use crate::live::Live;
use crate::tally;

/// A heap on a ledger, and what can be expected of the ledger's backing.
pub struct Bench<'h, B> {
    /// The heap.
    pub heap: &'h Heap,
    /// Nothing else is claimed in it.
    pub ledger: &'h Ledger<B>,
    /// Whether there is room for everything that is asked here.
    pub roomy: bool,
}

impl<B: Backing> Subject for Bench<'_, B> {
    type Heap = Heap;

    fn heap(&self) -> &Heap {
        self.heap
    }

    fn roomy(&self) -> bool {
        self.roomy
    }

    fn taken(&self) -> usize {
        self.ledger.snapshot().granted
    }

    fn check(&self, live: &Live) {
        live.check_owners(self.ledger);
        tally::check(self.ledger);
    }

    fn count(&self, blocks: &Blocks<'_, impl GlobalAlloc>) {
        counting::check_of(self.heap, blocks, self.ledger);
    }

    fn trim(&self) {
        self.heap.trim();
    }

    fn idle(&self) {
        assert_eq!(self.ledger.snapshot().claimed, counting::record(self.ledger));
        tally::check(self.ledger);
    }
}
