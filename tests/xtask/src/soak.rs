//! The soak: one random program over all heaps of a module, in every setting that there is.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;

use crate::beside_libc::{Emscripten, Host, Linked, PACKAGE, WASI};
use crate::command::Out;
use crate::emscripten::Version;
use crate::need::Need;
use crate::soaked::{FEW, run};
use crate::step::{Step, WASM};
use crate::threads;
use crate::tools::{Module, Toolchain, Tools};

/// How many in one of its own.
const MANY: u32 = 10_000_000;

/// The package.
pub const THREADS: &str = "freehold-threads";

/// A heap for several threads, with its lock or without.
#[derive(Clone, Copy)]
pub enum Threads {
    Locked,
    /// The control.
    Unlocked,
}

impl Threads {
    pub const ALL: &[Threads] = &[Threads::Locked, Threads::Unlocked];

    fn name(self) -> &'static str {
        match self {
            Threads::Locked => "threads",
            Threads::Unlocked => "threads, control",
        }
    }

    fn build(self, tools: &Tools, out: &Out) -> Result<OsString> {
        let features = if let Threads::Unlocked = self { "--features unlocked" } else { "" };
        Ok(threads::module(THREADS, features, tools, out)?.into())
    }

    /// What is tried of it, in this order; and a short soak.
    fn run(self, tools: &Tools, out: &Out) -> Result<()> {
        let module = self.build(tools, out)?;
        let scripts: &[&str] = match self {
            Threads::Locked => &["run.mjs", "reach.mjs", "fallen.mjs"],
            Threads::Unlocked => &["run.mjs unlocked"],
        };
        for script in scripts {
            tools.node().args(&format!("tests/hosts/threads/{script}")).arg(&module).run(out)?;
        }
        self.soak(FEW, tools, out)
    }

    fn soak(self, operations: u32, tools: &Tools, out: &Out) -> Result<()> {
        let setting = if let Threads::Unlocked = self { "unlocked" } else { "shared" };
        run(setting, operations, in_node("shared.mjs", self.build(tools, out)?), |node| node, tools, out)
    }

    /// A step with these needs.
    fn step(self, what: &str, work: impl Fn(&Tools, &Out) -> Result<()> + Send + Sync + 'static) -> Step {
        threads::step(format!("{what}: {}", self.name()), THREADS, work)
    }

    /// The step that every run has.
    pub fn hosts(self) -> Step {
        self.step("hosts", move |tools, out| self.run(tools, out))
    }
}

/// The program in a module that stands alone.
fn alone(operations: u32, tools: &Tools, out: &Out) -> Result<()> {
    let build = format!("-p {THREADS} --release");
    let module = Module { on: Toolchain::Current, target: WASM, build: &build, rustflags: "" };
    let module = tools.build_wasm(&module, out)?.into_os_string();
    run("alone", operations, in_node("alone.mjs", module), |node| node, tools, out)
}

fn in_node(script: &str, module: OsString) -> [OsString; 3] {
    ["node".into(), Path::new("tests/hosts/threads").join(script).into(), module]
}

fn alone_step(name: &str, operations: u32) -> Step {
    Step::new(name, move |tools, out| alone(operations, tools, out))
        .needs([Need::Member(THREADS), Need::Target(Toolchain::Current, WASM), Need::Node])
        .tests()
}

/// The step that every run has for a module that stands alone.
pub fn hosts_alone() -> Step {
    alone_step("hosts: alone", FEW)
}

/// A long run in each setting.
pub fn steps() -> Vec<Step> {
    let mut steps = Vec::new();
    for linked in Linked::ALL {
        for host in Host::ALL {
            steps.push(
                Step::new(format!("soak: {}, {}", linked.name(), host.name()), |tools, out| {
                    linked.soak(*host, MANY, tools, out)
                })
                .needs([Need::Member(PACKAGE), Need::Target(Toolchain::Current, WASI), Need::Node, host.need()])
                .needs(linked.need())
                .tests()
                .single(),
            );
        }
    }
    for linked in Version::ALL.iter().copied().flat_map(Emscripten::all) {
        let soak = move |tools: &Tools, out: &Out| linked.soak(MANY, tools, out);
        steps.push(Step::new(format!("soak: {}", linked.name()), soak).needs(linked.needs()).tests().single());
    }
    steps.push(alone_step("soak: alone", MANY).single());
    steps.extend(Threads::ALL.iter().map(|threads| threads.step("soak", |tools, out| threads.soak(MANY, tools, out))));
    steps
}
