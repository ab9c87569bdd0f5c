//! The global allocator of the crates whose own tests run on it, and the proof that it is.

use freehold::Heap;
#[cfg(feature = "checked")]
use freehold::debug::Checked;

#[cfg(not(feature = "checked"))]
#[global_allocator]
static HEAP: Heap = Heap::new();

/// A finding ends the test program.
#[cfg(feature = "checked")]
#[global_allocator]
static HEAP: Checked<Heap> = Checked::new(Heap::new());

fn heap() -> &'static Heap {
    #[cfg(feature = "checked")]
    return HEAP.heap();
    #[cfg(not(feature = "checked"))]
    &HEAP
}

/// Called by a test that each of their test programs has more.
pub fn prove() {
    let value = Box::new(7u64);
    let at = std::hint::black_box(&raw const *value).addr();
    let mut spans = freehold::ledger().snapshot().spans().filter(|span| span.owner == Some("heap"));
    assert!(spans.any(|span| (span.base..span.base + span.len).contains(&at)), "{at:#x} is in no span of the heap's");
    #[cfg(feature = "checked")]
    {
        assert_eq!(HEAP.check(), 0);
        println!("{}", HEAP.stats());
        assert!(HEAP.stats().blocks > 0 && HEAP.stats().unrecorded == 0);
    }
    let stats = heap().stats();
    println!("{stats}");
    assert!(stats.in_use > 0 && stats.held >= stats.in_use);
}
