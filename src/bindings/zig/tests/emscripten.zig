//! The tests as an object that Emscripten makes a program of.

const std = @import("std");

const report = @import("report.zig");

pub const panic = std.debug.FullPanic(report.onPanic);

/// What its libc calls.
export fn __main_argc_argv(_: c_int, _: [*]const ?[*:0]const u8) c_int {
    return report.everything();
}
