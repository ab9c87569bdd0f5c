//! How much an allocator adds to a module: the crate `size`, built with each.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::build::{WASM, Workshop, made};
use crate::command::output;
use crate::heaps::HEAPS;
use crate::kind::Platform;
use crate::npm;
use crate::report::{Report, Size, Sizes};

const PACKAGE: &str = "freehold-perf-size";

/// The npm package that has `wasm-opt` in it. `cargo verify` has the same one in the same place.
const BINARYEN: &str = include_str!("../../xtask/binaryen").trim_ascii_end();

const WASM_OPT: &str = "binaryen/bin/wasm-opt";

/// What every browser has by now, and rustc uses.
const FEATURES: [&str; 6] =
    ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext"];

/// Builds the modules and looks how large they are.
pub fn run(workshop: &Workshop, report: &mut Report) -> Result<()> {
    eprintln!("· building the smallest modules");
    workshop.need_target(WASM)?;
    let optimiser = npm::file(&workshop.tools(), BINARYEN, WASM_OPT);
    if let Err(error) = &optimiser {
        eprintln!("· sizes without wasm-opt: {error:#}");
    }
    let optimiser = optimiser.ok();
    let size = |name| size(workshop, name, optimiser.as_deref());
    let none = size("none")?;
    let mut sizes = Vec::new();
    for heap in HEAPS.all(workshop, Platform::Wasm) {
        let added = size(heap.program)?.saturating_sub(none);
        sizes.push(Size { name: heap.name.to_owned(), kind: heap.kind, added });
    }
    report.sizes = Some(Sizes { optimised: optimiser.is_some(), none, heaps: sizes });
    Ok(())
}

/// The bytes of a module with an allocator.
fn size(workshop: &Workshop, name: &str, optimiser: Option<&Path>) -> Result<u64> {
    // A folder for each: they would all make the same file.
    let folder = workshop.scratch().join("size").join(name);
    let mut cargo = workshop.cargo();
    cargo.args(["build", "--quiet", "--profile", "size", "--package", PACKAGE, "--target", WASM]);
    cargo.args(["--message-format", "json-render-diagnostics", "--features", name, "--target-dir"]).arg(&folder);
    let made = made(cargo, PACKAGE)?;
    let module = made.iter().find(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    let module = module.context("cargo made no module")?;
    let Some(optimiser) = optimiser else { return Ok(fs::metadata(module)?.len()) };
    let smaller = folder.join("smaller.wasm");
    let mut node = Command::new("node");
    node.arg(optimiser).arg("-Oz").args(FEATURES.map(|feature| format!("--enable-{feature}")));
    output(node.arg(module).arg("-o").arg(&smaller))?;
    Ok(fs::metadata(smaller)?.len())
}

/// Why sizes will be those without `wasm-opt`, if that is so.
pub fn obstacle(workshop: &Workshop) -> Option<&'static str> {
    npm::obstacle(&workshop.tools(), BINARYEN, WASM_OPT)
}
