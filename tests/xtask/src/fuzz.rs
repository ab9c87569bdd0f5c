//! Fuzzing: the targets of `tests/fuzz`, built by cargo-fuzz and run from here, so that all that they write lies under `target/fuzz`.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cargo_metadata::Target;

use crate::command::Out;
use crate::tools::{FUZZER, Toolchain, Tools};

const PACKAGE: &str = "freehold-fuzz";

/// What a target may take to be built, and to notice that its time is over.
const BESIDES: Duration = Duration::from_secs(10 * 60);

/// The names of the targets.
pub fn targets(tools: &Tools) -> Result<Vec<String>> {
    let targets = tools.member(PACKAGE)?.targets.iter();
    Ok(targets.filter(|target| Target::is_bin(target)).map(|target| target.name.clone()).collect())
}

/// Runs a target for so long, on from what earlier runs have learnt.
pub fn run(tools: &Tools, target: &str, seconds: u64, out: &Out) -> Result<()> {
    let folder = tools.target_dir().join("fuzz");
    let [seeds, corpus, found] = ["seeds", "corpus", "found"].map(|name| folder.join(name).join(target));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&found)?;
    let cargo = tools.cargo(Toolchain::Current)?.args("run --example seeds -p").arg(PACKAGE).arg("--");
    cargo.arg(&seeds).run(out)?;

    // AddressSanitizer knows nothing of what is in use inside a ledger's memory; the programs themselves check every byte.
    let (built, host) = (folder.join("build"), host(tools, out)?);
    let cargo = tools.cargo_by(Toolchain::Nightly, tools.installed(FUZZER))?;
    let cargo = cargo.args("fuzz build --sanitizer none --fuzz-dir tests/fuzz").arg(target);
    cargo.arg("--target").arg(&host).arg("--target-dir").arg(&built).run(out)?;

    let program = built.join(&host).join("release").join(format!("{target}{EXE_SUFFIX}"));
    let prefix = format!("-artifact_prefix={}", found.join("").display());
    // A program takes milliseconds: one that takes minutes has met a list that goes in circles.
    let fuzzer = tools.program(&program).args("-max_len=4096 -timeout=120").arg(prefix);
    let fuzzer = fuzzer.arg(format!("-max_total_time={seconds}"));
    let status = fuzzer.arg(&corpus).arg(&seeds).limit(Duration::from_secs(seconds) + BESIDES).status(out)?;
    if status.success() {
        return Ok(());
    }
    let said = out.text()?;
    // Those before the last one were slow, no more.
    let Some((_, input)) = said.lines().rev().find_map(|line| line.split_once("Test unit written to ")) else {
        bail!("the fuzzer ended with {status}");
    };
    bail!("it found {input}: `cargo run -p {PACKAGE} --bin {target} -- {input}` shows it again")
}

/// The target of this machine.
pub fn host(tools: &Tools, out: &Out) -> Result<String> {
    let version = tools.rust(Toolchain::Nightly, "rustc")?.args("-vV").read(out)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}
