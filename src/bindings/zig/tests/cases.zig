//! What is tested.

const builtin = @import("builtin");
const std = @import("std");

const freehold = @import("freehold");

const conformance = @import("conformance.zig");
const neighbours = @import("neighbours.zig");
const rust = @import("rust.zig");

const Allocator = std.mem.Allocator;
const Alignment = std.mem.Alignment;
const expect = std.testing.expect;

pub const Case = struct { name: [:0]const u8, work: *const fn () anyerror!void };

pub const all = conformance.all ++ [_]Case{
    .{ .name = "what is resized keeps what it had, and its neighbours too", .work = resizedInHeap },
    .{ .name = "the same in an arena", .work = resizedInArena },
    .{ .name = "no room: an error, a reason, and all is as it was", .work = noRoom },
    .{ .name = "a scope's memory comes back", .work = scopes },
    .{ .name = "an arena is reset, and reserves", .work = arenas },
    .{ .name = "a pool's values", .work = pools },
    .{ .name = "a pool that is full", .work = fullPool },
    .{ .name = "bad input: an error, a reason, and all is as it was", .work = badInput },
    .{ .name = "the map", .work = map },
    .{ .name = "std's collections", .work = collections },
} ++ (if (builtin.single_threaded) [_]Case{} else with_threads) ++
    (if (neighbours.all_is_libcs) [_]Case{} else where_memory_stays) ++ neighbours.all ++ rust.all;

/// Where what is freed stays, and doesn't go back to libc.
const where_memory_stays = [_]Case{
    .{ .name = "what is free behind a block is taken in place", .work = inPlace },
    .{ .name = "what is freed serves an arena before memory grows", .work = reuse },
};

const with_threads = [_]Case{
    .{ .name = "four threads resize at once", .work = inThreads },
};

fn inThreads() !void {
    const Worker = struct {
        fn work(failed: *?anyerror) void {
            _ = resized(freehold.heap, 1000) catch |failure| {
                failed.* = failure;
            };
            // And its own arena.
            resizedInArena() catch |failure| {
                failed.* = failure;
            };
        }
    };
    var failed: [4]?anyerror = @splat(null);
    var threads: [4]std.Thread = undefined;
    for (&threads, &failed) |*thread, *slot| thread.* = try std.Thread.spawn(.{}, Worker.work, .{slot});
    for (threads) |thread| thread.join();
    for (failed) |failure| if (failure) |found| return found;
}

/// std's own prints, which a module without imports can't.
fn expectError(expected: anyerror, result: anytype) !void {
    if (result) |_| return error.NoError else |found| try expect(found == expected);
}

/// So many bytes of this one, from its address on.
fn fill(bytes: []u8) void {
    for (bytes, 0..) |*byte, at| byte.* = @truncate(@intFromPtr(bytes.ptr) +% at);
}

fn holds(bytes: []const u8, from: usize) bool {
    for (bytes, 0..) |byte, at| if (byte != @as(u8, @truncate(from +% at))) return false;
    return true;
}

/// A block, and what its bytes count from.
const Block = struct { bytes: []u8 = &.{}, alignment: Alignment = .@"1", from: usize = 0 };

/// Random blocks of every alignment, through the four functions of an allocator; every live byte is looked at each time.
fn resizedInHeap() !void {
    const before = try statistics();
    try expect(try resized(freehold.heap, 3000) > 50);
    // Slabs stay, some of them; nothing else does.
    try expect((try statistics()).claimed < before.claimed + (256 << 10));
}

fn resizedInArena() !void {
    var arena: freehold.Arena = try .init(try .default(null), "resized");
    defer arena.deinit();
    try expect(try resized(arena.allocator(), 600) > 10);
}

/// Returns how many blocks stayed where they were.
fn resized(gpa: Allocator, steps: usize) !usize {
    var random: std.Random.DefaultPrng = .init(7);
    const next = random.random();
    var blocks: [24]Block = @splat(.{});
    var in_place: usize = 0;
    for (0..steps) |_| {
        const block = &blocks[next.uintLessThan(usize, blocks.len)];
        const len = next.uintLessThan(usize, @as(usize, 8) << next.uintLessThan(u5, 14)) + 1;
        if (block.bytes.len == 0) {
            block.alignment = @fromBackingInt(next.uintLessThan(std.math.Log2Int(usize), 13));
            const start = gpa.rawAlloc(len, block.alignment, 0) orelse return error.NoRoom;
            block.bytes = start[0..len];
            try expect(block.alignment.check(@intFromPtr(start)));
            fill(block.bytes);
            block.from = @intFromPtr(start);
        } else switch (next.uintLessThan(u8, 3)) {
            0 => {
                gpa.rawFree(block.bytes, block.alignment, 0);
                block.bytes = &.{};
            },
            1 => if (gpa.rawResize(block.bytes, block.alignment, len, 0)) {
                in_place += 1;
                try changed(block, block.bytes.ptr, len);
            },
            else => if (gpa.rawRemap(block.bytes, block.alignment, len, 0)) |start| try changed(block, start, len),
        }
        for (blocks) |other| try expect(holds(other.bytes, other.from));
    }
    for (blocks) |block| if (block.bytes.len > 0) gpa.rawFree(block.bytes, block.alignment, 0);
    return in_place;
}

