//! The rows on `allocators::rlsf`.

#[global_allocator]
static HEAP: freehold_perf_allocators::rlsf::Heap = freehold_perf_allocators::rlsf::heap();

fn main() -> freehold_perf_heaps::Result<()> {
    freehold_perf_heaps::main()
}
