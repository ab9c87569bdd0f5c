//! What was found out: the tables, the plots and the JSON file all come from this.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::Missing;
use crate::kind::{Kind, Place, Platform};
use crate::machine::Machine;
use crate::statistics::Quartiles;
use crate::worker::Listed;

/// Everything that was found out.
#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    /// Whether it was measured in a hurry.
    pub quick: bool,
    /// Where rows were timed.
    pub places: Vec<Place>,
    /// Engines that were not there.
    pub missing: Vec<Missing>,
    pub rows: Vec<Row>,
    pub programs: Vec<Programs>,
    pub sizes: Option<Sizes>,
}

/// One piece of work.
#[derive(Debug, Serialize)]
pub struct Row {
    pub group: String,
    pub name: String,
    /// How many allocations it does.
    pub operations: f64,
    pub contenders: Vec<Contender>,
    /// The most bytes that it has on the heap at once. Of global allocators and layers only.
    pub live: BTreeMap<Platform, f64>,
}

/// Somebody who does it. The others' times are divided by the first's: a limit, or of global allocators Rust's default.
#[derive(Debug, Serialize)]
pub struct Contender {
    pub name: String,
    pub kind: Kind,
    /// By the place's name.
    pub speeds: BTreeMap<String, Speed>,
    /// For each allocation, natively, with the row's own work.
    pub instructions: Option<f64>,
    /// Bytes claimed over bytes asked for.
    pub native_memory: Option<f64>,
    pub wasm_memory: Option<f64>,
    /// Of global allocators and layers only.
    pub pages: BTreeMap<Platform, Pages>,
}

/// How many pages of 64 KiB an instance's memory has, or are resident natively.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pages {
    /// Before the row: its constants, its stack, and what little the heap had to have until then.
    pub before: f64,
    /// What the row adds.
    pub added: f64,
    /// What it has added when it is repeated.
    pub often: f64,
}

/// What a whole program does, natively.
#[derive(Debug, Serialize)]
pub struct Programs {
    pub name: String,
    pub runs: Vec<Run>,
}

/// What it took on one global allocator: medians.
#[derive(Debug, Serialize)]
pub struct Run {
    pub name: String,
    pub kind: Kind,
    pub seconds: f64,
    /// Processor time in the program, and in the system for it: seconds, of all threads together.
    pub user: f64,
    pub system: f64,
    /// MiB resident: the most, and when all is freed.
    pub peak: f64,
    pub end: f64,
}

/// How large the smallest module is that has an allocator in it.
#[derive(Debug, Serialize)]
pub struct Sizes {
    /// Whether `wasm-opt` made them smaller.
    pub optimised: bool,
    /// The same module without an allocator.
    pub none: u64,
    pub heaps: Vec<Size>,
}

#[derive(Debug, Serialize)]
pub struct Size {
    pub name: String,
    pub kind: Kind,
    /// Over the module without an allocator.
    pub added: u64,
}

/// How long it took.
#[derive(Debug, Serialize)]
pub struct Speed {
    /// For each allocation.
    pub nanoseconds: f64,
    /// Time over the limit's, round by round.
    pub ratio: Quartiles,
}

impl Report {
    pub fn new(machine: Machine, quick: bool) -> Self {
        let (places, missing, rows, programs) = Default::default();
        Self { machine, quick, places, missing, rows, programs, sizes: None }
    }

    /// The row of this name; a new one if there is none yet. It has all contenders that are listed, in their order there; what
    /// another platform listed before comes first.
    pub fn row(&mut self, listed: &Listed) -> &mut Row {
        let same = |row: &Row| row.group == listed.group && row.name == listed.name;
        let at = self.rows.iter().position(same).unwrap_or_else(|| {
            let (group, name) = (listed.group.clone(), listed.name.clone());
            self.rows.push(Row {
                group,
                name,
                operations: listed.operations,
                contenders: Vec::new(),
                live: BTreeMap::new(),
            });
            self.rows.len() - 1
        });
        let row = &mut self.rows[at];
        for (name, kind) in &listed.contenders {
            if !row.contenders.iter().any(|contender| contender.name == *name) {
                row.contenders.push(Contender::new(name, *kind));
            }
        }
        row
    }

    /// Where any of these rows was timed.
    pub fn places_of(&self, rows: &[&Row]) -> Vec<&Place> {
        let timed = |on: &&Place| rows.iter().any(|row| row.contenders[0].speed(on).is_some());
        self.places.iter().filter(timed).collect()
    }

    /// The groups in their order, each with its rows.
    pub fn groups(&self) -> Vec<(&str, Vec<&Row>)> {
        let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
        for row in &self.rows {
            match groups.iter_mut().find(|(group, _)| *group == row.group) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((&row.group, vec![row])),
            }
        }
        groups
    }
}

impl Row {
    /// The contender of this name, which was listed.
    pub fn contender(&mut self, name: &str) -> &mut Contender {
        let found = self.contenders.iter_mut().find(|contender| contender.name == name);
        found.expect("a contender that was listed")
    }

    /// Who the others' times are divided by.
    pub fn base(&self) -> &str {
        let first = &self.contenders[0].name;
        if first.starts_with("limit") { "limit" } else { first }
    }

    /// The fastest contender of a kind at a place.
    pub fn best(&self, kind: Kind, on: &Place) -> Option<(&Contender, f64)> {
        let of_kind = self.contenders.iter().filter(|contender| contender.kind == kind);
        let timed = of_kind.filter_map(|contender| Some((contender, contender.ratio(on)?)));
        timed.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

impl Run {
    /// Seconds, those of processors, and MiB.
    pub fn numbers(&self) -> [f64; 5] {
        [self.seconds, self.user, self.system, self.peak, self.end]
    }
}

impl Sizes {
    /// What the numbers are.
    pub fn header(&self) -> &'static str {
        if self.optimised { "bytes added, after wasm-opt -Oz" } else { "bytes added, without wasm-opt" }
    }
}

impl Contender {
    fn new(name: &str, kind: Kind) -> Self {
        let (speeds, pages) = Default::default();
        Self { name: name.to_owned(), kind, speeds, instructions: None, native_memory: None, wasm_memory: None, pages }
    }

    pub fn speed(&self, on: &Place) -> Option<&Speed> {
        self.speeds.get(&on.name)
    }

    /// Time over the limit's.
    pub fn ratio(&self, on: &Place) -> Option<f64> {
        self.speed(on).map(|speed| speed.ratio.median)
    }

    /// Bytes claimed over bytes asked for.
    pub fn memory(&self, on: Platform) -> Option<f64> {
        match on {
            Platform::Native => self.native_memory,
            Platform::Wasm => self.wasm_memory,
        }
    }

    pub fn set_memory(&mut self, on: Platform, memory: f64) {
        match on {
            Platform::Native => self.native_memory = Some(memory),
            Platform::Wasm => self.wasm_memory = Some(memory),
        }
    }
}
