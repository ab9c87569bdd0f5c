//~ cannot borrow `arena` as immutable because it is also borrowed as mutable
use freehold::{Alloc, Arena};

fn main() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let outside = arena.alloc(1);
    scope.alloc(2);
    println!("{outside}");
}
