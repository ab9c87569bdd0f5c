//! freehold for Zig: a heap, arenas, scopes and pools on memory that is written down, each as a `std.mem.Allocator` or with the words that
//! std's own have (`init`, `deinit`, `create`, `destroy`, `reset`).
//!
//!     const freehold = @import("freehold");
//!
//!     var names: std.ArrayList([]const u8) = .empty;
//!     defer names.deinit(freehold.heap);
//!
//!     var arena: freehold.Arena = try .init(try .default(null), "frames");
//!     defer arena.deinit();
//!     for (frames) |frame| {
//!         var scope = try arena.scope(); // what is allocated in it dies with the turn
//!         defer scope.deinit();
//!         const samples = try scope.allocator().alloc(f32, frame.len);
//!     }
//!
//! The code is Rust's: a static library, `libfreehold_c.a`, that is linked with the program (`build.zig` sees to it; README.md says which one
//! goes with which target). `freehold.h` says what each call costs and leaves to you; the same holds here.
//!
//! Who wants to know why a call failed hands a `Why` to the ledger, and so to all that is opened on it: a Zig error has no room for a text.
//! What a `deinit` or `destroy` can't do, as with a value that was destroyed before, is a panic with that text. The words that return
//! the error instead are `close` and `tryDestroy`. Nothing is changed by a call that fails.

const std = @import("std");
const Allocator = std.mem.Allocator;
const Alignment = std.mem.Alignment;

/// The functions of `freehold.h` themselves.
pub const c = @import("c.zig");

/// What a call may end with.
pub const Error = Allocator.Error || error{
    /// A region, or what the host gave, overlaps memory that a ledger holds.
    Overlap,
    /// A handle is none: what it is in was never opened.
    NotAHandle,
    /// What is used was closed before.
    Closed,
    /// Something is open that must be closed first.
    StillOpen,
    /// A name is not UTF-8, or a region is none.
    BadArgument,
    /// What is destroyed is not of this pool.
    ForeignBlock,
    /// What is destroyed is destroyed already.
    FreedTwice,
    /// Somebody wrote past the end of what is destroyed.
    Overrun,
    /// This target has no memory of its own to give: hand over a region.
    NoBacking,
};

/// Why a call failed: a text that says what was asked, by whom, and what stood in the way. It stays until the next call writes there, so threads
/// need one each.
pub const Why = struct {
    report: c.freehold_error = .{ .code = 0, .text = @splat(0) },

    /// Empty if the last call went well.
    pub fn text(why: *const Why) [:0]const u8 {
        const bytes: [*:0]const u8 = @ptrCast(&why.report.text);
        return std.mem.span(bytes);
    }
};

/// Where a call writes how it went: the `Why` of whoever wants to know, or a place of its own.
const Told = struct {
    own: c.freehold_error = .{ .code = 0, .text = undefined },
    why: ?*Why,

    fn at(told: *Told) *c.freehold_error {
        return if (told.why) |why| &why.report else &told.own;
    }

    fn failure(told: *Told) Error {
        const code: c.Code = @fromBackingInt(told.at().code);
        return switch (code) {
            .TOO_LARGE, .REFUSED, .EXHAUSTED, .OCCUPIED, .SHORT, .FULL, .MUST_MOVE => error.OutOfMemory,
            .OVERLAP => error.Overlap,
            .NULL_HANDLE, .NOT_A_HANDLE, .WRONG_HANDLE => error.NotAHandle,
            .CLOSED => error.Closed,
            .STILL_OPEN => error.StillOpen,
            .BAD_ARGUMENT => error.BadArgument,
            .FOREIGN_BLOCK => error.ForeignBlock,
            .FREED_TWICE => error.FreedTwice,
            .OVERRUN => error.Overrun,
            .NO_BACKING => error.NoBacking,
            .OK => unreachable,
        };
    }

    /// For calls that return a number.
    fn done(told: *Told, code: c_int) Error!void {
        if (code != 0) return told.failure();
    }

    /// For what can only fail by a mistake in the program.
    fn must(told: *Told, code: c_int) void {
        if (code != 0) @panic(std.mem.span(@as([*:0]const u8, @ptrCast(&told.at().text))));
    }
};

/// freehold's heap, for everything: what `std.heap.wasm_allocator` or `c_allocator` stand for elsewhere. Blocks lie on pages of the module's
/// own ledger (the map calls them `heap`), and what is freed serves arenas and pools too. It resizes in place where there is room. Any
/// thread may use it.
pub const heap: Allocator = .{ .ptr = undefined, .vtable = &Heap(false).vtable };

