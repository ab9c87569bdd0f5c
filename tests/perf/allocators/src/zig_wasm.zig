//! Zig's allocator for wasm.

pub const heap = @import("std").heap.wasm_allocator;

comptime {
    _ = @import("zig_calls.zig");
}
