//! What only a nightly compiler can do.

use anyhow::{Result, ensure};
use cargo_metadata::camino::Utf8PathBuf;

use crate::command::{Out, Task};
use crate::fuzz;
use crate::need::Need;
use crate::step::{Step, WASM};
use crate::tools::{Module, Toolchain, Tools};

/// These checks.
pub fn steps() -> Vec<Step> {
    let controls = SIDE_MODULE_CONTROLS.iter().map(|(features, says)| side_module_control(features, says));
    let sanitizers = SANITIZERS.iter().map(|sanitizer| found_by(sanitizer));
    [std_allocator(), side_module(), suite_sanitized()].into_iter().chain(controls).chain(sanitizers).collect()
}

/// Anything in a program may turn on allocator-api2's feature `nightly`, which makes its `Allocator` std's own; or nothing does.
/// Neither warns.
fn std_allocator() -> Step {
    const MANIFEST: &str = "tests/hosts/std-allocator/Cargo.toml";
    const BUILT: &str = "std-allocator";
    Step::new("hosts: std's allocator", |tools, out| {
        ["", "--features nightly"].into_iter().try_for_each(|features| {
            let cargo = tools.cargo(Toolchain::Nightly)?.args("run --locked --manifest-path").arg(MANIFEST);
            let cargo = cargo.args(features).arg("--target-dir").arg(tools.target_dir().join(BUILT));
            cargo.env("RUSTFLAGS", "-Dwarnings").run(out)
        })
    })
    .needs([Need::Nightly])
    .in_folder(BUILT)
}

const SIDE_MODULE: &str = "freehold-side-module";

/// What can't be in a side module, by the features that put it there, and what the linker says of it.
const SIDE_MODULE_CONTROLS: &[(&str, &str)] =
    &[("draw", "undefined symbol: __stack_low"), ("heap-tail", "undefined symbol: __heap_base")];

/// A module without an address of its own. core must be position-independent as well, and the one that comes with Rust isn't. The linker
/// exports, and so keeps, all that is in the crate's own objects, whether anybody needs it or not.
fn build_side_module(features: &str, tools: &Tools, out: &Out) -> Result<Utf8PathBuf> {
    let build = format!("-p {SIDE_MODULE} --lib --release -Zbuild-std=core {features}");
    let rustflags = "-Crelocation-model=pic -Clink-arg=-shared -Clink-arg=--experimental-pic";
    tools.build_wasm(&Module { on: Toolchain::Nightly, target: WASM, build: &build, rustflags }, out)
}

fn side_module() -> Step {
    Step::new("hosts: h39 side module", |tools, out| {
        tools.node().args("tests/hosts/side-module/run.mjs").arg(build_side_module("", tools, out)?).run(out)
    })
    .needs(side_module_needs())
    .needs([Need::Node])
    .tests()
    .in_folder(SIDE_MODULE)
}

fn side_module_control(features: &'static str, says: &'static str) -> Step {
    Step::new(format!("hosts: h39 side module, {features}, control"), move |tools, out| {
        let built = build_side_module(&format!("--features {features}"), tools, out);
        ensure!(built.is_err(), "it builds");
        ensure!(out.text()?.contains(says), "it does not say {says:?}");
        Ok(())
    })
    .needs(side_module_needs())
    .in_folder(SIDE_MODULE)
}

fn side_module_needs() -> [Need; 2] {
    [Need::Member(SIDE_MODULE), Need::Component(Toolchain::Nightly, "rust-src")]
}

const SANITIZED: &str = "freehold-sanitizers";
/// The folder below `target/` for what has a sanitizer in it.
const SANITIZED_IN: &str = "sanitized";
const SANITIZERS: &[&str] = &["address", "leak"];

/// The suite's tests under AddressSanitizer: all but those that take longest and do what others do, or start processes under limits that
/// leave the sanitizer no room. And where there is a sanitizer, what is done with is told to that, and not filled; and that ends a program which
/// does what the debug layer must find.
const SUITE: &str = "test -p freehold-suite --test host --test panics --test foreign -- --skip conformance --skip every_manner \
     --skip what_is_done_with_is_filled --skip must_find";

/// cargo, for programs with a sanitizer in them. The sanitizer is for the program, not for what builds it: so a target is named, though it
/// is this machine.
fn sanitized(by: &str, words: &str, tools: &Tools, out: &Out) -> Result<Task> {
    let (build, rest) = words.split_once(" -- ").unwrap_or((words, ""));
    let target = fuzz::host(tools, out)?;
    let folder = tools.target_dir().join(SANITIZED_IN).join(by);
    let cargo = tools.cargo(Toolchain::Nightly)?.env("RUSTFLAGS", format!("-Zsanitizer={by}"));
    // A request that no allocator can meet is no fault, but a test.
    let cargo = cargo.env("ASAN_OPTIONS", "allocator_may_return_null=1").args(build);
    Ok(cargo.arg("--target").arg(target).arg("--target-dir").arg(folder).arg("--").args(rest))
}

/// Programs that a sanitizer must end, each with a twin in which it must find nothing.
fn found_by(sanitizer: &'static str) -> Step {
    Step::new(format!("hosts: h41 found by -Zsanitizer={sanitizer}"), move |tools, out| {
        sanitized(sanitizer, &format!("run -p {SANITIZED} -- {sanitizer}"), tools, out)?.run(out)
    })
    .needs([Need::Member(SANITIZED), Need::Nightly])
    .tests()
    .in_folder(SANITIZED_IN)
}

/// Where nothing is wrong, nothing is found.
fn suite_sanitized() -> Step {
    Step::new("suite with -Zsanitizer=address", |tools, out| sanitized("address", SUITE, tools, out)?.run(out))
        .needs([Need::Nightly])
        .tests()
        .in_folder(SANITIZED_IN)
}
