//! `cargo perf`: freehold beside its peers and hand-written limits, natively and in wasm engines.
//!
//! The work itself is in `rows` and, for global allocators, in `heaps`: crates that this program builds as native programs and
//! as wasm modules. Here is what drives them, and what becomes of the numbers.

mod build;
mod command;
mod counts;
mod docs;
mod embedded;
mod engine;
mod foreign;
mod heap;
mod heaps;
mod kind;
mod layers;
mod machine;
mod measure;
mod memory;
mod npm;
mod plot;
mod report;
mod set;
mod size;
mod statistics;
mod table;
mod whole;
mod worker;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};

use build::{Flavour, Program, Workshop};
use engine::{Choice, Engine, Missing};
use heaps::HEAPS;
use kind::Platform;
use layers::LAYERS;
use measure::Plan;
use report::Report;
use set::Set;

/// Measures arenas, pools and global allocators: freehold beside every peer, and a limit written by hand.
///
/// Leave the machine alone while it runs. Fails if two contenders of a row computed different things.
#[derive(Parser)]
#[command(name = "cargo perf", bin_name = "cargo perf")]
struct Args {
    /// Measure for some minutes: fewer samples, no row past two million allocations, no memory of arenas and pools
    #[arg(long)]
    quick: bool,

    /// Only rows with this in their group or name
    #[arg(long, value_name = "TEXT")]
    row: Option<String>,

    /// Only arenas and pools
    #[arg(long, conflicts_with = "heaps")]
    rows: bool,

    /// Only global allocators, and whole programs on them
    #[arg(long)]
    heaps: bool,

    /// Only debug layers
    #[arg(long, conflicts_with_all = ["rows", "heaps"])]
    layers: bool,

    /// Only on a microcontroller, which qemu emulates: instructions and bytes of heaps, pools and arenas there. With `--docs` only that
    /// section is written
    #[arg(long, conflicts_with_all = ["quick", "row", "rows", "heaps", "layers", "native", "wasm", "engine"])]
    embedded: bool,

    /// Only natively
    #[arg(long, conflicts_with_all = ["wasm", "engine"])]
    native: bool,

    /// Only as wasm modules
    #[arg(long)]
    wasm: bool,

    /// Modules run in this engine, and in others that are named so; without it in all that are here
    #[arg(long, value_name = "NAME")]
    engine: Vec<Choice>,

    /// Write all numbers to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write docs/benchmarks.md and its plots from this run: the whole page, if nothing is left out
    #[arg(long)]
    docs: bool,
}

impl Args {
    /// Whether arenas and pools are measured.
    fn measures_rows(&self) -> bool {
        !self.heaps && !self.layers
    }

