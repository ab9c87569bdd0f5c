//~ evaluation panicked: this type needs `Drop`
//~ needs_drop_in_a_slice.rs:7:5
use freehold::{Alloc, Arena};

fn main() {
    let arena = Arena::new();
    arena.alloc_slice_fill_with(3, |_| String::new());
}
