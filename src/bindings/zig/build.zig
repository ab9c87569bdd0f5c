//! The Zig package `freehold`: a module of that name, with the static library that has the code.
//!
//!     const freehold = b.dependency("freehold", .{ .target = target, .optimize = optimize });
//!     exe.root_module.addImport("freehold", freehold.module("freehold"));

const std = @import("std");
const Target = std.Target;

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{});
    const optimize = b.standardOptimizeOption(.{});
    const libc = b.option(bool, "libc", "Whether the program has a libc: on WASI it may do without, elsewhere the target says so") orelse
        needsLibc(target.result);
    const library = b.option(std.Build.LazyPath, "library", "A static library with the functions of freehold.h, for this target; else cargo makes one");

    const module = b.addModule("freehold", .{
        .root_source_file = b.path("freehold.zig"),
        .target = target,
        .optimize = optimize,
        .link_libc = libc,
    });
    // For Emscripten Zig makes objects, and `emcc` links them with the library.
    if (target.result.os.tag != .emscripten) module.addObjectFile(library orelse byCargo(b, rustTarget(b, target.result, libc), optimize));
    if (unwinds(target.result)) module.linkSystemLibrary("unwind", .{ .use_pkg_config = .no });

    addTests(b, module, target, optimize, libc);
}

/// Rust's name for the target whose library fits.
fn rustTarget(b: *std.Build, target: Target, libc: bool) []const u8 {
    const os = target.os.tag;
    if (target.cpu.arch == .wasm32) return switch (os) {
        // Without a libc nobody but the program has memory, whatever it imports: as in a page.
        .freestanding => "wasm32-unknown-unknown",
        .wasi => if (libc) "wasm32-wasip1" else "wasm32-unknown-unknown",
        .emscripten => "wasm32-unknown-emscripten",
        else => none(target),
    };
    const arch = switch (target.cpu.arch) {
        .x86 => "i686",
        .x86_64, .aarch64 => @tagName(target.cpu.arch),
        else => none(target),
    };
    return b.fmt("{s}-{s}", .{ arch, switch (os) {
        .linux => if (target.abi.isMusl()) "unknown-linux-musl" else "unknown-linux-gnu",
        .macos => "apple-darwin",
        .windows => "pc-windows-gnu",
        .freebsd => "unknown-freebsd",
        else => none(target),
    } });
}

fn none(target: Target) noreturn {
    std.process.fatal("freehold: which target of Rust's goes with {s}-{s} isn't known here: name a library by -Dlibrary=…", .{
        @tagName(target.cpu.arch), @tagName(target.os.tag),
    });
}

/// On hosts the library has Rust's std in it, which calls libc.
fn needsLibc(target: Target) bool {
    return switch (target.os.tag) {
        .freestanding, .wasi => false,
        else => true,
    };
}

/// And which may unwind, though it never does here.
fn unwinds(target: Target) bool {
    return !target.cpu.arch.isWasm() and target.os.tag != .freestanding;
}

/// The library, as cargo makes it of the repository that this package lies in.
fn byCargo(b: *std.Build, rust: []const u8, optimize: std.builtin.Optimize) std.Build.LazyPath {
    const profile = if (optimize == .small) "size" else "release";
    const folder: std.Build.LazyPath = if (b.graph.environ_map.get("CARGO_TARGET_DIR")) |path| folder: {
        // Whoever changes it must be heard.
        b.graph.poisonCache();
        break :folder b.graph.cwdRelativePath(path);
    } else .{ .relative = .{ .base = .local_cache, .sub_path = "freehold-cargo" } };
    const cargo = b.addSystemCommand(&.{ "cargo", "build", "--quiet", "--package", "freehold-c", "--profile", profile, "--target", rust });
    cargo.addArg("--manifest-path");
    cargo.addFileArg(b.path("../../../Cargo.toml"));
    cargo.addArg("--target-dir");
    cargo.addDirectoryArg(folder);
    // It knows best whether there is anything to do.
    cargo.has_side_effects = true;
    const copy = b.addWriteFiles();
    copy.step.dependOn(&cargo.step);
    const name = if (std.mem.endsWith(u8, rust, "windows-msvc")) "freehold_c.lib" else "libfreehold_c.a";
    return copy.addCopyFile(folder.path(b, b.fmt("{s}/{s}/{s}", .{ rust, profile, name })), name);
}

/// `zig build tests`: this package's own, for any target. What runs them depends on that.
fn addTests(b: *std.Build, freehold: *std.Build.Module, target: std.Build.ResolvedTarget, optimize: std.builtin.Optimize, libc: bool) void {
    const step = b.step("tests", "Build the tests of this package");
    const os = target.result.os.tag;
    const module = b.createModule(.{
        .root_source_file = b.path(switch (os) {
            .freestanding => "tests/driven.zig",
            .emscripten => "tests/emscripten.zig",
            else => "tests/program.zig",
        }),
        .target = target,
        .optimize = optimize,
        .link_libc = libc,
        .imports = &.{.{ .name = "freehold", .module = freehold }},
    });
    if (os == .emscripten) {
        const object = b.addObject(.{ .name = "tests", .root_module = module });
        return step.dependOn(&b.addInstallFileWithDir(object.getEmittedBin(), .prefix, "tests.o").step);
    }
    const program = b.addExecutable(.{ .name = "tests", .root_module = module });
    if (os == .freestanding) {
        program.entry = .disabled;
        // Somewhat more than stack and data need.
        program.initial_memory = 4 << 20;
        module.export_symbol_names = &.{ "count", "name", "run", "panicked", "misuse" };
    }
    // Room is refused at some point.
    if (target.result.cpu.arch.isWasm()) program.max_memory = 32 << 20;
    step.dependOn(&b.addInstallArtifact(program, .{}).step);
}
