//! The rows of debug layers on `allocators::dhat`, which is there natively only.

#[cfg(not(target_arch = "wasm32"))]
#[global_allocator]
static HEAP: freehold_perf_allocators::dhat::Heap = freehold_perf_allocators::dhat::heap();

fn main() -> freehold_perf_heaps::Result<()> {
    #[cfg(not(target_arch = "wasm32"))]
    let _looks = freehold_perf_allocators::dhat::start();
    freehold_perf_heaps::layered()
}
