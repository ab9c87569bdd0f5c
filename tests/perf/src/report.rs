//! What was found out: the tables, the plots and the JSON file all come from this.

use serde::Serialize;

use crate::kind::{Kind, Platform};
use crate::machine::Machine;
use crate::statistics::Quartiles;
use crate::worker::Listed;

/// Everything that was found out.
#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub rows: Vec<Row>,
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
    /// The most bytes that it has on the heap at once. Of global allocators only.
    pub live: Option<f64>,
}

/// Somebody who does it. The others' times are divided by the first's: a limit, or of global allocators Rust's default.
#[derive(Debug, Serialize)]
pub struct Contender {
    pub name: String,
    pub kind: Kind,
    pub native: Option<Speed>,
    pub wasm: Option<Speed>,
    /// For each allocation, natively, with the row's own work.
    pub instructions: Option<f64>,
    /// Bytes claimed over bytes asked for.
    pub native_memory: Option<f64>,
    pub wasm_memory: Option<f64>,
    /// Of global allocators only.
    pub pages: Option<Pages>,
}

/// How many pages an instance's memory has.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pages {
    /// Before the row: its constants, its stack, and what little the heap had to have until then.
    pub before: f64,
    /// What the row adds.
    pub added: f64,
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
    pub fn new(machine: Machine) -> Self {
        Self { machine, rows: Vec::new(), sizes: None }
    }

    /// The row of this name; a new one if there is none yet. It has all contenders that are listed, in their order there; what
    /// another platform listed before comes first.
    pub fn row(&mut self, listed: &Listed) -> &mut Row {
        let same = |row: &Row| row.group == listed.group && row.name == listed.name;
        let at = self.rows.iter().position(same).unwrap_or_else(|| {
            let (group, name) = (listed.group.clone(), listed.name.clone());
            self.rows.push(Row { group, name, operations: listed.operations, contenders: Vec::new(), live: None });
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
        let first = &self.contenders[0];
        if first.kind == Kind::Limit { "limit" } else { &first.name }
    }

    /// The fastest contender of a kind.
    pub fn best(&self, kind: Kind, on: Platform) -> Option<(&Contender, f64)> {
        let of_kind = self.contenders.iter().filter(|contender| contender.kind == kind);
        let timed = of_kind.filter_map(|contender| Some((contender, contender.ratio(on)?)));
        timed.min_by(|(_, a), (_, b)| a.total_cmp(b))
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
        let name = name.to_owned();
        Self {
            name,
            kind,
            native: None,
            wasm: None,
            instructions: None,
            native_memory: None,
            wasm_memory: None,
            pages: None,
        }
    }

    pub fn speed(&self, on: Platform) -> Option<&Speed> {
        match on {
            Platform::Native => self.native.as_ref(),
            Platform::Wasm => self.wasm.as_ref(),
        }
    }

    /// Time over the limit's.
    pub fn ratio(&self, on: Platform) -> Option<f64> {
        self.speed(on).map(|speed| speed.ratio.median)
    }

    /// Bytes claimed over bytes asked for.
    pub fn memory(&self, on: Platform) -> Option<f64> {
        match on {
            Platform::Native => self.native_memory,
            Platform::Wasm => self.wasm_memory,
        }
    }

    pub fn set_speed(&mut self, on: Platform, speed: Speed) {
        match on {
            Platform::Native => self.native = Some(speed),
            Platform::Wasm => self.wasm = Some(speed),
        }
    }

    pub fn set_memory(&mut self, on: Platform, memory: f64) {
        match on {
            Platform::Native => self.native_memory = Some(memory),
            Platform::Wasm => self.wasm_memory = Some(memory),
        }
    }
}
