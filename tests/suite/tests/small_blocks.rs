//! What many small arenas cost over Rust's own allocator: as many small blocks.

#![cfg(not(target_family = "wasm"))]
#![cfg(feature = "collections")]

use std::alloc::Layout;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use allocator_api2::alloc::{AllocError, Allocator, Global};
use freehold::backing::Over;
use freehold::{Alloc, Arena, Growth, Ledger};

/// Counts what is asked of the global allocator.
#[derive(Default)]
struct Counting {
    blocks: AtomicUsize,
    bytes: AtomicUsize,
}

// SAFETY: the global allocator's blocks, passed through.
unsafe impl Allocator for &Counting {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.blocks.fetch_add(1, Relaxed);
        self.bytes.fetch_add(layout.size(), Relaxed);
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        self.blocks.fetch_sub(1, Relaxed);
        self.bytes.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise, passed on.
        unsafe { Global.deallocate(block, layout) };
    }
}

/// 10,000 arenas of 200 bytes each cost 10,000 small blocks, not 10,000 pages.
#[test]
fn ten_thousand_small_arenas() {
    const ARENAS: usize = if cfg!(miri) { 50 } else { 10_000 };
    let counting = Counting::default();
    let ledger = Ledger::new(Over::new(&counting));
    let mut arenas: Vec<_> =
        (0..ARENAS).map(|_| Arena::new_in(&ledger, "small").with_growth(Growth::new().first(300))).collect();
    assert_eq!(counting.blocks.load(Relaxed), 0, "nothing is claimed before the first value");
    for (index, arena) in arenas.iter().enumerate() {
        assert!(arena.alloc_slice_fill(200, index as u8).iter().all(|byte| *byte == index as u8));
    }
    let bytes = counting.bytes.load(Relaxed);
    assert_eq!(counting.blocks.load(Relaxed), ARENAS);
    assert!(bytes <= ARENAS * 320, "{} bytes for each", bytes / ARENAS);
    let snapshot = ledger.snapshot();
    assert_eq!((snapshot.claimed, snapshot.granted, snapshot.free), (bytes, bytes, 0));
    // In some other order than they came.
    while !arenas.is_empty() {
        arenas.swap_remove(arenas.len() * 5 / 7);
        assert_eq!(counting.blocks.load(Relaxed), arenas.len());
    }
    assert_eq!((counting.bytes.load(Relaxed), ledger.snapshot().granted), (0, 0));
}
