//! The rows on `allocators::rlsf_small`.

#[global_allocator]
static HEAP: freehold_perf_allocators::rlsf_small::Heap = freehold_perf_allocators::rlsf_small::heap();

freehold_perf_heaps::program!(all);
