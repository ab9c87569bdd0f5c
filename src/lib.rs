//! [guide]: docs::guide
//! [design]: docs::design
//! [dependencies]: docs::design#dependencies
//! [debugging]: docs::debugging
//! [safety]: docs::safety
//! [targets]: docs::targets
//! [hot loops]: docs::hot_loops
//! [benchmarks]: docs::guide#what-one-line-costs
//! [changelog]: docs
//! [`freehold`]: #javascripts-side-of-it
//! [`freehold-profile`]: docs::debugging#open-it-in-a-viewer
//! [`freehold-testing`]: docs::debugging#allocations-as-a-test
//! [`hint`]: docs::hot_loops
//! [Zig package]: docs::targets#zig
//! [`examples/c`]: #examples
//! [`examples/c-in-wasi`]: #examples
//! [`examples/c-malloc`]: #examples
//! [`examples/cortex-m`]: #examples
//! [`examples/cortex-m0`]: #examples
//! [`examples/debugging`]: #examples
//! [`examples/emscripten`]: #examples
//! [`examples/emscripten-c`]: #examples
//! [`examples/javascript`]: #examples
//! [`examples/json`]: #examples
//! [`examples/page`]: #examples
//! [`examples/riscv32`]: #examples
//! [`examples/threads`]: #examples
//! [`examples/two-rams`]: #examples
//! [`examples/wasi`]: #examples
//! [`examples/wasm-bindgen`]: #examples
//! [`examples/wasm64`]: #examples
//! [`examples/zig`]: #examples
#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// What asks for memory there. The target itself takes a nightly compiler.
#![cfg_attr(target_arch = "wasm64", feature(simd_wasm64))]
// If anything in the program turns on allocator-api2's feature `nightly`, its `Allocator` is core's, which is behind a gate. Nobody can
// see from here whether that is so.
#![cfg_attr(all(feature = "allocator-api2", freehold_allocator_api), feature(allocator_api), allow(unused_features))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

// In the order of the layers: a module uses those above it only.
mod layout;
mod span;
mod error;
mod platform;
mod told;
mod refusal;
mod mistake;
mod copy;
mod boxed;
mod free_list;
mod tree;
pub mod sharing;
pub mod backing;
mod ledger;
mod plot;
mod chunk;
mod arena;
mod pool;
mod heap;
pub mod tags;
pub mod debug;
#[cfg(feature = "talc")]
mod talc;
mod show;
mod unwind;
#[cfg(any(unix, windows, target_family = "wasm"))]
mod module;
#[cfg(not(any(unix, windows, target_family = "wasm")))]
mod no_module;
#[doc(hidden)]
pub mod c;
#[cfg(all(feature = "javascript", any(unix, windows, target_family = "wasm")))]
#[doc(hidden)]
pub mod javascript;
#[cfg(any(doc, doctest))]
pub mod docs;

// Arenas.
pub use arena::{Alloc, Arena, ArenaBox, Attempt, Builder, Checkpoint, Kept, Scope, StringBuilder, TypedArena};
pub use chunk::Growth;
// What `unsize_box!` asks a box.
#[doc(hidden)]
pub use boxed::Unsizes;
// Pools.
pub use pool::{BlockPool, FixedPool, Handle, KeyedPool, Pool, PoolBox, PoolKey, SharedPool};
// Heaps.
#[cfg(feature = "talc")]
pub use self::talc::TalcSource;
#[cfg(any(unix, windows, target_family = "wasm"))]
pub use heap::SmallHeap;
pub use heap::{BoundedHeap, ClassStats, Heap, HeapStats};
// Whose memory is whose.
#[cfg(any(unix, windows, target_family = "wasm"))]
pub use self::{
    module::{DefaultBacking, ledger},
    platform::{memory_size, page_size},
};
#[cfg(feature = "javascript")]
pub use ledger::Grown;
pub use ledger::{Claim, Ledger, Owners, Snapshot, SpanInfo, Spare, Within};
// Where it comes from.
pub use backing::budget::Budget;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub use backing::hosted::Hosted;
#[cfg(any(unix, target_os = "wasi"))]
pub use backing::libc::Libc;
pub use backing::region::Region;
pub use backing::regions::{Ram, Regions};
#[cfg(any(all(feature = "malloc", target_os = "emscripten"), doc))]
pub use backing::sbrk::Sbrk;
#[cfg(any(target_family = "wasm", doc))]
pub use backing::{heap_tail::HeapTail, memory_grow::MemoryGrow};
pub use plot::Plot;
// What stood in the way.
pub use error::{AllocError, Obstacle, Rejected};
pub use refusal::on_refusal;

/// The iterators that collections of this crate return.
pub mod iter {
    pub use crate::arena::{BoxIntoIter, IntoIter, IterMut};
    pub use crate::pool::{KeyedDrain, KeyedIter, KeyedIterMut};
}

/// A core without compare-and-swap, and no lock for it: an interrupt handler gets at nothing that stands on a ledger.
#[cfg(freehold_no_lock)]
const _: () = {
    static_assertions::assert_not_impl_any!(Ledger<Region<'static>>: Sync);
    static_assertions::assert_not_impl_any!(&'static Snapshot<'static>: Send);
    static_assertions::assert_not_impl_any!(Claim<'static>: Send);
    static_assertions::assert_not_impl_any!(Arena<'static>: Send);
    static_assertions::assert_not_impl_any!(TypedArena<'static, u8>: Send);
    static_assertions::assert_not_impl_any!(iter::IntoIter<'static, u8>: Send);
    static_assertions::assert_not_impl_any!(BlockPool<'static>: Send, Sync);
    static_assertions::assert_not_impl_any!(Pool<'static, u8>: Send, Sync);
    static_assertions::assert_not_impl_any!(FixedPool<u8, 3>: Sync);
    static_assertions::assert_not_impl_any!(KeyedPool<'static, u8>: Send);
    static_assertions::assert_not_impl_any!(Heap: Sync);
};
