//! The programs that measure: the crate `rows`, built four ways.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Message, MetadataCommand};

use crate::report::Platform;

/// The crate with the rows.
pub const PACKAGE: &str = "freehold-perf-rows";
const WASM: &str = "wasm32-unknown-unknown";

/// This repository, and where things are built.
pub struct Workshop {
    root: PathBuf,
    target: PathBuf,
}

/// What a program is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// The clock, and callgrind.
    Timed,
    /// Counting bytes.
    Counting,
}

/// A program that measures.
pub struct Program {
    /// The native program, or the module.
    path: PathBuf,
    /// What runs the module in node.
    runner: Option<PathBuf>,
}

impl Program {
    /// How it is called.
    pub fn command(&self) -> Command {
        match &self.runner {
            None => Command::new(&self.path),
            Some(runner) => {
                let mut node = Command::new("node");
                // From the first call on it is the optimised code that runs; a collection can be asked for.
                node.args(["--no-liftoff", "--no-wasm-tier-up", "--expose-gc"]).arg(runner).arg(&self.path);
                node
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Workshop {
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec()?;
        let target = metadata.target_directory.join("perf").into_std_path_buf();
        Ok(Self { root: metadata.workspace_root.into_std_path_buf(), target })
    }

    /// The folder of the repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A folder for files that come and go.
    pub fn scratch(&self) -> &Path {
        &self.target
    }

    /// Builds a program.
    pub fn program(&self, platform: Platform, flavour: Flavour) -> Result<Program> {
        let counting = if flavour == Flavour::Counting { " that counts bytes" } else { "" };
        eprintln!("· building the {} program{counting}", platform.name());
        let mut cargo = self.cargo();
        cargo.args(["build", "--release", "--package", PACKAGE, "--message-format", "json-render-diagnostics"]);
        // In one folder they would throw out each other's builds.
        if flavour == Flavour::Counting {
            cargo.args(["--features", "counting"]).arg("--target-dir").arg(self.target.join("counting"));
        }
        match platform {
            Platform::Native => {
                cargo.arg("--bins");
                Ok(Program { path: built(cargo, |path| path.extension().is_none())?, runner: None })
            }
            Platform::Wasm => {
                self.need_wasm()?;
                cargo.args(["--lib", "--target", WASM]);
                let path = built(cargo, |path| path.extension().is_some_and(|extension| extension == "wasm"))?;
                Ok(Program { path, runner: Some(self.root.join("tests/perf/run.mjs")) })
            }
        }
    }

    /// `cargo`, with none of the caller's flags: they would build something else than what users have.
    fn cargo(&self) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&self.root);
        for name in ["CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        cargo
    }

    /// Installs Rust's standard library for wasm if it is missing, and looks for node.
    fn need_wasm(&self) -> Result<()> {
        let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(&self.root))?;
        if !Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).join("lib").exists() {
            eprintln!("· installing the rust target {WASM}");
            output(Command::new("rustup").args(["target", "add", WASM]).current_dir(&self.root))?;
        }
        output(Command::new("node").arg("--version")).context("node 20 or later must be installed by hand").map(drop)
    }
}

/// Runs cargo and returns the file it made that is looked for.
fn built(mut cargo: Command, wanted: impl Fn(&Path) -> bool) -> Result<PathBuf> {
    let messages = output(&mut cargo)?;
    for message in Message::parse_stream(messages.as_bytes()) {
        if let Message::CompilerArtifact(artifact) = message?
            && artifact.package_id.repr.contains(PACKAGE)
        {
            let files = artifact.executable.into_iter().chain(artifact.filenames);
            let mut files = files.map(|file| file.into_std_path_buf());
            if let Some(file) = files.find(|file| wanted(file)) {
                return Ok(file);
            }
        }
    }
    bail!("cargo did not make what was asked for")
}

/// What a command wrote to its standard output; it must do well. Its errors go to the terminal.
pub fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name} ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
