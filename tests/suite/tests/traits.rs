//! Unsafe code takes no word of a trait that safe code can implement (h19).

#![cfg(not(any(target_family = "wasm", miri)))]

use std::fs;
use std::path::Path;

/// The traits that are safe, and why nobody but the crate can implement them.
const OURS: &[(&str, &str)] = &[
    ("Access", "its supertrait is private"),
    ("AnyHeap", "unsafe code takes no word of it: it leads to a `Malloc`, which is unsafe"),
    ("Apart", "it is the crate's own"),
    ("BetweenThreads", "it is for a message, and has no name outside"),
    ("Bump", "a method takes a `Key`, which has no name outside"),
    ("Everywhere", "it has no method, and no name outside"),
    ("Keeper", "it is the crate's own"),
    ("Kept", "unsafe code takes no word of it: it names a type"),
    ("OfItsOwn", "it is for a message, and has no name outside"),
    ("Read", "it is the crate's own"),
    ("Refill", "it has no name outside"),
    ("Sealed", "it has no name outside"),
    ("Shareable", "`Access` is its supertrait"),
    ("SpansIn", "`Spans` is its supertrait, which is unsafe"),
];

/// The traits that code declares, and whether each is `unsafe`.
fn traits(code: &str) -> Vec<(bool, &str)> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let declared = code.lines().filter(is_code).filter_map(|line| {
        let (before, after) = line.split_once("trait ")?;
        let is_public = before.trim_start().starts_with("pub") || before.trim().is_empty() || before.trim() == "unsafe";
        let name = after.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        is_public.then_some((before.contains("unsafe"), name))
    });
    declared.collect()
}

fn check(folder: &Path, found: &mut Vec<(bool, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        // Other packages' traits are not the crate's.
        if path.join("Cargo.toml").exists() || path.ends_with("bindings") || path.ends_with("tools") {
            continue;
        }
        if path.is_dir() {
            check(&path, found);
        } else if let Ok(code) = fs::read_to_string(&path) {
            found.extend(traits(&code).into_iter().map(|(is_unsafe, name)| (is_unsafe, name.to_owned())));
        }
    }
}

/// A new trait must be `unsafe`, or come with a reason. (That those with a reason can't be implemented is seen to by
/// `H19TraitsThatUnsafeCodeTrusts`.)
#[test]
fn h19_every_trait_is_unsafe_or_ours() {
    let mut found = Vec::new();
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src"), &mut found);
    let safe: Vec<_> = found.iter().filter(|(is_unsafe, _)| !is_unsafe).map(|(_, name)| name.as_str()).collect();
    let strange: Vec<_> = safe.iter().filter(|name| OURS.iter().all(|(ours, _)| ours != *name)).collect();
    assert!(strange.is_empty(), "safe traits that anybody may implement: {strange:?}");
    assert!(OURS.iter().all(|(ours, _)| safe.contains(ours)), "of {OURS:?} only {safe:?} are there");
    for relied_on in ["Alloc", "Backing", "Spans"] {
        assert!(found.contains(&(true, relied_on.to_owned())), "{relied_on} is not unsafe");
    }
    // The search sees what it is there to see.
    let code = "// pub trait A\npub trait B: C {}\n    pub(crate) unsafe trait D {\n";
    assert_eq!(traits(code), [(false, "B"), (true, "D")]);
}
