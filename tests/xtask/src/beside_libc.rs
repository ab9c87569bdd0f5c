//! Programs in whose memory libc has a heap: how they are built, and what runs them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::command::{Out, Task};
use crate::emscripten::{self, Version};
use crate::need::Need;
use crate::pip::WASMTIME;
use crate::soaked;
use crate::tools::{Module, Toolchain, Tools};

pub const EMSCRIPTEN: &str = "wasm32-unknown-emscripten";
pub const WASI: &str = "wasm32-wasip1";
pub const PACKAGE: &str = "freehold-beside-libc";
const FOLDER: &str = "tests/hosts/beside-libc";
/// Has libc's heap be Rust's.
const MALLOC: &str = "--features malloc";

/// What runs a WASI program.
#[derive(Clone, Copy)]
pub enum Host {
    Node,
    Wasmtime,
}

impl Host {
    pub const ALL: &[Host] = &[Host::Node, Host::Wasmtime];

    pub fn name(self) -> &'static str {
        match self {
            Host::Node => "node",
            Host::Wasmtime => "wasmtime",
        }
    }

    pub fn need(self) -> Need {
        match self {
            Host::Node => Need::Node,
            Host::Wasmtime => Need::Pip(WASMTIME),
        }
    }

    /// The command that runs the program named after it.
    pub fn command(self, tools: &Tools) -> Vec<OsString> {
        let script = |name: &str| tools.root().join("tests/hosts").join(name).into();
        match self {
            Host::Node => {
                vec!["node".into(), "--no-turbo-fast-api-calls".into(), "--no-warnings".into(), script("wasi.mjs")]
            }
            Host::Wasmtime => vec!["python3".into(), script("run_wasmtime.py")],
        }
    }

    /// Where Python looks for wasmtime.
    pub fn prepare(self, task: Task, tools: &Tools) -> Task {
        task.env("PYTHONPATH", WASMTIME.folder(tools))
    }
}

/// What a WASI program is linked by, and with which libc.
#[derive(Clone, Copy)]
pub enum Linked {
    /// A Rust program.
    Rust,
    /// A C program with a Rust library, and the libc that comes with Rust.
    C,
    /// The same, with the libc of 2022.
    C2022,
    /// As with the libc that comes with Rust, but for its heap, which is Rust's.
    CMalloc,
}

impl Linked {
    pub const ALL: &[Linked] = &[Linked::Rust, Linked::C, Linked::C2022];

    pub fn name(self) -> &'static str {
        match self {
            Linked::Rust => "Rust on WASI",
            Linked::C => "C on WASI",
            Linked::C2022 => "C on WASI, libc of 2022",
            Linked::CMalloc => "C on WASI, one malloc",
        }
    }

    pub fn need(self) -> Option<Need> {
        match self {
            Linked::Rust => None,
            Linked::C | Linked::C2022 | Linked::CMalloc => Some(Need::WasiClang),
        }
    }

    /// Builds the program, for this host alone: others may be at it too.
    fn build(self, host: Host, tools: &Tools, out: &Out) -> Result<PathBuf> {
        let build = |parts: &str, extension| {
            let build = format!("-p {PACKAGE} --release {parts}");
            tools.build(&Module { on: Toolchain::Current, target: WASI, build: &build, rustflags: "" }, extension, out)
        };
        if let Linked::Rust = self {
            return Ok(build("--features std --bin freehold-beside-libc", "wasm")?.into());
        }
        let features = if let Linked::CMalloc = self { MALLOC } else { "" };
        let library = build(&format!("--lib {features}"), "a")?;
        let made = tools.target_dir().join("beside-libc").join(host.name()).join(self.libc());
        fs::create_dir_all(&made)?;
        let clang = || tools.program(Path::new("clang-19")).args("--target=wasm32-wasi -O2");
        let main = Path::new(FOLDER).join("main.c");
        if let Linked::C2022 = self {
            let program = made.join("wasi-2022.wasm");
            clang().arg(main).arg(library).arg("-o").arg(&program).run(out)?;
            return Ok(program);
        }
        let (object, program) = (made.join("main.o"), made.join("wasi.wasm"));
        clang().arg("-c").arg(main).arg("-o").arg(&object).run(out)?;
        let libc = tools.sysroot(Toolchain::Current, out)?.join("lib/rustlib").join(WASI).join("lib/self-contained");
        let link = tools.program(Path::new("wasm-ld-19")).arg(libc.join("crt1-command.o")).arg(object).arg(library);
        link.arg(libc.join("libc.a")).arg("-o").arg(&program).run(out)?;
        Ok(program)
    }

    /// Builds the program, runs its scenarios, and a short soak.
    pub fn run(self, host: Host, tools: &Tools, out: &Out) -> Result<()> {
        let program = self.build(host, tools, out)?;
        let mut node = tools.node().arg(Path::new(FOLDER).join("run.mjs")).arg(self.libc());
        for word in host.command(tools) {
            node = node.arg(word);
        }
        host.prepare(node, tools).arg(program).run(out)?;
        self.soak(host, soaked::FEW, tools, out)
    }

    /// Builds the program, and runs so many operations of the soak.
    pub fn soak(self, host: Host, operations: u32, tools: &Tools, out: &Out) -> Result<()> {
        let program = self.build(host, tools, out)?;
        let command = host.command(tools).into_iter().chain([program.into()]);
        soaked::run(self.libc(), operations, command, |node| host.prepare(node, tools), tools, out)
    }

    /// What the scripts call its libc.
    fn libc(self) -> &'static str {
        match self {
            Linked::Rust | Linked::C => "wasi",
            Linked::C2022 => "wasi-2022",
            Linked::CMalloc => "malloc",
        }
    }
}

