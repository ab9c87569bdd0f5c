//! What a program of Zig's has to say where nobody listens: how to write what was found, and how to end. Nothing is found here.

const std = @import("std");

pub const options: std.Options = .{ .logFn = nowhere };

pub const io: std.Io = .failing;

pub const panic = std.debug.FullPanic(end);

fn nowhere(
    comptime _: std.log.Level,
    comptime _: @EnumLiteral(),
    comptime _: []const u8,
    _: anytype,
) void {}

fn end(_: []const u8, _: ?usize) noreturn {
    @trap();
}