/// A block has another size now, and maybe another place.
fn changed(block: *Block, start: [*]u8, len: usize) !void {
    const kept = @min(len, block.bytes.len);
    try expect(block.alignment.check(@intFromPtr(start)));
    try expect(holds(start[0..kept], block.from));
    block.bytes = start[0..len];
    fill(block.bytes);
    block.from = @intFromPtr(start);
}

fn statistics() !freehold.c.freehold_stats {
    const ledger: freehold.Ledger = try .default(null);
    return ledger.stats();
}

fn inPlace() !void {
    const gpa = freehold.heap;
    var blocks: [41][]u8 = undefined;
    for (&blocks) |*block| block.* = try gpa.alloc(u8, 100_000);
    // Two that lie side by side.
    const at = for (blocks[0..40], blocks[1..], 0..) |one, next, at| {
        if (@intFromPtr(next.ptr) -% @intFromPtr(one.ptr) < 110_000) break at;
    } else return error.NoNeighbours;
    const block = &blocks[at];
    fill(block.*);
    const from = @intFromPtr(block.ptr);
    try expect(!gpa.resize(block.*, 150_000));
    gpa.free(blocks[at + 1]);
    blocks[at + 1].len = 0;
    const growths = (try statistics()).growths;
    try expect(gpa.resize(block.*, 150_000));
    block.len = 150_000;
    try expect(holds(block.*[0..100_000], from));
    @memset(block.*[100_000..], 1);
    try expect(gpa.resize(block.*, 60_000));
    block.len = 60_000;
    try expect(holds(block.*, from));
    try expect((try statistics()).growths == growths);
    for (blocks) |each| gpa.free(each);
}

fn reuse() !void {
    const blocks = try freehold.heap.alloc([1000]u8, 500);
    freehold.heap.free(blocks);
    const growths = (try statistics()).growths;
    var arena: freehold.Arena = try .init(try .default(null), "after");
    defer arena.deinit();
    try arena.reserve(400_000);
    try expect((try statistics()).growths == growths);
}

fn noRoom() !void {
    var why: freehold.Why = .{};
    const telling = freehold.heapTelling(&why);
    const block = try telling.alloc(u8, 100);
    defer telling.free(block);
    fill(block);
    var arena: freehold.Arena = try .init(try .default(&why), "frames");
    defer arena.deinit();
    const before = try statistics();
    const most = std.math.maxInt(isize) - 100;
    try expectError(error.OutOfMemory, telling.alloc(u8, most));
    try expect(std.mem.startsWith(u8, why.text(), "`heap` asked for "));
    try expectError(error.OutOfMemory, freehold.heap.alloc(u8, std.math.maxInt(usize)));
    try expectError(error.OutOfMemory, freehold.heap.realloc(block, most));
    try expect(!freehold.heap.resize(block, std.math.maxInt(usize)));
    try expect(holds(block, @intFromPtr(block.ptr)));

    try expectError(error.OutOfMemory, arena.allocator().alloc(u8, most));
    try expect(std.mem.startsWith(u8, why.text(), "`frames` asked for "));
    try expectError(error.OutOfMemory, arena.reserve(most));
    const after = try statistics();
    // A heap may have let go of what nobody used.
    try expect(after.granted <= before.granted and after.claimed <= before.claimed and after.growths == before.growths);
}

