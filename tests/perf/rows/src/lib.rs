//! What `cargo perf` measures of arenas and pools. A row is written once, over a small trait that says how to allocate; peers,
//! limits and freehold implement the trait; the compiler makes one function of each pair. The same code is a native program
//! and a wasm module; what they have in common with others is in `harness`.
//!
//! The modules, each using only those above it:

mod callgrind;
mod counting;
mod job;

mod limit;
mod place;

mod peers;
mod rows;

use freehold_perf_harness::{clock, row};

pub use rows::all;

freehold_perf_harness::exports!(crate::all);
