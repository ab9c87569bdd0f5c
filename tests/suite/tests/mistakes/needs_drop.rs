//~ evaluation panicked: this type needs `Drop`
//~ use `alloc_box`, or a `TypedArena`
//~ needs_drop.rs:11:5
//~ alloc::<std::vec::Vec<i32>>
use freehold::{Alloc, Arena};

fn main() {
    let arena = Arena::new();
    // What is not dropped would be lost.

    arena.alloc(vec![1, 2, 3]);
}
