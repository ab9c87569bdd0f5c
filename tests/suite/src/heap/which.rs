//! Leak, fragmentation or peak: three programs, and what the one line says of each.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;

use freehold::debug::{Rounds, Verdict};
use freehold::{DefaultBacking, Heap, Ledger};

use super::with_heap;

const MANY: usize = 500;

fn take(heap: &Heap, size: usize) -> (*mut u8, Layout) {
    let layout = Layout::from_size_align(size, 8).expect("a layout");
    // SAFETY: there are bytes.
    let block = unsafe { heap.alloc(layout) };
    assert!(!block.is_null());
    (block, layout)
}

fn free(heap: &Heap, (block, layout): (*mut u8, Layout)) {
    if !block.is_null() {
        // SAFETY: `take` has allocated it, and it is freed once.
        unsafe { heap.dealloc(block, layout) };
    }
}

/// A block of each size that there are many of, and the rounds of a program.
fn rounds(program: impl FnOnce(&Heap, &mut Rounds)) -> (Rounds, Verdict) {
    with_heap(Ledger::new(DefaultBacking::new()), |heap, _| {
        let mut rounds = Rounds::new();
        program(heap, &mut rounds);
        (rounds, rounds.verdict())
    })
}

/// Each program is what it is, and no other. Not in Miri, for which these are many blocks, and nothing is done with pointers.
pub fn heap_which_is_it() {
    if cfg!(miri) {
        return;
    }
    let (leaks, verdict) = rounds(|heap, rounds| {
        for _ in 0..20 {
            let page = take(heap, 20_000);
            take(heap, 100); // and nobody frees it
            free(heap, page);
            rounds.note(heap);
        }
    });
    assert!(matches!(verdict, Verdict::Leak { rounds: 19, grown: 19.., .. }), "{verdict}: {:?}", leaks.last());
    assert_eq!(leaks.owners_at_most().largest()[0].0, super::HEAP);

    // Small blocks that stay lie between larger ones that go.
    let (fragments, verdict) = rounds(|heap, rounds| {
        let mut pages = [(null_mut(), Layout::new::<u8>()); MANY];
        for page in &mut pages {
            *page = take(heap, 5000);
            take(heap, 1200);
        }
        pages.into_iter().for_each(|page| free(heap, page));
        for _ in 0..6 {
            let page = take(heap, 4000);
            free(heap, page);
            rounds.note(heap);
        }
    });
    let stats = fragments.last().expect("some rounds");
    assert!(matches!(verdict, Verdict::Fragmentation { .. }), "{verdict}: {stats:?}");
    assert!(stats.pieces >= MANY - 2 && stats.longest < stats.unclaimed / 8 && stats.headers > 0, "{stats:?}");

    let (peaks, verdict) = rounds(|heap, rounds| {
        for round in 0..8 {
            let mut pages = [(null_mut(), Layout::new::<u8>()); MANY];
            pages.iter_mut().take(if round == 3 { MANY } else { 3 }).for_each(|page| *page = take(heap, 5000));
            pages.into_iter().for_each(|page| free(heap, page));
            rounds.note(heap);
        }
    });
    assert!(matches!(verdict, Verdict::Peak { .. }), "{verdict}: {:?}", peaks.last());

    let (steady, verdict) = rounds(|heap, rounds| {
        take(heap, 50_000);
        for _ in 0..8 {
            let page = take(heap, 20_000);
            free(heap, page);
            rounds.note(heap);
        }
    });
    assert!(matches!(verdict, Verdict::Steady { .. }), "{verdict}: {:?}", steady.last());
}
