//! A whole program on [`Global`](freehold::Global).

#![cfg(not(target_family = "wasm"))]

mod whole_program;

#[global_allocator]
static HEAP: freehold::Global = freehold::Global::new();

#[test]
fn whole_program_global_vectors() {
    whole_program::vectors();
}

#[test]
fn whole_program_global_maps() {
    whole_program::maps();
}

#[test]
fn whole_program_global_layouts() {
    whole_program::layouts();
}

#[test]
fn whole_program_global_threads() {
    whole_program::threads();
}
