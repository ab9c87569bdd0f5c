//! Around freehold's debug layer, which is asked after each run.

use freehold::Heap;
use freehold::debug::Checked;
use freehold_testing::{Counted, fails_at_every_allocation};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[global_allocator]
static HEAP: Counted<Checked<Heap>> = Counted::new(Checked::new(Heap::new()).telling(|_| ())).looking(look);

fn look() -> usize {
    HEAP.heap().check()
}

mod shared;

#[test]
#[should_panic(expected = "the heap is not whole when allocation 1, of 5 bytes, was refused: 1 findings")]
fn what_is_found_fails() {
    let mut kept = vec![1_u8; 10];
    let end = kept.as_mut_ptr().wrapping_add(kept.len());
    fails_at_every_allocation(|| {
        if Vec::<u8>::new().try_reserve_exact(5).is_err() {
            // SAFETY: there is none: this is what the layer finds.
            unsafe { end.write(0) };
        }
    });
}
