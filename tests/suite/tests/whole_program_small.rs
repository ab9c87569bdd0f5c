//! A whole program on [`Small`](freehold::Small).

#![cfg(not(target_family = "wasm"))]

mod whole_program;

#[global_allocator]
static HEAP: freehold::Small = freehold::Small::new();

#[test]
fn whole_program_small_vectors() {
    whole_program::vectors();
}

#[test]
fn whole_program_small_maps() {
    whole_program::maps();
}

#[test]
fn whole_program_small_layouts() {
    whole_program::layouts();
}

#[test]
fn whole_program_small_threads() {
    whole_program::threads();
}
