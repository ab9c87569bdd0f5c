//! A whole program on [`Small`](freehold::Small).

mod whole_program;

#[global_allocator]
static HEAP: freehold::Small = freehold::Small::new();

fn main() {
    whole_program::run("small");
}
