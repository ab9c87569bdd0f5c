#![doc = include_str!("../README.md")]

mod checks;
mod counted;
mod counts;
mod failing;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod kept;
mod lost;
mod own;
#[cfg(not(target_family = "wasm"))]
mod record;
#[cfg(target_family = "wasm")]
#[path = "no_record.rs"]
mod record;
mod watch;

pub use checks::{at_most, count, exactly, no_alloc};
pub use counted::Counted;
pub use counts::Counts;
pub use failing::fails_at_every_allocation;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use kept::Kept;
