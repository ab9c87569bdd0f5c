//! What the jobs share: this workspace, the Rust toolchains, node, and wasm modules built for it.

use std::env::consts::EXE_EXTENSION;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use cargo_metadata::camino::Utf8PathBuf;
use cargo_metadata::{Message, Metadata, MetadataCommand, Package};

use crate::command::{Out, Task};

/// The program that runs wasm-bindgen tests in node.
pub const TEST_RUNNER: &str = "wasm-bindgen-test-runner";

/// The program that builds fuzz targets.
pub const FUZZER: &str = "cargo-fuzz";

/// Which Rust a command runs on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Toolchain {
    /// The one that built this program.
    Current,
    /// Whichever nightly is installed.
    Nightly,
}

/// This workspace and the programs found on this machine.
pub struct Tools {
    root: PathBuf,
    metadata: Metadata,
    nightly: Option<String>,
}

/// A wasm module to build.
pub struct Module<'a> {
    /// The Rust to build it with.
    pub on: Toolchain,
    /// The target to build it for.
    pub target: &'static str,
    /// What cargo builds: `-p some-package --release`, with any further arguments.
    pub build: &'a str,
    /// `RUSTFLAGS` of the module and what it depends on.
    pub rustflags: &'static str,
}

impl Tools {
    /// Looks around.
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec()?;
        let listed = Task::new("rustup", &root).args("toolchain list").read(&Out::Terminal).unwrap_or_default();
        let mut nightlies: Vec<_> = listed
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| name.starts_with("nightly"))
            .map(str::to_owned)
            .collect();
        // A dated nightly sorts before the plain one, and an old date before a new one.
        nightlies.sort();
        Ok(Self { root, metadata, nightly: nightlies.pop() })
    }

    /// The folder of the repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of all that is built, downloaded or logged.
    pub fn target_dir(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// Where programs installed for this repository alone are.
    pub fn tools_dir(&self) -> PathBuf {
        self.target_dir().join("tools")
    }

    /// Where a program is, once it is installed for this repository alone.
    pub fn installed(&self, name: &str) -> PathBuf {
        self.tools_dir().join("bin").join(name).with_extension(EXE_EXTENSION)
    }

    /// All packages of this workspace.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.metadata.packages.iter()
    }

    /// A package of this workspace.
    pub fn member(&self, name: &str) -> Result<&Package> {
        let mut packages = self.metadata.packages.iter();
        packages.find(|package| package.name == name).with_context(|| format!("this workspace has no package {name}"))
    }

    /// The version of a package, of this workspace or not, that the lock file holds.
    pub fn locked_version(&self, name: &str) -> Result<String> {
        let all = MetadataCommand::new().manifest_path(self.root.join("Cargo.toml")).exec()?;
        let package = all.packages.iter().find(|package| package.name == name);
        Ok(package.with_context(|| format!("nothing here depends on {name}"))?.version.to_string())
    }

    /// Any program, run in the folder of the repository.
    pub fn program(&self, program: &Path) -> Task {
        Task::new(program, &self.root)
    }

    /// `program` of a toolchain, or one that calls such programs.
    pub fn rust(&self, on: Toolchain, program: impl AsRef<OsStr>) -> Result<Task> {
        Ok(match on {
            Toolchain::Current => Task::new(program, &self.root),
            Toolchain::Nightly => Task::new("rustup", &self.root).arg("run").arg(self.nightly()?).arg(program),
        })
    }

    /// Where a toolchain's parts are.
    pub fn sysroot(&self, on: Toolchain, out: &Out) -> Result<PathBuf> {
        Ok(self.rust(on, "rustc")?.args("--print sysroot").read(out)?.trim().into())
    }

    /// `cargo`, with none of the caller's flags: they would build something else than what is checked.
    pub fn cargo(&self, on: Toolchain) -> Result<Task> {
        self.cargo_by(on, "cargo")
    }

    /// The same, called by `program`.
    pub fn cargo_by(&self, on: Toolchain, program: impl AsRef<OsStr>) -> Result<Task> {
        const FLAGS: [&str; 6] = [
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_ENCODED_RUSTFLAGS",
            "MIRIFLAGS",
            "RUSTDOCFLAGS",
            "RUSTFLAGS",
        ];
        // What would be kept for the next change is gigabytes, and a step builds what is in one version.
        let program = self.rust(on, program)?.env("CARGO_INCREMENTAL", "0");
        Ok(FLAGS.into_iter().fold(program, Task::env_remove))
    }

    /// `rustup`, for a toolchain.
    pub fn rustup(&self, on: Toolchain, words: &str) -> Result<Task> {
        let rustup = Task::new("rustup", &self.root).args(words);
        Ok(match on {
            Toolchain::Current => rustup,
            Toolchain::Nightly => rustup.arg("--toolchain").arg(self.nightly()?),
        })
    }

    /// `node`. A script that hangs is stopped.
    pub fn node(&self) -> Task {
        self.node_at("node")
    }

    /// Another `node`.
    pub fn node_at(&self, program: impl AsRef<OsStr>) -> Task {
        Task::new(program, &self.root).limit(Duration::from_secs(10 * 60))
    }

    /// Builds a wasm module and returns where it is.
    pub fn build_wasm(&self, module: &Module<'_>, out: &Out) -> Result<Utf8PathBuf> {
        self.build(module, "wasm", out)
    }

    /// Builds what has files of its own, and returns the one with this extension.
    pub fn build(&self, module: &Module<'_>, extension: &str, out: &Out) -> Result<Utf8PathBuf> {
        let words = |job: &str| {
            let cargo = self.cargo(module.on)?.args(job).args("--message-format json-render-diagnostics");
            anyhow::Ok(cargo.args(module.build).arg("--target").arg(module.target))
        };
        // What is for the linker alone is told for the module alone: what it depends on is the same as that of other modules. (But how large
        // pages are the crate sees.)
        let mut flags = module.rustflags.split_whitespace();
        let linked = flags.all(|flag| flag.starts_with("-Clink-arg=") && !flag.contains("--page-size"));
        if module.on == Toolchain::Current && linked && !module.rustflags.is_empty() {
            return self.built(words("rustc")?.arg("--").args(module.rustflags), extension, out);
        }
        let mut cargo = words("build")?;
        if module.on == Toolchain::Nightly || !module.rustflags.is_empty() {
            // A folder for each set of flags: in a shared one they would throw out each other's builds.
            let on = if module.on == Toolchain::Nightly { "nightly" } else { "current" };
            let folder = format!("{on}-{}", module.rustflags).replace(|c: char| !c.is_ascii_alphanumeric(), "-");
            cargo = cargo.arg("--target-dir").arg(self.target_dir().join("modules").join(folder));
        }
        if !module.rustflags.is_empty() {
            cargo = cargo.env("RUSTFLAGS", module.rustflags);
        }
        self.built(cargo, extension, out)
    }

    /// Runs a build that writes messages in JSON, and returns the file with this extension that it made.
    pub fn built(&self, cargo: Task, extension: &str, out: &Out) -> Result<Utf8PathBuf> {
        let messages = cargo.read(out)?;
        let mut built = None;
        for message in Message::parse_stream(messages.as_bytes()) {
            if let Message::CompilerArtifact(artifact) = message? {
                let file = artifact.filenames.into_iter().find(|file| file.extension() == Some(extension));
                built = file.or(built);
            }
        }
        built.with_context(|| format!("cargo made no `.{extension}`"))
    }

    /// A C compiler that knows wasm, by its name.
    pub fn clang(&self) -> Result<String> {
        let names = ["clang-19", "clang", "clang-20", "clang-21"];
        let knows = |name: &&str| {
            let targets = Task::new(name, &self.root).args("--print-targets").read(&Out::Terminal);
            targets.is_ok_and(|targets| targets.contains("wasm32"))
        };
        names.into_iter().find(knows).map(str::to_owned).context("no clang that knows wasm32")
    }

    /// The name of a nightly toolchain.
    pub fn nightly(&self) -> Result<&str> {
        self.nightly.as_deref().context("no nightly Rust: `rustup toolchain install nightly` gets one")
    }
}
