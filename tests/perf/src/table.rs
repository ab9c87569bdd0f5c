//! The tables in the terminal: one for each group, and one that sums up.

use std::fmt::Write;

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};

use crate::heaps::GROUP as HEAPS;
use crate::kind::{Kind, Place, Platform};
use crate::layers::GROUP as LAYERS;
use crate::report::{Contender, Programs, Report, Row, Sizes};

/// How much slower counts as slower: less may be chance.
pub const MARGIN: f64 = 1.05;

/// Everything, for a person to read.
pub fn all(report: &Report) -> String {
    let mut text = String::new();
    for (group, rows) in report.groups() {
        let _ = writeln!(text, "\n{group}\n{}", group_table(report, &rows));
    }
    if !report.programs.is_empty() {
        let _ = writeln!(text, "\nWhole programs, natively\n{}", program_table(&report.programs));
    }
    if let Some(sizes) = &report.sizes {
        let _ = writeln!(text, "\nSizes of modules\n{}", size_table(sizes));
    }
    if report.rows.is_empty() {
        return text;
    }
    let summary = if report.rows.iter().any(is_summed_up) {
        format!("\n\nIn short: × of the first, freehold's best and (the best peer's)\n{}", summary(report))
    } else {
        String::new()
    };
    let _ = writeln!(
        text,
        "\n×: time over the first's, median of rounds: a limit, or Rust's default allocator. ns of the first, instructions: for\n\
         each allocation (each byte that is parsed, each pattern), with the row's own work. memory: bytes claimed over bytes\n\
         asked for. pages: what the row adds to a new instance. *: fastest but for limits. !: a peer is more than 5 % faster.{summary}"
    );
    text
}

/// What of a contender stands in a column, if anything does in any row.
type Column<'a> = (String, Box<dyn Fn(&Row, &Contender) -> Cell + 'a>);

/// Times over the first's at each place, and what else is known.
fn columns(report: &Report) -> Vec<Column<'_>> {
    let mut columns: Vec<Column<'_>> = Vec::new();
    for on in &report.places {
        columns.push((format!("{} ×", on.name), Box::new(move |row, contender| ratio(row, contender, on))));
    }
    let mut other = |name: &str, number_of: fn(&Contender) -> Option<f64>| {
        columns.push((name.to_owned(), Box::new(move |_, contender| number(number_of(contender)))));
    };
    other("instr.", |contender| contender.instructions);
    other("memory", |contender| contender.memory(Platform::Native));
    other("on wasm", |contender| contender.memory(Platform::Wasm));
    other("pages", |contender| Some(contender.pages.get(&Platform::Wasm)?.added));
    columns
}

/// With the columns in which there is something. A row begins with what the first takes.
fn group_table(report: &Report, rows: &[&Row]) -> Table {
    let any = |(_, cell): &Column<'_>| {
        let mut all = rows.iter().flat_map(|row| row.contenders.iter().map(|contender| cell(row, contender)));
        all.any(|cell| !cell.content().is_empty())
    };
    let places = report.places_of(rows);
    let columns: Vec<Column<'_>> = columns(report).into_iter().filter(any).collect();
    let mut table = table([""].into_iter().chain(columns.iter().map(|(header, _)| header.as_str())));
    for row in rows {
        let first = places.iter().map(|on| {
            let speed = row.contenders[0].speed(on);
            Cell::new(speed.map_or_else(String::new, |speed| format!("{} ns", figures(speed.nanoseconds))))
        });
        table.add_row([Cell::new(&row.name).add_attribute(Attribute::Bold)].into_iter().chain(first));
        for contender in &row.contenders {
            let cells = columns.iter().map(|(_, cell)| cell(row, contender));
            table.add_row([name(&contender.name, contender.kind)].into_iter().chain(cells));
        }
    }
    table
}

/// Whole programs: seconds and MiB.
fn program_table(programs: &[Programs]) -> Table {
    let mut table = table(["", "seconds", "user", "system", "MiB at most", "at the end"]);
    for program in programs {
        table.add_row([Cell::new(&program.name).add_attribute(Attribute::Bold)]);
        for run in &program.runs {
            let cells = run.numbers().map(|number| Cell::new(figures(number)));
            table.add_row([name(&run.name, run.kind)].into_iter().chain(cells));
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

/// Whether freehold's fastest and the fastest peer do the same: of debug layers each looks for something else.
pub fn is_summed_up(row: &Row) -> bool {
    row.group != LAYERS
}

/// freehold's fastest beside the fastest peer, at each place.
fn summary(report: &Report) -> Table {
    let mut table = table([""].into_iter().chain(report.places.iter().map(|on| on.name.as_str())));
    for row in report.rows.iter().filter(|row| is_summed_up(row)) {
        let cells = report.places.iter().map(|on| {
            let Some((ours, mine)) = row.best(Kind::Ours, on) else { return Cell::new("") };
            let peer = row.best(Kind::Peer, on);
            let peer = peer.map_or_else(String::new, |(who, theirs)| format!(" ({} {})", who.name, figures(theirs)));
            let cell = Cell::new(format!("{}{peer}", figures(mine)));
            if loses(row, ours, on) { cell.fg(Color::Red) } else { cell }
        });
        let name = Cell::new(format!("{} / {}", row.group, row.name));
        table.add_row([name].into_iter().chain(cells.collect::<Vec<_>>()));
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

fn ratio(row: &Row, contender: &Contender, on: &Place) -> Cell {
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
pub fn fastest(row: &Row, contender: &Contender, on: &Place) -> bool {
    let best = [Kind::Ours, Kind::Peer].into_iter().filter_map(|kind| row.best(kind, on));
    let best = best.map(|(_, ratio)| ratio).fold(f64::INFINITY, f64::min);
    contender.kind != Kind::Limit && contender.ratio(on).is_some_and(|ratio| ratio <= best)
}

/// Whether it is freehold's best, and a peer is clearly faster. A program has one global allocator, or one layer: each of those is held
/// against the peers.
pub fn loses(row: &Row, contender: &Contender, on: &Place) -> bool {
    let (Some((best, _)), Some((_, peer))) = (row.best(Kind::Ours, on), row.best(Kind::Peer, on)) else {
        return false;
    };
    let is_alone = [HEAPS, LAYERS].contains(&row.group.as_str());
    let counts = best.name == contender.name || is_alone && contender.kind == Kind::Ours;
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

/// A number of pages: natively they come in parts.
pub fn whole(pages: f64) -> String {
    if pages.fract() == 0.0 { format!("{pages}") } else { figures(pages) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.314, 1.0, 12.34, 345.6, 98_765.0].map(figures), ["0.31", "1.00", "12.3", "346", "9.9e4"]);
    }
}
