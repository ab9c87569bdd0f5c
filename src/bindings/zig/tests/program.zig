//! The tests as a program.

const std = @import("std");

const report = @import("report.zig");

pub const panic = std.debug.FullPanic(report.onPanic);

pub fn main() u8 {
    return report.everything();
}
