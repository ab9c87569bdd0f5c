const std = @import("std");

pub fn build(b: *std.Build) void {
    // A page has no operating system and no libc: this is its target. Zig's way to say "as small as can be".
    const target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .freestanding });
    const optimize: std.builtin.Optimize = .small;

    // `-Dlibrary=…` is a library with a Rust part of yours in it; without, cargo makes the plain one.
    const library = b.option(std.Build.LazyPath, "library", "libfreehold_c.a for wasm32-unknown-unknown, or a Rust library that has it in it");
    const freehold = if (library) |path|
        b.dependency("freehold", .{ .target = target, .optimize = optimize, .library = path })
    else
        b.dependency("freehold", .{ .target = target, .optimize = optimize });

    const module = b.addExecutable(.{
        .name = "words",
        .root_module = b.createModule(.{
            .root_source_file = b.path("words.zig"),
            .target = target,
            .optimize = optimize,
            .strip = true,
            .imports = &.{.{ .name = "freehold", .module = freehold.module("freehold") }},
        }),
    });
    // There is no `main`: JavaScript calls what is exported, and that is what is named here. (`rdynamic` would export all of Rust's too.)
    module.entry = .disabled;
    module.root_module.export_symbol_names = &.{ "begin", "count", "top", "map", "message" };
    // Where growth ends.
    module.max_memory = 16 << 20;
    b.installArtifact(module);
}
