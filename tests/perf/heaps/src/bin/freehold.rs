//! The rows on `allocators::freehold`.

#[global_allocator]
static HEAP: freehold_perf_allocators::freehold::Heap = freehold_perf_allocators::freehold::heap();

freehold_perf_heaps::program!(all);