    /// The heaps that are measured.
    fn sets(&self) -> &'static [&'static Set] {
        match (self.rows, self.heaps, self.layers) {
            (true, ..) => &[],
            (_, true, _) => &[&HEAPS],
            (.., true) => &[&LAYERS],
            _ => &SETS,
        }
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let workshop = Workshop::find()?;
    if args.embedded {
        return embedded::run(&workshop, args.json.as_deref(), args.docs);
    }
    let mut report = Report::new(machine::describe(&workshop)?, args.quick);
    // Before anything is built.
    let engines = engines(args, &workshop, &mut report)?;
    say_what_is_missing(args, &workshop);
    let session = Session { native: !args.wasm, engines, workshop };
    let took = session.measure(args, &mut report)?;

    println!("{}", table::all(&report));
    println!("measured for {} s on {}", took.as_secs(), report.machine.summary());
    if let Some(file) = &args.json {
        let text = serde_json::to_string_pretty(&report)?;
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if args.docs {
        write_page(&session.workshop, &report)?;
        let whole =
            args.row.is_none() && args.measures_rows() && args.sets().len() == SETS.len() && !args.native && !args.wasm;
        if whole && let Err(error) = embedded::run(&session.workshop, None, true) {
            eprintln!("· the section on microcontrollers is as it was: {error:#}");
        }
    }
    Ok(())
}

/// All heaps that do rows together.
const SETS: [&Set; 2] = [&HEAPS, &LAYERS];

/// Where this run measures.
struct Session {
    workshop: Workshop,
    native: bool,
    engines: Vec<Engine>,
}

impl Session {
    /// Everything that was asked for; returns how long it took, without what had to be built.
    fn measure(&self, args: &Args, report: &mut Report) -> Result<Duration> {
        let workshop = &self.workshop;
        let (plan, size) = if args.quick { (Plan::QUICK, whole::Size::QUICK) } else { (Plan::FULL, whole::Size::FULL) };
        let filter = args.row.as_deref().unwrap_or_default();

        let mut programs = if args.measures_rows() { self.rows()? } else { Vec::new() };
        let of_rows = programs.len();
        let (mut native, mut wasm) = (Vec::new(), Vec::new());
        for set in args.sets() {
            if self.native {
                let built = set.build(workshop, Platform::Native)?;
                programs.push(built.native());
                native.push((set, built));
            }
            if !self.engines.is_empty() {
                let built = set.build(workshop, Platform::Wasm)?;
                programs.extend(self.engines.iter().map(|engine| built.on(engine, workshop)));
                wasm.push((set, built));
            }
        }

        let mut took = clocked(|| measure::run(&programs, &plan, filter, report))?;
        if let Some(program) = programs[..of_rows].iter().find(|program| program.place.platform == Platform::Native) {
            took += clocked(|| counts::run(workshop, program, filter, report))?;
        }
        if plan.memory && args.measures_rows() {
            let counting = self.counting_rows()?;
            took += clocked(|| memory::run(&counting, filter, report))?;
        }
        for (set, built) in &native {
            if set.group == heaps::GROUP {
                took += clocked(|| whole::run(workshop, built, &size, filter, report))?;
            }
        }
        // Not if no row of theirs was asked for.
        let asked: Vec<String> = report.groups().into_iter().map(|(group, _)| group.to_owned()).collect();
        let is_asked = |set: &Set| asked.iter().any(|group| group == set.group);
        for (set, built) in native.iter().filter(|(set, _)| set.resident && is_asked(set)) {
            took += clocked(|| set.memory(workshop, built, None, filter, report))?;
        }
        for (set, built) in wasm.iter().filter(|(set, _)| is_asked(set)) {
            took += clocked(|| set.memory(workshop, built, self.engines.first(), filter, report))?;
            if set.group == heaps::GROUP {
                size::run(workshop, report)?;
            }
        }
        Ok(took)
    }

    /// Arenas and pools: natively, and in each engine, where it reads hints with and without them.
    fn rows(&self) -> Result<Vec<Program>> {
        let mut programs = Vec::new();
        if self.native {
            programs.push(self.workshop.rows(Platform::Native, Flavour::Timed)?.native());
        }
        if self.engines.is_empty() {
            return Ok(programs);
        }
        let built = self.workshop.rows(Platform::Wasm, Flavour::Timed)?;
        let hinted = built.hinted(&self.workshop)?;
        for engine in &self.engines {
            programs.push(built.on(engine, &self.workshop));
            if engine.reads_hints {
                programs.push(hinted.on(engine, &self.workshop).with_hints());
            }
        }
        Ok(programs)
    }

    /// The same for counting bytes: those are the same in all engines.
    fn counting_rows(&self) -> Result<Vec<Program>> {
        let mut programs = Vec::new();
        if self.native {
            programs.push(self.workshop.rows(Platform::Native, Flavour::Counting)?.native());
        }
        if let Some(engine) = self.engines.first() {
            programs.push(self.workshop.rows(Platform::Wasm, Flavour::Counting)?.on(engine, &self.workshop));
        }
        Ok(programs)
    }
}

/// Writes the page and its plots; the section on microcontrollers stays as it is.
fn write_page(workshop: &Workshop, report: &Report) -> Result<()> {
    let folder = workshop.root().join("docs");
    plot::all(report, &folder.join("benchmarks"))?;
    let page = folder.join("benchmarks.md");
    let before = fs::read_to_string(&page).unwrap_or_default();
    fs::write(&page, docs::page(report) + embedded::section(&before).unwrap_or_default())?;
    println!("wrote docs/benchmarks.md and docs/benchmarks/*.svg");
    Ok(())
}

/// What there will be no numbers for.
fn say_what_is_missing(args: &Args, workshop: &Workshop) {
    if let Some(obstacle) = counts::obstacle().filter(|_| args.measures_rows() && !args.wasm) {
        eprintln!("· no instruction counts: {obstacle}");
    }
    if let Some(obstacle) = size::obstacle(workshop).filter(|_| !args.rows && !args.layers && !args.native) {
        eprintln!("· sizes without wasm-opt: {obstacle}");
    }
}

/// The engines that were asked for, which must be there; or all that are, and the report says which are not.
fn engines(args: &Args, workshop: &Workshop, report: &mut Report) -> Result<Vec<Engine>> {
    if args.native {
        return Ok(Vec::new());
    }
    let asked = if args.engine.is_empty() { Choice::value_variants() } else { &args.engine };
    let (engines, missing) = engine::find(&workshop.tools(), asked);
    for Missing { name, why } in &missing {
        eprintln!("· not in {name}: {why}");
    }
    ensure!(!engines.is_empty(), "no engine to run modules in");
    ensure!(args.engine.is_empty() || missing.is_empty(), "not all engines that were asked for are here");
    report.missing = missing;
    Ok(engines)
}

fn clocked(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}
