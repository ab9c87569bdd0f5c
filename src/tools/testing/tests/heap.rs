//! Around freehold's heap.

use freehold::Heap;
use freehold_testing::Counted;

#[global_allocator]
static HEAP: Counted<Heap> = Counted::new(Heap::new());

mod shared;
#[cfg(not(target_family = "wasm"))]
mod threads;

#[cfg_attr(not(target_family = "wasm"), test)]
#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), wasm_bindgen_test::wasm_bindgen_test)]
fn the_heap_is_below() {
    let kept = std::hint::black_box(vec![1_u8; 100_000]);
    assert!(HEAP.heap().stats().in_use >= kept.len());
}
