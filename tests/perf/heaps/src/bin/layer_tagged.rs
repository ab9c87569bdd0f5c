//! The rows of debug layers on `allocators::tagged`.

#[global_allocator]
static HEAP: freehold_perf_allocators::tagged::Heap = freehold_perf_allocators::tagged::heap();

freehold_perf_heaps::program!(layered);
