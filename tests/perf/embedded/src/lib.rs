//! Heaps for microcontrollers: freehold's, its peers, and a bump that never frees. Each is behind the same lock, which keeps interrupts
//! off, and set up as its documentation recommends.
//!
//! A program takes one, by the feature of its name: `#[global_allocator] static HEAP: Place<Chosen> = Place::new();`, and starts it.

#![cfg(target_os = "none")]
#![no_std]
// Each module has the same: a heap.
#![allow(missing_docs)]

pub mod heaps;
mod place;

pub use heaps::Chosen;
pub use place::{GIVEN, Heap, Place, RAM_LEN, ram};
