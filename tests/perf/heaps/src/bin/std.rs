//! The rows on Rust's default allocator.

freehold_perf_heaps::program!(all);
