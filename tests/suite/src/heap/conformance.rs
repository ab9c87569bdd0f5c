//! What every heap of the crate owes as a `GlobalAlloc`, whatever is below it.
//!
//! Where what is below may be too small for what is asked, null is right as long as it changes nothing.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use freehold::backing::Backing;
use freehold::{DefaultBacking, Heap, Ledger};

use super::bench::Bench;
use super::blocks::{Blocks, HELD, first_dirty};
use super::subject::Subject;
use super::{sizes, with_heap};
use crate::live::Live;

/// Everything below; if asked for, `again`: what was freed is about enough for the next time (h26).
pub fn everything<B: Backing>(heap: &Heap, ledger: &Ledger<B>, roomy: bool, again: bool) {
    let bench = Bench { heap, ledger, roomy };
    // The first request opens the heap: it may have its record, and be refused all the same.
    let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
    blocks.alloc(&mut live, 0, Layout::new::<[u8; 2000]>());
    blocks.free_all(&mut live);
    if cfg!(miri) && !again {
        // It has seen the rest on the default backing.
        return zeroed(&bench);
    }
    let run = || {
        every_request(&bench);
        #[cfg(feature = "collections")]
        super::collections::everything(&bench);
    };
    run();
    if again && !cfg!(miri) {
        let granted = ledger.snapshot().granted;
        run();
        assert!(ledger.snapshot().granted <= granted + granted / 4, "the same again asks for much more memory");
    }
}

/// What any heap must stand, by whatever way its blocks are had.
pub fn every_request(subject: &impl Subject) {
    every_layout(subject);
    every_verb(subject);
}

/// The same, by another way to a heap that stands it by its own: in Miri not at every size once more, as what is new is the way.
pub fn every_request_again(subject: &impl Subject) {
    if !cfg!(miri) {
        every_layout(subject);
    }
    every_verb(subject);
}

fn every_verb(subject: &impl Subject) {
    zeroed(subject);
    h17_every_grow_and_shrink(subject);
}

/// What holds when no block is in use any more.
fn nothing_in_use<S: Subject>(subject: &S, blocks: &mut Blocks<'_, S::Heap>, live: &mut Live) {
    blocks.free_all(live);
    assert!(live.is_empty());
    subject.count(blocks);
    subject.trim();
    subject.idle();
}

/// A request, which may be refused where there is little room; then no memory was taken for it.
fn may_fail(subject: &impl Subject, layout: Layout, request: impl FnOnce() -> bool) -> bool {
    let taken = subject.taken();
    let done = request();
    assert!(done || !subject.roomy(), "no room for {layout:?}");
    assert!(done || subject.taken() <= taken, "a failed request took memory");
    done
}

/// Blocks of every size around the borders between classes, and of every alignment, in as many places as the table has: each is aligned,
/// lies apart from all others, and keeps what is in it.
pub fn every_layout(subject: &impl Subject) {
    let (mut live, mut blocks) = (Live::new(), Blocks::new(subject.heap()));
    let borders = sizes::classes().step_by(if cfg!(miri) { 27 } else { 1 });
    let borders = borders.flat_map(|class| class - 1..=class + 1).chain([0, 65_535, 65_536, 100_000]);
    let small = borders.zip([1, 16, 2, 4, 8].into_iter().cycle());
    let bits = (0..=20).step_by(if cfg!(miri) { 10 } else { 1 });
    let aligned_sizes: &[usize] = if cfg!(miri) { &[0, 40_000] } else { &[0, 1, 20, 600, 1100, 40_000] };
    let aligned = bits.flat_map(|bit| aligned_sizes.iter().map(move |size| (*size, 1 << bit)));
    for (turn, (size, align)) in small.chain(aligned).enumerate() {
        let (index, layout) = (turn % HELD, Layout::from_size_align(size, align).expect("a layout"));
        blocks.free(&mut live, index);
        may_fail(subject, layout, || blocks.alloc(&mut live, index, layout));
        if turn % 16 == 0 {
            live.check();
            subject.check(&live);
        }
    }
    nothing_in_use(subject, &mut blocks, &mut live);
}

