//! The rows on `allocators::talc`.

#[global_allocator]
static HEAP: freehold_perf_allocators::talc::Heap = freehold_perf_allocators::talc::heap();

freehold_perf_heaps::program!(all);
