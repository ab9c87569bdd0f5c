//~ no method named `alloc` found
//~ use freehold::Alloc;
use freehold::Arena;

fn main() {
    println!("{}", Arena::new().alloc(1));
}
