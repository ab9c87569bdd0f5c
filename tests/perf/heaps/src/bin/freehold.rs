//! The rows on `allocators::freehold`.

#[global_allocator]
static HEAP: freehold_perf_allocators::freehold::Heap = freehold_perf_allocators::freehold::heap();

fn main() -> freehold_perf_heaps::Result<()> {
    freehold_perf_heaps::main()
}
