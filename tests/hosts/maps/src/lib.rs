//! A Rust module that says how its memory lies, for the diagrams of `docs/targets.md`. `map.c` is the same in C.

#![cfg(target_family = "wasm")]
#![no_std]

use core::hint::black_box;

use freehold::{Alloc, Arena, Pool, ledger};
use freehold_guest::say;

/// Data, to be seen in the map.
static TABLE: [u8; 100_000] = [1; 100_000];

/// Says the map while an arena and a pool are in use.
#[unsafe(no_mangle)]
extern "C" fn map() {
    black_box(&TABLE);
    let arena = Arena::new_in(ledger(), "frames");
    arena.alloc_slice_fill(200_000, 0u8);
    let pool: Pool<'_, [u8; 1500]> = Pool::fixed_in(ledger(), "packets", 20).expect("room");
    say(ledger().snapshot());
    drop(pool);
}
