//! What only a host shows of [`Small`]: requests that nothing meets, threads, and pieces of address space that touch.

#![cfg(not(target_family = "wasm"))]

use std::alloc::{GlobalAlloc, Layout};

use freehold::{PAGE, Small};
use freehold_suite::heap::alone::h11_overflowing_requests;
use freehold_suite::heap::small::with_small;

/// A wasm memory may well have 2 GiB to give; there `tests/hosts/four-gib` uses all of it up.
#[test]
fn heap_small_h11_overflowing_requests() {
    with_small(|small| h11_overflowing_requests(small));
}

/// What the host maps in one go is an allocation of its own, wherever the next one lies: no block is in two of them. Miri places many side
/// by side, and tells if one is left.
#[test]
fn heap_small_mappings_that_touch_stay_apart() {
    let heap: Small = Small::new();
    // So that there is a rest after each, and the next block would fit into rest and fresh pages together.
    let layout = Layout::from_size_align(PAGE / 4 * 3, 8).expect("a layout");
    for turn in 0..64 {
        // SAFETY: the layout has bytes.
        let block = unsafe { heap.alloc(layout) };
        assert!(!block.is_null());
        // SAFETY: so many bytes were just allocated.
        unsafe { block.write_bytes(turn, layout.size()) };
    }
}
