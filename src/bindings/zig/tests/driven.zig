//! The tests as functions that a script calls (`run.mjs`): nothing is imported.

const std = @import("std");

const cases = @import("cases.zig");
const mistakes = @import("mistakes.zig");

/// The last panic's text.
var told: [512:0]u8 = @splat(0);

pub const panic = std.debug.FullPanic(onPanic);

fn onPanic(message: []const u8, _: ?usize) noreturn {
    const len = @min(message.len, told.len);
    @memcpy(told[0..len], message[0..len]);
    told[len] = 0;
    @trap();
}

export fn panicked() [*:0]const u8 {
    return &told;
}

export fn count() usize {
    return cases.all.len;
}

export fn name(at: usize) [*:0]const u8 {
    return cases.all[at].name;
}

/// What failed, or null.
export fn run(at: usize) ?[*:0]const u8 {
    cases.all[at].work() catch |failure| return @errorName(failure);
    return null;
}

/// Makes a mistake that is to be a panic; false if there are no more.
export fn misuse(at: usize) bool {
    if (at == mistakes.all.len) return false;
    mistakes.all[at]() catch |failure| @panic(@errorName(failure));
    return true;
}
