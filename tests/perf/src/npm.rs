//! Packages of npm, each installed in a folder of its own below that of tools, for this repository alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::command::output;

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// A file of a package, `NAME@VERSION`, which is installed if the file is not there.
pub fn file(tools: &Path, package: &str, file: &str) -> Result<PathBuf> {
    let path = place(tools, package, file);
    if !path.exists() {
        eprintln!("· installing {package}");
        let mut npm = Command::new(NPM);
        npm.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(folder(tools, package)).arg(package);
        output(npm.stdin(Stdio::null())).with_context(|| format!("cannot install {package}"))?;
    }
    path.exists().then_some(path).with_context(|| format!("{package} has no {file}"))
}

/// Why a file of a package can't be had, if that is so.
pub fn obstacle(tools: &Path, package: &str, file: &str) -> Option<&'static str> {
    let here = || Command::new(NPM).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let can_be_had = place(tools, package, file).exists() || here().is_ok_and(|status| status.success());
    (!can_be_had)
        .then_some("no npm, which comes with node: https://nodejs.org/en/download has the line that installs it")
}

fn place(tools: &Path, package: &str, file: &str) -> PathBuf {
    folder(tools, package).join("node_modules").join(file)
}

fn folder(tools: &Path, package: &str) -> PathBuf {
    tools.join(package.replace('@', "-"))
}
