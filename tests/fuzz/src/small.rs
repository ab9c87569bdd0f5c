//! Programs on `SmallHeap`, each on a heap of its own.

use core::alloc::{GlobalAlloc, Layout};

use freehold::{SmallHeap, memory_size};
use freehold_suite::choices::Bytes;

use crate::blocks::{Program, run};

/// Runs a program twice: what was freed serves the second time, so no memory is taken any more.
pub fn small(program: &[u8]) {
    let heap = SmallHeap::new();
    let layouts = run(&Program(&heap), &mut Bytes(program));
    let taken = memory_size();
    run(&Program(&heap), &mut Bytes(program));
    assert_eq!(memory_size(), taken, "the same again took memory");
    empty(&heap, layouts);
}

/// `SmallHeap` never gives pages back, and a fuzzer has many heaps: so the host gets back what was written to. All that the heap was asked for
/// is free now; it is asked for once more, without an alignment, until it takes fresh pages for that.
fn empty(heap: &SmallHeap, layouts: Vec<Layout>) {
    // An alignment over 16 costs as many bytes more.
    let room = |layout: Layout| layout.size() + if layout.align() > 16 { layout.align() } else { 0 };
    let mut rooms: Vec<_> = layouts.into_iter().map(room).collect();
    rooms.sort_unstable();
    rooms.dedup();
    for room in rooms {
        let layout = Layout::from_size_align(room, 1).expect("a layout");
        let taken = memory_size();
        loop {
            // SAFETY: this heap serves a size of 0 too.
            let block = unsafe { heap.alloc(layout) };
            if block.is_null() || memory_size() > taken {
                break;
            }
            let start = block.addr() & !(HOST_PAGE - 1);
            let len = (block.addr() + room.max(16)).next_multiple_of(HOST_PAGE) - start;
            // SAFETY: whole pages of this heap, which is used no more.
            unsafe { let_go(block.with_addr(start), len) };
        }
    }
}

const HOST_PAGE: usize = 4096;

/// Lets go of what is in these pages.
///
/// # Safety
///
/// The caller owes: nobody uses them any more.
#[cfg(unix)]
unsafe fn let_go(start: *mut u8, len: usize) {
    // SAFETY: the caller's promise. Where pages are larger this is refused, and changes nothing.
    unsafe { libc::madvise(start.cast(), len, libc::MADV_DONTNEED) };
}

#[cfg(not(unix))]
unsafe fn let_go(_start: *mut u8, _len: usize) {}
