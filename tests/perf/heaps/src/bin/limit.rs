//! The rows on `allocators::limit`.

#[global_allocator]
static HEAP: freehold_perf_allocators::limit::Heap = freehold_perf_allocators::limit::heap();

freehold_perf_heaps::program!(all);
