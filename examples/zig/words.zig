//! A module for JavaScript that counts words: no libc, nothing imported, and all memory is freehold's. JavaScript asks for room, writes its
//! text there, and calls `count`.

const std = @import("std");
const freehold = @import("freehold");

/// Why the last call failed.
var why: freehold.Why = .{};
/// For what stays between two calls.
const heap = freehold.heapTelling(&why);
var counts: std.array_hash_map.String(u32) = .empty;
/// For what one text needs: a scope, which ends when the next text begins.
var texts: ?freehold.Arena = null;
var text: ?freehold.Scope = null;

/// Begins a text of `len` bytes: room for them. What the one before had is free. Null if there is no room: see `message`.
export fn begin(len: usize) ?[*]u8 {
    const room = beginText(len) catch return null;
    return room.ptr;
}

fn beginText(len: usize) ![]u8 {
    if (text) |*last| last.deinit();
    text = null;
    if (texts == null) texts = try .init(try .default(&why), "texts");
    text = try texts.?.scope();
    return (try current()).alloc(u8, len);
}

/// The allocator of the text that was begun.
fn current() !std.mem.Allocator {
    return if (text) |*scope| scope.allocator() else error.NoText;
}

/// Counts the words of a text that lies where `begin` said. Returns how many different ones there have been so far; -1 if there was no room, and
/// then some are not counted.
export fn count(bytes: [*]const u8, len: usize) i32 {
    countWords(bytes[0..len]) catch return -1;
    return @intCast(counts.count());
}

fn countWords(all: []const u8) !void {
    const gpa = try current();
    const lower = try std.ascii.allocLowerString(gpa, all); // dies with the scope
    var words = std.mem.tokenizeAny(u8, lower, " \t\r\n.,;:!?()[]{}<>\"'`*/=-");
    while (words.next()) |word| {
        const known = try counts.getOrPut(heap, word);
        if (!known.found_existing) {
            errdefer _ = counts.pop();
            known.key_ptr.* = try heap.dupe(u8, word); // stays
            known.value_ptr.* = 0;
        }
        known.value_ptr.* += 1;
    }
}

/// What JavaScript reads: where the answer is, and how long.
var answer: extern struct { start: usize, len: usize } = .{ .start = 0, .len = 0 };

/// The most frequent words, a line each, in a text that lies in the scope. Returns the address of `answer`, or null.
export fn top(most: usize) ?*anyopaque {
    return answered(topWords(most) catch return null);
}

fn topWords(most: usize) ![]const u8 {
    const gpa = try current();
    const order = try gpa.alloc(usize, counts.count());
    for (order, 0..) |*place, at| place.* = at;
    std.mem.sort(usize, order, {}, moreOften);
    var lines: std.ArrayList(u8) = .empty;
    for (order[0..@min(most, order.len)]) |at| {
        try lines.print(gpa, "{d} {s}\n", .{ counts.values()[at], counts.keys()[at] });
    }
    return lines.items;
}

fn moreOften(_: void, one: usize, other: usize) bool {
    return counts.values()[one] > counts.values()[other];
}

/// The map of memory: who has which bytes. As `top`.
export fn map() ?*anyopaque {
    return answered(drawn() catch return null);
}

fn drawn() ![]const u8 {
    const ledger: freehold.Ledger = try .default(&why);
    return ledger.drawAlloc(try current());
}

fn answered(bytes: []const u8) *anyopaque {
    answer = .{ .start = @intFromPtr(bytes.ptr), .len = bytes.len };
    return &answer;
}

/// Why the last call failed, as a text that ends with a null.
export fn message() [*:0]const u8 {
    return why.text().ptr;
}
