//! One word, one meaning: no two types in `src/` have one name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::tools::Tools;

/// Names that stand in two files of which a target has one.
const EITHER: &[&str] = &["Link", "MemoryGrow"];

/// The type that a line of formatted code defines, in a module itself: types inside functions have no other reader.
fn defined(line: &str) -> Option<&str> {
    let mut words = line.split(' ').skip_while(|word| *word == "unsafe" || *word == "pub" || word.starts_with("pub("));
    let mut kind = words.next()?;
    // `pub(in crate::ledger)`, `pub unsafe`.
    while kind.ends_with(')') || kind == "unsafe" {
        kind = words.next()?;
    }
    let name = words.next().filter(|_| ["struct", "enum", "union", "trait", "type"].contains(&kind))?;
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// The types that the files below a folder define, and in which files.
fn collect(folder: &Path, types: &mut BTreeMap<String, Vec<String>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        // Bindings and tools are packages of their own; tests are no part of any.
        if ["bindings", "tools"].contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(&path, types);
        } else if name.ends_with(".rs") && !["tests.rs", "every_kind.rs"].contains(&name) {
            for name in fs::read_to_string(&path).unwrap().lines().filter_map(defined) {
                let files = types.entry(name.to_owned()).or_default();
                let file = path.display().to_string();
                // In one file they are one thing for one target and for another.
                if !files.contains(&file) {
                    files.push(file);
                }
            }
        }
    }
}

#[test]
fn no_two_types_have_one_name() {
    let mut types = BTreeMap::new();
    collect(&Tools::find().unwrap().root().join("src"), &mut types);
    assert!(types.len() > 100, "only {} types were found", types.len());
    types.retain(|_, files| files.len() > 1);
    let known = EITHER;
    assert!(known.iter().all(|name| types.contains_key(*name)), "stands once by now: {known:?}");
    types.retain(|name, _| !known.contains(&name.as_str()));
    assert!(types.is_empty(), "{types:#?}");
}

#[test]
fn what_defines_a_type_is_seen() {
    for line in ["struct A;", "pub enum A {", "pub(super) struct A(u8);", "pub(in crate::ledger) type A<T> = T;"] {
        assert_eq!(defined(line), Some("A"), "{line}");
    }
    assert_eq!(defined("pub(crate) unsafe trait A: B {"), Some("A"));
    for line in ["", "    struct A;", "fn struct_a() {", "// struct A;", "impl A {", "use a::A;"] {
        assert_eq!(defined(line), None, "{line}");
    }
}
