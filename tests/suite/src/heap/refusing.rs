//! Requests of a heap's that can't be met (h11, h12).

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::GRAIN;
use freehold::{Alloc, Arena};

use super::blocks::{Blocks, HELD};
use super::{counting, on_simulated};
use crate::backings::Manner;
use crate::live::Live;
use crate::tally::{self, Tally};

/// Every claim of the backing's fails once, whatever asks for it: null, and all that was allocated is whole; then it goes on.
pub fn h12_each_kind_of_claim_fails_once() {
    let sizes: &[usize] = if cfg!(miri) { &[20, 3000] } else { &[20, 300, 1000, 3000, 9000] };
    for refused in 1..if cfg!(miri) { 5 } else { 12 } {
        let asked = on_simulated(4 << 20, Manner::Exact, 0, |heap, ledger, control| {
            control.refuse.store(refused, Relaxed);
            let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
            let mut failed = 0;
            for index in 0..HELD {
                let layout = Layout::from_size_align(sizes[index % sizes.len()], 16).expect("a layout");
                let before = Tally::of(ledger);
                let done = blocks.alloc(&mut live, index, layout);
                if !done {
                    // The request that opened the heap may have had its record.
                    if refused > 2 {
                        before.nothing_taken(ledger);
                    }
                    live.check();
                    counting::check(&blocks, ledger);
                    assert!(blocks.alloc(&mut live, index, layout), "the backing refuses once");
                    failed += 1;
                }
                // Whoever is refused memory to grow keeps what it has.
                let before = Tally::of(ledger);
                if index % 8 == 7 && !blocks.realloc(&mut live, index - 1, 20_000 + index) {
                    before.nothing_taken(ledger);
                    failed += 1;
                }
            }
            // A claim that would like more, and may be met with less, asks twice.
            assert!(failed <= 1);
            live.check();
            live.check_owners(ledger);
            tally::check(ledger);
            blocks.free_all(&mut live);
            heap.trim();
            assert_eq!(ledger.snapshot().claimed, counting::record(ledger));
            control.asked.load(Relaxed)
        });
        if asked < refused {
            return;
        }
    }
}

/// Memory that is full gives null, over and over, and works again once something was freed; an arena beside it stands it as well.
pub fn h12_full_memory() {
    const ROOM: usize = if cfg!(miri) { 40 << 10 } else { 300 << 10 };
    let sizes: &[usize] = if cfg!(miri) { &[600, 5000] } else { &[5000, 16_000, 33_000] };
    for &size in sizes {
        on_simulated(ROOM, Manner::Exact, 0, |heap, ledger, _| {
            let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
            let arena = Arena::new_in(ledger, "arena");
            let number = arena.alloc([0x5au8; 100]);
            let layout = Layout::from_size_align(size, 16).expect("a layout");
            let fill = |blocks: &mut Blocks<'_>, live: &mut Live| {
                (0..HELD).take_while(|index| blocks.alloc(live, *index, layout)).count()
            };
            let count = fill(&mut blocks, &mut live);
            assert!(count > 1, "{count} blocks of {size} bytes");
            if count < HELD {
                for _ in 0..3 {
                    let before = Tally::of(ledger);
                    assert!(!blocks.alloc(&mut live, HELD - 1, layout));
                    assert!(!blocks.alloc_zeroed(&mut live, HELD - 1, layout));
                    assert!(!blocks.realloc(&mut live, 0, ROOM));
                    assert!(arena.try_alloc_uninit_slice::<u8>(ROOM).is_err());
                    before.nothing_taken(ledger);
                }
            }
            live.check();
            let growths = ledger.growths();
            for _ in 0..3 {
                blocks.free_all(&mut live);
                assert_eq!(fill(&mut blocks, &mut live), count, "as many again");
                assert_eq!(ledger.growths(), growths);
            }
            blocks.free_all(&mut live);
            assert!(number.iter().all(|byte| *byte == 0x5a));
            arena.alloc_uninit_slice::<u8>(size * (count - 1));
            assert_eq!(ledger.growths(), growths, "the arena has what the heap had");
        });
    }
}

/// Requests that nothing can meet give null, and change nothing (h11).
pub fn h11_overflowing_requests() {
    on_simulated(1 << 18, Manner::Exact, 0, |heap, ledger, control| {
        let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
        let small = Layout::from_size_align(100, 8).expect("a layout");
        assert!(blocks.alloc(&mut live, 0, small));
        let half = isize::MAX as usize;
        let (before, asked) = (Tally::of(ledger), control.asked.load(Relaxed));
        for (size, align) in [
            (half, 1),
            (half - 15, 16),
            (half - 40, 8),
            (half - 4095, 4096),
            (half / 2 + 1, half / 2 + 1),
            (1, half / 2 + 1),
        ] {
            let layout = Layout::from_size_align(size, align).expect("a layout");
            // SAFETY: the layout has bytes.
            assert!(unsafe { heap.alloc(layout) }.is_null());
            // SAFETY: as above.
            assert!(unsafe { heap.alloc_zeroed(layout) }.is_null());
            before.nothing_taken(ledger);
        }
        for size in [half - 7, half / 2, half - GRAIN - 7] {
            assert!(!blocks.realloc(&mut live, 0, size));
            before.nothing_taken(ledger);
        }
        assert!(control.asked.load(Relaxed) - asked <= 40, "asked over and over");
        blocks.free_all(&mut live);
    });
}
