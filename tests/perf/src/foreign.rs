//! Allocators that are not Rust's: looked for where their tools are installed, and linked into their programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::command::{output, sysroot};

/// One that is there.
pub struct Foreign {
    /// Its program in `heaps/src/bin`, and its feature of `size`.
    pub program: &'static str,
    /// What the build scripts of these crates read: where the object is that they link.
    pub variable: &'static str,
    pub object: PathBuf,
    /// Its version, if it is known.
    pub version: Option<String>,
}

/// Zig's version. `cargo verify` installs it where it is looked for first.
const ZIG: &str = include_str!("../../xtask/ziglang").trim_ascii_end();

/// Those that are there.
pub fn find(root: &Path, scratch: &Path, tools: &Path) -> Vec<Foreign> {
    wasi_libc(root).into_iter().chain(zig(root, scratch, tools)).collect()
}

/// How one is to be had that is not there.
pub fn how_to_get(program: &str) -> String {
    match program {
        "zig" | "layer_zig_debug" | "layer_zig_safe" => {
            format!("`python3 -m pip install --target target/tools/ziglang ziglang=={ZIG}` gets it")
        }
        _ => "`rustup target add wasm32-wasip1` gets it".to_owned(),
    }
}

/// The libc that Rust's own target for WASI brings.
fn wasi_libc(root: &Path) -> Option<Foreign> {
    let object = sysroot(root).ok()?.join("lib/rustlib/wasm32-wasip1/lib/self-contained/libc.a");
    let there = object.exists();
    there.then_some(Foreign { program: "wasi_libc", variable: "FREEHOLD_PERF_WASI_LIBC", object, version: None })
}

/// A heap of Zig's.
struct Zig {
    program: &'static str,
    variable: &'static str,
    /// In `allocators/src`.
    source: &'static str,
    target: &'static str,
}

const ZIGS: [Zig; 3] = [
    Zig { program: "zig", variable: "FREEHOLD_PERF_ZIG", source: "zig_wasm.zig", target: "wasm32-freestanding" },
    Zig {
        program: "layer_zig_debug",
        variable: "FREEHOLD_PERF_ZIG_DEBUG",
        source: "zig_debug.zig",
        target: "wasm32-freestanding",
    },
    // It asks how many processors there are, which doesn't compile where nobody can be asked. Nothing of WASI's is called.
    Zig {
        program: "layer_zig_safe",
        variable: "FREEHOLD_PERF_ZIG_SAFE",
        source: "zig_safe.zig",
        target: "wasm32-wasi",
    },
];

/// Zig's heaps, by a Zig that is a package of Python's in the folder of tools, or on the path.
fn zig(root: &Path, scratch: &Path, tools: &Path) -> Vec<Foreign> {
    let zig = |program: &PathBuf| {
        let mut zig = Command::new(program);
        zig.stdin(Stdio::null());
        zig
    };
    let found = [tools.join("ziglang/ziglang/zig"), "zig".into()].into_iter().find_map(|program| {
        let version = zig(&program).arg("version").output().ok().filter(|output| output.status.success())?;
        Some((program, String::from_utf8(version.stdout).ok()?.trim().to_owned()))
    });
    let Some((program, version)) = found.filter(|_| fs::create_dir_all(scratch).is_ok()) else { return Vec::new() };
    let build = |Zig { program: name, variable, source, target }: Zig| {
        let object = scratch.join(name).with_extension("o");
        let mut build = zig(&program);
        build.arg("build-obj").arg(root.join("tests/perf/allocators/src").join(source));
        build.args(["-target", target, "-mcpu=generic+bulk_memory", "-O", "ReleaseFast", "-fstrip"]);
        output(build.arg(format!("-femit-bin={}", object.display()))).ok()?;
        // Said once.
        let version = (name == "zig").then(|| version.clone());
        Some(Foreign { program: name, variable, object, version })
    };
    ZIGS.into_iter().filter_map(build).collect()
}
