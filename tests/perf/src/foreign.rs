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
    let found = [wasi_libc(root), zig(root, scratch, tools)];
    found.into_iter().flatten().collect()
}

/// How one is to be had that is not there.
pub fn how_to_get(program: &str) -> String {
    match program {
        "zig" => format!("`python3 -m pip install --target target/tools/ziglang ziglang=={ZIG}` gets it"),
        _ => "`rustup target add wasm32-wasip1` gets it".to_owned(),
    }
}

/// The libc that Rust's own target for WASI brings.
fn wasi_libc(root: &Path) -> Option<Foreign> {
    let object = sysroot(root).ok()?.join("lib/rustlib/wasm32-wasip1/lib/self-contained/libc.a");
    let there = object.exists();
    there.then_some(Foreign { program: "wasi_libc", variable: "FREEHOLD_PERF_WASI_LIBC", object, version: None })
}

/// Zig: as a package of Python's in the folder of tools, or on the path.
fn zig(root: &Path, scratch: &Path, tools: &Path) -> Option<Foreign> {
    [tools.join("ziglang/ziglang/zig"), "zig".into()].into_iter().find_map(|program| {
        let zig = || {
            let mut zig = Command::new(&program);
            zig.stdin(Stdio::null());
            zig
        };
        let version = zig().arg("version").output().ok().filter(|output| output.status.success())?;
        let version = String::from_utf8(version.stdout).ok()?.trim().to_owned();
        fs::create_dir_all(scratch).ok()?;
        let object = scratch.join("zig.o");
        let mut build = zig();
        build.arg("build-obj").arg(root.join("tests/perf/allocators/src/zig.zig"));
        build.args(["-target", "wasm32-freestanding", "-mcpu=generic+bulk_memory", "-O", "ReleaseFast", "-fstrip"]);
        output(build.arg(format!("-femit-bin={}", object.display()))).ok()?;
        Some(Foreign { program: "zig", variable: "FREEHOLD_PERF_ZIG", object, version: Some(version) })
    })
}
