//! The global allocators.

use crate::heap::Home::{Everywhere, Foreign, Native, Wasm};
use crate::heap::{limit, ours, peer};
use crate::set::Set;

/// What the rows' group is called.
pub const GROUP: &str = "Global allocators";

/// All of them.
pub const HEAPS: Set = Set {
    group: GROUP,
    heaps: &[
        peer("std", "std", Everywhere),
        limit("limit", "limit, never frees"),
        ours("freehold", "freehold Heap", Everywhere),
        ours("freehold_small", "freehold SmallHeap", Everywhere),
        peer("talc", "talc", Everywhere),
        peer("rlsf", "rlsf", Everywhere),
        peer("dlmalloc", "dlmalloc", Everywhere),
        peer("mimalloc", "mimalloc", Native),
        peer("rlsf_small", "rlsf, small", Wasm),
        peer("lol_alloc", "lol_alloc", Wasm),
        peer("wee_alloc", "wee_alloc", Wasm),
        peer("wasi_libc", "wasi-libc", Foreign),
        peer("zig", "Zig", Foreign),
    ],
    live: &peer("live", "live", Everywhere),
    // Whole programs are looked at there.
    resident: false,
};
