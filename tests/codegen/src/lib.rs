//! Reads compiled hot loops and counts what they do. `tests/hot_loops.rs` says how much of it may be bookkeeping.

use std::iter::Sum;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use graph::{Graph, Loop};

mod graph;
pub mod wasm;
pub mod x86;

/// What one innermost loop does: the instructions on its hot way, which is the way around that makes no call. Where that
/// way parts and joins again, both branches are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All instructions.
    pub instructions: usize,
    /// Reads of memory.
    pub loads: usize,
    /// Writes to memory.
    pub stores: usize,
    /// Calls: none, if there is a way around without. Wasm's bulk copies are calls too: V8 calls its runtime for them.
    pub calls: usize,
    /// Calls of the loop that are off the hot way.
    pub cold_calls: usize,
    /// Conditional branches: back to the loop's start, to a cold path or past it, out of the loop. (Jumps that are always
    /// taken cost next to nothing, and come and go with the layout.)
    pub branches: usize,
    /// Uses of the stack pointer: of wasm's global, of `rsp` on x86-64.
    pub stack: usize,
}

impl Counts {
    fn of_loops(graph: &Graph, count: impl Fn(usize) -> Counts) -> Vec<Counts> {
        let loops = graph.innermost_loops().into_iter();
        loops
            .map(|Loop { hot, cold_calls }| Counts {
                cold_calls: cold_calls.len(),
                ..hot.into_iter().map(&count).sum()
            })
            .collect()
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(counts: I) -> Counts {
        counts.fold(Counts::default(), |sum, one| Counts {
            instructions: sum.instructions + one.instructions,
            loads: sum.loads + one.loads,
            stores: sum.stores + one.stores,
            calls: sum.calls + one.calls,
            cold_calls: sum.cold_calls + one.cold_calls,
            branches: sum.branches + one.branches,
            stack: sum.stack + one.stack,
        })
    }
}

/// The functions of `tests/codegen/module`, compiled for release as a user would: for a target, or for this machine.
/// `panic` is what a panic does, `abort` or `unwind`. What the build leaves goes to `folder`.
///
/// # Panics
///
/// If they can't be built.
pub fn compile(folder: &Path, target: Option<&str>, panic: &str) -> Vec<u8> {
    let folder = folder.join(panic);
    let variables = [("CARGO_PROFILE_RELEASE_PANIC", panic)];
    build(&folder, "freehold-codegen-module", "release", &[], target, &variables)
}

/// The smallest wasm module with what a feature of `tests/perf/size` names, and with the names of its functions.
///
/// # Panics
///
/// If it can't be built.
pub fn smallest(folder: &Path, feature: &str) -> Vec<u8> {
    let options = ["--features", feature];
    build(&folder.join(feature), "freehold-perf-size", "size-named", &options, Some("wasm32-unknown-unknown"), &[])
}

fn build(
    folder: &Path,
    package: &str,
    profile: &str,
    options: &[&str],
    target: Option<&str>,
    variables: &[(&str, &str)],
) -> Vec<u8> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--profile", profile, "--package", package, "--target-dir"]).arg(folder);
    cargo.args(options);
    cargo.args(target.into_iter().flat_map(|target| ["--target", target]));
    // A caller's flags, a coverage tool's for instance, would change what is compiled.
    for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(flags);
    }
    cargo.envs(variables.iter().copied());
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo runs");
    assert!(status.success(), "{package} can't be built for {}", target.unwrap_or("this machine"));
    let (prefix, suffix) = match target {
        Some(_) => ("", ".wasm"),
        None => (env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX),
    };
    let name = package.replace('-', "_");
    let file = folder.join(target.unwrap_or("")).join(profile).join(format!("{prefix}{name}{suffix}"));
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
