//! A whole program on [`SmallHeap`](freehold::SmallHeap).

mod whole_program;

#[global_allocator]
static HEAP: freehold::SmallHeap = freehold::SmallHeap::new();

fn main() {
    whole_program::run("small");
}
