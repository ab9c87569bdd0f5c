//! One random program over all that can hand out memory in a module: libc's heap (or what `c_symbols!` makes of Rust's), Rust's heap, `SmallHeap`,
//! claims, pools and arenas on two ledgers, and the embedder, which grows memory by itself. Every byte carries its holder's pattern,
//! and is looked at again and again for as long as it is held.
//!
//! What differs between the settings is [`Surroundings`]; what protects is the backing. [`unprotected`] has backings that don't.

#![no_std]
#![cfg_attr(target_arch = "wasm64", feature(simd_wasm64))]

extern crate alloc;

mod bytes;
mod dice;
mod holder;
mod outcome;
mod program;
#[cfg(target_family = "wasm")]
pub mod unprotected;

pub use bytes::{Bytes, fill, lost};
pub use dice::Dice;
pub use holder::{Block, Malloc};
pub use outcome::Outcome;
pub use program::{Grown, Surroundings, run};

/// 64 KiB, by the specification of WebAssembly: written down here too, so that the tests don't take the crate's word.
pub const PAGE: usize = 1 << 16;
