//! Zig's `DebugAllocator`, which looks for mistakes as it does in a debug build, but is compiled for speed.

const std = @import("std");
const quiet = @import("zig_quiet.zig");

pub const std_options = quiet.options;
pub const std_options_debug_io = quiet.io;
pub const panic = quiet.panic;

const Debug = std.heap.DebugAllocator(.{
    .safety = true,
    .thread_safe = false,
    // The heap below hands out what was used before.
    .backing_allocator_zeroes = false,
});

var debug: Debug = .init;

pub const heap = debug.allocator();

comptime {
    _ = @import("zig_calls.zig");
}
