//! No allocator of the crate is left out of a suite (h29).

#![cfg(not(any(target_family = "wasm", miri)))]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use freehold_suite::allocators::{ALLOCATORS, Allocator, Goes};

/// What the modules with allocators in them export that is none.
const OTHERS: &[&str] = &[
    "Alloc",
    "ArenaBox",
    "Attempt",
    "BoxIntoIter",
    "Builder",
    "Checkpoint",
    "ClassStats",
    "Handle",
    "HeapStats",
    "IntoIter",
    "IterMut",
    "KeyedDrain",
    "KeyedIter",
    "KeyedIterMut",
    "Kept",
    "PoolBox",
    "PoolKey",
    "StringBuilder",
];

/// The traits of allocators.
const TRAITS: &[&str] = &["GlobalAlloc", "Allocator"];

/// All Rust code below a folder, or in a file, but for the crate's own tests and for tools: what those have is none of the crate's allocators.
fn code(path: &str) -> String {
    fn read(path: &Path) -> String {
        if path.file_name().is_some_and(|name| name == "tests.rs" || name == "tools") {
            return String::new();
        }
        if path.is_dir() {
            let entries = fs::read_dir(path).expect("a folder");
            return entries.map(|entry| read(&entry.expect("an entry").path())).collect();
        }
        if path.extension().is_some_and(|extension| extension == "rs") {
            fs::read_to_string(path).expect("a text")
        } else {
            String::new()
        }
    }
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
}

/// The names of the types that `code` implements a trait of allocators for; a second trait of `Heap`'s by both names. (A macro's have none; the
/// crate's root has them.)
fn implemented(code: &str) -> BTreeSet<String> {
    let heads = code.lines().filter(|line| line.trim_start().starts_with("unsafe impl"));
    let found = heads.flat_map(|line| {
        TRAITS.iter().filter_map(move |wanted| {
            let (_, after) = line.split_once(&format!(" {wanted} for "))?;
            let name =
                after.trim_start_matches('&').trim_start_matches(|c: char| c == '\'' || c.is_lowercase() || c == '_');
            let name: String = name.trim_start().chars().take_while(|c| c.is_alphanumeric()).collect();
            Some(if (*wanted, name.as_str()) == ("Allocator", "Heap") { format!("{name} as {wanted}") } else { name })
        })
    });
    found.filter(|name| !name.is_empty()).collect()
}

/// The names that the crate's root takes from the modules with allocators in them.
fn exported(root: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for module in ["arena", "heap", "pool"] {
        for statement in root.split(';') {
            let Some((_, after)) = statement.split_once(&format!("{module}::")) else { continue };
            let list = after.strip_prefix('{').and_then(|after| after.split_once('}'));
            let list = list.map_or_else(|| after.split([',', '}']).next().unwrap_or(after), |(list, _)| list);
            names.extend(list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
        }
    }
    names
}

fn fields(row: &Allocator) -> [Goes; 6] {
    // By name, so that a new field is not forgotten here.
    let Allocator { name: _, conformance, model, refusal, four_gib, threads, program } = *row;
    [conformance, model, refusal, four_gib, threads, program]
}

#[test]
fn h29_no_allocator_is_left_out() {
    let listed: BTreeSet<&str> = ALLOCATORS.iter().map(|row| row.name).collect();
    assert_eq!(listed.len(), ALLOCATORS.len(), "one is there twice");
    let implemented = implemented(&code("../../src"));
    let exported = exported(&code("../../src/lib.rs"));
    for name in implemented.iter().chain(&exported).map(String::as_str) {
        assert!(listed.contains(name) || OTHERS.contains(&name), "{name} is in no suite: `allocators.rs` is the list");
    }
    // The search sees what it is there to see, and nothing is listed that is gone.
    assert!(
        ["Heap", "Heap as Allocator", "SmallHeap", "BoundedHeap"].iter().all(|name| implemented.contains(*name)),
        "{implemented:?}"
    );
    assert!(["Arena", "Scope", "SharedPool", "SmallHeap"].iter().all(|name| exported.contains(*name)), "{exported:?}");
    for row in ALLOCATORS.iter().filter(|row| row.name != "C's functions") {
        assert!(
            implemented.contains(row.name) || exported.contains(row.name),
            "{} is no allocator of the crate's",
            row.name
        );
    }
}

#[test]
fn h29_every_suite_that_is_named_is_there() {
    let cases = code("src/cases.rs");
    let tests = code("tests") + &code("../hosts/four-gib/src");
    for row in ALLOCATORS {
        for suite in fields(row) {
            match suite {
                Goes::In(test) => {
                    let is_case = cases.contains(&format!(" {test} => "));
                    let is_test = tests.contains(&format!("fn {test}()"));
                    let is_file =
                        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(test).with_extension("rs").exists();
                    assert!(is_case || is_test || is_file, "{}: there is no test {test}", row.name);
                }
                Goes::Not(why) => assert!(!why.is_empty()),
            }
        }
    }
}
