//! The rows on `allocators::wee_alloc`, which is there on wasm only.

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static HEAP: freehold_perf_allocators::wee_alloc::Heap = freehold_perf_allocators::wee_alloc::heap();

freehold_perf_heaps::program!(all);
