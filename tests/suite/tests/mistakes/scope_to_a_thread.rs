//~ an arena and its scopes belong to one thread at a time
//~ open a scope there
//~ aborting due to 1 previous error
use freehold::{Alloc, Arena};

fn main() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    std::thread::scope(|threads| {
        threads.spawn(|| scope.alloc(1));
    });
}
