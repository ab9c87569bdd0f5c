//! A whole program on [`Tagged`](freehold::tags::Tagged), in a tag and out of it.

mod whole_program;

use freehold::Heap;
use freehold::tags::Tagged;

#[global_allocator]
static HEAP: Tagged<Heap> = Tagged::new(Heap::new());

fn main() {
    let tag = HEAP.tag("program");
    {
        let _in_it = tag.enter();
        whole_program::run("tagged");
    }
    let (stats, all) = (tag.stats(), HEAP.total());
    println!("{stats}\n{all}");
    assert!(stats.allocations > 10 && stats.peak > 0 && HEAP.lost() == 0, "{stats}");
    assert!(all.allocations >= stats.allocations && all.in_use >= stats.in_use, "{all}");
}