/// The same, which says in `why` why it had no room.
pub fn heapTelling(why: *Why) Allocator {
    return .{ .ptr = why, .vtable = &Heap(true).vtable };
}

fn Heap(comptime tells: bool) type {
    return struct {
        const vtable: Allocator.VTable = .{ .alloc = alloc, .resize = resize, .remap = remap, .free = free };

        fn where(context: *anyopaque) ?*c.freehold_error {
            if (!tells) return null;
            const why: *Why = @ptrCast(@alignCast(context));
            return &why.report;
        }

        fn alloc(context: *anyopaque, len: usize, alignment: Alignment, _: usize) ?[*]u8 {
            return @ptrCast(c.freehold_heap_alloc(len, alignment.toByteUnits(), where(context)));
        }

        fn resize(_: *anyopaque, memory: []u8, alignment: Alignment, len: usize, _: usize) bool {
            // That a block must move is no failure to be told of.
            return c.freehold_heap_resize(memory.ptr, memory.len, alignment.toByteUnits(), len, null) == 1;
        }

        fn remap(context: *anyopaque, memory: []u8, alignment: Alignment, len: usize, _: usize) ?[*]u8 {
            return @ptrCast(c.freehold_heap_realloc(memory.ptr, memory.len, alignment.toByteUnits(), len, where(context)));
        }

        fn free(context: *anyopaque, memory: []u8, alignment: Alignment, _: usize) void {
            var told: Told = .{ .why = if (tells) @ptrCast(@alignCast(context)) else null };
            told.must(c.freehold_heap_free(memory.ptr, memory.len, alignment.toByteUnits(), told.at()));
        }
    };
}

/// Where arenas and pools get their memory, and who holds which bytes of it. A value may be copied: it is a handle.
pub const Ledger = struct {
    handle: *c.freehold_ledger,
    why: ?*Why = null,

    /// The module's own, which is never closed. On wasm it is over pages of `memory.grow`, or what libc gives where all memory is libc's.
    pub fn default(why: ?*Why) Error!Ledger {
        var told: Told = .{ .why = why };
        const handle = c.freehold_ledger_default(told.at()) orelse return told.failure();
        return .{ .handle = handle, .why = why };
    }

    /// One over this region alone, which nobody else may use until it is closed. The ledger itself lies at its start: 2.3 KB on 64-bit
    /// targets, 1.2 KB on 32-bit ones.
    pub fn over(region: []u8, why: ?*Why) Error!Ledger {
        var told: Told = .{ .why = why };
        const handle = c.freehold_ledger_over(region.ptr, region.len, told.at()) orelse return told.failure();
        return .{ .handle = handle, .why = why };
    }

    pub fn deinit(ledger: *Ledger) void {
        var told: Told = .{ .why = ledger.why };
        told.must(c.freehold_ledger_close(ledger.handle, told.at()));
        ledger.* = undefined;
    }

    /// `deinit` that may fail: while an arena or a pool is open on it.
    pub fn close(ledger: Ledger) Error!void {
        var told: Told = .{ .why = ledger.why };
        return told.done(c.freehold_ledger_close(ledger.handle, told.at()));
    }

    /// Sums in bytes. While `growths` stays as it is, memory has not grown for this ledger.
    pub fn stats(ledger: Ledger) Error!c.freehold_stats {
        var told: Told = .{ .why = ledger.why };
        var now: c.freehold_stats = undefined;
        try told.done(c.freehold_ledger_stats(ledger.handle, &now, told.at()));
        return now;
    }

    /// The spans of memory in the order of addresses: `while (try spans.next()) |span|`.
    pub fn spans(ledger: Ledger) Spans {
        return .{ .ledger = ledger };
    }

    /// Draws the map of memory as lines of text. As much is written as fits, with a null after it; returned is how many bytes the whole
    /// text has.
    pub fn draw(ledger: Ledger, buffer: []u8) Error!usize {
        var told: Told = .{ .why = ledger.why };
        const len = c.freehold_ledger_draw(ledger.handle, buffer.ptr, buffer.len, told.at());
        return if (len == 0) told.failure() else len;
    }

    /// The map as a text of its own.
    pub fn drawAlloc(ledger: Ledger, gpa: Allocator) Error![]u8 {
        var size = 1 + try ledger.draw(&.{});
        while (true) {
            const buffer = try gpa.alloc(u8, size);
            errdefer gpa.free(buffer);
            // The buffer itself may be a line more.
            const len = try ledger.draw(buffer);
            if (len < size) return gpa.realloc(buffer, len);
            gpa.free(buffer);
            size = len + 1;
        }
    }
};

