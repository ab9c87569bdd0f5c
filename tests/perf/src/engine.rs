//! What runs wasm modules: the engines that users have.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::Serialize;

use crate::npm;

/// The newest node that npm had when this was written.
const NEWEST_NODE: &str = include_str!("../../xtask/newest-node").trim_ascii_end();
/// It has the engine of Safari.
const BUN: &str = "bun@1.4.5";

/// An engine that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// The node on the path
    Node,
    /// The newest node that npm had
    NewestNode,
    /// Headless Chromium
    Chromium,
    /// Bun, which has Safari's engine
    Bun,
}

/// An engine that is there.
#[derive(Clone)]
pub struct Engine {
    choice: Choice,
    program: PathBuf,
    /// As tables call it, with its version.
    pub name: String,
    /// Whether it reads branch hints without being told to.
    pub reads_hints: bool,
}

/// An engine that is not, and why.
#[derive(Debug, Serialize)]
pub struct Missing {
    pub name: &'static str,
    pub why: String,
}

/// Looks for all of these; what comes from npm is installed.
pub fn find(tools: &Path, choices: &[Choice]) -> (Vec<Engine>, Vec<Missing>) {
    let mut engines: Vec<Engine> = Vec::new();
    let mut missing = Vec::new();
    for choice in choices {
        match choice.find(tools) {
            Ok(engine) => match engines.iter().find(|other| other.name == engine.name) {
                Some(_) => missing.push(Missing { name: choice.name(), why: "it is the one on the path".to_owned() }),
                None => engines.push(engine),
            },
            Err(error) => missing.push(Missing { name: choice.name(), why: format!("{error:#}") }),
        }
    }
    (engines, missing)
}

impl Choice {
    fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::NewestNode => "the newest node",
            Self::Chromium => "Chromium",
            Self::Bun => "bun",
        }
    }

    fn find(self, tools: &Path) -> Result<Engine> {
        let (program, version) = match self {
            Self::Node => {
                let found = version(Path::new("node"));
                ("node".into(), found.context("https://nodejs.org/en/download has the line that installs it")?)
            }
            Self::NewestNode => {
                let program = npm::file(tools, NEWEST_NODE, ".bin/node")?;
                let version = version(&program)?;
                (program, version)
            }
            Self::Bun => {
                let program = npm::file(tools, BUN, ".bin/bun")?;
                let version = version(&program)?;
                (program, version)
            }
            Self::Chromium => {
                let names = ["chromium", "chromium-browser", "google-chrome", "chrome"].map(PathBuf::from);
                let found = names.into_iter().find_map(|name| Some((version(&name).ok()?, name)));
                let (version, name) =
                    found.context("on Debian `apt-get install --no-install-recommends chromium` gets it")?;
                (name, version)
            }
        };
        // V8 13.7 is the first that reads them by itself.
        let (name, since) = match self {
            Self::Node | Self::NewestNode => ("node", 25),
            Self::Chromium => ("Chromium", 136),
            Self::Bun => ("bun", u32::MAX),
        };
        let major: u32 = version.split('.').next().unwrap_or_default().parse()?;
        // Of a browser's four numbers the first says all.
        let shown = if self == Self::Chromium { major.to_string() } else { version };
        Ok(Engine { choice: self, program, name: format!("{name} {shown}"), reads_hints: major >= since })
    }
}

impl Engine {
    /// How it runs modules. A collection can be asked for; all else is as users have it.
    pub fn command(&self, scripts: &Path, modules: &[PathBuf]) -> Command {
        let mut command = match self.choice {
            Choice::Node | Choice::NewestNode => {
                let mut node = Command::new(&self.program);
                node.arg("--expose-gc").arg(scripts.join("run.mjs"));
                node
            }
            Choice::Bun => {
                let mut bun = Command::new(&self.program);
                // Its engine keeps room to grow for eight memories; any more is copied as a whole for each page that it grows by. A program
                // with one module has such room, and here each contender is to have it.
                bun.env("BUN_JSC_maxNumWasmFastMemories", "64").arg(scripts.join("run.mjs"));
                bun
            }
            Choice::Chromium => {
                let mut node = Command::new("node");
                node.arg(scripts.join("browser.mjs")).arg(&self.program);
                node
            }
        };
        command.args(modules);
        command
    }

    /// Whether its clock is too coarse for what happens once: a browser's ticks every 5 µs.
    pub fn is_coarse(&self) -> bool {
        self.choice == Choice::Chromium
    }
}

/// The numbers in what a program says of its version.
fn version(program: &Path) -> Result<String> {
    let said = Command::new(program).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output();
    let said = said.with_context(|| format!("no {} here", program.display()))?;
    if !said.status.success() {
        bail!("{} --version ended with {}", program.display(), said.status);
    }
    number(&String::from_utf8_lossy(&said.stdout)).with_context(|| format!("{} has no version", program.display()))
}

fn number(said: &str) -> Option<String> {
    let word = said.split_whitespace().map(|word| word.trim_start_matches('v'));
    word.into_iter().find(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_is_said() {
        let said = ["v20.20.2\n", "1.4.5\n", "Chromium 156.0.8078.108 built on Debian GNU/Linux 12 (bookworm)\n"];
        let numbers = said.map(|said| number(said).unwrap());
        assert_eq!(numbers, ["20.20.2", "1.4.5", "156.0.8078.108"]);
        assert_eq!(number("command not found"), None);
    }
}
