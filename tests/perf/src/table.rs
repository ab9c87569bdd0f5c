//! The tables in the terminal: one for each group, and one that sums up.

use std::fmt::Write;

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};

use crate::heaps::GROUP as HEAPS;
use crate::kind::{Kind, Platform};
use crate::report::{Contender, Report, Row, Sizes};

/// How much slower counts as slower: less may be chance.
pub const MARGIN: f64 = 1.05;

/// Everything, for a person to read.
pub fn all(report: &Report) -> String {
    let mut text = String::new();
    for (group, rows) in report.groups() {
        let _ = writeln!(text, "\n{group}\n{}", group_table(&rows));
    }
    if let Some(sizes) = &report.sizes {
        let _ = writeln!(text, "\nSizes of modules\n{}", size_table(sizes));
    }
    let _ = writeln!(
        text,
        "\n×: time over the first's, median of rounds: a limit, or Rust's default allocator. ns, instructions: for each\n\
         allocation (each byte that is parsed, each pattern), with the row's own work. memory: bytes claimed over bytes asked\n\
         for. pages: what the row adds to a new instance. *: fastest but for limits. !: a peer is more than 5 % faster.\n\
         \nIn short: × of the first\n{}",
        summary(report)
    );
    text
}

/// What of a contender stands in a column.
type Column = (&'static str, fn(&Row, &Contender) -> Cell);

const COLUMNS: [Column; 8] = [
    ("native ×", |row, contender| ratio(row, contender, Platform::Native)),
    ("ns", |_, contender| nanoseconds(contender, Platform::Native)),
    ("instr.", |_, contender| number(contender.instructions)),
    ("memory", |_, contender| number(contender.memory(Platform::Native))),
    ("wasm ×", |row, contender| ratio(row, contender, Platform::Wasm)),
    ("ns", |_, contender| nanoseconds(contender, Platform::Wasm)),
    ("memory", |_, contender| number(contender.memory(Platform::Wasm))),
    ("pages", |_, contender| number(contender.pages.map(|pages| pages.added))),
];

/// With the columns in which there is something.
fn group_table(rows: &[&Row]) -> Table {
    let any = |(_, cell): &Column| {
        let mut all = rows.iter().flat_map(|row| row.contenders.iter().map(|contender| cell(row, contender)));
        all.any(|cell| !cell.content().is_empty())
    };
    let columns: Vec<Column> = COLUMNS.into_iter().filter(any).collect();
    let mut table = table([""].into_iter().chain(columns.iter().map(|(header, _)| *header)));
    for row in rows {
        table.add_row([Cell::new(&row.name).add_attribute(Attribute::Bold)]);
        for contender in &row.contenders {
            let cells = columns.iter().map(|(_, cell)| cell(row, contender));
            table.add_row([name(&contender.name, contender.kind)].into_iter().chain(cells));
        }
    }
    table
}

fn size_table(sizes: &Sizes) -> Table {
    let mut table = table(["", sizes.header()]);
    for size in &sizes.heaps {
        table.add_row([name(&size.name, size.kind), Cell::new(size.added)]);
    }
    table
}

/// freehold's fastest beside the fastest peer.
fn summary(report: &Report) -> Table {
    let mut table = table(["", "native: freehold", "best peer", "wasm: freehold", "best peer"]);
    for row in &report.rows {
        let mut cells = vec![Cell::new(format!("{} / {}", row.group, row.name))];
        for on in Platform::ALL {
            let ours = row.best(Kind::Ours, on);
            let peer = row.best(Kind::Peer, on);
            cells.push(ours.map_or_else(|| Cell::new(""), |(contender, _)| ratio(row, contender, on)));
            cells.push(Cell::new(
                peer.map_or_else(String::new, |(who, ratio)| format!("{} {}", figures(ratio), who.name)),
            ));
        }
        table.add_row(cells);
    }
    table
}

pub fn table<'h>(header: impl IntoIterator<Item = &'h str>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.into_iter().map(|text| Cell::new(text).add_attribute(Attribute::Bold)));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

pub fn name(name: &str, kind: Kind) -> Cell {
    let cell = Cell::new(format!("  {name}"));
    match kind {
        Kind::Limit => cell.add_attribute(Attribute::Dim),
        Kind::Ours => cell.fg(Color::Cyan),
        Kind::Peer => cell,
    }
}

fn number(value: Option<f64>) -> Cell {
    Cell::new(value.map_or_else(String::new, figures))
}

fn nanoseconds(contender: &Contender, on: Platform) -> Cell {
    number(contender.speed(on).map(|speed| speed.nanoseconds))
}

fn ratio(row: &Row, contender: &Contender, on: Platform) -> Cell {
    let Some(ratio) = contender.ratio(on) else { return Cell::new("") };
    let text = figures(ratio);
    if loses(row, contender, on) {
        Cell::new(format!("{text} !")).fg(Color::Red)
    } else if fastest(row, contender, on) {
        Cell::new(format!("{text} *")).fg(Color::Green)
    } else {
        Cell::new(format!("{text}  "))
    }
}

/// Whether nobody but a limit is faster.
pub fn fastest(row: &Row, contender: &Contender, on: Platform) -> bool {
    let best = [Kind::Ours, Kind::Peer].into_iter().filter_map(|kind| row.best(kind, on));
    let best = best.map(|(_, ratio)| ratio).fold(f64::INFINITY, f64::min);
    contender.kind != Kind::Limit && contender.ratio(on).is_some_and(|ratio| ratio <= best)
}

/// Whether it is freehold's best, and a peer is clearly faster. A program has one global allocator: each of those is held against
/// the peers.
pub fn loses(row: &Row, contender: &Contender, on: Platform) -> bool {
    let (Some((best, _)), Some((_, peer))) = (row.best(Kind::Ours, on), row.best(Kind::Peer, on)) else {
        return false;
    };
    let counts = best.name == contender.name || row.group == HEAPS && contender.kind == Kind::Ours;
    counts && contender.ratio(on).is_some_and(|ratio| ratio > peer * MARGIN)
}

/// Three figures, or as many as a whole number needs.
pub fn figures(value: f64) -> String {
    match value.abs() {
        10_000.0.. => format!("{value:.1e}"),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.314, 1.0, 12.34, 345.6, 98_765.0].map(figures), ["0.31", "1.00", "12.3", "346", "9.9e4"]);
    }
}
