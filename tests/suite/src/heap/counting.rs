//! What a heap says of itself, compared with what is known of it.

use core::alloc::{GlobalAlloc, Layout};

use freehold::backing::{Backing, GRAIN};
use freehold::{Heap, Ledger};

use super::blocks::{Blocks, HELD};
use super::{HEAP, make_large, on_simulated, sizes};
use crate::backings::Manner;
use crate::live::Live;

/// Bytes of the span that the heap keeps when it has nothing else.
pub fn record<B: Backing>(ledger: &Ledger<B>) -> usize {
    let mut spans = ledger.snapshot().spans().filter(|span| span.owner == Some(HEAP));
    let record = spans.next().map_or(0, |span| span.len);
    assert_eq!(spans.next(), None, "a heap that was trimmed and has no block keeps more than its record");
    record
}

/// What the heap counts is what these blocks, which are all that are in use, come to.
pub fn check<B: Backing>(blocks: &Blocks<'_>, ledger: &Ledger<B>) {
    check_of(blocks.heap(), blocks, ledger);
}

/// [`check`], where the blocks were had from the heap by another way.
pub fn check_of<B: Backing>(heap: &Heap, blocks: &Blocks<'_, impl GlobalAlloc>, ledger: &Ledger<B>) {
    let stats = heap.stats();
    assert_eq!(stats.held, ledger.snapshot().claimed_by(HEAP), "{stats}");
    assert_eq!(stats.in_use + stats.free + stats.slack(), stats.held);
    assert_eq!(stats.peak, ledger.snapshot().peak);
    // A loan may be longer than was asked for, and where memory is short a span is no longer.
    let served = blocks.layouts().map(sizes::needed).sum::<usize>();
    assert!(stats.in_use >= served, "{stats}, though {served} bytes serve what is held");
    let mut used = [0; sizes::IN_SLABS];
    for layout in blocks.layouts().filter(|layout| sizes::in_slab(*layout)) {
        used[sizes::class_of(layout)] += 1;
    }
    let mut free = 0;
    for class in heap.classes() {
        free += class.size * class.free;
        match sizes::classes().position(|size| size == class.size) {
            // Blocks of no size are served by blocks of the smallest, as a class of their own.
            Some(index) if index < used.len() => used[index] -= class.used,
            Some(_) => assert_eq!((class.used, class.slabs), (0, 0), "{class:?} knows of spans in use"),
            None => panic!("{class:?} is no class"),
        }
    }
    assert_eq!(used, [0; sizes::IN_SLABS], "blocks that are in use and not counted as such");
    // What is free in slabs that all classes share is no class's.
    assert!(stats.free >= free && (stats.free - free).is_multiple_of(sizes::ALIGN), "{stats}, {free} of classes");
}

/// With as many blocks as the table has places, of each kind in turn: what is in use is what serves them, to the byte; what is freed shows
/// as free; and what was trimmed is not held any more.
pub fn statistics() {
    on_simulated(4 << 20, Manner::Exact, 0, |heap, ledger, _| {
        let (mut live, mut blocks) = (Live::new(), Blocks::new(heap));
        assert_eq!((heap.stats().held, heap.classes().count()), (0, 0), "nothing is claimed before the first block");
        make_large(ledger);
        // Going over all classes takes Miri a quarter of a second.
        let look = |index: usize| !cfg!(miri) || index % 7 == 6;
        let kinds = sizes::KINDS.iter().cycle();
        for (index, (&size, align)) in kinds.zip([1, 8, 16, 32].iter().cycle()).take(HELD).enumerate() {
            // Large ones only while the table is filled for the first time.
            let layout = Layout::from_size_align(size, *align).expect("a layout");
            assert!(blocks.alloc(&mut live, index, layout));
            if look(index) {
                check(&blocks, ledger);
                assert_eq!(heap.stats().in_use, blocks.served(), "after {layout:?}");
            }
        }
        assert!(heap.stats().pages() * freehold::backing::USUAL_PAGE >= heap.stats().held);
        // In place or not, larger or smaller.
        for index in 0..HELD {
            let size = sizes::KINDS[index * 7 % sizes::KINDS.len()] + index;
            assert!(blocks.realloc(&mut live, index, size));
            if look(index) {
                check(&blocks, ledger);
                assert_eq!(heap.stats().in_use, blocks.served(), "after {size} bytes at {index}");
            }
        }
        let mut before = heap.stats();
        for index in 0..HELD {
            let served = blocks.served();
            blocks.free(&mut live, index);
            let (after, freed) = (heap.stats(), served - blocks.served());
            assert_eq!(after.in_use, before.in_use - freed);
            // What goes into a list is free, what does not is not held any more.
            let gone = before.held - after.held;
            assert_eq!(after.free - before.free, if gone == 0 { freed } else { 0 });
            assert!(gone == 0 || gone == freed + GRAIN);
            if look(index) {
                check(&blocks, ledger);
            }
            before = after;
        }
        assert_eq!(heap.stats().in_use, 0);
        heap.trim();
        let stats = heap.stats();
        assert_eq!((stats.free, stats.in_use, stats.held, heap.classes().count()), (0, 0, record(ledger), 0));
        assert_eq!(stats.slack(), stats.held);
    });
}
