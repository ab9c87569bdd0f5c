#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
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
mod copy;
mod boxed;
mod tree;
#[cfg(target_has_atomic = "ptr")]
mod spin;
#[cfg(feature = "critical-section")]
mod critical;
mod access;
mod backing;
mod ledger;
mod plot;
mod chunk;
mod arena;
mod pool;
mod global;
#[cfg(any(unix, windows, target_family = "wasm"))]
mod module;
#[doc(hidden)]
pub mod c;

#[cfg(target_has_atomic = "ptr")]
pub use self::spin::Spin;
#[cfg(any(unix, windows, target_family = "wasm"))]
pub use self::{backing::DefaultBacking, global::Small, module::ledger, platform::memory_size};
pub use access::{Access, Local, Locked, Needed, Shareable};
pub use arena::{Alloc, Arena, ArenaBox, IntoIter, IterMut, Scope, TypedArena};
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub use backing::Hosted;
#[cfg(any(unix, target_os = "wasi"))]
pub use backing::Libc;
#[cfg(feature = "allocator-api2")]
pub use backing::Over;
pub use backing::{Backing, Grant, Loan, Need, Part, Ram, Region, Regions, Request, Then};
#[cfg(target_family = "wasm")]
pub use backing::{HeapTail, MemoryGrow};
pub use chunk::Growth;
#[cfg(feature = "critical-section")]
pub use critical::CriticalSection;
pub use error::{AllocError, Obstacle, Rejected};
pub use global::{Bounded, ClassStats, Global, HeapStats};
pub use layout::{GRAIN, PAGE};
pub use ledger::{Claim, Ledger, Snapshot, SpanInfo, Within};
pub use lock_api::RawMutex;
pub use plot::Plot;
pub use pool::{BlockPool, FixedPool, Handle, KeyedPool, Pool, PoolBox, PoolKey, SharedPool};
pub use span::Span;

/// A core without compare-and-swap, and no lock for it: an interrupt handler gets at nothing that stands on a ledger.
#[cfg(not(any(target_has_atomic = "ptr", feature = "critical-section")))]
const _: () = {
    static_assertions::assert_not_impl_any!(Ledger<Region<'static>>: Sync);
    static_assertions::assert_not_impl_any!(&'static Snapshot<'static>: Send);
    static_assertions::assert_not_impl_any!(Claim<'static>: Send);
    static_assertions::assert_not_impl_any!(Arena<'static>: Send);
    static_assertions::assert_not_impl_any!(TypedArena<'static, u8>: Send);
    static_assertions::assert_not_impl_any!(IntoIter<'static, u8>: Send);
    static_assertions::assert_not_impl_any!(BlockPool<'static>: Send, Sync);
    static_assertions::assert_not_impl_any!(Pool<'static, u8>: Send, Sync);
    static_assertions::assert_not_impl_any!(FixedPool<u8, 3>: Sync);
    static_assertions::assert_not_impl_any!(KeyedPool<'static, u8>: Send);
    static_assertions::assert_not_impl_any!(Global: Sync);
};
