//! What must be a panic that says what was wrong: each is made in an instance of its own (`run.mjs`, which has the texts).

const freehold = @import("freehold");

pub const all = [_]*const fn () anyerror!void{ outside, destroyedTwice, closedTwice, stillOpen, insideTheWrong, misaligned };

/// What is allocated outside while a scope is open would die with the scope.
fn outside() !void {
    var arena: freehold.Arena = try .init(try .default(null), "frames");
    const allocator = arena.allocator();
    _ = try allocator.alloc(u8, 1);
    _ = try arena.scope();
    _ = try allocator.alloc(u8, 1);
}

fn destroyedTwice() !void {
    var pool: freehold.Pool(u32) = try .init(try .default(null), "numbers", .{});
    const number = try pool.create();
    pool.destroy(number);
    pool.destroy(number);
}

fn closedTwice() !void {
    var arena: freehold.Arena = try .init(try .default(null), "frames");
    var copy = arena;
    arena.deinit();
    copy.deinit();
}

fn stillOpen() !void {
    const Static = struct {
        var region: [8000]u8 = undefined;
    };
    var ledger: freehold.Ledger = try .over(&Static.region, null);
    _ = try freehold.Arena.init(ledger, "frames");
    ledger.deinit();
}

/// The same in a scope that is not the innermost.
fn insideTheWrong() !void {
    var arena: freehold.Arena = try .init(try .default(null), "frames");
    var outer = try arena.scope();
    _ = try arena.scope();
    _ = try outer.allocator().alloc(u8, 1);
}

/// Freed is what no block of the heap's can be.
fn misaligned() !void {
    const bytes = try freehold.heap.alloc(u8, 64);
    freehold.heap.free(bytes[1..]);
}
