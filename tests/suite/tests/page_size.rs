//! The page's size stands in one place.

#![cfg(not(any(target_family = "wasm", miri)))]

use std::fs;
use std::path::Path;

/// The ways in which people write 64 KiB.
const SPELLINGS: &[&str] = &["65536", "65_536", "64 * 1024", "64*1024", "64 << 10", "0x10000", "0x1_0000", "1 << 16"];

/// Lines of code, comments left out, that hold 64 KiB spelled out.
fn spelled_out(code: &str) -> Vec<&str> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let spells = |line: &&str| SPELLINGS.iter().any(|spelling| line.contains(spelling));
    code.lines().filter(is_code).filter(spells).collect()
}

fn check(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            check(&path, found);
        } else if let Ok(code) = fs::read_to_string(&path) {
            found.extend(spelled_out(&code).iter().map(|line| format!("{}: {}", path.display(), line.trim())));
        }
    }
}

#[test]
fn h15_page_size_is_one_constant() {
    let mut found = Vec::new();
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src"), &mut found);
    assert!(matches!(&found[..], [one] if one.contains("layout.rs: pub const PAGE: usize")), "{found:#?}");
    // The search sees what it is there to see.
    assert_eq!(spelled_out("// 65536\nlet pages = bytes / 65536;"), ["let pages = bytes / 65536;"]);
}
