//! A program with allocator-api2's feature `nightly` somewhere in it: std's own collections live in arenas and heaps. Without the
//! feature it is the same program with allocator-api2's.

#![cfg_attr(feature = "nightly", feature(allocator_api))]

use allocator_api2::alloc::{Allocator, Global as Host};
use allocator_api2::vec::Vec;
use freehold::backing::Over;
use freehold::{Alloc, Arena, Heap, Ledger, ledger};

static GLOBAL: Heap = Heap::new();

/// With the feature this takes std's list, and no other.
#[cfg(feature = "nightly")]
fn list<A: Allocator>(alloc: A) -> std::vec::Vec<u64, A> {
    std::vec::Vec::new_in(alloc)
}

#[cfg(not(feature = "nightly"))]
fn list<A: Allocator>(alloc: A) -> Vec<u64, A> {
    Vec::new_in(alloc)
}

/// Whether a span of this owner's holds the list.
fn lies_in(owner: &str, list: &[u64]) -> bool {
    let at = list.as_ptr().addr();
    ledger().snapshot().spans().any(|span| span.owner == Some(owner) && (span.base..span.base + span.len).contains(&at))
}

/// A list that grows, shrinks and is filled anew is what it should be.
fn fill<A: Allocator>(alloc: A) -> Vec<u64, A> {
    let mut list = list(alloc);
    list.extend(0..1000);
    list.truncate(500);
    list.shrink_to_fit();
    list.extend(500..3000);
    assert!(list.iter().copied().eq(0..3000));
    list
}

fn main() {
    let mut arena = Arena::new();
    assert!(lies_in("arena", &fill(&arena)));
    let scope = arena.scope();
    let kept = scope.alloc(7);
    assert!(lies_in("arena", &fill(&scope)));
    assert_eq!(*kept, 7);
    assert!(lies_in("heap", &fill(&GLOBAL)));
    let over = Ledger::new(Over::new(Host));
    let arena = Arena::new_in(&over, "over");
    fill(&arena);
    let held = over.snapshot();
    assert!(held.claimed_by("over") >= 3000 * size_of::<u64>());
}
