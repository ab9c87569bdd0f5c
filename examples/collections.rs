//! Collections in an arena: `Vec` of allocator-api2 and hashbrown's `HashMap`, on stable Rust.
//!
//! With the feature `allocator-api2`, a reference to an arena or to a scope is an `Allocator`. The last block of an arena
//! grows in place, so a vector that is filled alone is never copied. Freeing a collection costs nothing, and the borrow
//! checker keeps its arena from being reset under it.
//!
//! `cargo run --example collections --features allocator-api2`

use allocator_api2::vec::Vec;
use freehold::{Alloc, Arena, Scope, ledger};
use hashbrown::{DefaultHashBuilder, HashMap};

const TEXT: &str = "the page the arena claims is the page the ledger writes down and the arena is the owner";

/// How often each word comes, in a map whose table and keys are all in the scope.
fn count<'s>(scope: &'s Scope<'_>, text: &str) -> HashMap<&'s str, usize, DefaultHashBuilder, &'s Scope<'s>> {
    let mut words = HashMap::new_in(scope);
    for word in text.split(' ') {
        *words.entry(&*scope.alloc_str(word)).or_insert(0) += 1;
    }
    words
}

fn main() {
    // In an arena: a vector that grows in place, from its first element to its last.
    let mut arena = Arena::new();
    let mut squares = Vec::new_in(&arena);
    squares.push(0u64);
    let first = squares.as_ptr();
    squares.extend((1..10_000).map(|n| n * n));
    println!("{} squares, {}", squares.len(), if squares.as_ptr() == first { "never moved" } else { "moved" });
    assert_eq!(squares[9_999], 9_999 * 9_999);

    // `arena.reset()` would not compile before this line: the vector borrows the arena.
    drop(squares);
    arena.reset();

    // In a scope: a map for each round of a loop, gone at its end, table and keys and all.
    let mut growths = None;
    for round in 0..1_000 {
        let scope = arena.scope();
        let words = count(&scope, TEXT);
        assert_eq!((words["the"], words["arena"], words.len()), (6, 2, 10));
        if round == 0 {
            let mut sorted = Vec::new_in(&scope);
            sorted.extend(words.iter());
            sorted.sort_by_key(|(word, count)| (std::cmp::Reverse(**count), **word));
            println!("most frequent: {:?}", &sorted[..3]);
        }
        let grown = ledger().growths();
        assert_eq!(*growths.get_or_insert(grown), grown, "the first round has claimed all that the others need");
    }
    println!("1,000 rounds in {} bytes, claimed by the first", arena.held());
}
