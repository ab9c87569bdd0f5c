//! Modules whose instances share one memory.

use std::fs;

use anyhow::{Result, ensure};
use cargo_metadata::camino::Utf8PathBuf;

use crate::command::Out;
use crate::need::Need;
use crate::step::WASM;
use crate::tools::{Module, Toolchain, Tools};
use crate::waits::waiting;

/// Such a module. It waits for nobody: it spins.
pub fn module(package: &str, features: &str, tools: &Tools, out: &Out) -> Result<Utf8PathBuf> {
    // The linker's own: which of the instances fills the memory. The first one does, before there are others.
    const START: &str = "__wasm_init_memory";
    let build = format!("-p {package} --lib --release -Zbuild-std=core,alloc {features}");
    let rustflags = "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals";
    let wasm = tools.build_wasm(&Module { on: Toolchain::Nightly, target: WASM, build: &build, rustflags }, out)?;
    let waiting = waiting(&fs::read(&wasm)?)?;
    // That one is found is the proof that others would be.
    ensure!(waiting == [START], "these wait: {waiting:?}");
    Ok(wasm)
}

/// What it takes to build it and run it.
pub fn needs(package: &'static str) -> [Need; 3] {
    [Need::Member(package), Need::Component(Toolchain::Nightly, "rust-src"), Need::Node]
}
