//! Global allocators that do the same rows: which can be had here, and how much of memory they take.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use crate::build::{Built, Workshop};
use crate::engine::Engine;
use crate::foreign;
use crate::heap::{Heap, Home};
use crate::kind::Platform;
use crate::report::{Pages, Report};
use crate::worker::Worker;

/// Heaps that do the same rows.
pub struct Set {
    /// What the rows' group is called (`heaps/src/rows/mod.rs`).
    pub group: &'static str,
    /// All of them. The times of the others are divided by the first's.
    pub heaps: &'static [Heap],
    /// Counts the bytes that a row has at once.
    pub live: &'static Heap,
    /// Whether their memory is looked at natively, too.
    pub resident: bool,
}

pub const PAGE: f64 = 65_536.0;

/// How often the work is done for what comes and goes to leave its mark.
pub const OFTEN: u32 = 5;

impl Set {
    /// Those that can be had here on a platform.
    pub fn all(&self, workshop: &Workshop, platform: Platform) -> impl Iterator<Item = &'static Heap> {
        self.heaps.iter().filter(move |heap| match heap.home {
            Home::Everywhere => true,
            Home::Native => platform == Platform::Native,
            Home::Wasm => platform == Platform::Wasm,
            Home::Foreign => {
                platform == Platform::Wasm && workshop.foreign().iter().any(|foreign| foreign.program == heap.program)
            }
        })
    }

    /// Builds the programs of a platform.
    pub fn build(&self, workshop: &Workshop, platform: Platform) -> Result<Built> {
        let heaps: Vec<&Heap> = self.all(workshop, platform).collect();
        for heap in self.heaps.iter().filter(|heap| heap.home == Home::Foreign && platform == Platform::Wasm) {
            if !heaps.iter().any(|other| other.program == heap.program) {
                eprintln!("· without {}: {}", heap.name, foreign::how_to_get(heap.program));
            }
        }
        workshop.heaps(platform, &heaps)
    }

    /// How much each row adds to a new process or instance with each allocator, once and when it is repeated, and how much is asked for. On wasm that
    /// is memory of an instance in the engine, natively what is resident.
    pub fn memory(
        &self,
        workshop: &Workshop,
        built: &Built,
        engine: Option<&Engine>,
        filter: &str,
        report: &mut Report,
    ) -> Result<()> {
        let platform = if engine.is_some() { Platform::Wasm } else { Platform::Native };
        let placed = |built: &Built| engine.map_or_else(|| built.native(), |engine| built.on(engine, workshop));
        let mut counting = Worker::start(&placed(&workshop.heaps(platform, &[self.live])?))?;
        let mut worker = Worker::start(&placed(built))?;
        let rows = worker.list(filter)?;
        let bar = ProgressBar::new(rows.len() as u64);
        bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} of {duration}  {wide_msg}")?);
        for listed in &rows {
            bar.set_message(format!("memory of {}", listed.name));
            let live = counting.fresh(listed, 0, 0, 1)?.claimed;
            let row = report.row(listed);
            row.live.insert(platform, live);
            for (at, (name, _)) in listed.contenders.iter().enumerate() {
                let before = worker.fresh(listed, at, 0, 0)?.claimed / PAGE;
                let mut added =
                    |iterations| anyhow::Ok(worker.fresh(listed, at, 0, iterations)?.claimed / PAGE - before);
                let (added, often) = (added(1)?, added(OFTEN)?);
                let contender = row.contender(name);
                contender.pages.insert(platform, Pages { before, added, often });
                contender.set_memory(platform, added * PAGE / live);
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }
}
