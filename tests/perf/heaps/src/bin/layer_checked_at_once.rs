//! The rows of debug layers on `allocators::checked_at_once`.

#[global_allocator]
static HEAP: freehold_perf_allocators::checked_at_once::Heap = freehold_perf_allocators::checked_at_once::heap();

freehold_perf_heaps::program!(layered);
