//! `cargo perf`: freehold beside its peers and hand-written limits, natively and in node.
//!
//! The work itself is in `rows`, a crate that this program builds as a native program and as a wasm module. Here is what
//! drives both, and what becomes of the numbers.

mod build;
mod counts;
mod docs;
mod machine;
mod measure;
mod memory;
mod plot;
mod report;
mod statistics;
mod table;
mod worker;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;

use build::{Flavour, Workshop};
use measure::Plan;
use report::{Platform, Report};

/// Measures arenas and pools: freehold beside every peer, and a limit written by hand.
///
/// Leave the machine alone while it runs. Exits with 1 if two contenders of a row computed different things.
#[derive(Parser)]
#[command(name = "cargo perf", bin_name = "cargo perf")]
struct Args {
    /// Measure for less than a minute: fewer samples, no row past a million allocations, no memory
    #[arg(long)]
    quick: bool,

    /// Only rows with this in their group or name
    #[arg(long, value_name = "TEXT")]
    row: Option<String>,

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
    let platforms: Vec<Platform> = [(Platform::Native, !args.wasm), (Platform::Wasm, !args.native)]
        .into_iter()
        .filter_map(|(platform, wanted)| wanted.then_some(platform))
        .collect();
    let plan = if args.quick { Plan::QUICK } else { Plan::FULL };
    let filter = args.row.as_deref().unwrap_or_default();

    let mut report = Report::new(machine::describe(&workshop)?);
    let mut programs = Vec::new();
    for platform in &platforms {
        programs.push((*platform, workshop.program(*platform, Flavour::Timed)?));
    }
    let start = Instant::now();
    measure::run(&programs, &plan, filter, &mut report)?;
    if let Some((_, program)) = programs.iter().find(|(platform, _)| *platform == Platform::Native) {
        counts::run(&workshop, program, filter, &mut report)?;
    }
    let mut took = start.elapsed();
    if plan.memory {
        let mut programs = Vec::new();
        for platform in &platforms {
            programs.push((*platform, workshop.program(*platform, Flavour::Counting)?));
        }
        let start = Instant::now();
        memory::run(&programs, filter, &mut report)?;
        took += start.elapsed();
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
        fs::write(folder.join("benchmarks.md"), docs::page(&report))?;
        println!("wrote docs/benchmarks.md and docs/benchmarks/*.svg");
    }
    Ok(())
}
