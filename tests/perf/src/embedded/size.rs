//! Bytes: the crate `embedded/firmware`, with each heap, pool or arena.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use object::{Object, ObjectSection, SectionFlags, SectionKind, elf};

use super::image::{self, Board};
use super::{ARENAS, Column, Contender, HEAPS, POOLS, Row, Table};
use crate::build::Workshop;

const PACKAGE: &str = "freehold-perf-firmware";
/// Where RAM begins.
const RAM: u64 = 0x2000_0000;
/// What memory is given to share out is not counted: the section that start-up code leaves as it is.
const MEMORY: &str = ".uninit";
/// A region in which the program runs with any heap.
const ENOUGH: usize = 256 << 10;
/// The least region is found up to so many bytes.
const STEP: usize = 32;

/// Bytes of an image.
struct Bytes {
    flash: u64,
    ram: u64,
}

fn bytes(image: &Path) -> Result<Bytes> {
    let data = fs::read(image)?;
    let file = object::File::parse(&*data)?;
    let mut bytes = Bytes { flash: 0, ram: 0 };
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if !sh_flags.contains(elf::SHF_ALLOC) || section.name()?.starts_with(MEMORY) {
            continue;
        }
        if section.address() >= RAM {
            bytes.ram += section.size();
        }
        // What RAM begins with is copied from flash.
        if section.kind() != SectionKind::UninitializedData {
            bytes.flash += section.size();
        }
    }
    Ok(bytes)
}

/// What heaps add to a program, and the least region in which it runs.
pub fn heaps(workshop: &Workshop, board: &Board) -> Result<Table> {
    eprintln!("· building a firmware with each heap");
    let mut rows = sizes(workshop, HEAPS)?;
    for (heap, row) in HEAPS.iter().zip(&mut rows) {
        let image = image::build(workshop, PACKAGE, "size", &format!("{},given", heap.feature))?;
        row.cells.push(Some(least(board, &image)? as f64));
    }
    Ok(Table {
        title: "A firmware with a heap",
        note: HEAPS_NOTE,
        columns: columns(&["flash", "RAM", "least region"]),
        rows,
    })
}

const HEAPS_NOTE: &str = "\
A program with a `BTreeMap<u32, String>`, boxes and a vector (opt-level z, LTO, panics abort): bytes of flash and of static RAM over the same\n\
program with the bump, the region not counted; and the least region in which it runs, up to 32 bytes.";

/// What pools and arenas add to the smallest firmware.
pub fn parts(workshop: &Workshop) -> Result<[Table; 2]> {
    eprintln!("· building the smallest firmware with each pool");
    let table = |title, note, of| {
        Ok::<_, anyhow::Error>(Table { title, note, columns: columns(&["flash", "RAM"]), rows: sizes(workshop, of)? })
    };
    Ok([table("A firmware with a pool", POOLS_NOTE, POOLS)?, table("A firmware with an arena", ARENAS_NOTE, ARENAS)?])
}

const POOLS_NOTE: &str = "\
The smallest firmware (the same options), with a pool of four blocks that takes and gives back two: bytes over the same firmware without,\n\
the blocks not counted. Where values are not built in place they are moved there, and `memcpy` is some 500 bytes of it; `BlockPool`'s blocks\n\
are raw.";

const ARENAS_NOTE: &str = "The same, with an arena on a region, in whose scopes slices are allocated.";

fn columns(names: &[&str]) -> Vec<Column> {
    names.iter().map(|name| Column { name: (*name).to_owned(), unit: "", more: false }).collect()
}

/// What each adds to the first.
fn sizes(workshop: &Workshop, contenders: &[Contender]) -> Result<Vec<Row>> {
    let built = contenders.iter().map(|who| bytes(&image::build(workshop, PACKAGE, "size", who.feature)?));
    let built = built.collect::<Result<Vec<Bytes>>>()?;
    let over = |bytes: u64, first: u64| Some(bytes as f64 - first as f64);
    let row = |(who, bytes): (&Contender, &Bytes)| Row {
        name: who.name.to_owned(),
        kind: who.kind,
        cells: vec![over(bytes.flash, built[0].flash), over(bytes.ram - who.handed_out, built[0].ram)],
    };
    Ok(contenders.iter().zip(&built).map(row).collect())
}

/// The least region in which an image runs.
fn least(board: &Board, image: &Path) -> Result<usize> {
    let runs = |len: usize| Ok::<_, anyhow::Error>(board.run(image, len)?.0 == 0);
    ensure!(runs(ENOUGH)?, "{} does not run in {ENOUGH} bytes", image.display());
    let (mut too_few, mut enough) = (0, ENOUGH);
    while enough - too_few > STEP {
        let between = (too_few + enough) / 2 / STEP * STEP;
        if runs(between)? { enough = between } else { too_few = between }
    }
    Ok(enough)
}