/// A stretch of memory, and whose it is.
pub const Span = struct {
    raw: c.freehold_span,

    /// Address of its first byte.
    pub fn start(span: Span) usize {
        return span.raw.start;
    }

    /// Bytes, the ledger's record at its start included.
    pub fn len(span: Span) usize {
        return span.raw.length;
    }

    /// The name of who holds it; null if it is free.
    pub fn owner(span: *const Span) ?[:0]const u8 {
        const bytes: [*:0]const u8 = @ptrCast(&span.raw.owner);
        const name = std.mem.span(bytes);
        return if (name.len == 0) null else name;
    }
};

/// A walk over the spans of a ledger.
pub const Spans = struct {
    ledger: Ledger,
    at: c.freehold_span = std.mem.zeroes(c.freehold_span),

    pub fn next(spans: *Spans) Error!?Span {
        var told: Told = .{ .why = spans.ledger.why };
        if (c.freehold_ledger_next(spans.ledger.handle, &spans.at, told.at()) == 1) return .{ .raw = spans.at };
        return if (told.at().code == 0) null else told.failure();
    }
};

/// Memory for anything, of which nothing is freed by itself: all goes when the arena is reset or ends, or with its scope. Shrinking is in place,
/// and gives nothing back; what grows moves.
///
/// Its allocators keep its address, as those of `std.heap.ArenaAllocator` do: it may not be moved while one is in use.
pub const Arena = struct {
    handle: *c.freehold_arena,
    why: ?*Why,
    /// The scope that is allocated in now.
    innermost: ?*c.freehold_scope = null,

    /// The name is the one in the map, and in what a `Why` says. Its first 31 bytes are kept.
    pub fn init(ledger: Ledger, name: [:0]const u8) Error!Arena {
        var told: Told = .{ .why = ledger.why };
        const handle = c.freehold_arena_open(ledger.handle, name.ptr, told.at()) orelse return told.failure();
        return .{ .handle = handle, .why = ledger.why };
    }

    pub fn deinit(arena: *Arena) void {
        var told: Told = .{ .why = arena.why };
        told.must(c.freehold_arena_close(arena.handle, told.at()));
        arena.* = undefined;
    }

    /// `deinit` that may fail: if it was closed before.
    pub fn close(arena: Arena) Error!void {
        var told: Told = .{ .why = arena.why };
        return told.done(c.freehold_arena_close(arena.handle, told.at()));
    }

    pub const Reset = enum { retain_capacity, free_all };

    /// Frees everything that was allocated, and closes its scopes. The memory is kept for what comes, or goes to the ledger.
    pub fn reset(arena: *Arena, mode: Reset) Error!void {
        var told: Told = .{ .why = arena.why };
        try told.done(c.freehold_arena_reset(arena.handle, told.at()));
        arena.innermost = null;
        if (mode == .free_all) try told.done(c.freehold_arena_trim(arena.handle, told.at()));
    }

    /// Makes sure that the next `bytes` bytes (what alignment skips counts too) are there: allocating them does not fail, and does not grow
    /// memory.
    pub fn reserve(arena: *Arena, bytes: usize) Error!void {
        var told: Told = .{ .why = arena.why };
        return told.done(c.freehold_reserve(arena.handle, bytes, told.at()));
    }

    /// Opens a scope: what is allocated in it dies with it. Meanwhile nothing can be allocated outside of it.
    pub fn scope(arena: *Arena) Error!Scope {
        var told: Told = .{ .why = arena.why };
        const handle = c.freehold_scope_open(arena.handle, told.at()) orelse return told.failure();
        defer arena.innermost = handle;
        return .{ .arena = arena, .handle = handle, .outer = arena.innermost };
    }

    pub fn allocator(arena: *Arena) Allocator {
        return .{ .ptr = arena, .vtable = &Inside(Arena).vtable };
    }

    fn isIn(arena: *Arena) ?*Arena {
        return if (arena.innermost == null) arena else null;
    }
};

