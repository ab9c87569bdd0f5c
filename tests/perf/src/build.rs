//! The programs that measure: the crate `rows`, built four ways, and the crate `heaps`, a program for each allocator.

use std::env::consts::EXE_EXTENSION;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{Message, MetadataCommand};

use crate::command::{output, sysroot};
use crate::engine::Engine;
use crate::foreign::{self, Foreign};
use crate::heap::Heap;
use crate::kind::{Kind, Place, Platform};

/// The crate with the rows of arenas and pools.
pub const ROWS: &str = "freehold-perf-rows";
/// The crate with the rows of global allocators, and of layers around one.
pub const HEAPS: &str = "freehold-perf-heaps";
/// The tool that writes branch hints.
const HINT: &str = "freehold-hint";
pub const WASM: &str = "wasm32-unknown-unknown";

/// This repository, and where things are built.
pub struct Workshop {
    root: PathBuf,
    target: PathBuf,
    foreign: Vec<Foreign>,
}

/// What a program is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// The clock, and callgrind.
    Timed,
    /// Counting bytes.
    Counting,
}

/// What cargo made: a native program or a module, or one for each contender.
pub struct Built {
    paths: Vec<PathBuf>,
    /// Whose they are, if there is one for each contender.
    contenders: Vec<(String, Kind)>,
}

/// A program that measures, or one for each contender, at some place.
pub struct Program {
    /// The native programs, or the modules.
    paths: Vec<PathBuf>,
    /// Where rows are timed with it.
    pub place: Place,
    /// What runs the modules, and where its scripts are.
    engine: Option<(Engine, PathBuf)>,
    /// Whose programs they are, if there is one for each contender.
    contenders: Vec<(String, Kind)>,
}

impl Built {
    /// Run as it is.
    pub fn native(&self) -> Program {
        let place = Place { name: "native".to_owned(), platform: Platform::Native };
        Program { paths: self.paths.clone(), place, engine: None, contenders: self.contenders.clone() }
    }

    /// Each program and whose it is.
    pub fn each(&self) -> impl Iterator<Item = (&Path, &(String, Kind))> {
        self.paths.iter().map(PathBuf::as_path).zip(&self.contenders)
    }

    /// Run by an engine.
    pub fn on(&self, engine: &Engine, workshop: &Workshop) -> Program {
        let place = Place { name: engine.name.clone(), platform: Platform::Wasm };
        let engine = Some((engine.clone(), workshop.root.join("tests/perf/engines")));
        Program { paths: self.paths.clone(), place, engine, contenders: self.contenders.clone() }
    }

    /// The same with branch hints in the modules.
    pub fn hinted(&self, workshop: &Workshop) -> Result<Self> {
        eprintln!("· writing branch hints");
        let hint = |path: &PathBuf| {
            let hinted = path.with_extension("hinted.wasm");
            let mut cargo = workshop.cargo();
            cargo.args(["run", "--quiet", "--release", "--package", HINT, "--"]);
            output(cargo.arg(path).arg("-o").arg(&hinted))?;
            Ok(hinted)
        };
        let paths = self.paths.iter().map(hint).collect::<Result<_>>()?;
        Ok(Self { paths, contenders: self.contenders.clone() })
    }
}

impl Program {
    /// How it is called: natively a process for each program, in an engine one for all.
    pub fn commands(&self) -> Vec<Command> {
        match &self.engine {
            None => self.paths.iter().map(Command::new).collect(),
            Some((engine, scripts)) => vec![engine.command(scripts, &self.paths)],
        }
    }

    /// The same program, which says of its place that its modules have hints.
    pub fn with_hints(mut self) -> Self {
        self.place.name += ", hints";
        self
    }

    /// Whether what happens once can't be timed there.
    pub fn is_coarse(&self) -> bool {
        self.engine.as_ref().is_some_and(|(engine, _)| engine.is_coarse())
    }

    /// Where they are.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Whose programs they are, if there is one for each contender.
    pub fn contenders(&self) -> &[(String, Kind)] {
        &self.contenders
    }
}

