//! What `freehold.h` declares, in Zig. What each of it does, costs, refuses and leaves to you is said there.
//!
//! Written by hand, so that a program needs no step that translates a header, and no `build.zig`. A test of the Rust package `freehold-c`
//! (`tests/header.rs`) holds it against the header: the same functions with the same types, the same numbers, the same structures.

/// Handles are numbers, not addresses: nothing is ever read through one.
pub const freehold_ledger = opaque {};
pub const freehold_arena = opaque {};
pub const freehold_scope = opaque {};
pub const freehold_pool = opaque {};

/// How a call went: the numbers of the header.
pub const Code = enum(c_int) {
    OK = 0,
    TOO_LARGE = 1,
    REFUSED = 2,
    EXHAUSTED = 3,
    OCCUPIED = 4,
    OVERLAP = 5,
    SHORT = 6,
    FULL = 7,
    NULL_HANDLE = 8,
    NOT_A_HANDLE = 9,
    WRONG_HANDLE = 10,
    CLOSED = 11,
    STILL_OPEN = 12,
    BAD_ARGUMENT = 13,
    FOREIGN_BLOCK = 14,
    FREED_TWICE = 15,
    OVERRUN = 16,
    NO_BACKING = 17,
    MUST_MOVE = 18,
};

pub const freehold_error = extern struct {
    code: c_int,
    text: [252]u8,
};

pub const freehold_stats = extern struct {
    claimed: usize,
    free: usize,
    peak: usize,
    granted: usize,
    growths: usize,
};

pub const freehold_span = extern struct {
    start: usize,
    length: usize,
    owner: [32]u8,
};

pub extern fn freehold_text(code: c_int) ?[*:0]const u8;

pub extern fn freehold_ledger_default(@"error": ?*freehold_error) ?*freehold_ledger;
pub extern fn freehold_ledger_over(region: ?*anyopaque, length: usize, @"error": ?*freehold_error) ?*freehold_ledger;
pub extern fn freehold_ledger_close(ledger: ?*freehold_ledger, @"error": ?*freehold_error) c_int;
pub extern fn freehold_ledger_stats(ledger: ?*freehold_ledger, stats: ?*freehold_stats, @"error": ?*freehold_error) c_int;
pub extern fn freehold_ledger_next(ledger: ?*freehold_ledger, span: ?*freehold_span, @"error": ?*freehold_error) c_int;
pub extern fn freehold_ledger_draw(ledger: ?*freehold_ledger, buffer: ?[*]u8, size: usize, @"error": ?*freehold_error) usize;

pub extern fn freehold_heap_alloc(size: usize, @"align": usize, @"error": ?*freehold_error) ?*anyopaque;
pub extern fn freehold_heap_resize(block: ?*anyopaque, size: usize, @"align": usize, new_size: usize, @"error": ?*freehold_error) c_int;
pub extern fn freehold_heap_realloc(block: ?*anyopaque, size: usize, @"align": usize, new_size: usize, @"error": ?*freehold_error) ?*anyopaque;
pub extern fn freehold_heap_free(block: ?*anyopaque, size: usize, @"align": usize, @"error": ?*freehold_error) c_int;

pub extern fn freehold_arena_open(ledger: ?*freehold_ledger, name: ?[*:0]const u8, @"error": ?*freehold_error) ?*freehold_arena;
pub extern fn freehold_arena_close(arena: ?*freehold_arena, @"error": ?*freehold_error) c_int;
pub extern fn freehold_arena_reset(arena: ?*freehold_arena, @"error": ?*freehold_error) c_int;
pub extern fn freehold_arena_trim(arena: ?*freehold_arena, @"error": ?*freehold_error) c_int;
pub extern fn freehold_alloc(arena: ?*freehold_arena, size: usize, @"align": usize, @"error": ?*freehold_error) ?*anyopaque;
pub extern fn freehold_alloc_array(arena: ?*freehold_arena, count: usize, size: usize, @"align": usize, @"error": ?*freehold_error) ?*anyopaque;
pub extern fn freehold_reserve(arena: ?*freehold_arena, bytes: usize, @"error": ?*freehold_error) c_int;

pub extern fn freehold_scope_open(arena: ?*freehold_arena, @"error": ?*freehold_error) ?*freehold_scope;
pub extern fn freehold_scope_close(scope: ?*freehold_scope, @"error": ?*freehold_error) c_int;

pub extern fn freehold_pool_open(ledger: ?*freehold_ledger, name: ?[*:0]const u8, size: usize, @"align": usize, capacity: usize, @"error": ?*freehold_error) ?*freehold_pool;
pub extern fn freehold_pool_close(pool: ?*freehold_pool, @"error": ?*freehold_error) c_int;
pub extern fn freehold_pool_alloc(pool: ?*freehold_pool, @"error": ?*freehold_error) ?*anyopaque;
pub extern fn freehold_pool_free(pool: ?*freehold_pool, block: ?*anyopaque, @"error": ?*freehold_error) c_int;
pub extern fn freehold_pool_in_use(pool: ?*freehold_pool, @"error": ?*freehold_error) usize;
