//! Memories that are not as most are: with addresses of 64 bits, and with pages of one byte.

use std::path::Path;

use anyhow::Result;
use cargo_metadata::camino::{Utf8Path, Utf8PathBuf};

use crate::beside_libc::Host;
use crate::c;
use crate::command::{Out, Task};
use crate::need::Need;
use crate::npm::NODE_24;
use crate::pip::WASMTIME;
use crate::soaked::run;
use crate::step::{Step, WASM};
use crate::tools::{Module, Toolchain, Tools};

const WASM64: &str = "wasm64-unknown-unknown";
const SUITE: &str = "freehold-bare";
const BEYOND: &str = "freehold-four-gib";
const SOAK: &str = "freehold-threads";
const SMALL_PAGES: &str = "freehold-small-pages";

/// How many operations the soak has here.
const OPERATIONS: u32 = 50_000;

/// With every check that a debug build makes; and a warning is an error.
const STRICT: &str = "-Cdebug-assertions -Coverflow-checks -Dwarnings";
/// The same, and pages of one byte. The crate sees what the linker is told.
const BYTES: &str = "-Cdebug-assertions -Coverflow-checks -Clink-arg=--page-size=1";

/// What must build for 64 bits without a warning, and without a feature that whoever uses it has to name. (The crate talc does not, yet.)
const BUILT: [&str; 3] = [
    "-p freehold --lib",
    "-p freehold --lib --features alloc,allocator-api2,critical-section,javascript",
    "-p freehold-c",
];

/// A step for 64 bits.
fn wide(name: &str, package: &'static str, work: fn(&Tools, &Out) -> Result<()>) -> Step {
    Step::new(format!("wasm64: {name}"), work)
        .needs([Need::Member(package), Need::Component(Toolchain::Nightly, "rust-src")])
        .in_folder(WASM64)
}

/// A step for pages of one byte.
fn small(name: &str, package: &'static str, work: fn(&Tools, &Out) -> Result<()>) -> Step {
    Step::new(format!("pages of a byte: {name}"), work)
        .needs([Need::Member(package), Need::Target(Toolchain::Current, WASM), Need::Pip(WASMTIME)])
        .tests()
}

/// What every run has.
pub fn steps() -> Vec<Step> {
    vec![
        wide("h39 builds", "freehold-c", |tools, out| {
            BUILT.iter().try_for_each(|what| build(what, "rlib", tools, out).map(drop))
        }),
        wide("h10 the suite above 4 GiB, node 24", SUITE, |tools, out| {
            in_node_24("tests/bare/run.mjs", &module(SUITE, tools, out)?, tools).run(out)
        })
        .needs([Need::Npm(NODE_24)])
        .tests(),
        wide("h10 beyond 4 GiB, node 24", BEYOND, |tools, out| {
            in_node_24("tests/hosts/four-gib/run.mjs", &module(BEYOND, tools, out)?, tools).run(out)
        })
        .needs([Need::Npm(NODE_24)])
        .tests(),
        wide("h10 beyond 4 GiB, wasmtime", BEYOND, |tools, out| in_wasmtime(&module(BEYOND, tools, out)?, tools, out))
            .needs([Need::Pip(WASMTIME)])
            .tests(),
        wide("alone", SOAK, soak).needs([Need::Npm(NODE_24), Need::Node]).tests(),
        wide("C, node 24", "freehold-c", from_c).needs([Need::Npm(NODE_24), Need::Clang]).tests(),
        small("h15 read, wasmtime", SMALL_PAGES, |tools, out| {
            in_wasmtime(&on_bytes(SMALL_PAGES, tools, out)?, tools, out)
        }),
        small("h15 said by hand, wasmtime", SMALL_PAGES, |tools, out| {
            in_wasmtime(&unseen("--cfg freehold_page_size", tools, out)?, tools, out)
        }),
        small("h15 unseen, wasmtime", SMALL_PAGES, |tools, out| in_wasmtime(&unseen("", tools, out)?, tools, out)),
    ]
}

/// The suite once more in each, which takes minutes and shows little that the others don't.
pub fn wider() -> [Step; 2] {
    [
        wide("h10 the suite above 4 GiB, wasmtime", SUITE, |tools, out| {
            in_wasmtime(&module(SUITE, tools, out)?, tools, out)
        })
        .needs([Need::Pip(WASMTIME)])
        .tests(),
        small("h15 the suite, wasmtime", SUITE, |tools, out| in_wasmtime(&on_bytes(SUITE, tools, out)?, tools, out)),
    ]
}

/// Something built for 64 bits. Rust's library for them does not come with Rust.
fn build(what: &str, extension: &str, tools: &Tools, out: &Out) -> Result<Utf8PathBuf> {
    let build = format!("{what} --release -Zbuild-std=core,alloc");
    let module = Module { on: Toolchain::Nightly, target: WASM64, build: &build, rustflags: STRICT };
    tools.build(&module, extension, out)
}

/// A module with 64-bit addresses.
fn module(package: &str, tools: &Tools, out: &Out) -> Result<Utf8PathBuf> {
    build(&format!("-p {package} --lib"), "wasm", tools, out)
}

/// A module whose pages have one byte.
fn on_bytes(package: &str, tools: &Tools, out: &Out) -> Result<Utf8PathBuf> {
    let build = format!("-p {package} --lib --release");
    tools.build_wasm(&Module { on: Toolchain::Current, target: WASM, build: &build, rustflags: BYTES }, out)
}

/// Another one, of which the crate does not know it, unless these flags say so: the linker is told by the program's own build script.
fn unseen(rustflags: &'static str, tools: &Tools, out: &Out) -> Result<Utf8PathBuf> {
    let build = format!("-p {SMALL_PAGES} --lib --release --features unseen");
    tools.build_wasm(&Module { on: Toolchain::Current, target: WASM, build: &build, rustflags }, out)
}

/// The oldest node that has such memories without being told to.
fn in_node_24(script: &str, module: &Utf8Path, tools: &Tools) -> Task {
    tools.node_at(NODE_24.path(tools)).args(script).arg(module)
}

fn in_wasmtime(module: &Utf8Path, tools: &Tools, out: &Out) -> Result<()> {
    let python = Host::Wasmtime.prepare(tools.node_at("python3"), tools);
    python.args("tests/hosts/exports_in_wasmtime.py").arg(module).run(out)
}

/// What `freehold.h` declares.
fn from_c(tools: &Tools, out: &Out) -> Result<()> {
    let library = build("-p freehold-c", "a", tools, out)?;
    let module = c::module(tools, "wasm64", library, out)?;
    in_node_24(c::RUNS, &module, tools).run(out)
}

/// All heaps side by side, C's names among them.
fn soak(tools: &Tools, out: &Out) -> Result<()> {
    let module = module(SOAK, tools, out)?.into_os_string();
    let script = Path::new("tests/hosts/threads/alone.mjs").into();
    run("alone", OPERATIONS, [NODE_24.path(tools).into(), script, module], |node| node, tools, out)
}
