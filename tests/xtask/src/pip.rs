//! Packages of Python's, each installed in a folder of its own below that of tools, for this repository alone: nothing else on this machine sees them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command::Out;
use crate::tools::Tools;

/// A package, in this version.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pip {
    name: &'static str,
    version: &'static str,
}

/// What runs WASI programs beside node.
pub const WASMTIME: Pip = Pip { name: "wasmtime", version: "50.0.1" };
/// Zig's compiler. `cargo perf` and the example have the same one in the same place.
pub const ZIG: Pip = Pip { name: "ziglang", version: include_str!("../ziglang").trim_ascii_end() };

impl Pip {
    /// Where it is, once it is installed.
    pub fn folder(self, tools: &Tools) -> PathBuf {
        tools.tools_dir().join(self.name)
    }

    /// Looks whether it is there, or can be had.
    pub fn look(self, tools: &Tools) -> Result<()> {
        if self.is_there(tools) {
            return Ok(());
        }
        let pip = tools.program(Path::new("python3")).args("-m pip --version").read(&Out::Terminal).map(drop);
        pip.context("no Python with pip: `apt-get install python3-pip` gets it on Debian")
    }

    /// Installs it if it is not there.
    pub fn meet(self, tools: &Tools, out: &Out) -> Result<()> {
        if self.is_there(tools) {
            return Ok(());
        }
        let Pip { name, version } = self;
        out.say(&format!("installing {name} {version}"));
        // pip leaves another version's record where it is, by which that would be taken for the one that is there.
        let folder = self.folder(tools);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        let pip = tools.program(Path::new("python3"));
        let pip = pip.args("-m pip install --quiet --disable-pip-version-check --upgrade --target");
        let pip = pip.arg(folder).arg(format!("{name}=={version}")).run(out);
        pip.with_context(|| format!("cannot install {name}"))
    }

    fn is_there(self, tools: &Tools) -> bool {
        self.folder(tools).join(format!("{}-{}.dist-info", self.name, self.version)).exists()
    }
}