/// What is asked to be zero is, in memory that was used before, in fresh memory, and where the one meets the other.
pub fn zeroed(subject: &impl Subject) {
    let (mut live, mut blocks) = (Live::new(), Blocks::new(subject.heap()));
    let mut noticed = 0;
    for (&size, align) in sizes::KINDS.iter().zip([1, 16, 64, 4096].into_iter().cycle()) {
        let layout = Layout::from_size_align(size, align).expect("a layout");
        for twice in [size, 3 * size] {
            let larger = Layout::from_size_align(twice, align).expect("a layout");
            // The block's pattern makes it dirty.
            may_fail(subject, layout, || blocks.alloc(&mut live, 0, layout));
            blocks.free(&mut live, 0);
            noticed += usize::from(subject.roomy() && is_dirty(subject.heap(), layout));
            // Nothing lies after it, so a larger one begins in it and ends in fresh memory, if the ledger goes on there.
            may_fail(subject, larger, || blocks.alloc_zeroed(&mut live, 1, larger));
            // Another one, which may be fresh altogether.
            may_fail(subject, layout, || blocks.alloc_zeroed(&mut live, 2, layout));
            blocks.free(&mut live, 1);
            blocks.free(&mut live, 2);
            subject.trim();
        }
    }
    // Memory that was never used but lies between headers: the ledger has cut it, and grown it, on the way.
    for turn in 0..6 {
        let size = 3000 + 90_000 * (turn % 2);
        let layout = Layout::from_size_align(size, 8).expect("a layout");
        may_fail(subject, layout, || blocks.alloc_zeroed(&mut live, turn, layout));
    }
    nothing_in_use(subject, &mut blocks, &mut live);
    assert!(noticed > sizes::KINDS.len() || !subject.roomy(), "memory that is used again is not even dirty: {noticed}");
}

/// Whether a block as it comes holds what was there before: else that [`zeroed`] passes would mean nothing.
fn is_dirty(heap: &impl GlobalAlloc, layout: Layout) -> bool {
    // SAFETY: the layout has bytes.
    let Some(block) = NonNull::new(unsafe { heap.alloc(layout) }) else { return false };
    // SAFETY: a block was freed just now that was of the same layout and written to, or else the memory under the simulated backing
    // or the host's fresh pages, so each byte has been written.
    let dirty = unsafe { first_dirty(block, layout.size()) }.is_some();
    // SAFETY: the block was just allocated, with this layout.
    unsafe { heap.dealloc(block.as_ptr(), layout) };
    dirty
}

/// A block of each kind becomes one of each other kind, with memory free behind it and with none, at small and large alignments: what both
/// sizes hold is kept (h17).
pub fn h17_every_grow_and_shrink(subject: &impl Subject) {
    const ALIGNS: &[usize] = if cfg!(miri) { &[8, 128] } else { &[16, 4096] };
    let (mut live, mut blocks) = (Live::new(), Blocks::new(subject.heap()));
    let neighbour = Layout::new::<[u64; 5]>();
    let pairs = sizes::KINDS.iter().flat_map(|old| sizes::KINDS.iter().map(move |new| (old, new)));
    for (turn, (&old, &new)) in pairs.enumerate() {
        // In Miri the one or the other.
        let aligns = if cfg!(miri) { &ALIGNS[turn % 2..][..1] } else { ALIGNS };
        for &align in aligns {
            for last in [true, false] {
                let layout = Layout::from_size_align(old, align).expect("a layout");
                let done = may_fail(subject, layout, || blocks.alloc(&mut live, 0, layout));
                if !last {
                    let after = Layout::from_size_align(old, 32).expect("a layout");
                    blocks.alloc(&mut live, 1, after);
                    blocks.alloc(&mut live, 2, neighbour);
                }
                may_fail(subject, layout, || !done || blocks.realloc(&mut live, 0, new));
                live.check();
                for index in 0..3 {
                    blocks.free(&mut live, index);
                }
            }
        }
    }
    nothing_in_use(subject, &mut blocks, &mut live);
}

/// What is asked to be zero is, where memory that was used meets memory that never was and is known to be zero: where pages came in
/// two goes, where a block has grown in place, where one was cut.
pub fn zero_where_used_meets_fresh() {
    let layout = |size| Layout::from_size_align(size, 8).expect("a layout");
    for (first, then, zeroed) in [
        // Pages that come after a free rest: its end, and the ledger's header there, lie inside.
        (40_000, 40_000, 100_000),
        (40_000, 40_000, 400_000),
        // Bytes that the block gained in place are dirty as well.
        (40_000, 60_000, 61_000),
        (40_000, 150_000, 200_000),
        // And those that it gave back.
        (60_000, 40_000, 30_000),
        (60_000, 33_000, 61_000),
    ] {
        for freed in [true, false] {
            with_heap(Ledger::new(DefaultBacking::new()), |heap, _| {
                let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
                assert!(blocks.alloc(&mut live, 0, layout(first)));
                assert!(blocks.realloc(&mut live, 0, then));
                if freed {
                    blocks.free(&mut live, 0);
                }
                for index in 1..4 {
                    assert!(blocks.alloc_zeroed(&mut live, index, layout(zeroed + index)));
                }
                blocks.free_all(&mut live);
            });
        }
    }
}
