//! A heap is lent its memory once; it hands out what this thread can reach.

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;

use super::BoundedHeap;
use crate::backing::Region;
use crate::platform::reached;

/// A region on these bytes.
fn region(memory: &mut [MaybeUninit<u8>]) -> Region<'static> {
    // SAFETY: whoever calls this keeps them longer than the heap, and uses them for nothing else.
    unsafe { Region::from_raw(memory.as_mut_ptr().cast(), memory.len()) }
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a layout")
}

/// A few bytes at the very end of the address space are no room for a block: there the sum of what comes before it would wrap.
#[test]
fn h09_h13_the_last_few_bytes_are_refused() {
    let heap: BoundedHeap = BoundedHeap::empty();
    let least = 2 * size_of::<usize>();
    for bytes in 1..least {
        for addr in usize::MAX - least + 1..=usize::MAX {
            // SAFETY: it is too small for a block, so nothing of it is used.
            let region = unsafe { Region::from_raw(core::ptr::without_provenance_mut(addr), bytes) };
            assert!(heap.lend(region).is_err(), "{bytes} bytes at {addr:#x}");
        }
    }
}

/// Without memory every request is refused. The first region that has room for a block stays; any other comes back, and changes nothing.
#[test]
fn h13_a_bounded_heap_has_its_memory_once() {
    let (mut memory, mut other) = ([MaybeUninit::uninit(); 1000], [MaybeUninit::uninit(); 2000]);
    let heap: BoundedHeap = BoundedHeap::empty();
    // SAFETY: the layout has bytes.
    let take = || unsafe { heap.alloc(layout(16, 8)) };
    let nothing = heap.stats();
    assert_eq!((nothing.held, nothing.in_use, nothing.free, nothing.peak, heap.longest()), (0, 0, 0, 0, 0));
    for bytes in [0, 1, 3, 4, 8, 11] {
        let back = heap.lend(region(&mut other[..bytes])).expect_err("too small");
        assert_eq!(back.look().unwrap().map(|span| span.len()), Some(bytes));
        assert!(take().is_null() && heap.stats() == nothing);
    }
    assert!(heap.lend(region(&mut memory)).is_ok());
    assert_eq!(heap.stats().held, 1000);
    let block = take();
    assert!(!block.is_null());
    let before = heap.stats();
    let back = heap.lend(region(&mut other)).expect_err("it has memory");
    assert_eq!(back.look().unwrap().map(|span| span.len()), Some(2000));
    assert_eq!(heap.stats(), before);
    // SAFETY: the block has this layout.
    unsafe { heap.dealloc(block, layout(16, 8)) };
    assert_eq!((heap.stats().in_use, heap.stats().free, heap.stats().peak), (0, heap.longest(), 16));
    let whole = heap.longest();
    assert!(whole > 1000 - 50, "{whole} of 1000 bytes");
    // SAFETY: the layout has bytes.
    let all = unsafe { heap.alloc(layout(whole, 1)) };
    assert!(!all.is_null() && take().is_null() && heap.longest() == 0);
}

/// Each way out renews what the thread knows of memory that others have grown, up to the end of what it gets (h32).
#[test]
fn h32_every_way_out_of_a_bounded_heap_is_reached() {
    let mut memory = [MaybeUninit::uninit(); 1 << 15];
    let heap: BoundedHeap = BoundedHeap::empty();
    assert!(heap.lend(region(&mut memory)).is_ok());
    for align in [8, 64] {
        let layout = |size| layout(size, align);
        let check = |memory: *mut u8, size: usize| {
            assert!(!memory.is_null() && reached::take() == memory.addr() + size, "{size} bytes, {align}");
            memory
        };
        reached::take();
        // SAFETY: the layout has bytes.
        let block = check(unsafe { heap.alloc(layout(4000)) }, 4000);
        // SAFETY: the block has this layout.
        unsafe { heap.dealloc(block, layout(4000)) };
        // SAFETY: the layout has bytes.
        let block = check(unsafe { heap.alloc_zeroed(layout(4000)) }, 4000);
        // In place, up and down.
        // SAFETY: the block has this layout.
        let grown = check(unsafe { heap.realloc(block, layout(4000), 4100) }, 4100);
        // SAFETY: as above.
        let shrunk = unsafe { heap.realloc(grown, layout(4100), 3000) };
        assert_eq!((grown, shrunk), (block, block), "there was room behind it");
        assert_eq!(reached::take(), block.addr() + 4100, "all that it had");
        // SAFETY: the layout has bytes.
        let other = check(unsafe { heap.alloc(layout(100)) }, 100);
        // Moved.
        // SAFETY: the block has this layout.
        let moved = check(unsafe { heap.realloc(block, layout(3000), 9000) }, 9000);
        assert_ne!(moved, block);
        // SAFETY: the block has this layout.
        unsafe { heap.dealloc(other, layout(100)) };
        // SAFETY: as above.
        unsafe { heap.dealloc(moved, layout(9000)) };
    }
    assert_eq!(heap.stats().in_use, 0);
}

/// As an `Allocator` it may be asked for another alignment too, which is a move of its own.
#[cfg(feature = "allocator-api2")]
#[test]
fn h32_what_gets_another_alignment_is_within_reach() {
    use allocator_api2::alloc::Allocator;
    let mut memory = [MaybeUninit::uninit(); 1 << 15];
    let heap: BoundedHeap = BoundedHeap::empty();
    assert!(heap.lend(region(&mut memory)).is_ok());
    let (low, old, new) = (layout(100, 64), layout(4000, 8), layout(100, 64));
    // SAFETY: the layout has bytes.
    let below = unsafe { heap.alloc(low) };
    let block = (&heap).allocate(old).expect("room").cast::<u8>();
    // SAFETY: the block has this layout.
    unsafe { heap.dealloc(below, low) };
    reached::take();
    // SAFETY: the block was allocated there with this layout.
    let moved = unsafe { (&heap).shrink(block, old, new) }.expect("room").cast::<u8>();
    assert!(moved < block && reached::take() == block.addr().get() + 4000);
}
