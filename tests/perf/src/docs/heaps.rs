//! The sections on global allocators and on layers around them: what they take of memory, and of the module.

use std::fmt::Write;

use super::{find, names};
use crate::kind::Platform;
use crate::report::{Pages, Report, Row};
use crate::set::{OFTEN, PAGE};
use crate::table::{figures, whole};

pub const NOTE: &str = "\
The same work in a program for each allocator, linked with LTO; on wasm all modules run in one process of the engine, without hints. Times are over\n\
Rust's default allocator, *std*: dlmalloc on wasm, glibc's malloc natively. The columns in ns are for each allocation or\n\
reallocation, push, String, byte of the document, or pattern, with the row's own work. `serde_json, 2 MB` is a document made up for\n\
the row. canada.json (lists of pairs of numbers), citm_catalog.json (a tree of small objects) and twitter.json (texts, with\n\
escapes) are those that parsers are measured with everywhere, from the crate facet-json-classics; nothing was tuned with them. *limit, never frees* is a bump that\n\
gives all back at once after each sample; where it is slow its blocks are never those that are still in the cache.\n\
lol_alloc and wee_alloc get one sample where it takes more than 300 ms. mimalloc is there natively; wasi-libc and Zig are on wasm where their tools are:\n\
Rust's target wasm32-wasip1, and Zig where `cargo verify` installs it, or on the path.";

pub const LAYERS: &str = "\
The same work on `Heap` with a layer around it that looks at what the program does; times are over those of `Heap` alone. *Checked* is\n\
[freehold's](debugging.md), as it comes: it has marks around each block and a record of it, fills what is new and what was freed, and lets up to 4,096 freed\n\
blocks, or 1 MiB, wait. *Nothing waits*: `keeping(0, 0)`. *Stacks*: it is told the 16 innermost frames whenever something is allocated or freed. *Tagged* finds\n\
nothing, and counts by parts of the program. dhat, natively, takes ten frames for each block, and looks at no bytes. Zig's two are on wasm, compiled for speed as\n\
all else here, with their checks as in a debug build. They can't take stacks there. `DebugAllocator` has a bit, the size and the alignment of each block,\n\
and touches none of its bytes; `SafeAllocator`, which takes its place, puts a checked footer behind each, fills what was freed, and looks at that when a page of\n\
it goes. What each finds is in [debugging](debugging.md#what-it-costs). Columns in ns are for each allocation or reallocation, or byte of the document. A\n\
layer whose sample takes more than 300 ms gets one.";

/// Pages and sizes of global allocators.
pub fn tables(report: &Report, rows: &[&Row]) -> String {
    pages(rows, Platform::Wasm) + &sizes(report)
}

/// Memory natively, and pages on wasm.
pub fn layers(rows: &[&Row]) -> String {
    [Platform::Native, Platform::Wasm].map(|on| pages(rows, on)).concat()
}

/// A table of pages: rows by contenders.
fn pages(rows: &[&Row], on: Platform) -> String {
    let rows: Vec<&&Row> = rows.iter().filter(|row| row.live.contains_key(&on)).collect();
    let Some(first) = rows.first() else { return String::new() };
    let names = names(rows.iter().map(|row| **row));
    let what = match on {
        Platform::Native => "Natively, 64 KiB that a row adds to what was resident at most in a new process",
        Platform::Wasm => "Pages of 64 KiB that a row adds to a new instance's memory",
    };
    let mut text = format!(
        "\n{what} · over the bytes that it has at once · the same when the row\n\
         is done {OFTEN} times. Before it there are: {}.\n\n\
         | {} | live, KiB | {} | {} |\n|---|{}\n",
        before(first, on),
        if on == Platform::Native { "64 KiB, native" } else { "pages" },
        first.base(),
        names.join(" | "),
        "--:|".repeat(names.len() + 2)
    );
    for row in rows {
        let live = row.live[&on];
        let _ = write!(text, "| {} | {} |", row.name, figures(live / 1024.0));
        let others = names.iter().map(|name| find(row, name));
        for contender in [row.contenders.first()].into_iter().chain(others) {
            let over = |pages: f64| figures(pages * PAGE / live);
            let _ = match contender.and_then(|contender| contender.pages.get(&on)) {
                Some(Pages { added, often, .. }) => {
                    write!(text, " {} · {} · {} |", whole(*added), over(*added), over(*often))
                }
                None => write!(text, " |"),
            };
        }
        text.push('\n');
    }
    text
}

/// Each contender's pages before the row: constants, the stack, and what the heap had to have.
fn before(row: &Row, on: Platform) -> String {
    let pages = row.contenders.iter().filter_map(|who| {
        let pages = who.pages.get(&on)?;
        Some(format!("{} {}", who.name, whole(pages.before)))
    });
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
