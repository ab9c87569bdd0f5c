//! What only a host shows of [`SmallHeap`](freehold::SmallHeap): requests that nothing meets, and pieces of address space that touch.

#![cfg(not(target_family = "wasm"))]

use freehold_suite::heap::alone::h11_overflowing_requests;
use freehold_suite::heap::small::with_small;

/// A wasm memory may well have 2 GiB to give; there `tests/hosts/four-gib` uses all of it up.
#[test]
fn heap_small_h11_overflowing_requests() {
    with_small(|small| h11_overflowing_requests(small));
}

/// What the host maps in one go is an allocation of its own, wherever the next one lies: no block is in two of them. Here the place above
/// the heap's last piece is made free, so that Linux gives it for the next.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
#[test]
fn heap_small_mappings_that_touch_stay_apart() {
    use std::ffi::{c_int, c_void};
    use std::ptr::null_mut;

    use std::alloc::{GlobalAlloc, Layout};

    use freehold::SmallHeap;
    use freehold::backing::USUAL_PAGE;

    unsafe extern "C" {
        fn mmap(addr: *mut c_void, len: usize, prot: c_int, flags: c_int, fd: c_int, offset: i64) -> *mut c_void;
        fn munmap(addr: *mut c_void, len: usize) -> c_int;
    }
    const PRIVATE_ANONYMOUS: c_int = 0x22;

    let heap: SmallHeap = SmallHeap::new();
    // A quarter of a page is left after each: with the next page, that would be enough for another.
    let layout = Layout::from_size_align(USUAL_PAGE / 4 * 3, 8).expect("a layout");
    // SAFETY: the layout has bytes.
    let take = || unsafe { heap.alloc(layout) }.addr();
    let mut touched = 0;
    for _ in 0..200 {
        // SAFETY: a mapping at no particular address touches nothing that exists.
        let above = unsafe { mmap(null_mut(), USUAL_PAGE, 0, PRIVATE_ANONYMOUS, -1, 0) };
        let first = take();
        if above.addr() == first + USUAL_PAGE {
            // SAFETY: it was mapped just now, and nobody uses it.
            assert_eq!(unsafe { munmap(above, USUAL_PAGE) }, 0);
            let second = take();
            assert_ne!(second, first + layout.size(), "a block that begins in one mapping and ends in the next");
            touched += usize::from(second == first + USUAL_PAGE);
        }
    }
    assert!(touched > 0, "no two mappings touched");
}
