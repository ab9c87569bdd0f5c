//! The global allocator of the crates whose own tests run on it, and the proof that it is.

#[global_allocator]
static HEAP: freehold::Heap = freehold::Heap::new();

/// Called by a test that each of their test programs has more.
pub fn prove() {
    let value = Box::new(7u64);
    let at = std::hint::black_box(&raw const *value).addr();
    let mut spans = freehold::ledger().snapshot().spans().filter(|span| span.owner == Some("heap"));
    assert!(spans.any(|span| (span.base..span.base + span.len).contains(&at)), "{at:#x} is in no span of the heap's");
    let stats = HEAP.stats();
    println!("{stats}");
    assert!(stats.in_use > 0 && stats.held >= stats.in_use);
}
