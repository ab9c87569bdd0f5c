//! A whole program on [`Checked`](freehold::debug::Checked), in which nothing must be found: a finding ends it.

mod whole_program;

use freehold::Heap;
use freehold::debug::Checked;

#[global_allocator]
static HEAP: Checked<Heap> = Checked::new(Heap::new());

fn main() {
    whole_program::run("checked");
    assert_eq!(HEAP.check(), 0);
    let stats = HEAP.stats();
    println!("{stats}");
    assert!(stats.blocks > 0 && stats.unrecorded == 0 && stats.lost == 0, "{stats:?}");
}
