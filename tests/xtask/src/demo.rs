//! `cargo demo [FILE]`: the crate's main job on real input. The work itself is `examples/json`; this finds the document,
//! gets what is missing, builds, and runs.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, exit};

use anyhow::{Context, Error, Result, bail};

use crate::command::Out;
use crate::hints;
use crate::need::{self, Need};
use crate::tools::{Module, Toolchain, Tools};

/// What `cargo demo` takes.
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes:
  0  done: both sides agree, and memory did not grow after the arena's first pass
  1  the document is bad: empty, not UTF-8, not JSON, nested deeper than 127 levels
  2  the file cannot be read, or the command line is wrong
  3  something that is needed is missing and could not be installed or built
  4  the run failed: the sides differ, memory grew, or there was not enough of it")]
pub struct Args {
    /// Any JSON file [default: what `cargo metadata` says of this workspace]
    file: Option<PathBuf>,

    /// Run natively instead of as a wasm module in node
    #[arg(long)]
    native: bool,

    /// With freehold's `Heap` as the program's allocator, in place of Rust's default one
    #[arg(long)]
    global: bool,

    /// Measure for less than a second
    #[arg(long)]
    quick: bool,
}

/// The document cannot be read.
const UNREADABLE: i32 = 2;
/// Something that is needed is not there.
const MISSING: i32 = 3;
/// The run ended without a code of its own.
const FAILED: i32 = 4;

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGE: &str = "-p freehold-json-demo --release";

/// Runs the demo. It ends the process itself unless all went well: its exit codes say what was wrong.
pub fn run(args: Args) -> Result<()> {
    let ended = |code, error: Error| -> ! {
        eprintln!("{error:#}");
        exit(code)
    };
    let given = args.file.as_deref().map(read).transpose().unwrap_or_else(|error| ended(UNREADABLE, error));
    let (document, mut program) = prepare(&args, given).unwrap_or_else(|error| ended(MISSING, error));
    match feed(&mut program, &document).unwrap_or_else(|error| ended(FAILED, error)) {
        0 => Ok(()),
        code => exit(code),
    }
}

/// The bytes of the user's file. Read here, once, and piped on: so a pipe will do as well.
fn read(file: &Path) -> Result<Vec<u8>> {
    let name = file.display();
    if file.is_dir() {
        bail!("{name}: this is a directory, not a file");
    }
    fs::read(file).with_context(|| format!("{name}: cannot be read"))
}

/// The document, and the program that takes it from its standard input, built and ready.
fn prepare(args: &Args, given: Option<Vec<u8>>) -> Result<(Vec<u8>, Command)> {
    let tools = Tools::find()?;
    if !args.native {
        need::meet_all(&[Need::Node, Need::Target(Toolchain::Current, TARGET)], &tools, &Out::Terminal)?;
    }
    let document = match given {
        Some(bytes) => bytes,
        None => {
            step("asking `cargo metadata` for a document");
            let metadata = tools.cargo(Toolchain::Current)?.args("metadata --format-version 1");
            metadata.read(&Out::Terminal)?.into_bytes()
        }
    };
    let build = if args.global { format!("{PACKAGE} --features global") } else { PACKAGE.into() };
    let mut program = if args.native { native(&tools, &build)? } else { wasm(&tools, &build)? };
    let name =
        args.file.as_ref().map_or("`cargo metadata` of this workspace".into(), |file| file.display().to_string());
    program.args(["-", "--name", &name, "--seconds", if args.quick { "0.3" } else { "2" }]);
    Ok((document, program))
}

fn wasm(tools: &Tools, build: &str) -> Result<Command> {
    step("building the wasm module");
    let build = format!("{build} --lib");
    let module = Module { on: Toolchain::Current, target: TARGET, build: &build, rustflags: "" };
    let module = tools.build_wasm(&module, &Out::Terminal)?;
    step("writing branch hints into it, which node reads from version 25 on");
    let module = hints::hinted(&module, tools, &Out::Terminal)?;
    let mut node = Command::new("node");
    node.arg(tools.root().join("examples/json/run.mjs")).arg(module);
    Ok(node)
}

fn native(tools: &Tools, build: &str) -> Result<Command> {
    step("building the native program");
    let cargo = tools.cargo(Toolchain::Current)?;
    cargo.args("build --bin json-native").args(build).run(&Out::Terminal)?;
    Ok(Command::new(tools.target_dir().join("release").join(format!("json-native{EXE_SUFFIX}"))))
}

/// Runs the program on the document and returns its exit code.
fn feed(program: &mut Command, document: &[u8]) -> Result<i32> {
    let line = program.get_program().display().to_string();
    let mut child = program.stdin(Stdio::piped()).spawn().with_context(|| format!("cannot run {line}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that stops reading says why itself.
        let _ = stdin.write_all(document);
    }
    let status = child.wait()?;
    status.code().with_context(|| format!("{line} ended with {status}"))
}

/// One line for each step, apart from the report on standard output.
fn step(line: &str) {
    eprintln!("· {line}");
}
