//! `cargo perf --embedded`: heaps, pools and arenas on a Cortex-M4 that qemu emulates. Its clock counts instructions, so numbers are the same
//! in each run, on any machine.

mod image;
mod page;
mod size;
mod speed;

use std::fs;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::build::Workshop;
use crate::kind::Kind;
use crate::machine;

pub use page::section;

/// A heap, a pool or an arena: its feature of the images, and its name.
pub struct Contender {
    feature: &'static str,
    name: &'static str,
    kind: Kind,
    /// Bytes of static RAM that are handed out, and not counted.
    handed_out: u64,
}

const fn contender(feature: &'static str, name: &'static str, kind: Kind) -> Contender {
    Contender { feature, name, kind, handed_out: 0 }
}

impl Contender {
    /// The same, whose static has so many bytes to be handed out in it.
    const fn with_its_own(self, bytes: u64) -> Contender {
        Contender { handed_out: bytes, ..self }
    }
}

/// The heaps. What is said of bytes of code is said over the first.
const HEAPS: &[Contender] = &[
    contender("bump", "bump, never frees", Kind::Limit),
    contender("bounded", "freehold BoundedHeap", Kind::Ours),
    contender("freehold", "freehold Heap", Kind::Ours),
    contender("llff", "embedded-alloc LLFF", Kind::Peer),
    contender("tlsf", "embedded-alloc TLSF", Kind::Peer),
    contender("linked_list", "linked_list_allocator", Kind::Peer),
    contender("talc", "talc", Kind::Peer),
];

/// Pools, and the smallest firmware without one.
const POOLS: &[Contender] = &[
    contender("empty", "nothing", Kind::Limit),
    contender("fixed_pool_in_place", "freehold FixedPool, values built in place", Kind::Ours).with_its_own(256),
    contender("fixed_pool", "freehold FixedPool", Kind::Ours).with_its_own(256),
    contender("plot_pool", "freehold BlockPool on a Plot", Kind::Ours),
    contender("block_pool", "freehold BlockPool on a ledger", Kind::Ours),
    contender("heapless", "heapless pool", Kind::Peer),
];

/// Arenas: no peer of theirs is without a heap below.
const ARENAS: &[Contender] = &[
    contender("empty", "nothing", Kind::Limit),
    contender("plot_arena", "freehold Arena on a Plot", Kind::Ours),
    contender("arena", "freehold Arena on a ledger", Kind::Ours),
];

/// Why it is so, where freehold loses: whose row, in which table.
const REASONS: &[Reason] = &[
    reason(
        "freehold BoundedHeap",
        "Heaps",
        "Of nine pieces it takes the one that fits best, and bits say what lies beside a block: a bound, not the shortest way",
    ),
    reason("freehold BoundedHeap", "How full", "It has a bit for each word of the region"),
    reason("freehold BoundedHeap", "With holes", "The same bits"),
    reason("freehold BoundedHeap", "A firmware with a heap", "A head for each list of pieces, and the bits"),
    reason(
        "freehold Heap",
        "Heaps",
        "In memory this small slabs that all sizes share, with a map that is searched; its own record, and room for what arenas claim",
    ),
    reason("freehold Heap", "How full", "Its own record, and a header for each claim"),
    reason("freehold Heap", "With holes", "A map in each hole"),
    reason("freehold Heap", "A firmware with a heap", "The ledger under it"),
    reason(
        "freehold SharedPool",
        "Pools",
        "A critical section, where heapless has this core's exclusive loads and stores",
    ),
    reason(
        "freehold FixedPool",
        "Pools",
        "A critical section, where heapless has this core's exclusive loads and stores",
    ),
    reason(
        "freehold FixedPool, values built in place",
        "A firmware with a pool",
        "A lock: a word that says it is held, and how interrupts were before",
    ),
    reason(
        "freehold FixedPool",
        "A firmware with a pool",
        "The same lock. And a refusal says what was asked for and why it is refused, where heapless gives the value back and no more",
    ),
    reason("freehold BlockPool on a Plot", "A firmware with a pool", "A list of chunks, also where there is one"),
    reason(
        "freehold BlockPool on a ledger",
        "A firmware with a pool",
        "The ledger that it claims from: claims that merge and serve anyone",
    ),
];

const fn reason(row: &'static str, table: &'static str, why: &'static str) -> Reason {
    Reason { row, table, why }
}

/// A reason.
struct Reason {
    row: &'static str,
    table: &'static str,
    why: &'static str,
}

/// A table: a row for each contender.
#[derive(Debug, Serialize)]
pub struct Table {
    pub title: &'static str,
    pub note: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub struct Column {
    pub name: String,
    /// Whether more is better.
    pub more: bool,
    /// What follows a number.
    pub unit: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Row {
    pub name: String,
    pub kind: Kind,
    /// One for each column.
    pub cells: Vec<Option<f64>>,
}

impl Table {
    /// The best that contenders of a kind have in a column.
    pub fn best(&self, kind: Kind, column: usize) -> Option<(&Row, f64)> {
        let of_kind = self.rows.iter().filter(|row| row.kind == kind);
        let known = of_kind.filter_map(|row| Some((row, row.cells[column]?)));
        let sign = if self.columns[column].more { -1.0 } else { 1.0 };
        known.min_by(|(_, a), (_, b)| (a * sign).total_cmp(&(b * sign)))
    }

    /// Who of the peers has the best number in a column, if it is better than this one.
    pub fn better(&self, row: &Row, column: usize) -> Option<(&Row, f64)> {
        let (peer, best) = self.best(Kind::Peer, column)?;
        let ours = row.cells[column]?;
        let loses = if self.columns[column].more { ours < best } else { ours > best };
        (row.kind == Kind::Ours && loses).then_some((peer, best))
    }
}

/// Measures, prints, and with `docs` writes the section of the page.
pub fn run(workshop: &Workshop, json: Option<&std::path::Path>, docs: bool) -> Result<()> {
    let board = image::Board::find(workshop)?;
    let mut tables = speed::heaps(workshop, &board)?;
    tables.extend(speed::parts(workshop, &board)?);
    tables.push(size::heaps(workshop, &board)?);
    tables.extend(size::parts(workshop)?);

    println!("{}", page::terminal(&tables));
    if let Some(file) = json {
        fs::write(file, serde_json::to_string_pretty(&tables)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if docs {
        let page = workshop.root().join("docs/benchmarks.md");
        let text = fs::read_to_string(&page)?;
        let (before, after) = match section(&text) {
            Some(old) => text.split_once(old).context("it is in there")?,
            None => (text.as_str(), ""),
        };
        let versions = machine::versions(workshop, &["freehold-perf-embedded", "freehold-perf-embedded-speed"])?;
        fs::write(&page, format!("{before}{}{after}", page::text(&tables, &board, &versions)))?;
        println!("wrote the section on microcontrollers of docs/benchmarks.md");
    }
    Ok(())
}