fn scopes() !void {
    var arena: freehold.Arena = try .init(try .default(null), "scopes");
    defer arena.deinit();
    const kept = try arena.allocator().alloc(u8, 1000);
    fill(kept);
    var growths: usize = 0;
    for (0..100) |turn| {
        var scope = try arena.scope();
        defer scope.deinit();
        const outer = try scope.allocator().alloc(u8, 5000);
        fill(outer);
        {
            var inner = try arena.scope();
            defer inner.deinit();
            @memset(try inner.allocator().alloc(u32, 10_000), 5);
        }
        // The outer one is the innermost again.
        @memset(try scope.allocator().alloc(u16, 3000), 6);
        try expect(holds(outer, @intFromPtr(outer.ptr)));
        if (turn == 0) growths = (try statistics()).growths;
    }
    try expect(holds(kept, @intFromPtr(kept.ptr)));
    try expect((try statistics()).growths == growths);
    fill(try arena.allocator().alloc(u8, 10));
}

fn arenas() !void {
    const ledger: freehold.Ledger = try .default(null);
    var arena: freehold.Arena = try .init(ledger, "resets");
    defer arena.deinit();
    try arena.reserve(200_000);
    const before = try statistics();
    for (0..10) |_| {
        fill(try arena.allocator().alloc(u8, 190_000));
        _ = try arena.scope();
        try arena.reset(.retain_capacity);
    }
    try expect((try statistics()).claimed == before.claimed);
    try arena.reset(.free_all);
    try expect((try statistics()).claimed + 200_000 <= before.claimed);
}

const Particle = struct { x: f64, y: f64, name: [3]u8 };

fn pools() !void {
    var pool: freehold.Pool(Particle) = try .init(try .default(null), "particles", .{});
    defer pool.deinit();
    var all_of_them: [500]*Particle = undefined;
    for (&all_of_them, 0..) |*slot, at| {
        const particle = try pool.create();
        errdefer pool.destroy(particle);
        particle.* = .{ .x = @floatFromInt(at), .y = 0, .name = "one".* };
        slot.* = particle;
    }
    try expect(try pool.inUse() == 500);
    for (all_of_them, 0..) |particle, at| {
        try expect(particle.x == @as(f64, @floatFromInt(at)) and std.mem.eql(u8, &particle.name, "one"));
        if (at % 2 == 0) pool.destroy(particle);
    }
    try expect(try pool.inUse() == 250);
    // What was destroyed last comes first.
    try expect(try pool.create() == all_of_them[498]);

    // Of no size, and of a large alignment.
    var nothing: freehold.Pool(void) = try .init(try .default(null), "nothing", .{});
    defer nothing.deinit();
    nothing.destroy(try nothing.create());
    const Line = struct { bytes: [100]u8 align(128) };
    var lines: freehold.Pool(Line) = try .init(try .default(null), "lines", .{});
    defer lines.deinit();
    for (0..5) |_| try expect(@intFromPtr(try lines.create()) % 128 == 0);
}

fn fullPool() !void {
    var why: freehold.Why = .{};
    var pool: freehold.Pool(u64) = try .init(try .default(&why), "three", .{ .capacity = 3 });
    defer pool.deinit();
    const first = try pool.create();
    for (0..2) |_| _ = try pool.create();
    try expectError(error.OutOfMemory, pool.create());
    try expect(std.mem.indexOf(u8, why.text(), "`three`") != null);
    pool.destroy(first);
    try expect(try pool.create() == first);
    try expect(why.text().len == 0);
}

fn said(why: *const freehold.Why, what: []const u8) !void {
    try expect(std.mem.indexOf(u8, why.text(), what) != null);
}

