//! The rows on `allocators::freehold_small`.

#[global_allocator]
static HEAP: freehold_perf_allocators::freehold_small::Heap = freehold_perf_allocators::freehold_small::heap();

freehold_perf_heaps::program!(all);
