//~ an arena and its scopes belong to one thread at a time
//~ or give each thread its own
//~ aborting due to 1 previous error
use freehold::{Alloc, Arena};

fn main() {
    let arena = Arena::new();
    std::thread::scope(|threads| {
        threads.spawn(|| arena.alloc(1));
    });
}
