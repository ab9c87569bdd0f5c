//! What was found out: the tables, the plots and the JSON file all come from this.

use serde::Serialize;

use crate::machine::Machine;
use crate::statistics::Quartiles;
use crate::worker::Listed;

/// Everything that was found out.
#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub rows: Vec<Row>,
}

/// One piece of work.
#[derive(Debug, Serialize)]
pub struct Row {
    pub group: String,
    pub name: String,
    /// How many allocations it does.
    pub operations: f64,
    pub contenders: Vec<Contender>,
}

/// Somebody who does it. The first of a row is the limit.
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
}

/// How long it took.
#[derive(Debug, Serialize)]
pub struct Speed {
    /// For each allocation.
    pub nanoseconds: f64,
    /// Time over the limit's, round by round.
    pub ratio: Quartiles,
}

/// What a contender is.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Written by hand.
    Limit,
    /// freehold.
    Ours,
    /// Another crate.
    Peer,
}

/// Where rows run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    Native,
    Wasm,
}

impl std::str::FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> anyhow::Result<Self> {
        Ok(match word {
            "limit" => Self::Limit,
            "ours" => Self::Ours,
            "peer" => Self::Peer,
            _ => anyhow::bail!("`{word}` is no kind of contender"),
        })
    }
}

impl Platform {
    pub const ALL: [Self; 2] = [Self::Native, Self::Wasm];

    /// As tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Wasm => "wasm",
        }
    }
}

impl Report {
    pub fn new(machine: Machine) -> Self {
        Self { machine, rows: Vec::new() }
    }

    /// The row of this name; a new one if there is none yet.
    pub fn row(&mut self, listed: &Listed) -> &mut Row {
        let same = |row: &Row| row.group == listed.group && row.name == listed.name;
        let at = self.rows.iter().position(same).unwrap_or_else(|| {
            let contenders = listed.contenders.iter().map(|(name, kind)| Contender::new(name, *kind)).collect();
            let (group, name) = (listed.group.clone(), listed.name.clone());
            self.rows.push(Row { group, name, operations: listed.operations, contenders });
            self.rows.len() - 1
        });
        &mut self.rows[at]
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
    /// The fastest contender of a kind.
    pub fn best(&self, kind: Kind, on: Platform) -> Option<(&Contender, f64)> {
        let of_kind = self.contenders.iter().filter(|contender| contender.kind == kind);
        let timed = of_kind.filter_map(|contender| Some((contender, contender.ratio(on)?)));
        timed.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

impl Contender {
    fn new(name: &str, kind: Kind) -> Self {
        let name = name.to_owned();
        Self { name, kind, native: None, wasm: None, instructions: None, native_memory: None, wasm_memory: None }
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
