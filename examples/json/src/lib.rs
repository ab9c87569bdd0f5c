//! JSON parsed by serde_json's own deserialiser into a tree that lives in a scoped arena, one scope for each document,
//! and the same documents as `serde_json::Value` on the program's allocator beside it: Rust's default one, or `Heap`.
//!
//! `cargo demo [FILE]` runs it: as a wasm module in node, or natively with `--native`. Both ways drive one [`Session`]
//! and print its [`Report`]; all that differs is who holds the watch.
//!
//! The modules, each using only those above it:

pub mod node;
pub mod parse;

pub mod input;
pub mod problem;
pub mod rounds;

pub mod session;

pub mod report;

#[cfg(target_arch = "wasm32")]
mod exports;

/// The program's allocator, with the feature.
#[cfg(feature = "global")]
#[global_allocator]
static HEAP: freehold::Heap = freehold::Heap::new();

/// What a person calls it.
const ALLOCATOR: &str = if cfg!(feature = "global") { "freehold's Heap" } else { "Rust's default allocator" };

pub use node::{Entry, Node, Number};
pub use parse::parse;
pub use problem::Problem;
pub use report::Report;
pub use session::Session;
