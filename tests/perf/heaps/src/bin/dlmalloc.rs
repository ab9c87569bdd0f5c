//! The rows on `allocators::dlmalloc`.

#[global_allocator]
static HEAP: freehold_perf_allocators::dlmalloc::Heap = freehold_perf_allocators::dlmalloc::heap();

fn main() -> freehold_perf_heaps::Result<()> {
    freehold_perf_heaps::main()
}
