//! A module whose pages have one byte, so that `memory.grow` counts bytes: linked with `--page-size=1`.

#![cfg(target_family = "wasm")]
#![no_std]

#[cfg(not(feature = "unseen"))]
mod seen;
#[cfg(feature = "unseen")]
mod unseen;
