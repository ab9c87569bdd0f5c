//! The rows on `allocators::mimalloc`, which is there natively only.

#[cfg(not(target_arch = "wasm32"))]
#[global_allocator]
static HEAP: freehold_perf_allocators::mimalloc::Heap = freehold_perf_allocators::mimalloc::heap();

freehold_perf_heaps::program!(all);
