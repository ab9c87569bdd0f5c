//! Blocks that change their size where they are, or not at all.

use super::*;

/// Around each limit: of a class, of what has a class, of what lies in a slab.
const SIZES: [usize; 16] =
    [0, 1, 16, 17, 100, 256, 257, 1000, 1024, 1025, 5000, 6000, 16 << 10, (16 << 10) + 1, 60_000, 150_000];

fn filled(heap: &Heap, layout: Layout, byte: u8) -> NonNull<u8> {
    // SAFETY: this heap serves every size.
    let block = NonNull::new(unsafe { heap.alloc(layout) }).expect("room");
    // SAFETY: so many bytes were allocated.
    unsafe { block.write_bytes(byte, layout.size()) };
    block
}

fn holds(block: NonNull<u8>, len: usize, byte: u8) -> bool {
    // SAFETY: so many bytes are allocated, and were written.
    unsafe { core::slice::from_raw_parts(block.as_ptr(), len) }.iter().all(|found| *found == byte)
}

fn give_back(heap: &Heap, block: NonNull<u8>, layout: Layout) {
    // SAFETY: a block of this heap's with this layout, not used any more.
    unsafe { heap.dealloc(block.as_ptr(), layout) };
}

/// From each size to each: what stays holds what it held and has all the bytes that it says, what doesn't is as it was, and its neighbours
/// are as they were. All of it can be freed, as what it is then.
#[test]
fn from_each_size_to_each() {
    on_region(4 << 20, |heap, ledger| {
        let mut stayed = 0;
        for align in [1, 8, 64, 4096] {
            for (was, size) in SIZES.into_iter().flat_map(|was| SIZES.map(|size| (was, size))) {
                let of = |size| Layout::from_size_align(size, align).expect("a layout");
                let before = filled(heap, of(was), 1);
                let block = filled(heap, of(was), 2);
                let after = filled(heap, of(was), 3);
                // SAFETY: it was allocated with this layout.
                let stays = unsafe { heap.resize_in_place(block, of(was), size) };
                assert!(stays || was != size, "{size} bytes aligned to {align} are as many as there were");
                assert!(holds(block, was.min(size), 2), "{was} to {size} bytes");
                let now = of(if stays { size } else { was });
                // SAFETY: so many it has now.
                unsafe { block.write_bytes(4, now.size()) };
                assert!(holds(before, was, 1) && holds(after, was, 3), "{was} to {size} bytes");
                stayed += usize::from(stays);
                give_back(heap, before, of(was));
                give_back(heap, block, now);
                give_back(heap, after, of(was));
            }
        }
        // Each to its own size, and much of what shrinks.
        assert!(stayed > 4 * 2 * SIZES.len(), "{stayed}");
        let layout = layout(64);
        let block = filled(heap, layout, 5);
        // SAFETY: it was allocated with this layout.
        assert!(!unsafe { heap.resize_in_place(block, layout, usize::MAX) });
        give_back(heap, block, layout);
        heap.trim();
        assert_eq!(heap.stats().in_use, 0);
        // What it had can be had by others.
        assert!(ledger.claim("all", super::layout(3 << 20)).is_ok());
    });
}

/// What is free behind a block is taken, and no more: memory does not grow for it.
#[test]
fn what_is_free_behind_a_block_is_taken() {
    static LEDGER: Ledger<crate::module::DefaultBacking> = Ledger::new(crate::module::DefaultBacking::new());
    static HEAP: Heap = Heap::new_in(&LEDGER, "heap");
    let of = layout;
    let block = filled(&HEAP, of(100_000), 1);
    let behind = filled(&HEAP, of(100_000), 2);
    let growths = LEDGER.snapshot().growths;
    // SAFETY: it was allocated with this layout.
    let resize = |was, size| unsafe { HEAP.resize_in_place(block, of(was), size) };
    assert!(!resize(100_000, 150_000), "somebody is there");
    give_back(&HEAP, behind, of(100_000));
    assert!(resize(100_000, 150_000), "nobody is there");
    assert!(resize(150_000, 100_000) && resize(100_000, 200_000), "what was left can be had again");
    assert!(!resize(200_000, 500 << 20), "there is no memory");
    assert!(holds(block, 100_000, 1));
    assert_eq!(LEDGER.snapshot().growths, growths);
    give_back(&HEAP, block, of(200_000));
}
