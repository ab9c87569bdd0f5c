//! Around the system's allocator.

use std::alloc::System;

use freehold_testing::Counted;

#[global_allocator]
static HEAP: Counted<System> = Counted::new(System);

mod shared;
#[cfg(not(target_family = "wasm"))]
mod threads;
