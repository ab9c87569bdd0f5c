//! Pages about the crate as a whole. They are there in the documentation only.
//!
//! | page | for whom |
//! |---|---|
//! | [`guide`] | who wants to know which type to take, which verb to call, and what it costs |
//! | [`targets`] | who links: how memory lies on each target, drawn |
//! | [`hot_loops`] | who counts instructions |
//! | [`debugging`] | who has a leak, or a heap that somebody broke |
//! | [`safety`] | who reviews: the invariants that each `unsafe` rests on, and how allocators have broken |
//! | [`design`] | who changes the crate |
// A link that is defined here goes before the one of the same name that the page has for readers of the repository.

#[doc = "[hot loops]: hot_loops\n[safety]: safety\n[on threads]: safety#threads-that-vanish-or-multiply"]
#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[cfg(doc)]
#[doc = "[on threads]: safety#threads-that-vanish-or-multiply\n[Zig package]: crate#examples\n[`examples/zig`]: crate#examples"]
#[doc = include_str!("../docs/targets.md")]
pub mod targets {}

#[doc = "[`freehold-testing`]: #allocations-as-a-test\n[`freehold-profile`]: #open-it-in-a-viewer\n[with a debug layer]: #what-it-costs"]
#[doc = "[AddressSanitizer]: safety#sanitizers\n[any lock that was lost]: safety#threads-that-vanish-or-multiply"]
#[doc = include_str!("../docs/debugging.md")]
pub mod debugging {}

#[cfg(doc)]
#[doc = "[benchmarks]: guide#what-one-line-costs"]
#[doc = include_str!("../docs/hot-loops.md")]
pub mod hot_loops {}

#[cfg(doc)]
#[doc = "[hot loops]: hot_loops"]
#[doc = include_str!("../docs/safety.md")]
pub mod safety {}

#[cfg(doc)]
#[doc = include_str!("../docs/design.md")]
pub mod design {}
