//! Who allocates what, in files that viewers open.
//!
//! | file | who opens it |
//! |---|---|
//! | [`Profile::to_dhat`]: DHAT's JSON, version 2 | `dh_view.html`, which comes with valgrind; the [Firefox profiler](https://profiler.firefox.com) |
//! | [`Profile::to_heap_profile`]: V8's `.heapprofile` | Chrome's DevTools (Memory, Load profile), VS Code, [speedscope](https://www.speedscope.app) |
//!
//! What lives, from the layer [`Checked`](freehold::debug::Checked):
//!
//! ```
//! use freehold::{Heap, debug::Checked};
//! # #[cfg(not(target_family = "wasm"))]
//! use freehold_profile::{Profile, frames, named};
//!
//! # #[cfg(not(target_family = "wasm"))]
//! #[global_allocator]
//! static HEAP: Checked<Heap> = Checked::new(Heap::new()).with_frames(frames);
//!
//! # #[cfg(not(target_family = "wasm"))]
//! # fn main() -> std::io::Result<()> {
//! let mark = HEAP.mark();
//! let kept = vec![0_u8; 5000];
//! let profile = Profile::living(&HEAP, Some(mark), named);
//! # assert!(profile.places.iter().any(|place| place.total.bytes >= 5000));
//! # let path = std::env::temp_dir().join("freehold-doc.dhat.json");
//! # let path = path.as_path();
//! std::fs::write(path, profile.to_dhat())?; // path: "leaks.dhat.json"
//! # drop(kept);
//! # std::fs::remove_file(path)
//! # }
//! # #[cfg(target_family = "wasm")]
//! # fn main() {}
//! ```
//!
//! In a module of JavaScript's the places are offsets in the module: [`by_address`] leaves them as they are, and the page says what they are
//! called, as `examples/debugging` does.
//!
//! What was allocated and freed in a time is a [`History`]: that is what `freehold-testing` writes where a check fails.

mod dhat;
mod frame;
mod heap_profile;
mod history;
mod living;
#[cfg(not(target_family = "wasm"))]
mod native;
mod profile;

pub use frame::{Frame, Line, by_address, whose};
pub use history::History;
#[cfg(not(target_family = "wasm"))]
pub use native::{frames, named};
pub use profile::{Place, Profile, Sum};
