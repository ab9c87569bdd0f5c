//! A Zig part and a Rust part in one module: one ledger, one map. The Rust part is in the library that these tests are linked with
//! (`tests/hosts/beside-zig`).

const std = @import("std");

const freehold = @import("freehold");

const Case = @import("cases.zig").Case;
const bytesOf = @import("cases.zig").bytesOf;
const all_is_libcs = @import("neighbours.zig").all_is_libcs;
const expect = std.testing.expect;

/// How many bytes `owner` has in the map that Rust sees.
extern fn rust_bytes_of(owner: [*]const u8, len: usize) usize;
/// How many bytes of the Rust part's heap are in use.
extern fn rust_in_use() usize;
/// A box of the Rust part's heap, and an arena of its own: lives until it is handed back.
extern fn rust_open() ?*anyopaque;
extern fn rust_close(part: *anyopaque) void;

pub const all = [_]Case{
    .{ .name = "a Rust part has the same ledger, and is in the same map", .work = oneLedger },
} ++ if (all_is_libcs) [_]Case{} else [_]Case{
    .{ .name = "what the Rust part gives back serves Zig before memory grows", .work = givenBack },
};

/// The name of the Rust part's arena, as much of it as freehold.h tells.
const of_rust = "an arena of the Rust part, whose";

fn oneLedger() !void {
    const ledger: freehold.Ledger = try .default(null);
    var arena: freehold.Arena = try .init(ledger, "an arena of Zig's");
    defer arena.deinit();
    _ = try arena.allocator().alloc(u8, 30_000);
    const part = rust_open() orelse return error.NoRoom;
    try expect(rust_bytes_of("an arena of Zig's", 17) >= 30_000);
    try expect(rust_bytes_of("an arena of Zig's", 17) == try bytesOf(ledger, "an arena of Zig's"));
    try expect(try bytesOf(ledger, of_rust[0..31]) >= 50_000);
    try expect(rust_bytes_of("heap", 4) == try bytesOf(ledger, "heap"));
    // Each heap counts its own.
    const in_use = rust_in_use();
    try expect(in_use >= 3000 and in_use < 50_000);
    const block = try freehold.heap.alloc(u8, 100_000);
    try expect(rust_in_use() == in_use);
    freehold.heap.free(block);
    rust_close(part);
    try expect(try bytesOf(ledger, of_rust[0..31]) == 0);
    try expect(rust_bytes_of("an arena of Zig's", 17) >= 30_000);
}

fn givenBack() !void {
    const ledger: freehold.Ledger = try .default(null);
    rust_close(rust_open() orelse return error.NoRoom);
    const growths = (try ledger.stats()).growths;
    var arena: freehold.Arena = try .init(ledger, "after Rust");
    defer arena.deinit();
    _ = try arena.allocator().alloc(u8, 40_000);
    try expect((try ledger.stats()).growths == growths);
}