/// How large the memory of an Emscripten program is.
#[derive(Clone, Copy)]
enum Memory {
    Growable,
    Fixed,
    /// Fixed, and more than a signed number can tell.
    FixedAbove2Gib,
}

impl Memory {
    const ALL: [Memory; 3] = [Memory::Growable, Memory::Fixed, Memory::FixedAbove2Gib];

    /// What the scripts call it.
    fn name(self) -> &'static str {
        match self {
            Memory::Growable => "growable",
            Memory::Fixed => "fixed",
            Memory::FixedAbove2Gib => "fixed-3gib",
        }
    }

    fn settings(self) -> &'static str {
        match self {
            // It begins small, so that it grows in every scenario.
            Memory::Growable => "-sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=8mb -sMAXIMUM_MEMORY=4gb",
            // What is refused is to be null, and no end of the program. mimalloc begins with 128 MiB.
            Memory::Fixed => "-sINITIAL_MEMORY=256mb -sABORTING_MALLOC=0",
            // With 4 GiB, libc's own heap has not a byte to give.
            Memory::FixedAbove2Gib => "-sINITIAL_MEMORY=3gb -sABORTING_MALLOC=0",
        }
    }
}

/// What an Emscripten program is linked with: which Emscripten, libc's allocator, and which memory.
#[derive(Clone, Copy)]
pub struct Emscripten {
    version: Version,
    malloc: &'static str,
    memory: Memory,
}

impl Emscripten {
    /// One whose heap is Rust's.
    pub const WITHOUT_MALLOC: Emscripten =
        Emscripten { version: Version::Stable, malloc: "none", memory: Memory::Growable };

    /// Every kind of them.
    pub fn all(version: Version) -> impl Iterator<Item = Emscripten> {
        let mallocs = ["dlmalloc", "emmalloc", "mimalloc"];
        mallocs.into_iter().flat_map(move |malloc| Memory::ALL.map(|memory| Emscripten { version, malloc, memory }))
    }

    pub fn name(self) -> String {
        format!("Emscripten {}, {}, {}", self.version.name(), self.malloc, self.memory.name())
    }

    pub fn needs(self) -> [Need; 4] {
        let on = Need::Target(Toolchain::Current, EMSCRIPTEN);
        [Need::Member(PACKAGE), on, Need::Node, Need::Emscripten(self.version)]
    }

    /// Builds a C program with the Rust library.
    fn build(self, tools: &Tools, out: &Out) -> Result<PathBuf> {
        let features = if self.malloc == "none" { MALLOC } else { "" };
        let build = format!("-p {PACKAGE} --release --lib {features}");
        // A library that can't unwind needs nothing of std's.
        let module = Module { on: Toolchain::Current, target: EMSCRIPTEN, build: &build, rustflags: "-Cpanic=abort" };
        let library = tools.build(&module, "a", out)?;
        let name = format!("{}-{}-{}", self.version.name(), self.malloc, self.memory.name());
        let made = tools.target_dir().join("beside-libc").join(&name);
        fs::create_dir_all(&made)?;
        let program = made.join("program.js");
        let memory = self.memory.settings();
        // This version's optimiser doesn't know all that rustc writes.
        let emcc =
            emscripten::task(self.version, tools, &tools.root().join(FOLDER)).args("emcc -O1 main.c").arg(library);
        emcc.args(&format!("-sMALLOC={} {memory} -o", self.malloc)).arg(&program).run(out)?;
        Ok(program)
    }

    /// Builds the program, runs its scenarios, and a short soak.
    pub fn run(self, tools: &Tools, out: &Out) -> Result<()> {
        let program = self.build(tools, out)?;
        let node = tools.node().arg(Path::new(FOLDER).join("run.mjs")).arg(self.memory.name()).arg("node");
        node.arg(&program).run(out)?;
        self.soak_of(program, soaked::FEW, tools, out)
    }

    /// Builds the program, and runs so many operations of the soak.
    pub fn soak(self, operations: u32, tools: &Tools, out: &Out) -> Result<()> {
        self.soak_of(self.build(tools, out)?, operations, tools, out)
    }

    fn soak_of(self, program: PathBuf, operations: u32, tools: &Tools, out: &Out) -> Result<()> {
        let setting = if self.malloc == "none" { "malloc-growable" } else { self.memory.name() };
        soaked::run(setting, operations, ["node".into(), program.into()], |node| node, tools, out)
    }
}
