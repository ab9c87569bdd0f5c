//! The rows on `allocators::rlsf`.

#[global_allocator]
static HEAP: freehold_perf_allocators::rlsf::Heap = freehold_perf_allocators::rlsf::heap();

freehold_perf_heaps::program!(all);
