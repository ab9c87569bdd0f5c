//! The rows, with the bytes counted that they have at once. Nothing is timed here.

use freehold_perf_harness::counting::Counting;

#[global_allocator]
static HEAP: Counting = Counting::new(|size| size);

freehold_perf_heaps::program!(all);
