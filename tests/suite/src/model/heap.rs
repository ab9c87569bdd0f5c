//! What a program does with the heap beside its slots, and what the heap must say of itself.

use freehold::backing::Backing;

use super::Machine;
use super::draw::{heap_layout, heap_size};
use crate::COUNTED;
use crate::choices::Choices;
use crate::heap::{HEAP, counting};

impl<B: Backing> Machine<'_, B> {
    /// One operation on the heap. A request that is refused leaves all as it was.
    pub fn heap(&mut self, choice: u32, choices: &mut impl Choices) {
        let Some(mut blocks) = self.blocks.take() else { return };
        let granted = self.ledger.snapshot().granted;
        // The first request of all may find room for the heap's record, and for nothing else.
        let is_open = self.ledger.snapshot().claimed_by(HEAP) > 0;
        let (held, empty) = (blocks.find(choices.below(1000), true), blocks.find(choices.below(1000), false));
        let live = &mut self.live;
        let done = match (choice % 16, held, empty) {
            (0, ..) => {
                blocks.heap().trim();
                true
            }
            (1..6, Some(index), _) => {
                blocks.free(live, index);
                true
            }
            (6..9, Some(index), _) => blocks.realloc(live, index, heap_size(choices)),
            (9..12, _, Some(index)) => blocks.alloc_zeroed(live, index, heap_layout(choices)),
            (_, _, Some(index)) => blocks.alloc(live, index, heap_layout(choices)),
            _ => true,
        };
        self.blocks = Some(blocks);
        if !done && is_open {
            // A loan that is not aligned as it must be has come and gone.
            assert!(self.ledger.snapshot().granted <= granted, "a failed request took memory");
        }
    }

    /// What the heap says of itself must be so; returned is what it holds.
    pub fn heap_sums(&self) -> usize {
        let Some(blocks) = &self.blocks else { return 0 };
        if self.steps.is_multiple_of(COUNTED) {
            counting::check(blocks, self.ledger);
        }
        self.ledger.snapshot().claimed_by(HEAP)
    }

    /// Frees all the heap's blocks, and has it give back all that it can; returned is what it keeps: its record.
    pub fn heap_ends(&mut self) -> usize {
        let Some(mut blocks) = self.blocks.take() else { return 0 };
        blocks.free_all(&mut self.live);
        counting::check(&blocks, self.ledger);
        blocks.heap().trim();
        // That it is its record alone is seen below.
        if !cfg!(miri) {
            counting::check(&blocks, self.ledger);
        }
        counting::record(self.ledger)
    }
}
