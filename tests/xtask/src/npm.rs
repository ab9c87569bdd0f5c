//! Packages of npm, each installed in a folder of its own below that of tools, for this repository alone.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::command::Out;
use crate::tools::Tools;

/// A package, and the file of it that is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Npm {
    /// `NAME@VERSION`.
    package: &'static str,
    /// Below `node_modules`.
    file: &'static str,
}

/// The package that has `wasm-opt` in it. `cargo perf` has the same one in the same place.
pub const BINARYEN: Npm = Npm { package: include_str!("../binaryen").trim_ascii_end(), file: "binaryen/bin/wasm-opt" };
/// The node between the oldest that the scripts were tried on and the newest.
pub const NODE_24: Npm = Npm { package: "node@24.21.0", file: ".bin/node" };
/// The newest node that npm had when this was written. `cargo perf` has the same one in the same place.
pub const NEWEST_NODE: Npm = Npm { package: include_str!("../newest-node").trim_ascii_end(), file: ".bin/node" };
/// TypeScript's compiler.
pub const TYPESCRIPT: Npm = Npm { package: "typescript@7.0.2", file: ".bin/tsc" };
/// What opens `.heapprofile`s, among many others: a page.
pub const SPEEDSCOPE: Npm = Npm { package: "speedscope@1.25.0", file: "speedscope/dist/release/index.html" };
/// The Firefox profiler, for a terminal: what its page opens, by the same code. It wants node 24.
pub const FIREFOX: Npm = Npm {
    package: "@firefox-devtools/profiler-cli@0.10.0",
    file: "@firefox-devtools/profiler-cli/dist/profiler-cli.js",
};

pub const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

impl Npm {
    /// Where the file is, once the package is installed.
    pub fn path(self, tools: &Tools) -> PathBuf {
        self.folder(tools).join("node_modules").join(self.file)
    }

    /// Looks whether it is there, or can be had.
    pub fn look(self, tools: &Tools) -> Result<()> {
        if self.path(tools).exists() {
            return Ok(());
        }
        let npm = tools.program(Path::new(NPM)).args("--version").read(&Out::Terminal).map(drop);
        npm.context("no npm, which comes with node: https://nodejs.org/en/download has the line that installs it")
    }

    /// Installs it if it is not there.
    pub fn meet(self, tools: &Tools, out: &Out) -> Result<()> {
        let Npm { package, file } = self;
        if !self.path(tools).exists() {
            out.say(&format!("installing {package}"));
            let npm = tools.program(Path::new(NPM)).args("install --no-audit --no-fund --prefix");
            let npm = npm.arg(self.folder(tools)).arg(package).run(out);
            npm.with_context(|| format!("cannot install {package}"))?;
        }
        ensure!(self.path(tools).exists(), "{package} has no {file}");
        Ok(())
    }

    fn folder(self, tools: &Tools) -> PathBuf {
        let scoped = self.package.trim_start_matches('@');
        tools.tools_dir().join(scoped.replace(['@', '/'], "-"))
    }
}
