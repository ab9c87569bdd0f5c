//! The rows on Rust's default allocator.

fn main() -> freehold_perf_heaps::Result<()> {
    freehold_perf_heaps::main()
}
