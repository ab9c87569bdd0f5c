//! The rows on `allocators::dlmalloc`.

#[global_allocator]
static HEAP: freehold_perf_allocators::dlmalloc::Heap = freehold_perf_allocators::dlmalloc::heap();

freehold_perf_heaps::program!(all);
