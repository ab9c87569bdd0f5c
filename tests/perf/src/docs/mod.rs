//! `docs/benchmarks.md`: the same numbers as a page.

mod heaps;
mod reasons;
mod losses;

use std::fmt::Write;

use crate::engine::Missing;
use crate::heaps::GROUP as HEAPS;
use crate::kind::{Kind, Place};
use crate::layers::GROUP as LAYERS;
use crate::plot;
use crate::report::{Contender, Programs, Report, Row};
use crate::table::{fastest, figures, is_summed_up};
use crate::whole::TITLE;

/// The whole page.
pub fn page(report: &Report) -> String {
    let mut text = intro(report) + &losses::section(report) + &in_short(report) + HOW_TO_READ;
    for (group, rows) in report.groups() {
        let _ = write!(text, "\n## {group}\n\n{}\n\n![{group}](benchmarks/{})\n", note(group), plot::file_name(group));
        for on in report.places_of(&rows) {
            text += &ratios(&rows, on);
        }
        text += &match group {
            HEAPS => heaps::tables(report, &rows),
            LAYERS => heaps::layers(&rows),
            _ => details(&rows),
        };
    }
    text + &whole(&report.programs)
}

/// What a group is about.
fn note(group: &str) -> &'static str {
    match group {
        "Scopes" => {
            "Each turn of a loop opens a scope, allocates, reads back, and leaves; crates without scopes reset their arena.\n\
             *Unchecked* doesn't look for the buffer's end. *Growable* could get another buffer from a function that it never\n\
             calls."
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
             Rust's own allocator has grown memory before, so those who live on it need no `memory.grow`; freehold does. An engine\n\
             has compiled such code, but not optimised it."
        }
        "Trees and graphs" => {
            "A million nodes built, walked and dropped, the arena with them. The limit's buffer stays. Nodes in a `Vec` with\n\
             indices in place of references are smaller on 64-bit."
        }
        "Pools" => {
            "A pool is filled with blocks of 64 bytes, then emptied in some order. Both count as one operation. With 1e5 live eight such turns go before the one that is timed."
        }
        "Shared pool" => {
            "Threads take 16 blocks each and give them back. *Not shared* is a list for each thread: no pool that is shared can be\n\
             that fast. *Spin lock* is the same list behind the smallest lock there is."
        }
        HEAPS => heaps::NOTE,
        LAYERS => heaps::LAYERS,
        _ => {
            "An arena is built, filled with `u64`s and dropped. What each costs should not depend on how many there are."
        }
    }
}

fn intro(report: &Report) -> String {
    let machine = &report.machine;
    let places: Vec<&str> = report.places.iter().map(|on| on.name.as_str()).collect();
    let hurry = if report.quick { " This was a quick run, of few samples." } else { "" };
    let mut missing = String::new();
    for Missing { name, why } in &report.missing {
        let _ = write!(missing, " Not measured in {name}: {why}.");
    }
    let crates: Vec<String> = machine.crates.iter().map(|(name, version)| format!("{name} {version}")).collect();
    format!(
        "# Benchmarks\n\n\
         Written by `cargo perf --docs`; `cargo perf` shows the same for your machine.{hurry}\n\n\
         Machine: {}.\n\
         Places: {}.{missing}\n\
         Versions: {}. `Box` is Rust's default allocator: glibc's malloc natively, dlmalloc on wasm.\n",
        machine.summary(),
        places.join(", "),
        crates.join(", "),
    )
}

const HOW_TO_READ: &str = "\
\n## How to read this\n\n\
Each number is a time over the **limit**'s in the same round, the median of many rounds: 1.00 is as fast as the\n\
limit, 2.00 takes twice as long. (Global allocators stand beside Rust's default one, not a limit; debug layers beside the heap that\n\
is in them.) The limit is\n\
what one would write by hand for that one loop: a cursor held in registers over a buffer that is there already (it can't grow), a list through free blocks, values side by side. What\n\
the row does with its values is in the time, and the same for everybody. Rounds go A B C A B C, so what slows the\n\
machine down slows everybody; each round has another placement in memory, and the rounds come from several processes;\n\
results are summed up and compared, so nobody can leave work out. Peers are used as their documentation recommends for speed.\n\n\
Wasm rows run in each engine as users have it: it optimises what runs often, and the clock starts when it has had time to.\n\
*Hints*: the same module with branch hints in it, written by [`hint`](../src/tools/hint/README.md), in engines that read\n\
them by themselves. A browser's clock ticks every 5 µs, so what happens once is not timed there.\n\n\
**Bold** is the fastest but for limits. Rows where a peer is more than 5 % faster than freehold are listed first.\n\
Instructions are callgrind's, natively, for each allocation with the row's own work: they don't depend on the\n\
machine's mood, but nor do they know of caches. Memory is the most bytes claimed at once, headers of the\n\
allocator below included, over the bytes asked for.\n\n\
What the loops compile to, and why some stay behind the limit: [hot loops](hot-loops.md).\n";

/// freehold's fastest and the fastest peer, at each place.
fn in_short(report: &Report) -> String {
    let places: Vec<&str> = report.places.iter().map(|on| on.name.as_str()).collect();
    let mut text = format!(
        "\n## In short\n\nfreehold's fastest, and in brackets the fastest peer.\n\n| | {} |\n|---|{}\n",
        places.join(" | "),
        "--:|".repeat(places.len())
    );
    for row in report.rows.iter().filter(|row| is_summed_up(row)) {
        let cells = report.places.iter().map(|on| {
            let best = |kind| row.best(kind, on).map(|(_, ratio)| ratio);
            let peer = best(Kind::Peer).map_or_else(String::new, |ratio| format!(" ({})", figures(ratio)));
            best(Kind::Ours).map_or_else(String::new, |ratio| figures(ratio) + &peer)
        });
        let _ = writeln!(text, "| {}: {} | {} |", row.group, row.name, cells.collect::<Vec<_>>().join(" | "));
    }
    text
}

/// Whole programs: what each took.
fn whole(programs: &[Programs]) -> String {
    if programs.is_empty() {
        return String::new();
    }
    let mut text = format!("\n## {TITLE}\n\n{WHOLE_NOTE}\n");
    for program in programs {
        let _ = write!(
            text,
            "\n| {} | seconds | in the program | in the system | MiB at most | at the end |\n|---|--:|--:|--:|--:|--:|\n",
            program.name
        );
        for run in &program.runs {
            let numbers = run.numbers().map(figures);
            let _ = writeln!(text, "| {} | {} |", run.name, numbers.join(" | "));
        }
    }
    text
}

const WHOLE_NOTE: &str = "\
Natively, each run in a new process; medians. Files of Rust (freehold's own, and those of the crates that its lock file names) are\n\
parsed by so many threads, each file into a tree that is dropped. And a long text is made into HTML. Processor time is that of all\n\
threads together, in the program and in the system for it. Memory is what is resident, with the sources or the text in it: the most,\n\
and what is left when all is freed.";

/// A table of ratios: rows by contenders.
fn ratios(rows: &[&Row], on: &Place) -> String {
    let rows: Vec<&&Row> = rows.iter().filter(|row| row.contenders[0].ratio(on).is_some()).collect();
    if rows.is_empty() {
        return String::new();
    }
    let names = names(rows.iter().map(|row| **row));
    let mut text = format!(
        "\n| {} | {}, ns | {} |\n|---|{}\n",
        on.name,
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
