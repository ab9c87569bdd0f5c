//! The `Allocator` of a heap, collections in it, and a box.

use core::alloc::Layout;

use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;
use freehold::backing::Backing;
use freehold::{DefaultBacking, Heap, Ledger};

use super::bench::Bench;
use super::{counting, sizes, with_heap};
use crate::collections::{h17_every_grow_and_shrink, vectors_and_maps};

/// Collections in a heap, and every pair of a grow and a shrink, with other alignments too.
pub fn everything<B: Backing>(bench: &Bench<'_, B>) {
    const ALIGNS: &[usize] = if cfg!(miri) { &[16, 64] } else { &[8, 16, 64, 4096] };
    const KINDS: &[usize] = if cfg!(miri) { &[9, 1100] } else { &[0, 9, 600, 1024, 1100, 32_768, 33_000, 90_000] };
    h17_every_grow_and_shrink(bench.heap, KINDS, ALIGNS);
    if bench.roomy {
        vectors_and_maps(bench.heap);
    }
    // A loan may be longer than what it holds: the heap's own record's too.
    assert!(bench.heap.stats().in_use == 0 || !bench.roomy);
    bench.heap.trim();
    assert_eq!(bench.ledger.snapshot().claimed, counting::record(bench.ledger));
}

/// A box hands back a pointer that reaches its value only; a heap reaches the links, records and headers beside it all the same.
pub fn boxes() {
    with_heap(Ledger::new(DefaultBacking::new()), |heap, _| {
        // Of each kind: a block of a slab, a listed span, a large span.
        for _ in 0..3 {
            let mut small: Vec<_> = (0..40).map(|n| Box::new_in([n; 3], heap)).collect();
            let listed = Box::new_in([1u16; 1000], heap);
            let large = Box::new_in([2u64; 5000], heap);
            small.swap_remove(7);
            small.swap_remove(20);
            assert!(listed.iter().all(|n| *n == 1) && large.iter().all(|n| *n == 2));
            assert!(small.iter().all(|boxed| boxed[..] == [boxed[0]; 3]));
            drop((listed, large));
            // The slab, whose record a block's address leads to, goes back while the ledger reaches its header.
            drop(small);
            heap.trim();
            assert_eq!(heap.stats().in_use, 0);
        }
    });
}

/// What grows zeroed is zero in all that it gained, and keeps what it had.
pub fn grown_zeroed() {
    with_heap(Ledger::new(DefaultBacking::new()), |heap, _| {
        for (&old, &new) in sizes::KINDS.iter().flat_map(|old| sizes::KINDS.iter().map(move |new| (old, new))) {
            if new < old {
                continue;
            }
            let [before, after] = [old, new].map(|size| Layout::from_size_align(size, 8).expect("a layout"));
            make_dirty(heap, after);
            let block = heap.allocate(before).expect("room").cast::<u8>();
            // SAFETY: a block of so many bytes.
            unsafe { block.write_bytes(7, old) };
            // SAFETY: the block is of this heap, with this layout.
            let grown = unsafe { heap.grow_zeroed(block, before, after) }.expect("room");
            // SAFETY: `old` bytes were written, and the others must be zero.
            let bytes = unsafe { grown.as_ref() };
            let (had, gained) = bytes.split_at(old);
            let step = if cfg!(miri) { 97 } else { 1 };
            assert!(had.iter().step_by(step).all(|byte| *byte == 7), "{old} to {new}");
            assert!(gained.iter().step_by(step).all(|byte| *byte == 0), "{old} to {new}");
            // SAFETY: the block is of this heap, with this layout, and not used any more.
            unsafe { heap.deallocate(grown.cast(), after) };
        }
    });
}

/// Leaves dirty what a block of that layout is likely to lie in.
fn make_dirty(heap: &Heap, layout: Layout) {
    let block = heap.allocate(layout).expect("room").cast::<u8>();
    // SAFETY: a block of so many bytes.
    unsafe { block.write_bytes(0xee, layout.size()) };
    // SAFETY: the block is of this heap, with this layout, and not used any more.
    unsafe { heap.deallocate(block, layout) };
}

/// A heap that stays, as `static`s have it: collections name it for ever.
pub fn in_a_static() {
    static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
    static HEAP: Heap = Heap::new_in(&LEDGER, "static heap");
    vectors_and_maps(&HEAP);
    let kept: Vec<u32, &'static Heap> = {
        let mut kept = Vec::new_in(&HEAP);
        kept.extend(0..100);
        kept
    };
    assert!(kept.iter().copied().eq(0..100) && HEAP.stats().in_use >= 400);
    drop(kept);
    assert_eq!(HEAP.stats().in_use, 0);
}
