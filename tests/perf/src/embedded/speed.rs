//! Instructions, and how full memory gets: the crate `embedded/speed`, with each heap.

use std::collections::HashMap;

use anyhow::{Context, Result};

use super::image::{self, Board};
use super::{Column, Contender, HEAPS, Row, Table};
use crate::build::Workshop;
use crate::kind::Kind;

const PACKAGE: &str = "freehold-perf-embedded-speed";

/// What an image said: what it measured, and how much.
type Said = HashMap<String, f64>;

const LENS: [(usize, &str); 6] = [
    (2 << 10, "2 KiB"),
    (4 << 10, "4 KiB"),
    (16 << 10, "16 KiB"),
    (64 << 10, "64 KiB"),
    (256 << 10, "256 KiB"),
    (1 << 20, "1 MiB"),
];

fn run(workshop: &Workshop, board: &Board, feature: &str) -> Result<Said> {
    eprintln!("· counting instructions of {feature}");
    let text = board.say(&image::build(workshop, PACKAGE, "heaps", feature)?)?;
    let number = |line: &str| {
        let (what, number) = line.rsplit_once(", ")?;
        Some((what.to_owned(), number.parse().ok()?))
    };
    text.lines().map(|line| number(line).with_context(|| format!("{feature} said {line:?}"))).collect()
}

/// What heaps take, and how full they fill memory.
pub fn heaps(workshop: &Workshop, board: &Board) -> Result<Vec<Table>> {
    let said = HEAPS.iter().map(|heap| Ok((heap, run(workshop, board, heap.feature)?)));
    let said = said.collect::<Result<Vec<(&Contender, Said)>>>()?;
    let table = |title, note, columns: Vec<(String, &'static str, bool, String, f64)>| {
        let cell = |said: &Said, key: &str, of: f64| said.get(key).map(|number| number / of);
        let rows = said.iter().map(|(heap, said)| Row {
            name: heap.name.to_owned(),
            kind: heap.kind,
            cells: columns.iter().map(|(_, _, _, key, of)| cell(said, key, *of)).collect(),
        });
        let rows = rows.collect();
        let columns = columns.into_iter().map(|(name, unit, more, ..)| Column { name, unit, more }).collect();
        Table { title, note, columns, rows }
    };
    let less = |name: &str, key: &str| (name.to_owned(), "", false, key.to_owned(), 1.0);
    let instructions = vec![
        less("in turn: alloc", "in turn, alloc"),
        less("in turn: free", "in turn, free"),
        less("random: alloc", "random, alloc"),
        less("worst alloc", "random, alloc worst"),
        less("random: free", "random, free"),
        less("worst free", "random, free worst"),
        less("refused", "random, refused"),
        less("bytes free at first refusal", "bytes free when 1 to 512 is first refused"),
    ];
    let of_lens = |what: &str, unit, share: bool| {
        let column = |(len, name): (usize, &str)| {
            let of = if share { len as f64 / 100.0 } else { 1.0 };
            (name.to_owned(), unit, true, format!("{what} {len}"), of)
        };
        LENS.map(column).to_vec()
    };
    Ok(vec![
        table("Heaps", HEAPS_NOTE, instructions),
        table("How full", FULL_NOTE, of_lens("fresh", " %", true)),
        table("With holes", HOLES_NOTE, of_lens("holes", "", false)),
    ])
}

const HEAPS_NOTE: &str = "\
Instructions on 64 KiB, all heaps behind a critical section. *In turn*: a block of 64 bytes is taken and given back, again and again.\n\
*Random*: a million operations on 320 places, of which half have a block at a time, of 1 to 512 bytes: 41 KB. *Refused*: how many of\n\
the half a million requests. *Bytes free at first refusal*: two random blocks come for one that goes, until one is refused; the mean of 16 runs.";

const FULL_NOTE: &str = "\
How much of a region is in live blocks when the first of random size, up to a sixteenth of the region, is refused.";

const HOLES_NOTE: &str = "\
A region is filled with blocks of 2,000 bytes (of a 32nd of it, where that is less), of which every other one is freed. How many blocks\n\
of 16 bytes it still takes:";

/// What pools and arenas take.
pub fn parts(workshop: &Workshop, board: &Board) -> Result<[Table; 2]> {
    let said = run(workshop, board, "pools")?;
    let table = |title, note, rows: &[(&str, &str, Kind)]| {
        let what = ["alloc", "alloc worst", "free", "free worst"];
        let row = |(key, name, kind): &(&str, &str, Kind)| Row {
            name: (*name).to_owned(),
            kind: *kind,
            cells: what.map(|what| said.get(&format!("{key}, {what}")).copied()).to_vec(),
        };
        let columns = ["alloc", "worst alloc", "free", "worst free"];
        let columns = columns.map(|name| Column { name: name.to_owned(), unit: "", more: false });
        Table { title, note, columns: columns.into(), rows: rows.iter().map(row).collect() }
    };
    let pools = [
        ("BlockPool", "freehold BlockPool", Kind::Ours),
        ("SharedPool", "freehold SharedPool", Kind::Ours),
        ("FixedPool", "freehold FixedPool", Kind::Ours),
        ("heapless", "heapless pool", Kind::Peer),
    ];
    let arenas = [("Arena", "freehold Arena", Kind::Ours)];
    Ok([table("Pools", POOLS_NOTE, &pools), table("Arenas", ARENAS_NOTE, &arenas)])
}

const POOLS_NOTE: &str = "\
Instructions: a million random operations on 320 places, as above, with blocks of 64 bytes, of which each pool has so many from the start.\n\
heapless's pool, `SharedPool` and `FixedPool` may be used by interrupts, and write the block; `BlockPool` may not, and doesn't.";

const ARENAS_NOTE: &str = "\
Instructions: scopes of ten blocks of 64 bytes, which are written. *Free* is to open a scope and to leave it; the worst\nis to claim a chunk.";
