//! Layers around a heap that look at what a program does with it.

use crate::heap::Home::{Everywhere, Foreign, Native};
use crate::heap::{limit, ours, peer};
use crate::set::Set;

/// What the rows' group is called.
pub const GROUP: &str = "With a debug layer";

/// All of them. Of limits there are those that don't look: `Heap` alone, and around it what counts by tags.
pub const LAYERS: Set = Set {
    group: GROUP,
    heaps: &[
        limit("layer_none", "freehold Heap"),
        limit("layer_tagged", "freehold Tagged"),
        ours("layer_checked", "freehold Checked", Everywhere),
        ours("layer_checked_at_once", "freehold Checked, nothing waits", Everywhere),
        ours("layer_checked_frames", "freehold Checked, stacks", Native),
        peer("layer_dhat", "dhat", Native),
        peer("layer_zig_debug", "Zig DebugAllocator", Foreign),
        peer("layer_zig_safe", "Zig SafeAllocator", Foreign),
    ],
    live: &peer("layer_live", "live", Everywhere),
    resident: true,
};
