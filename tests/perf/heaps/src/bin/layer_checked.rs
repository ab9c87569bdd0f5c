//! The rows of debug layers on `allocators::checked`.

#[global_allocator]
static HEAP: freehold_perf_allocators::checked::Heap = freehold_perf_allocators::checked::heap();

freehold_perf_heaps::program!(layered);
