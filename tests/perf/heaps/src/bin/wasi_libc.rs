//! The rows on `allocators::wasi_libc`, which is there on wasm only.

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static HEAP: freehold_perf_allocators::wasi_libc::Heap = freehold_perf_allocators::wasi_libc::heap();

freehold_perf_heaps::program!(all);
