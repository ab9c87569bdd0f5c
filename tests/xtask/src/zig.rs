//! The Zig package, `src/bindings/zig`: its tests on each target, one after the other in one program, with a Rust part beside them.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::beside_libc::{EMSCRIPTEN, Host, WASI};
use crate::command::{Out, Task};
use crate::emscripten::{self, Version};
use crate::need::Need;
use crate::pip::{WASMTIME, ZIG};
use crate::step::{Step, WASM};
use crate::tools::{Module, Toolchain, Tools};

const FOLDER: &str = "src/bindings/zig";
/// All of Zig that is here.
const SOURCES: [&str; 3] = [FOLDER, "examples/zig", "tests/perf/allocators/src"];
/// The library that the tests are linked with: `freehold.h`'s functions, and a Rust part.
const RUST: &str = "freehold-beside-zig";

/// A target, as Zig and Rust call it.
#[derive(Clone, Copy)]
struct Target {
    /// What the step's name ends with.
    name: &'static str,
    /// What `zig build` is told.
    zig: &'static str,
    /// Rust's name; none is the host.
    rust: Option<&'static str>,
    /// What runs it.
    runs: Runs,
}

#[derive(Clone, Copy)]
enum Runs {
    Natively,
    /// A script calls what it exports.
    Driven,
    /// As a WASI program.
    Wasi,
    /// Linked by Emscripten first.
    Emscripten,
}

const TARGETS: &[Target] = &[
    Target { name: "on the host", zig: "", rust: None, runs: Runs::Natively },
    Target { name: "in wasm", zig: "-Dtarget=wasm32-freestanding", rust: Some(WASM), runs: Runs::Driven },
    Target {
        name: "in wasm, as small as can be",
        zig: "-Dtarget=wasm32-freestanding -Doptimize=ReleaseSmall",
        rust: Some(WASM),
        runs: Runs::Driven,
    },
    // Without a libc there is nobody to wake: the same library as in a page.
    Target { name: "on WASI, no libc", zig: "-Dtarget=wasm32-wasi", rust: Some(WASM), runs: Runs::Wasi },
    Target { name: "on WASI", zig: "-Dtarget=wasm32-wasi -Dlibc", rust: Some(WASI), runs: Runs::Wasi },
    Target { name: "on Emscripten", zig: "-Dtarget=wasm32-emscripten", rust: Some(EMSCRIPTEN), runs: Runs::Emscripten },
];

/// A step for each, and one that needs no building.
pub fn steps() -> Vec<Step> {
    let format =
        Step::new("Zig: format", |tools, out| SOURCES.iter().fold(zig(tools).args("fmt --check"), Task::arg).run(out));
    let tests = TARGETS.iter().map(|target| {
        let needs: &[Need] = match target.runs {
            Runs::Natively => &[],
            Runs::Driven => &[Need::Node],
            Runs::Wasi => &[Need::Node, Need::Pip(WASMTIME)],
            Runs::Emscripten => &[Need::Node, Need::Emscripten(Version::Stable)],
        };
        Step::new(format!("Zig {}", target.name), move |tools, out| target.test(tools, out))
            .needs([Need::Member(RUST), Need::Pip(ZIG)])
            .needs(target.rust.map(|rust| Need::Target(Toolchain::Current, rust)))
            .needs(needs.iter().copied())
            .tests()
    });
    // Zig builds its own build system when it first runs, which keeps one processor busy for a minute or two: it's done beside other steps.
    let itself = Step::new("Zig: its build system", |tools, out| package(tools).arg("--list-steps").run(out));
    let first = [format, itself.in_folder("zig")].map(|step| step.needs([Need::Pip(ZIG)]));
    first.into_iter().chain(tests).collect()
}

/// The compiler. What it keeps lies below `target/`.
fn zig(tools: &Tools) -> Task {
    let program = ZIG.folder(tools).join("ziglang").join("zig");
    tools.program(&program).env("ZIG_GLOBAL_CACHE_DIR", tools.target_dir().join("zig").join("cache"))
}

/// `zig build`, of the package.
fn package(tools: &Tools) -> Task {
    let zig = zig(tools).args("build --build-file").arg(tools.root().join(FOLDER).join("build.zig"));
    zig.arg("--cache-dir").arg(tools.target_dir().join("zig").join("local"))
}

impl Target {
    fn test(&self, tools: &Tools, out: &Out) -> Result<()> {
        let library = self.library(tools, out)?;
        let made = self.build(&library, tools, out)?;
        match self.runs {
            Runs::Natively => tools.program(&made.join("bin/tests")).run(out),
            Runs::Driven => {
                tools.node().arg(format!("{FOLDER}/tests/run.mjs")).arg(made.join("bin/tests.wasm")).run(out)
            }
            Runs::Wasi => Host::ALL.iter().try_for_each(|host| {
                let command = host.command(tools);
                let task = Task::new(&command[0], tools.root());
                let task = command[1..].iter().fold(task, Task::arg);
                host.prepare(task, tools).arg(made.join("bin/tests.wasm")).run(out)
            }),
            Runs::Emscripten => {
                let program = made.join("tests.js");
                let emcc = emscripten::task(Version::Stable, tools, tools.root()).args("emcc -O1");
                // Zig's allocators ask for their callers' addresses.
                let emcc = emcc
                    .args("-sUSE_OFFSET_CONVERTER -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=64mb")
                    .arg(made.join("tests.o"));
                emcc.arg(library).arg("-o").arg(&program).run(out)?;
                tools.node().arg(program).run(out)
            }
        }
    }

    /// Rust's part.
    fn library(&self, tools: &Tools, out: &Out) -> Result<PathBuf> {
        let build = format!("-p {RUST}");
        let Some(target) = self.rust else {
            let cargo = tools.cargo(Toolchain::Current)?.args("build --message-format json-render-diagnostics");
            return Ok(tools.built(cargo.args(&build), "a", out)?.into());
        };
        let module = Module { on: Toolchain::Current, target, build: &build, rustflags: "" };
        Ok(tools.build(&module, "a", out)?.into())
    }

    /// The tests, by the package's own `build.zig`: the folder that they are in.
    fn build(&self, library: &Path, tools: &Tools, out: &Out) -> Result<PathBuf> {
        let made = tools.target_dir().join("zig").join(self.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        let zig = package(tools).arg("tests").arg("--prefix").arg(&made).args(self.zig);
        zig.arg(format!("-Dlibrary={}", library.display())).run(out)?;
        Ok(made)
    }
}
