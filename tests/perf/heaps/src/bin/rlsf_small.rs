//! The rows on `allocators::rlsf_small`.

#[global_allocator]
static HEAP: freehold_perf_allocators::rlsf_small::Heap = freehold_perf_allocators::rlsf_small::heap();

fn main() -> freehold_perf_heaps::Result<()> {
    freehold_perf_heaps::main()
}
