//! The heap of the program that is compiled, for Rust to call.

const heap = @import("root").heap;

/// `log2` is the alignment's.
export fn zig_alloc(len: usize, log2: u8) ?[*]u8 {
    return heap.rawAlloc(len, @fromBackingInt(@intCast(log2)), @returnAddress());
}

export fn zig_free(memory: [*]u8, len: usize, log2: u8) void {
    heap.rawFree(memory[0..len], @fromBackingInt(@intCast(log2)), @returnAddress());
}

/// Null: it has to move, and hasn't.
export fn zig_remap(memory: [*]u8, len: usize, log2: u8, new: usize) ?[*]u8 {
    return heap.rawRemap(memory[0..len], @fromBackingInt(@intCast(log2)), new, @returnAddress());
}
