//! A whole program on [`Heap`](freehold::Heap).

mod whole_program;

#[global_allocator]
static HEAP: freehold::Heap = freehold::Heap::new();

fn main() {
    whole_program::run("heap");
}
