//! Writes the documents that are parsed: as constants they take nothing of the heap that is measured. And links the allocators
//! that are not Rust's into their programs, where `cargo perf` says where they are.

use std::env;
use std::fmt::Write;
use std::path::Path;

use facet_json_classics::{CANADA, CITM_CATALOG, TWITTER};

const WORDS: [&str; 24] = [
    "memory",
    "page",
    "block",
    "list",
    "free",
    "small",
    "large",
    "the",
    "of",
    "and",
    "between",
    "allocation",
    "a",
    "in",
    "which",
    "is",
    "never",
    "again",
    "borrowed",
    "value",
    "naïve",
    "größer",
    "heap",
    "row",
];

fn main() -> std::io::Result<()> {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let write = |name: &str, text: &str| std::fs::write(Path::new(&out).join(name), text);
    write("document.json", &document(2_000_000))?;
    write("text.md", &markdown(500_000))?;
    // The rows are not tuned with these: other people's, out of a crate that has them compressed.
    write("canada.json", &CANADA)?;
    write("citm_catalog.json", &CITM_CATALOG)?;
    write("twitter.json", &TWITTER)?;
    println!("cargo::rerun-if-changed=build.rs");
    for (program, variable) in [
        ("wasi_libc", "FREEHOLD_PERF_WASI_LIBC"),
        ("zig", "FREEHOLD_PERF_ZIG"),
        ("layer_zig_debug", "FREEHOLD_PERF_ZIG_DEBUG"),
        ("layer_zig_safe", "FREEHOLD_PERF_ZIG_SAFE"),
    ] {
        println!("cargo::rerun-if-env-changed={variable}");
        if let Ok(object) = env::var(variable) {
            println!("cargo::rustc-link-arg-bin={program}={object}");
        }
    }
    Ok(())
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// So many words, with what stands around some of them.
    fn words(&mut self, count: u64, around: &[(&str, &str)]) -> String {
        let mut text = String::new();
        for at in 0..count {
            let word = WORDS[self.below(WORDS.len() as u64) as usize];
            let (before, after) = match self.below(8) {
                0 if !around.is_empty() => around[self.below(around.len() as u64) as usize],
                _ => ("", ""),
            };
            let space = if at == 0 { "" } else { " " };
            let _ = write!(text, "{space}{before}{word}{after}");
        }
        text
    }
}

/// A list of records such as a service would answer with.
fn document(bytes: usize) -> String {
    let mut random = Random(1);
    let mut text = String::from("[");
    let mut id = 0;
    while text.len() < bytes {
        id += 1;
        let comma = if id == 1 { "" } else { "," };
        let (name, title) = (random.words(2, &[]), random.words(3, &[]));
        let about = random.words(id % 23, &[("\\\"", "\\\""), ("", "\\n"), ("<", ">")]);
        let (price, share, stars) = (random.below(10_000), random.below(1_000_000), random.below(5));
        let _ = write!(
            text,
            "{comma}\n{{\"id\":{id},\"name\":\"{name}\",\"title\":\"{title}\",\"active\":{},\"parent\":null,\
             \"price\":{price}.25,\"share\":0.{share:06},\"about\":\"{about}\",\
             \"place\":{{\"x\":{stars},\"y\":-{price},\"path\":[1,2,{share},{id}]}},\"tags\":[",
            id % 2 == 0,
        );
        for tag in 0..id % 5 {
            let comma = if tag == 0 { "" } else { "," };
            let _ = write!(text, "{comma}\"{}\"", random.words(1, &[]));
        }
        text.push_str("]}");
    }
    text + "\n]\n"
}

/// A manual: headings, paragraphs, lists, code, tables, notes.
fn markdown(bytes: usize) -> String {
    const INLINE: [(&str, &str); 6] =
        [("*", "*"), ("**", "**"), ("`", "`"), ("[", "](https://example.org/a?b=c)"), ("~~", "~~"), ("<b>", "</b>")];
    let mut random = Random(2);
    let mut text = String::new();
    let mut part = 0;
    while text.len() < bytes {
        part += 1;
        let _ = writeln!(text, "{} {}\n", ["#", "##", "###"][part % 3], random.words(4, &[]));
        for _ in 0..3 {
            let length = 30 + random.below(60);
            let _ = writeln!(text, "{}.\n", random.words(length, &INLINE));
        }
        match part % 6 {
            0 => (0..6).for_each(|at| writeln!(text, "{}. {}", at + 1, random.words(9, &INLINE)).unwrap_or_default()),
            1 => (0..5).for_each(|_| {
                let _ = writeln!(text, "- {}\n  - {}", random.words(6, &INLINE), random.words(5, &INLINE));
            }),
            2 => {
                let _ = writeln!(text, "```rust\nlet value = {part};\n// {}\n```", random.words(12, &[]));
            }
            3 => {
                let _ = writeln!(text, "| one | two | three |\n|---|--:|---|");
                for at in 0..6 {
                    let _ = writeln!(text, "| {} | {at} | {} |", random.words(3, &INLINE), random.words(2, &[]));
                }
            }
            4 => {
                let _ = writeln!(text, "> {}\n> {}", random.words(14, &INLINE), random.words(9, &[]));
            }
            _ => {
                let _ = writeln!(
                    text,
                    "A note[^{part}] and ![a picture](picture-{part}.png \"title\").\n\n[^{part}]: {}",
                    { random.words(8, &INLINE) }
                );
            }
        }
        text.push('\n');
    }
    text
}
