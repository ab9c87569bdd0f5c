//! The global allocators, and how much of memory they take.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use crate::build::{Built, Workshop};
use crate::engine::Engine;
use crate::foreign;
use crate::heap::Home::{Everywhere, Foreign, Native, Wasm};
use crate::heap::{Heap, ours, peer};
use crate::kind::{Kind, Platform};
use crate::report::{Pages, Report};
use crate::worker::Worker;

/// What the rows' group is called (`heaps/src/row.rs`).
pub const GROUP: &str = "Global allocators";

pub const PAGE: f64 = 65_536.0;

/// All of them. The times of the others are divided by the first's.
const HEAPS: &[Heap] = &[
    peer("std", "std", Everywhere),
    Heap { program: "limit", name: "limit, never frees", kind: Kind::Limit, home: Everywhere },
    ours("freehold", "freehold Heap"),
    ours("freehold_small", "freehold SmallHeap"),
    peer("talc", "talc", Everywhere),
    peer("rlsf", "rlsf", Everywhere),
    peer("dlmalloc", "dlmalloc", Everywhere),
    peer("mimalloc", "mimalloc", Native),
    peer("rlsf_small", "rlsf, small", Wasm),
    peer("lol_alloc", "lol_alloc", Wasm),
    peer("wee_alloc", "wee_alloc", Wasm),
    peer("wasi_libc", "wasi-libc", Foreign),
    peer("zig", "Zig", Foreign),
];

/// Counts the bytes that a row has at once.
const LIVE: Heap = peer("live", "live", Everywhere);

/// Those that can be had here on a platform.
pub fn all(workshop: &Workshop, platform: Platform) -> impl Iterator<Item = &'static Heap> {
    HEAPS.iter().filter(move |heap| match heap.home {
        Everywhere => true,
        Native => platform == Platform::Native,
        Wasm => platform == Platform::Wasm,
        Foreign => {
            platform == Platform::Wasm && workshop.foreign().iter().any(|foreign| foreign.program == heap.program)
        }
    })
}

/// Builds the programs of a platform.
pub fn build(workshop: &Workshop, platform: Platform) -> Result<Built> {
    let heaps: Vec<&Heap> = all(workshop, platform).collect();
    for heap in HEAPS.iter().filter(|heap| heap.home == Foreign && platform == Platform::Wasm) {
        if !heaps.iter().any(|other| other.program == heap.program) {
            eprintln!("· without {}: {}", heap.name, foreign::how_to_get(heap.program));
        }
    }
    workshop.heaps(platform, &heaps)
}

/// How often the work is done for what comes and goes to leave its mark.
pub const OFTEN: u32 = 5;

/// How many pages each row adds to a new instance's memory with each allocator, once and when it is repeated, and how much is asked for.
pub fn pages(workshop: &Workshop, built: &Built, engine: &Engine, filter: &str, report: &mut Report) -> Result<()> {
    let counting = workshop.heaps(Platform::Wasm, &[&LIVE])?.on(engine, workshop);
    let mut counting = Worker::start(&counting)?;
    let mut worker = Worker::start(&built.on(engine, workshop))?;
    let rows = worker.list(filter)?;
    let bar = ProgressBar::new(rows.len() as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} of {duration}  {wide_msg}")?);
    for listed in &rows {
        bar.set_message(format!("pages of {}", listed.name));
        let live = counting.fresh(listed, 0, 0, 1)?.claimed;
        let row = report.row(listed);
        row.live = Some(live);
        for (at, (name, _)) in listed.contenders.iter().enumerate() {
            let before = worker.fresh(listed, at, 0, 0)?.claimed / PAGE;
            let mut added = |iterations| anyhow::Ok(worker.fresh(listed, at, 0, iterations)?.claimed / PAGE - before);
            let (added, often) = (added(1)?, added(OFTEN)?);
            let contender = row.contender(name);
            contender.pages = Some(Pages { before, added, often });
            contender.set_memory(Platform::Wasm, added * PAGE / live);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}