impl Workshop {
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec()?;
        let target = metadata.target_directory.join("perf").into_std_path_buf();
        let root = metadata.workspace_root.into_std_path_buf();
        let foreign = foreign::find(&root, &target, &target.with_file_name("tools"));
        Ok(Self { root, target, foreign })
    }

    /// The allocators that are not Rust's and can be had here.
    pub fn foreign(&self) -> &[Foreign] {
        &self.foreign
    }

    /// The folder of the repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A folder for files that come and go.
    pub fn scratch(&self) -> &Path {
        &self.target
    }

    /// A folder for programs that are installed for this repository alone.
    pub fn tools(&self) -> PathBuf {
        self.target.with_file_name("tools")
    }

    /// Builds the program with the rows of arenas and pools.
    pub fn rows(&self, platform: Platform, flavour: Flavour) -> Result<Built> {
        let counting = if flavour == Flavour::Counting { " that counts bytes" } else { "" };
        eprintln!("· building the {} program{counting}", platform.name());
        let mut cargo = self.cargo();
        cargo.args(["build", "--release", "--package", ROWS, "--message-format", "json-render-diagnostics"]);
        // In one folder they would throw out each other's builds.
        if flavour == Flavour::Counting {
            cargo.args(["--features", "counting"]).arg("--target-dir").arg(self.target.join("counting"));
        }
        match platform {
            Platform::Native => cargo.arg("--bins"),
            Platform::Wasm => cargo.args(["--lib", "--target", WASM]),
        };
        self.built(cargo, platform, ROWS, &[])
    }

    /// Builds the programs of these global allocators; it has to be called for all of a platform at once.
    pub fn heaps(&self, platform: Platform, heaps: &[&Heap]) -> Result<Built> {
        eprintln!("· building the {} programs of {} heaps", platform.name(), heaps.len());
        let mut cargo = self.cargo();
        cargo.args(["build", "--profile", "heaps", "--package", HEAPS, "--message-format", "json-render-diagnostics"]);
        for heap in heaps {
            cargo.args(["--bin", heap.program]);
        }
        if platform == Platform::Wasm {
            cargo.args(["--target", WASM]);
        }
        self.built(cargo, platform, HEAPS, heaps)
    }

    /// Runs cargo and looks for what it made: the programs of these contenders in their order, or the only one.
    fn built(&self, cargo: Command, platform: Platform, package: &str, heaps: &[&Heap]) -> Result<Built> {
        let extension = match platform {
            Platform::Native => EXE_EXTENSION,
            Platform::Wasm => {
                self.need_target(WASM)?;
                "wasm"
            }
        };
        let mut made = made(cargo, package)?;
        made.retain(|path| path.extension().unwrap_or_default() == extension);
        let find = |name: &str| made.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name)).cloned();
        let paths: Option<Vec<PathBuf>> = match heaps {
            [] => made.first().map(|path| vec![path.clone()]),
            _ => heaps.iter().map(|heap| find(heap.program)).collect(),
        };
        let paths = paths.context("cargo did not make what was asked for")?;
        let contenders = heaps.iter().map(|heap| (heap.name.to_owned(), heap.kind)).collect();
        Ok(Built { paths, contenders })
    }

    /// `cargo`, with none of the caller's flags: they would build something else than what users have.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&self.root);
        for name in ["CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        cargo.envs(self.foreign.iter().map(|foreign| (foreign.variable, &foreign.object)));
        cargo
    }

    /// Installs Rust's standard library for a target if it is missing.
    pub fn need_target(&self, target: &str) -> Result<()> {
        if !sysroot(&self.root)?.join("lib/rustlib").join(target).join("lib").exists() {
            eprintln!("· installing the rust target {target}");
            output(Command::new("rustup").args(["target", "add", target]).current_dir(&self.root))?;
        }
        Ok(())
    }
}

/// Runs cargo and returns the files that it made of a package.
pub fn made(mut cargo: Command, package: &str) -> Result<Vec<PathBuf>> {
    let messages = output(&mut cargo)?;
    let mut made = Vec::new();
    for message in Message::parse_stream(messages.as_bytes()) {
        if let Message::CompilerArtifact(artifact) = message?
            && artifact.package_id.repr.contains(package)
        {
            let files = artifact.executable.into_iter().chain(artifact.filenames);
            made.extend(files.map(|file| file.into_std_path_buf()));
        }
    }
    Ok(made)
}
