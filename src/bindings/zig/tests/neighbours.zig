//! freehold beside the allocators that Zig brings: who writes over whom.

const builtin = @import("builtin");
const std = @import("std");

const freehold = @import("freehold");

const Allocator = std.mem.Allocator;
const Case = @import("cases.zig").Case;
const expect = std.testing.expect;

/// Of these many bytes.
const held = 256 << 10;

/// How many bytes of one block of `first`'s are another's once `second` has handed out 60 MB, or as much as there is.
fn lost(first: Allocator, second: Allocator) !usize {
    const bytes = try filled(first);
    const changed = differingAfter(bytes, second, 500_000);
    // Where others have written into it, it can't be freed.
    if (changed == 0) first.free(bytes);
    return changed;
}

/// How many of these bytes are another's then; it comes in pieces of that size.
fn differingAfter(bytes: []const u8, second: Allocator, piece: usize) usize {
    var blocks: [600][]u8 = undefined;
    var count: usize = 0;
    while (count < 60_000_000 / piece) : (count += 1) {
        blocks[count] = second.alloc(u8, piece) catch break;
        @memset(blocks[count], 0x5a);
    }
    const changed = differing(bytes);
    for (blocks[0..count]) |block| second.free(block);
    return changed;
}

fn filled(allocator: Allocator) ![]u8 {
    const bytes = try allocator.alloc(u8, held);
    @memset(bytes, 0xa5);
    return bytes;
}

fn differing(bytes: []const u8) usize {
    var count: usize = 0;
    for (bytes) |byte| count += @intFromBool(byte != 0xa5);
    return count;
}

/// On Emscripten all of memory is libc's, pages that others grow included. What `std.heap` has without libc grows pages.
pub const all_is_libcs = builtin.os.tag == .emscripten;

const page = std.heap.page_allocator;

const with_libc = [_]Case{
    .{ .name = "beside libc's malloc, nothing of the heap's is lost", .work = besideLibc },
};

const with_pages = [_]Case{
    .{ .name = "beside page_allocator, nothing of the heap's is lost", .work = besidePages },
    .{ .name = "beside the heap, nothing of page_allocator's is lost", .work = nothingOfPages },
};

/// The heap tail is nobody's there until somebody takes it.
const with_tail = [_]Case{
    .{ .name = "beside page_allocator and the heap, nothing in the heap tail is lost", .work = tail },
};

/// Zig 0.17.1 doesn't compile it for a module without an operating system.
const with_debug = [_]Case{
    .{ .name = "beside DebugAllocator, nothing of the heap's is lost", .work = besideDebug },
};

const control = [_]Case{
    .{ .name = "h01: control: beside libc's malloc, all bytes of page_allocator's and DebugAllocator's are lost", .work = clobbered },
};

// The control comes first: afterwards memory is as large as it may be.
pub const all = (if (all_is_libcs) control else with_pages) ++
    (if (builtin.link_libc) with_libc else [_]Case{}) ++
    (if (builtin.os.tag == .freestanding) with_tail else [_]Case{}) ++
    (if (builtin.os.tag == .freestanding or all_is_libcs) [_]Case{} else with_debug);

fn besidePages() !void {
    try expect(try lost(freehold.heap, page) == 0);
}

const Debug = std.heap.DebugAllocator(.{ .stack_trace_frames = 0, .thread_safe = false, .safety = false });

fn besideDebug() !void {
    var debug: Debug = .init;
    defer _ = debug.deinit();
    try expect(try lost(freehold.heap, debug.allocator()) == 0);
}

fn besideLibc() !void {
    try expect(try lost(freehold.heap, std.heap.c_allocator) == 0);
    try expect(try lost(std.heap.c_allocator, freehold.heap) == 0);
}

fn nothingOfPages() !void {
    try expect(try lost(page, freehold.heap) == 0);
}

/// Rust's.
extern fn rust_tail(len: usize) ?[*]u8;

fn tail() !void {
    const start = rust_tail(held) orelse return error.Refused;
    const bytes = start[0..held];
    @memset(bytes, 0xa5);
    try expect(differingAfter(bytes, page, 500_000) == 0);
    try expect(differingAfter(bytes, freehold.heap, 100_000) == 0);
}

/// Else the tests above would prove nothing.
fn clobbered() !void {
    const pages = try filled(page);
    var debug: Debug = .init;
    try expect(try lost(debug.allocator(), std.heap.c_allocator) == held);
    try expect(differing(pages) == held);
}
