//! The functions that every allocator of Zig's own goes through, with each of freehold's.

const std = @import("std");

const freehold = @import("freehold");

const Allocator = std.mem.Allocator;
const Case = @import("cases.zig").Case;

pub const all = conforming();

/// All four.
const functions = .{
    .{ "testAllocator", std.heap.testAllocator },
    .{ "testAllocatorAligned", std.heap.testAllocatorAligned },
    .{ "testAllocatorLargeAlignment", std.heap.testAllocatorLargeAlignment },
    .{ "testAllocatorAlignedShrink", std.heap.testAllocatorAlignedShrink },
};

/// What they are called with.
const allocators = .{
    .{ "the heap", Given.heap },
    .{ "the heap that tells", Given.telling },
    .{ "std's arena on the heap", Given.stdArena },
    .{ "an arena", Given.arena },
    .{ "a scope", Given.scope },
    .{ "an arena in a region", Given.region },
};

const Given = struct {
    const Test = *const fn (Allocator) anyerror!void;

    fn heap(work: Test) !void {
        try work(freehold.heap);
    }

    fn telling(work: Test) !void {
        var why: freehold.Why = .{};
        try work(freehold.heapTelling(&why));
    }

    fn stdArena(work: Test) !void {
        var given: std.heap.ArenaAllocator = .init(freehold.heap);
        defer given.deinit();
        try work(given.allocator());
    }

    fn arena(work: Test) !void {
        var given: freehold.Arena = try .init(try .default(null), "an arena");
        defer given.deinit();
        try work(given.allocator());
    }

    fn scope(work: Test) !void {
        var around: freehold.Arena = try .init(try .default(null), "an arena");
        defer around.deinit();
        var given = try around.scope();
        defer given.deinit();
        try work(given.allocator());
    }

    fn region(work: Test) !void {
        const memory = try freehold.heap.alloc(u8, 4 << 20);
        defer freehold.heap.free(memory);
        var ledger: freehold.Ledger = try .over(memory, null);
        defer ledger.deinit();
        var given: freehold.Arena = try .init(ledger, "in a region");
        defer given.deinit();
        try work(given.allocator());
    }
};

fn conforming() [functions.len * allocators.len]Case {
    var found: [functions.len * allocators.len]Case = undefined;
    inline for (allocators, 0..) |given, at| {
        inline for (functions, 0..) |function, nth| {
            const Work = struct {
                fn one(allocator: Allocator) anyerror!void {
                    return function[1](allocator);
                }
                fn work() anyerror!void {
                    try given[1](&one);
                }
            };
            found[at * functions.len + nth] = .{ .name = "std.heap." ++ function[0] ++ ": " ++ given[0], .work = Work.work };
        }
    }
    return found;
}
