//! `docs/benchmarks.md`: the same numbers as a page.

mod heaps;

use std::fmt::Write;

use crate::heaps::GROUP as HEAPS;
use crate::kind::{Kind, Platform};
use crate::plot;
use crate::report::{Contender, Report, Row};
use crate::table::{MARGIN, fastest, figures, loses};

/// The whole page.
pub fn page(report: &Report) -> String {
    let mut text = intro(report);
    text += &losses(report);
    for (group, rows) in report.groups() {
        let _ = write!(text, "\n## {group}\n\n{}\n\n![{group}](benchmarks/{})\n", note(group), plot::file_name(group));
        for on in Platform::ALL {
            text += &ratios(&rows, on);
        }
        text += &if group == HEAPS { heaps::tables(report, &rows) } else { details(&rows) };
    }
    text
}

/// What a group is about.
fn note(group: &str) -> &'static str {
    match group {
        "Scopes" => {
            "Each turn of a loop opens a scope, allocates, reads back, and leaves; crates without scopes reset their arena.\n\
             *Unchecked* doesn't look for the buffer's end. *Growable* could get another buffer from a function that it never\n\
             calls: on wasm that alone costs, as V8 keeps the loop's own variables in memory around any call in it."
        }
        "Slices and texts" => "Copies. The limit copies up to 32 bytes without a call to `memcpy`.",
        "Through &self" => {
            "The same values through a shared reference to the arena, in a function that is not inlined, so that the arena's\n\
             state is in memory; then the arena is reset."
        }
        "Vectors" => {
            "A `Vec<u64>` grown by `push` in an arena: allocator-api2's, and the crates' own. The limit's has room from the start."
        }
        "Coming and going" => {
            "*First use* is the time of the first allocation in a new process, or a new instance of the module. In the module\n\
             Rust's own allocator has grown memory before, so those who live on it need no `memory.grow`; freehold does."
        }
        "Trees and graphs" => {
            "A million nodes built, walked and dropped, the arena with them. The limit's buffer stays. Nodes in a `Vec` with\n\
             indices in place of references are smaller on 64-bit."
        }
        "Pools" => "A pool is filled with blocks of 64 bytes, then emptied in some order. Both count as one operation.",
        "Shared pool" => {
            "Threads take 16 blocks each and give them back. *Not shared* is a list for each thread: no pool that is shared can be\n\
             that fast. *Spin lock* is the same list behind the smallest lock there is."
        }
        HEAPS => heaps::NOTE,
        _ => {
            "An arena is built, filled with `u64`s and dropped. What each costs should not depend on how many there are."
        }
    }
}

fn intro(report: &Report) -> String {
    let machine = &report.machine;
    let crates: Vec<String> = machine.crates.iter().map(|(name, version)| format!("{name} {version}")).collect();
    format!(
        "# Benchmarks\n\n\
         Written by `cargo perf --docs`; `cargo perf` shows the same for your machine.\n\n\
         Machine: {}.\n\
         Versions: {}. `Box` is Rust's default allocator: glibc's malloc natively, dlmalloc on wasm.\n\n\
         ## How to read this\n\n\
         Each number is a time over the **limit**'s in the same round, the median of many rounds: 1.00 is as fast as the\n\
         limit, 2.00 takes twice as long. (Global allocators stand beside Rust's default one, not a limit.) The limit is\n\
         what one would write by hand for that one loop: a cursor held in registers over a buffer that is there already (it can't grow), a list through free blocks, values side by side. What\n\
         the row does with its values is in the time, and the same for everybody. Rounds go A B C A B C, so what slows the\n\
         machine down slows everybody; each round has another placement in memory, and the rounds come from several processes;\n\
         results are summed up and compared, so nobody can leave work out. Peers are used as their documentation recommends for speed.\n\n\
         **Bold** is the fastest but for limits. Rows where a peer is more than 5 % faster than freehold are listed below.\n\
         Instructions are callgrind's, natively, for each allocation with the row's own work: they don't depend on the\n\
         machine's mood, but nor do they know of caches. Memory is the most bytes claimed at once, headers of the\n\
         allocator below included, over the bytes asked for.\n\n\
         What the loops compile to, and why some stay behind the limit: [hot loops](hot-loops.md).\n",
        machine.summary(),
        crates.join(", "),
    )
}

