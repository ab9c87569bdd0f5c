//! What a newcomer writes who has not yet said where memory is. On bare metal it doesn't compile, and the compiler says what to make
//! instead (`cargo verify --only "says what to make"`).

#![no_std]
#![cfg(target_os = "none")]

use freehold::{Alloc, Arena, Heap, Pool, TypedArena};

/// The heap.
pub static HEAP: Heap = Heap::new();

/// An arena, a typed one and a pool.
pub fn three() -> u8 {
    let (arena, values, pool) = (Arena::new(), TypedArena::new(), Pool::new());
    *arena.alloc(1_u8) + *values.alloc(2_u8) + *pool.alloc(3_u8)
}
