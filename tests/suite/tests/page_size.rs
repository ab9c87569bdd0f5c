//! What stands in one place only: the page's size, and pointers that are made of integers.

#![cfg(not(any(target_family = "wasm", miri)))]

use std::fs;
use std::path::{Path, PathBuf};

/// The ways in which people write 64 KiB.
const SPELLINGS: &[&str] = &["65536", "65_536", "64 * 1024", "64*1024", "64 << 10", "0x10000", "0x1_0000", "1 << 16"];

/// Lines of code, comments left out, that hold 64 KiB spelled out.
fn spelled_out(code: &str) -> Vec<&str> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let spells = |line: &&str| SPELLINGS.iter().any(|spelling| line.contains(spelling));
    code.lines().filter(is_code).filter(spells).collect()
}

/// The functions that make such a pointer.
const CASTS: &[&str] = &["with_exposed_provenance", "from_exposed_addr", "transmute"];

/// Lines of code, comments left out, that call one of them.
fn casts(code: &str) -> Vec<&str> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    code.lines().filter(is_code).filter(|line| CASTS.iter().any(|cast| line.contains(cast))).collect()
}

fn check(folder: &Path, look: fn(&str) -> Vec<&str>, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            check(&path, look, found);
        } else if let Ok(code) = fs::read_to_string(&path) {
            found.extend(look(&code).iter().map(|line| format!("{}: {}", path.display(), line.trim())));
        }
    }
}

/// The instructions that count pages.
const COUNTS: &[&str] = &["memory_size::<", "memory_grow::<"];

/// Lines of code, comments left out, that have one of them.
fn counts(code: &str) -> Vec<&str> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    code.lines().filter(is_code).filter(|line| COUNTS.iter().any(|count| line.contains(count))).collect()
}

/// So nobody multiplies what they count by another page than memory has.
#[test]
fn h15_pages_are_counted_in_one_folder() {
    let mut found = Vec::new();
    check(&src(), counts, &mut found);
    let folder = Path::new("src").join("platform");
    let folder = folder.to_str().expect("a text");
    assert!(found.len() >= 3 && found.iter().all(|line| line.contains(folder)), "{found:#?}");
}

#[test]
fn h15_page_size_is_one_constant() {
    let mut found = Vec::new();
    check(&src(), spelled_out, &mut found);
    // JavaScript has it once too; its tests don't take the package's word for it.
    found.retain(|line| !line.contains(Path::new("javascript").join("tests").to_str().expect("a text")));
    found.sort();
    let places = ["freehold.js: const PAGE = ", "layout.rs: pub const USUAL_PAGE: usize = "];
    let only = found.len() == places.len() && found.iter().zip(places).all(|(line, place)| line.contains(place));
    assert!(only, "{found:#?}");
    // The search sees what it is there to see.
    assert_eq!(spelled_out("// 65536\nlet pages = bytes / 65536;"), ["let pages = bytes / 65536;"]);
}

#[test]
fn pointers_are_made_of_integers_in_one_folder() {
    let mut found = Vec::new();
    check(&src(), casts, &mut found);
    let folder = Path::new("src").join("platform");
    let folder = folder.to_str().expect("a text");
    assert!(found.len() > 2 && found.iter().all(|line| line.contains(folder)), "{found:#?}");
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src")
}
