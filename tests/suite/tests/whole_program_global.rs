//! A whole program on [`Global`](freehold::Global).

mod whole_program;

#[global_allocator]
static HEAP: freehold::Global = freehold::Global::new();

fn main() {
    whole_program::run("global");
}
