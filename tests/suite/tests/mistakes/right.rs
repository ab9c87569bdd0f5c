//~ (nothing)
use freehold::{Alloc, Arena};

fn main() {
    println!("{}", Arena::new().alloc(1));
}
