//! Modules of this workspace with the hints that `src/tools/hint` writes: still valid, still the same, in node and past `wasm-opt`.

use anyhow::Result;
use cargo_metadata::camino::{Utf8Path, Utf8PathBuf};

use crate::command::Out;
use crate::need::{Need, wasm_opt};
use crate::step::{CHECKED, Step, WASM};
use crate::tools::{Module, Toolchain, Tools};

const PACKAGE: &str = "freehold-hint";
/// A module with a scope in a hot loop, and a heap.
const EXAMPLE: &str = "freehold-example-javascript";
const SCRIPT: &str = "tests/hosts/hints/run.mjs";
const SUITE: &str = "freehold-bare";

/// What has node read hints that would not do so by itself: before 25.
pub const FLAG: &str = "--experimental-wasm-branch-hinting";

/// Writes hints into a module, and returns where that is: beside it.
pub fn hinted(module: &Utf8Path, tools: &Tools, out: &Out) -> Result<Utf8PathBuf> {
    let hinted = module.with_extension("hinted.wasm");
    let cargo = tools.cargo(Toolchain::Current)?.args("run --quiet --package").arg(PACKAGE).arg("--");
    cargo.arg(module).arg("-o").arg(&hinted).run(out)?;
    Ok(hinted)
}

/// The checks of it that take more than the package's own tests.
pub fn steps() -> [Step; 2] {
    let needs = [Need::Member(PACKAGE), Need::Target(Toolchain::Current, WASM), Need::Node];
    [
        Step::new("hints: past wasm-opt", round_trip)
            .needs(needs)
            .needs([Need::Member(EXAMPLE), Need::WasmOpt])
            .tests(),
        Step::new("hints: wasm without std", suite).needs(needs).needs([Need::Member(SUITE)]).tests(),
    ]
}

fn round_trip(tools: &Tools, out: &Out) -> Result<()> {
    let build = format!("-p {EXAMPLE} --lib --release");
    let module =
        tools.build_wasm(&Module { on: Toolchain::Current, target: WASM, build: &build, rustflags: "" }, out)?;
    let hinted = hinted(&module, tools, out)?;
    let rewritten = module.with_extension("rewritten.wasm");
    let optimise = tools.node().arg(wasm_opt(tools)).args("-O3 --all-features --strip-debug");
    optimise.arg(&hinted).arg("-o").arg(&rewritten).run(out)?;
    tools.node().arg(FLAG).arg(SCRIPT).arg(module).arg(hinted).arg(rewritten).run(out)
}

/// Every case of the suite, in the module that the script runs without hints too.
fn suite(tools: &Tools, out: &Out) -> Result<()> {
    let build = format!("-p {SUITE} --release");
    let module =
        tools.build_wasm(&Module { on: Toolchain::Current, target: WASM, build: &build, rustflags: CHECKED }, out)?;
    tools.node().arg(FLAG).args("tests/bare/run.mjs").arg(hinted(&module, tools, out)?).run(out)
}
