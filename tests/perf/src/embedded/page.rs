//! The tables of `cargo perf --embedded`: in the terminal, and as a section of docs/benchmarks.md.

use std::fmt::Write;

use super::image::Board;
use super::{Column, REASONS, Row, Table};
use crate::kind::Kind;
use crate::table;

pub const HEADING: &str = "\n## On a microcontroller\n";

/// The section in a page, if it has one.
pub fn section(page: &str) -> Option<&str> {
    let from = page.find(HEADING)?;
    let rest = &page[from + HEADING.len()..];
    let len = rest.find("\n## ").unwrap_or(rest.len());
    Some(&page[from..from + HEADING.len() + len])
}

/// For the terminal.
pub fn terminal(tables: &[Table]) -> String {
    let mut text = String::new();
    for table in tables {
        let mut drawn = table::table([""].into_iter().chain(table.columns.iter().map(|column| column.name.as_str())));
        for row in &table.rows {
            drawn.add_row([table::name(&row.name, row.kind)].into_iter().chain(cells(table, row).map(Into::into)));
        }
        let _ = writeln!(text, "\n{}\n{drawn}", table.title);
    }
    text + "\n!: a peer is better\n" + &losses(tables)
}

/// The section.
pub fn text(tables: &[Table], board: &Board, versions: &[(String, String)]) -> String {
    let versions: Vec<_> = versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let mut text = format!(
        "{HEADING}\n\
         Written by `cargo perf --embedded --docs`. A Cortex-M4 that qemu {} emulates (mps2-an386), whose clock counts instructions, each as\n\
         one: the numbers are the same in each run. **Bold** is the best but for the limit.\n\
         Versions: {}.\n\n\
         Where freehold loses:\n\n{}",
        board.version,
        versions.join(", "),
        losses(tables)
    );
    for table in tables {
        let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let _ = writeln!(text, "\n### {}\n\n{}\n", table.title, table.note);
        let _ = writeln!(text, "| | {} |\n|---|{}", names.join(" | "), "--:|".repeat(names.len()));
        for row in &table.rows {
            let cells: Vec<_> = cells(table, row).map(|cell| cell.trim_end_matches(" !").to_owned()).collect();
            let _ = writeln!(text, "| {} | {} |", row.name, cells.join(" | "));
        }
    }
    text
}

/// A row's numbers.
fn cells(table: &Table, row: &Row) -> impl Iterator<Item = String> {
    row.cells.iter().enumerate().map(move |(at, cell)| {
        let Some(number) = cell else { return String::new() };
        let text = figures(*number) + table.columns[at].unit;
        let contest = [Kind::Ours, Kind::Peer].into_iter().filter_map(|kind| Some(table.best(kind, at)?.1));
        let more = table.columns[at].more;
        let better = |a: f64, b: f64| if more { a > b } else { a < b };
        let contested = table.best(Kind::Peer, at).is_some();
        let first = contested && row.kind != Kind::Limit && !contest.into_iter().any(|other| better(other, *number));
        if first {
            format!("**{text}**")
        } else if table.better(row, at).is_some() {
            text + " !"
        } else {
            text
        }
    })
}

/// Where a peer is better than freehold, a line for each row, and why.
fn losses(tables: &[Table]) -> String {
    let mut text = String::new();
    for (table, row) in tables.iter().flat_map(|table| table.rows.iter().map(move |row| (table, row))) {
        let lost = |(at, column): (usize, &Column)| {
            let (peer, best) = table.better(row, at)?;
            let ours = figures(row.cells[at]?);
            Some(format!("{} {ours}, {} {}", column.name, peer.name, figures(best)))
        };
        let lost: Vec<_> = table.columns.iter().enumerate().filter_map(lost).collect();
        if !lost.is_empty() {
            let why = REASONS.iter().find(|reason| reason.row == row.name && reason.table == table.title);
            let why = why.map_or_else(String::new, |reason| format!(". {}", reason.why));
            let _ = writeln!(text, "- {}, {}: {}{why}", row.name, table.title, lost.join("; "));
        }
    }
    if text.is_empty() { "- in no row\n".to_owned() } else { text }
}

/// Whole numbers, where they are large.
fn figures(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_ends_where_the_next_begins() {
        let page = format!("# A\n\n## B\n\nb\n{HEADING}\nold\n\n### Part\n\nc\n\n## D\n\nd\n");
        assert_eq!(section(&page), Some(format!("{HEADING}\nold\n\n### Part\n\nc\n").as_str()));
        assert_eq!(section("# A\n"), None);
        let last = format!("# A\n{HEADING}\nold\n");
        assert_eq!(section(&last), Some(&last[4..]));
    }
}
