//! Runs all tests, where a program can say how they went.

const builtin = @import("builtin");
const std = @import("std");

const cases = @import("cases.zig");

/// 0 if they pass.
pub fn everything() u8 {
    var number: [20]u8 = undefined;
    var failures: usize = 0;
    for (cases.all) |case| {
        say(&.{ "test ", case.name, " ... " });
        if (case.work()) |_| say(&.{"ok\n"}) else |failure| {
            say(&.{ "FAILED: ", @errorName(failure), "\n" });
            failures += 1;
        }
    }
    const passed = std.fmt.bufPrint(&number, "{d}", .{cases.all.len - failures}) catch unreachable;
    say(&.{ "test result: ", if (failures == 0) "ok" else "FAILED", ". ", passed, " passed\n" });
    return if (failures == 0) 0 else 1;
}

pub fn onPanic(message: []const u8, _: ?usize) noreturn {
    say(&.{ "panic: ", message, "\n" });
    @trap();
}

fn say(texts: []const []const u8) void {
    for (texts) |text| {
        if (builtin.os.tag == .wasi and !builtin.link_libc) {
            var written: usize = undefined;
            _ = std.os.wasi.fd_write(1, &.{.{ .base = text.ptr, .len = text.len }}, 1, &written);
        } else {
            _ = write(1, text.ptr, text.len);
        }
    }
}

/// libc's.
extern fn write(file: c_int, text: [*]const u8, len: usize) isize;
