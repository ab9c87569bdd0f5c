//! What `cargo perf` measures. A row is written once, over a small trait that says how to allocate; peers, limits and
//! freehold implement the trait; the compiler makes one function of each pair. The same code is a native program and a wasm
//! module, and both speak to `cargo perf` in the same lines of text (`main.rs`, `run.mjs`).
//!
//! The modules, each using only those above it:

mod callgrind;
mod clock;
mod counting;
pub mod job;

mod limit;
mod place;

mod peers;
pub mod row;
mod rows;

pub mod registry;

#[cfg(target_arch = "wasm32")]
mod exports;
