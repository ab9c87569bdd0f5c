//! The rows of debug layers on the heap that they are around.

#[global_allocator]
static HEAP: freehold_perf_allocators::freehold::Heap = freehold_perf_allocators::freehold::heap();

freehold_perf_heaps::program!(layered);