/// A stretch of code whose allocations die at its end. A scope may be opened in a scope: by `arena.scope()` again.
///
/// Its allocators keep its address: it may not be moved while one is in use.
pub const Scope = struct {
    arena: *Arena,
    handle: *c.freehold_scope,
    outer: ?*c.freehold_scope,

    pub fn deinit(scope: *Scope) void {
        var told: Told = .{ .why = scope.arena.why };
        told.must(c.freehold_scope_close(scope.handle, told.at()));
        scope.arena.innermost = scope.outer;
        scope.* = undefined;
    }

    /// `deinit` that may fail: if it was closed before, or one around it was.
    pub fn close(scope: Scope) Error!void {
        var told: Told = .{ .why = scope.arena.why };
        try told.done(c.freehold_scope_close(scope.handle, told.at()));
        scope.arena.innermost = scope.outer;
    }

    pub fn allocator(scope: *Scope) Allocator {
        return .{ .ptr = scope, .vtable = &Inside(Scope).vtable };
    }

    fn isIn(scope: *Scope) ?*Arena {
        return if (scope.arena.innermost == scope.handle) scope.arena else null;
    }
};

/// The allocator of an arena or of one of its scopes.
fn Inside(comptime Holder: type) type {
    return struct {
        const vtable: Allocator.VTable = .{ .alloc = alloc, .resize = resize, .remap = remap, .free = Allocator.noFree };

        fn alloc(context: *anyopaque, len: usize, alignment: Alignment, _: usize) ?[*]u8 {
            const holder: *Holder = @ptrCast(@alignCast(context));
            // It would lie in the inner scope, and die with that.
            const arena = holder.isIn() orelse @panic("an inner scope of the arena is open: allocate in that one, or end it first");
            const where: ?*c.freehold_error = if (arena.why) |why| &why.report else null;
            return @ptrCast(c.freehold_alloc(arena.handle, len, alignment.toByteUnits(), where));
        }

        fn resize(_: *anyopaque, memory: []u8, _: Alignment, len: usize, _: usize) bool {
            return len <= memory.len;
        }

        fn remap(_: *anyopaque, memory: []u8, _: Alignment, len: usize, _: usize) ?[*]u8 {
            return if (len <= memory.len) memory.ptr else null;
        }
    };
}

/// Values of one type that come and go in any order: `create` and `destroy`.
pub fn Pool(comptime Item: type) type {
    return struct {
        const Self = @This();

        handle: *c.freehold_pool,
        why: ?*Why,

        pub const Options = struct {
            /// Room for so many is claimed now, and never more. With 0 the pool claims memory as it needs it.
            capacity: usize = 0,
        };

        /// The name is the one in the map, and in what a `Why` says. Its first 31 bytes are kept.
        pub fn init(ledger: Ledger, name: [:0]const u8, options: Options) Error!Self {
            var told: Told = .{ .why = ledger.why };
            const handle = c.freehold_pool_open(ledger.handle, name.ptr, @sizeOf(Item), @alignOf(Item), options.capacity, told.at());
            return .{ .handle = handle orelse return told.failure(), .why = ledger.why };
        }

        /// All its memory goes back to the ledger, values in use included.
        pub fn deinit(pool: *Self) void {
            var told: Told = .{ .why = pool.why };
            told.must(c.freehold_pool_close(pool.handle, told.at()));
            pool.* = undefined;
        }

        /// `deinit` that may fail: if it was closed before.
        pub fn close(pool: Self) Error!void {
            var told: Told = .{ .why = pool.why };
            return told.done(c.freehold_pool_close(pool.handle, told.at()));
        }

        /// Room for a value, which is undefined.
        pub fn create(pool: Self) Error!*Item {
            var told: Told = .{ .why = pool.why };
            const block = c.freehold_pool_alloc(pool.handle, told.at()) orelse return told.failure();
            return @ptrCast(@alignCast(block));
        }

        /// What is not of this pool, was destroyed before, or was written past its end is a panic that says so.
        pub fn destroy(pool: Self, item: *Item) void {
            var told: Told = .{ .why = pool.why };
            told.must(c.freehold_pool_free(pool.handle, item, told.at()));
        }

        /// `destroy` that returns an error there; then everything is as it was.
        pub fn tryDestroy(pool: Self, item: *Item) Error!void {
            var told: Told = .{ .why = pool.why };
            return told.done(c.freehold_pool_free(pool.handle, item, told.at()));
        }

        /// How many values there are.
        pub fn inUse(pool: Self) Error!usize {
            var told: Told = .{ .why = pool.why };
            const count = c.freehold_pool_in_use(pool.handle, told.at());
            return if (told.at().code == 0) count else told.failure();
        }
    };
}
