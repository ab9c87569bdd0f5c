//~ allocator_api
use freehold::Arena;

fn main() {
    let arena = Arena::new();
    let numbers: Vec<i32, &Arena> = Vec::new_in(&arena);
    println!("{}", numbers.len());
}
