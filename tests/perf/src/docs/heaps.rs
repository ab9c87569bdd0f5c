//! The section on global allocators: what they take of memory, and of the module.

use std::fmt::Write;

use super::{find, names};
use crate::heaps::{OFTEN, PAGE};
use crate::report::{Pages, Report, Row};
use crate::table::figures;

pub const NOTE: &str = "\
The same work in a program for each allocator, linked with LTO; on wasm all modules run in one process of the engine, without hints. Times are over\n\
Rust's default allocator, *std*: dlmalloc on wasm, glibc's malloc natively. The columns in ns are for each allocation or\n\
reallocation, push, String, byte of the document, or pattern, with the row's own work. `serde_json, 2 MB` is a document made up for\n\
the row. canada.json (lists of pairs of numbers), citm_catalog.json (a tree of small objects) and twitter.json (texts, with\n\
escapes) are those that parsers are measured with everywhere, from the crate facet-json-classics; nothing was tuned with them. *limit, never frees* is a bump that\n\
gives all back at once after each sample; where it is slow its blocks are never those that are still in the cache.\n\
lol_alloc and wee_alloc get one sample where it takes more than 300 ms. mimalloc is there natively; wasi-libc and Zig are on wasm where their tools are:\n\
Rust's target wasm32-wasip1, and Zig where `cargo verify` installs it, or on the path.";

/// Pages and sizes.
pub fn tables(report: &Report, rows: &[&Row]) -> String {
    pages(rows) + &sizes(report)
}

/// A table of pages: rows by contenders.
fn pages(rows: &[&Row]) -> String {
    let rows: Vec<&&Row> = rows.iter().filter(|row| row.live.is_some()).collect();
    let Some(first) = rows.first() else { return String::new() };
    let names = names(rows.iter().map(|row| **row));
    let mut text = format!(
        "\nPages of 64 KiB that a row adds to a new instance's memory · over the bytes that it has at once · the same when the row\n\
         is done {OFTEN} times. Before it there are: {}.\n\n\
         | pages | live, KiB | {} | {} |\n|---|{}\n",
        before(first),
        first.base(),
        names.join(" | "),
        "--:|".repeat(names.len() + 2)
    );
    for row in rows {
        let live = row.live.unwrap_or_default();
        let _ = write!(text, "| {} | {} |", row.name, figures(live / 1024.0));
        let others = names.iter().map(|name| find(row, name));
        for contender in [row.contenders.first()].into_iter().chain(others) {
            let over = |pages: f64| figures(pages * PAGE / live);
            let _ = match contender.and_then(|contender| contender.pages) {
                Some(Pages { added, often, .. }) => write!(text, " {added} · {} · {} |", over(added), over(often)),
                None => write!(text, " |"),
            };
        }
        text.push('\n');
    }
    text
}

/// Each contender's pages before the row: constants, the stack, and what the heap had to have.
fn before(row: &Row) -> String {
    let pages = row.contenders.iter().filter_map(|who| Some(format!("{} {}", who.name, who.pages?.before)));
    pages.collect::<Vec<_>>().join("; ")
}

/// How large the modules are.
fn sizes(report: &Report) -> String {
    let Some(sizes) = &report.sizes else { return String::new() };
    let mut text = format!(
        "\nThe smallest module that exports alloc, dealloc and realloc (`no_std` but for std, opt-level z, LTO, panics abort), over the\n\
         same module without an allocator, which has {} bytes:\n\n| | {} |\n|---|--:|\n",
        sizes.none,
        sizes.header()
    );
    for size in &sizes.heaps {
        let _ = writeln!(text, "| {} | {} |", size.name, size.added);
    }
    text
}
