//! Zig's `SafeAllocator`, which takes the place of `DebugAllocator`, looks for mistakes as it does in a debug build, but is compiled for speed.

const std = @import("std");
const quiet = @import("zig_quiet.zig");

pub const std_options = quiet.options;
pub const std_options_debug_io = quiet.io;
pub const panic = quiet.panic;

var safe: std.heap.SafeAllocator = .init(std.heap.page_allocator, .{ .check_write_after_free = true });

pub const heap = safe.allocator();

comptime {
    _ = @import("zig_calls.zig");
}
