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
mod tree;
mod spin;
mod lock;
mod access;
mod backing;
mod ledger;
mod chunk;
mod arena;
mod pool;
mod global;
#[cfg(any(unix, windows, target_family = "wasm"))]
mod module;
#[doc(hidden)]
pub mod c;

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
pub use error::{AllocError, Obstacle, Rejected};
pub use global::{ClassStats, Global, HeapStats};
pub use layout::{GRAIN, PAGE};
pub use ledger::{Claim, Ledger, Snapshot, SpanInfo, Within};
pub use lock_api::RawMutex;
pub use pool::{BlockPool, Pool, PoolBox, SharedPool};
pub use span::Span;
