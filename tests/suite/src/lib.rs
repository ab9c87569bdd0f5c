//! The tests that run everywhere: on hosts, under Miri, in wasm beside Rust's default allocator, and in wasm without any.
//!
//! Nothing here needs `std` or an allocator (but for the feature `collections`). A test is a function that panics; [`CASES`]
//! lists those that need no allocator.

#![no_std]

#[cfg(feature = "collections")]
extern crate alloc;

pub mod allocators;
pub mod backings;
pub mod bench;
pub mod budgets;
pub mod cases;
pub mod checked;
pub mod choices;
#[cfg(feature = "collections")]
pub mod collections;
pub mod compile_fail;
pub mod conformance;
pub mod conforming;
pub mod hazards;
pub mod heap;
pub mod live;
pub mod model;
pub mod modelled;
pub mod tagged;
pub mod tally;
pub mod wrapping;

pub use cases::CASES;

/// Steps of a random program: fewer where each takes a thousand times as long.
pub const STEPS: usize = if cfg!(miri) { 40 } else { 1000 };

/// After so many steps of a program all that a heap has is counted. It goes over each class twice, which took Miri two thirds of its time.
pub const COUNTED: usize = if cfg!(miri) { 5 } else { 1 };