/// Where freehold loses, without excuses.
fn losses(report: &Report) -> String {
    let mut text = String::from("\n## Where freehold loses\n\n");
    let mut any = false;
    for row in &report.rows {
        for on in Platform::ALL {
            let Some((peer, ratio)) = row.best(Kind::Peer, on) else { continue };
            for ours in row.contenders.iter().filter(|contender| loses(row, contender, on)) {
                any = true;
                let mine = figures(ours.ratio(on).unwrap_or_default());
                let (theirs, place) = (figures(ratio), on.name());
                let Row { group, name, .. } = row;
                let _ = writeln!(text, "- {group}, {name}, {place}: {} {mine}, {} {theirs}", ours.name, peer.name);
            }
        }
    }
    if !any {
        text += &format!("In no row of this run is a peer more than {:.0} % faster.\n", (MARGIN - 1.0) * 100.0);
    }
    text
}

/// A table of ratios: rows by contenders.
fn ratios(rows: &[&Row], on: Platform) -> String {
    let rows: Vec<&&Row> = rows.iter().filter(|row| row.contenders[0].ratio(on).is_some()).collect();
    if rows.is_empty() {
        return String::new();
    }
    let names = names(rows.iter().map(|row| **row));
    let mut text = format!(
        "\n| {} | {}, ns | {} |\n|---|{}\n",
        on.name(),
        rows[0].base(),
        names.join(" | "),
        "--:|".repeat(names.len() + 1)
    );
    for row in rows {
        let limit = row.contenders[0].speed(on).map_or_else(String::new, |speed| figures(speed.nanoseconds));
        let _ = write!(text, "| {} | {limit} |", row.name);
        for name in &names {
            let cell = find(row, name).and_then(|who| Some((who, who.ratio(on)?)));
            let _ = match cell {
                Some((who, ratio)) if fastest(row, who, on) => write!(text, " **{}** |", figures(ratio)),
                Some((_, ratio)) => write!(text, " {} |", figures(ratio)),
                None => write!(text, " |"),
            };
        }
        text.push('\n');
    }
    text
}

/// A table of instructions and memory, folded away.
fn details(rows: &[&Row]) -> String {
    let names = names(rows.iter().copied());
    let mut text = String::from("\n<details><summary>Instructions · memory natively · memory on wasm</summary>\n\n");
    let limits: Vec<&str> = vec!["limit"];
    let names: Vec<&str> = limits.into_iter().chain(names).collect();
    let _ = writeln!(text, "| | {} |\n|---|{}", names.join(" | "), "--:|".repeat(names.len()));
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), figures);
    for row in rows {
        let _ = write!(text, "| {} |", row.name);
        for (at, name) in names.iter().enumerate() {
            let who = if at == 0 { row.contenders.first() } else { find(row, name) };
            let _ = match who {
                Some(who) => {
                    let (native, wasm) = (number(who.native_memory), number(who.wasm_memory));
                    write!(text, " {} · {native} · {wasm} |", number(who.instructions))
                }
                None => write!(text, " |"),
            };
        }
        text.push('\n');
    }
    text + "\n</details>\n"
}

/// Every contender of these rows but the first of each: the limit.
fn names<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<&'r str> {
    let mut names = Vec::new();
    for contender in rows.flat_map(|row| row.contenders.iter().skip(1)) {
        if !names.contains(&contender.name.as_str()) {
            names.push(&contender.name);
        }
    }
    // freehold's first, and the other limits last.
    let kind = |name: &str| (name.starts_with("limit"), !name.starts_with("freehold"));
    names.sort_by_key(|name| kind(name));
    names
}

fn find<'r>(row: &'r Row, name: &str) -> Option<&'r Contender> {
    row.contenders.iter().skip(1).find(|contender| contender.name == name)
}
