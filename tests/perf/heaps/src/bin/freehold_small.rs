//! The rows on `allocators::freehold_small`.

#[global_allocator]
static HEAP: freehold_perf_allocators::freehold_small::Heap = freehold_perf_allocators::freehold_small::heap();

fn main() -> freehold_perf_heaps::Result<()> {
    freehold_perf_heaps::main()
}
