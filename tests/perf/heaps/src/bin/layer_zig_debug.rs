//! The rows of debug layers on `allocators::zig`, linked with Zig's `DebugAllocator`. It is there on wasm only.

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static HEAP: freehold_perf_allocators::zig::Heap = freehold_perf_allocators::zig::heap();

freehold_perf_heaps::program!(layered);