fn badInput() !void {
    var why: freehold.Why = .{};
    const ledger: freehold.Ledger = try .default(&why);

    var pool: freehold.Pool(u64) = try .init(ledger, "numbers", .{});
    const number = try pool.create();
    const other = try pool.create();
    number.* = 1;
    other.* = 2;
    pool.destroy(number);
    try expectError(error.FreedTwice, pool.tryDestroy(number));
    try said(&why, "of `numbers` was freed before");
    var elsewhere: u64 = 3;
    try expectError(error.ForeignBlock, pool.tryDestroy(&elsewhere));
    try said(&why, "is not a block of `numbers`");
    // The word behind it.
    const word: *usize = @ptrFromInt(@intFromPtr(other) + 8);
    const was = word.*;
    word.* = 0;
    try expectError(error.Overrun, pool.tryDestroy(other));
    word.* = was;
    try expect(other.* == 2 and try pool.inUse() == 1);
    const copy = pool;
    pool.deinit();
    try expectError(error.Closed, copy.create());
    try expectError(error.Closed, copy.inUse());
    try expectError(error.Closed, copy.close());
    try said(&why, "is not the handle of a pool any more: it was closed");

    var arena: freehold.Arena = try .init(ledger, "closed early");
    var scope = try arena.scope();
    var closed = arena;
    arena.deinit();
    try expectError(error.Closed, closed.close());
    try expectError(error.Closed, closed.scope());
    try expectError(error.Closed, closed.reserve(1));
    try expectError(error.Closed, closed.reset(.free_all));
    closed.innermost = null;
    try expectError(error.OutOfMemory, closed.allocator().alloc(u8, 1));
    try said(&why, "is not the handle of an arena any more: it was closed");
    scope.arena = &closed;
    try expectError(error.Closed, scope.close());
    closed.handle = @ptrFromInt(0x1000);
    try expectError(error.NotAHandle, closed.close());
    try said(&why, "never was a handle");
    closed.handle = @ptrCast(ledger.handle);
    try expectError(error.NotAHandle, closed.close());
    try said(&why, "the handle of an arena is wanted, this is of a ledger");

    try expectError(error.BadArgument, freehold.Arena.init(ledger, "\xff"));
    try said(&why, "the name is not UTF-8");
    try expectError(error.StillOpen, ledger.close());

    var small: [100]u8 = undefined;
    try expectError(error.OutOfMemory, freehold.Ledger.over(&small, &why));
    try said(&why, "the region has 100 bytes, and its ledger alone needs ");
    var region: [8000]u8 align(16) = undefined;
    var over: freehold.Ledger = try .over(&region, &why);
    try expectError(error.Overlap, freehold.Ledger.over(region[4000..], &why));
    var inside: freehold.Arena = try .init(over, "inside");
    try expectError(error.StillOpen, over.close());
    try expectError(error.OutOfMemory, inside.allocator().alloc(u8, 8000));
    try said(&why, "`inside` asked for 8000 bytes aligned to 1: ");
    inside.deinit();
    over.deinit();
    @memset(&region, 0);

    // What lies where no block of the heap's does, through C's own call.
    const block = try freehold.heap.alloc(u8, 64);
    defer freehold.heap.free(block);
    try expect(freehold.c.freehold_heap_free(block.ptr + 1, 63, 1, &why.report) != 0);
    try expect(freehold.c.freehold_heap_alloc(10, 3, &why.report) == null);
    try said(&why, "an alignment is a power of two");
}

/// How many bytes somebody has, in the map.
pub fn bytesOf(ledger: freehold.Ledger, owner: []const u8) !usize {
    var found: usize = 0;
    var spans = ledger.spans();
    while (try spans.next()) |span| {
        if (span.owner()) |name| if (std.mem.eql(u8, name, owner)) {
            found += span.len();
        };
    }
    return found;
}

fn map() !void {
    const ledger: freehold.Ledger = try .default(null);
    const gpa = freehold.heap;
    // Its first 31 bytes are kept.
    var arena: freehold.Arena = try .init(ledger, "a name of more than thirty-one bytes");
    defer arena.deinit();
    _ = try arena.allocator().alloc(u8, 10_000);
    try expect(try bytesOf(ledger, "a name of more than thirty-one ") >= 10_000);
    try expect(try bytesOf(ledger, "heap") > 0 and try bytesOf(ledger, "nobody") == 0);
    var end: usize = 0;
    var sum: usize = 0;
    var spans = ledger.spans();
    while (try spans.next()) |span| {
        try expect(span.start() >= end);
        end = span.start() + span.len();
        sum += span.len();
    }
    try expect(sum == (try ledger.stats()).granted);

    const drawn = try ledger.drawAlloc(gpa);
    defer gpa.free(drawn);
    for ([_][]const u8{ "heap", "a name of more than", "claimed " }) |part| {
        try expect(std.mem.indexOf(u8, drawn, part) != null);
    }
    var start: [10]u8 = undefined;
    try expect(try ledger.draw(&start) > 10 and start[9] == 0);
}

fn collections() !void {
    const gpa = freehold.heap;
    var counts: std.StringHashMap(u32) = .init(gpa);
    defer counts.deinit();
    var arena: freehold.Arena = try .init(try .default(null), "words");
    defer arena.deinit();
    var numbers: std.ArrayList(u64) = .empty;
    defer numbers.deinit(gpa);
    for (0..5000) |at| {
        const word = try std.fmt.allocPrint(arena.allocator(), "word {d}", .{at % 700});
        const count = try counts.getOrPut(word);
        if (!count.found_existing) count.value_ptr.* = 0;
        count.value_ptr.* += 1;
        try numbers.append(gpa, at);
    }
    try expect(counts.count() == 700 and counts.get("word 3").? == 8 and counts.get("word 699").? == 7);
    for (numbers.items, 0..) |number, at| try expect(number == at);
}
