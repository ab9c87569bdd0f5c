//~ cannot borrow `arena` as mutable more than once at a time
//~ first borrow used here, in later iteration of loop
use freehold::{Alloc, Arena};

fn main() {
    let mut arena = Arena::new();
    let mut all = Vec::new();
    for turn in 0..3 {
        let scope = arena.scope();
        all.push(scope.alloc(turn));
    }
}
