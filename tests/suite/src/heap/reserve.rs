//! What a heap keeps for itself when everybody else has everything (h37).

use core::alloc::{GlobalAlloc, Layout};

use freehold::backing::Then;
use freehold::{Alloc, Arena, Ledger, Region};

use super::blocks::Blocks;
use super::{counting, with_heap};
use crate::backings::Memory;
use crate::live::Live;
use crate::tally;

/// Takes all that is left of the arena's ledger, down to the last grains.
fn exhaust(arena: &Arena<'_>) {
    for bit in (0..17).rev() {
        while arena.try_alloc_uninit_slice::<u8>(1 << bit).is_ok() {}
    }
}

/// With memory that an arena has used up, a heap that had nothing at hand in any list has a few small blocks all the same, of whatever sizes, over and
/// over; one that has no slab when everybody else takes all has none.
pub fn h37_a_reserve_is_kept() {
    const SMALL: usize = if cfg!(miri) { 8 << 10 } else { 60 << 10 };
    const ROOM: usize = if cfg!(miri) { 64 << 10 } else { 200 << 10 };
    let layout = |size| Layout::from_size_align(size, 8).expect("a layout");
    for kept in [true, false] {
        let (small, large) = (Memory::new(SMALL), Memory::new(ROOM));
        // SAFETY: the memory is nobody else's while the region is in use.
        let first = unsafe { Region::from_raw(small.start().as_ptr(), SMALL) };
        // SAFETY: as above.
        let second = unsafe { Region::from_raw(large.start().as_ptr(), ROOM) };
        with_heap(Ledger::new(Then::new(first, second)), |heap, ledger| {
            let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
            if kept {
                drop(ledger.claim("wake", layout(SMALL)).expect("room"));
            }
            assert!(blocks.alloc(&mut live, 0, layout(250)));
            if !kept {
                blocks.free(&mut live, 0);
                heap.trim();
            }
            for _ in 0..if cfg!(miri) { 1 } else { 3 } {
                let arena = Arena::new_in(ledger, "arena");
                exhaust(&arena);
                let sizes = [8, 16, 32, 64, 128, 256, 100, 40];
                let done =
                    sizes.iter().zip(1..).take_while(|(size, index)| blocks.alloc(&mut live, *index, layout(**size)));
                assert_eq!(done.count(), if kept { sizes.len() } else { 0 });
                // Nor is it without end.
                let mut more = 0;
                while blocks.find(0, false).is_some_and(|index| blocks.alloc(&mut live, index, layout(250))) {
                    more += 1;
                }
                assert!(more < 30, "{more} blocks more: those of one slab, and what was left");
                live.check();
                counting::check(&blocks, ledger);
                (1..super::blocks::HELD).for_each(|index| blocks.free(&mut live, index));
                exhaust(&arena);
            }
            let large = layout(ROOM / 2);
            // SAFETY: the layout has bytes.
            let block = unsafe { heap.alloc(large) };
            assert!(!block.is_null(), "what the arenas had");
            // SAFETY: a block of this heap's with this layout, not used any more.
            unsafe { heap.dealloc(block, large) };
            blocks.free_all(&mut live);
            heap.trim();
            assert_eq!(ledger.snapshot().claimed, counting::record(ledger));
            tally::check(ledger);
        });
        if cfg!(miri) {
            // The other is slow there, and shows nothing more.
            return;
        }
    }
}
