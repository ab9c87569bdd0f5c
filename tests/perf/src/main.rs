//! `cargo perf`: freehold beside its peers and hand-written limits, natively and in node.
//!
//! The work itself is in `rows` and, for global allocators, in `heaps`: crates that this program builds as native programs and
//! as wasm modules. Here is what drives them, and what becomes of the numbers.

mod build;
mod command;
mod counts;
mod docs;
mod embedded;
mod foreign;
mod heap;
mod heaps;
mod kind;
mod machine;
mod measure;
mod memory;
mod plot;
mod report;
mod size;
mod statistics;
mod table;
mod worker;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;

use build::{Flavour, Workshop};
use kind::Platform;
use measure::Plan;
use report::Report;

/// Measures arenas, pools and global allocators: freehold beside every peer, and a limit written by hand.
///
/// Leave the machine alone while it runs. Exits with 1 if two contenders of a row computed different things.
#[derive(Parser)]
#[command(name = "cargo perf", bin_name = "cargo perf")]
struct Args {
    /// Measure for a minute or two: fewer samples, no row past a million allocations, no memory of arenas and pools
    #[arg(long)]
    quick: bool,

    /// Only rows with this in their group or name
    #[arg(long, value_name = "TEXT")]
    row: Option<String>,

    /// Only arenas and pools
    #[arg(long, conflicts_with = "heaps")]
    rows: bool,

    /// Only global allocators
    #[arg(long)]
    heaps: bool,

    /// Only on a microcontroller, which qemu emulates: instructions and bytes of heaps, pools and arenas there. With `--docs` only that
    /// section is written
    #[arg(long, conflicts_with_all = ["quick", "row", "rows", "heaps", "native", "wasm"])]
    embedded: bool,

    /// Only natively
    #[arg(long, conflicts_with = "wasm")]
    native: bool,

    /// Only in node
    #[arg(long)]
    wasm: bool,

    /// Write all numbers to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write docs/benchmarks.md and its plots from this run
    #[arg(long)]
    docs: bool,
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
    let platforms: Vec<Platform> = [(Platform::Native, !args.wasm), (Platform::Wasm, !args.native)]
        .into_iter()
        .filter_map(|(platform, wanted)| wanted.then_some(platform))
        .collect();
    // Before anything is built.
    if platforms.contains(&Platform::Wasm) {
        workshop.need_wasm()?;
    }
    if let Some(obstacle) = counts::obstacle().filter(|_| !args.heaps && !args.wasm) {
        eprintln!("· no instruction counts: {obstacle}");
    }
    if let Some(obstacle) = size::obstacle(&workshop).filter(|_| !args.rows && !args.native) {
        eprintln!("· sizes without wasm-opt: {obstacle}");
    }
    let plan = if args.quick { Plan::QUICK } else { Plan::FULL };
    let filter = args.row.as_deref().unwrap_or_default();

    let mut report = Report::new(machine::describe(&workshop)?);
    let mut programs = Vec::new();
    if !args.heaps {
        for platform in &platforms {
            programs.push((*platform, workshop.rows(*platform, Flavour::Timed)?));
        }
    }
    let first_heap = programs.len();
    if !args.rows {
        for platform in &platforms {
            programs.push((*platform, heaps::build(&workshop, *platform)?));
        }
    }
    let (of_rows, of_heaps) = programs.split_at(first_heap);
    let mut took = clocked(|| measure::run(&programs, &plan, filter, &mut report))?;
    if let Some((_, program)) = of_rows.iter().find(|(platform, _)| *platform == Platform::Native) {
        took += clocked(|| counts::run(&workshop, program, filter, &mut report))?;
    }
    if plan.memory && !args.heaps {
        let mut counting = Vec::new();
        for platform in &platforms {
            counting.push((*platform, workshop.rows(*platform, Flavour::Counting)?));
        }
        took += clocked(|| memory::run(&counting, filter, &mut report))?;
    }
    let heaps_on_wasm = of_heaps.iter().find(|(platform, _)| *platform == Platform::Wasm);
    // Not if no row of theirs was asked for.
    if let Some((_, program)) = heaps_on_wasm.filter(|_| report.rows.iter().any(|row| row.group == heaps::GROUP)) {
        took += clocked(|| heaps::pages(&workshop, program, filter, &mut report))?;
        size::run(&workshop, &mut report)?;
    }

    println!("{}", table::all(&report));
    println!("measured for {} s on {}", took.as_secs(), report.machine.summary());
    if let Some(file) = &args.json {
        let text = serde_json::to_string_pretty(&report)?;
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if args.docs {
        let folder = workshop.root().join("docs");
        plot::all(&report, &folder.join("benchmarks"))?;
        let page = folder.join("benchmarks.md");
        // The section on microcontrollers is from a run of its own.
        let before = fs::read_to_string(&page).unwrap_or_default();
        fs::write(&page, docs::page(&report) + embedded::section(&before).unwrap_or_default())?;
        println!("wrote docs/benchmarks.md and docs/benchmarks/*.svg");
    }
    Ok(())
}

fn clocked(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}
