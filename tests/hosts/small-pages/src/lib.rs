//! A module whose pages have one byte, so that `memory.grow` counts bytes: linked with `--page-size=1`.

#![cfg(target_family = "wasm")]
#![no_std]

// Seen by the crate among the compiler's flags, or said by hand.
#[cfg(any(not(feature = "unseen"), freehold_page_size))]
mod seen;
#[cfg(all(feature = "unseen", not(freehold_page_size)))]
mod unseen;
