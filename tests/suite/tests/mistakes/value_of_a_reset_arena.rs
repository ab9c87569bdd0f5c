//~ cannot borrow `arena` as mutable because it is also borrowed as immutable
use freehold::{Alloc, Arena};

fn main() {
    let mut arena = Arena::new();
    let value = arena.alloc(1);
    arena.reset();
    println!("{value}");
}
