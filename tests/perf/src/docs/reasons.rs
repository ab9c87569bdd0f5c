//! Why freehold loses where it does: what is known of each row, whoever measures it. No numbers: those are in the tables.

use crate::heaps::GROUP as HEAPS;
use crate::kind::Platform;
use crate::layers::GROUP as LAYERS;
use crate::whole::TITLE as WHOLE;

/// The reason for a row, if one is known.
pub fn why(group: &str, row: &str, on: Platform) -> Option<&'static str> {
    Some(match (group, row, on) {
        ("Scopes" | "Slices and texts" | "Through &self" | "Scaling", _, Platform::Wasm) => {
            "the engine keeps no register across the call that gets more room, unless hints say how rare it is"
        }
        ("Scopes" | "Slices and texts" | "Through &self", _, Platform::Native) => {
            "the arena goes up, so that a block can grow in place: an addition more than going down takes"
        }
        ("Vectors", ..) => {
            "a `Vec` outside of the crate calls for each step of growth, and knows nothing of the arena's end"
        }
        ("Coming and going", "arena built, 16 structs, dropped", _) => {
            "the ledger finds a span, writes its header and takes it back, where peers call `malloc` and `free`"
        }
        ("Coming and going", "first use", _) => {
            "freehold has its memory from the system itself; peers live on a heap that got some before"
        }
        ("Coming and going", ..) => "each scope has an end of its own, as an inner one may move to another chunk",
        ("Trees and graphs", _, Platform::Native) => {
            "indices are half as large as references; and where panics unwind, a typed arena's state is in memory for whoever drops its values"
        }
        ("Trees and graphs", _, Platform::Wasm) => {
            "the engine keeps no register across the call that gets more room, unless hints say how rare it is"
        }
        ("Pools", ..) => {
            "a box of a `Pool` is two words; and heapless's list begins at a constant address, as its pool is a `static`: one of freehold's in a `static` is as fast"
        }
        ("Shared pool", ..) => {
            "a lock is taken for each block, and threads wait for it; the system's heap has blocks for each"
        }
        (
            HEAPS,
            "serde_json, 2 MB"
            | "serde_json, canada.json"
            | "serde_json, citm_catalog.json"
            | "serde_json, twitter.json",
            _,
        ) => {
            "blocks of one tree lie in as many slabs as there are sizes; those of some peers lie side by side, in the order in which they came"
        }
        (HEAPS, "a Vec of 1,000,000 u32" | "16 Vecs of 25,000 u32 in turn", Platform::Native) => {
            "the system's heap moves a large block's pages; `SmallHeap` merges nothing, so what a vector left is of no use to it"
        }
        (HEAPS, "a Vec of 1,000,000 u32" | "16 Vecs of 25,000 u32 in turn", Platform::Wasm) => {
            "a block that can't grow in place is copied; `SmallHeap` merges nothing, so what a vector left is of no use to it; and in Chromium the row's own \
             loop is short of a register, which falls on one allocator or another as the row is written ([hot loops](hot-loops.md))"
        }
        (HEAPS, "any size, 1 to 10,000 bytes" | "the same, with realloc", _) => {
            "a large block is a claim on the ledger, which merges with its neighbours; peers with a list for each size do neither"
        }
        (HEAPS, ..) => {
            "`Heap` keeps blocks by size in slabs, and what is larger in claims that merge; `SmallHeap` has lists by size, and merges nothing"
        }
        (LAYERS, _, Platform::Wasm) => {
            "`Checked` has marks on both sides of a block and a record apart from it, writes over all of it twice, and lets it wait; `DebugAllocator` does none of that, \
             and finds less"
        }
        (LAYERS, _, Platform::Native) => "`Checked` looks at bytes, which dhat does not",
        (WHOLE, row, _) if row.starts_with("syn") => "one lock for all threads, where peers have lists for each",
        (WHOLE, ..) => "a large block that can't grow in place is copied",
        _ => return None,
    })
}
