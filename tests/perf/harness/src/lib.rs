//! What all programs that `cargo perf` runs have in common. Such a program has a list of rows; it is a native program and a
//! wasm module, and speaks to `cargo perf` in the same lines of text either way (`program.rs`; `exports.rs` and `engines/rows.mjs`).
//!
//! The modules, each using only those above it:

pub mod clock;
pub mod counting;
pub mod job;

pub mod row;

pub mod registry;

mod exports;
#[cfg(not(target_arch = "wasm32"))]
pub mod program;
