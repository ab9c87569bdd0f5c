//! The whole program's allocator, beside an arena on the same ledger.
//!
//! `Vec`, `String` and `Box` live in the heap, what belongs to one round lives in a scope, and both take their pages from
//! one ledger: what either gives back serves the other, and the drawing shows who holds what.
//!
//! `cargo run --example heap`

use std::collections::BTreeMap;

use freehold::{Alloc, Arena, Heap, ledger};

#[global_allocator]
static HEAP: Heap = Heap::new();

fn main() {
    let mut arena = Arena::new();
    // What stays: names and their lengths, on the heap.
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for round in 0..1_000 {
        // What this round needs: in a scope, gone at its end.
        let scope = arena.scope();
        let words = scope.alloc_from_iter((0..50).map(|n| &*scope.alloc_fmt(format_args!("word {}", round * n % 700))));
        words.sort_unstable();
        for word in words.iter().filter(|word| word.ends_with('7')) {
            known.entry((*word).into()).or_insert(word.len());
        }
    }
    println!("{} names\nheap: {}", known.len(), HEAP.stats());
    for class in HEAP.classes().filter(|class| class.used > 0) {
        println!("  {} blocks of {} bytes, {} more free, in {} slabs", class.used, class.size, class.free, class.slabs);
    }
    println!("{}", ledger().snapshot());

    // A large block that the heap gives back is room for the arena: memory does not grow for it.
    drop(vec![1u8; 4 << 20]);
    let growths = ledger().growths();
    let image = arena.alloc_slice_fill(4 << 20, 0u8);
    assert_eq!((image.len(), ledger().growths()), (4 << 20, growths));

    drop(known);
    HEAP.trim();
    println!("\nwithout the names: {}", HEAP.stats());
    assert!(HEAP.stats().in_use < 8 << 10, "what is left is std's own");
}
