//! The rows of debug layers on `allocators::checked_frames`, which is there natively only.

#[cfg(not(target_arch = "wasm32"))]
#[global_allocator]
static HEAP: freehold_perf_allocators::checked_frames::Heap = freehold_perf_allocators::checked_frames::heap();

freehold_perf_heaps::program!(layered);
