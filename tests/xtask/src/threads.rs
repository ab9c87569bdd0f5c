//! Modules whose instances share one memory.

use std::fs;

use anyhow::{Result, ensure};
use cargo_metadata::camino::Utf8PathBuf;

use crate::command::Out;
use crate::need::Need;
use crate::step::{Step, WASM};
use crate::tools::{Toolchain, Tools};
use crate::waits::waiting;

/// The folder below `target/` that they are built in. The example with threads is, too: Rust's own library is built once for all.
pub const BUILT: &str = "threads";

/// Such a module. It waits for nobody: it spins.
pub fn module(package: &str, features: &str, tools: &Tools, out: &Out) -> Result<Utf8PathBuf> {
    // The linker's own: which of the instances fills the memory. The first one does, before there are others.
    const START: &str = "__wasm_init_memory";
    let build = format!("build -p {package} --lib --release -Zbuild-std=core,alloc {features}");
    let cargo = tools.cargo(Toolchain::Nightly)?.args(&build).args("--message-format json-render-diagnostics --target");
    let cargo = cargo.arg(WASM).env("RUSTFLAGS", "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals");
    let wasm = tools.built(cargo.arg("--target-dir").arg(tools.target_dir().join(BUILT)), "wasm", out)?;
    let waiting = waiting(&fs::read(&wasm)?)?;
    // That one is found is the proof that others would be.
    ensure!(waiting == [START], "these wait: {waiting:?}");
    Ok(wasm)
}

/// A step that builds such a module of a package, and runs it.
pub fn step(
    name: impl Into<String>,
    package: &'static str,
    work: impl Fn(&Tools, &Out) -> Result<()> + Send + Sync + 'static,
) -> Step {
    let needs = [Need::Member(package), Need::Component(Toolchain::Nightly, "rust-src"), Need::Node];
    Step::new(name, work).needs(needs).tests().in_folder(BUILT)
}
