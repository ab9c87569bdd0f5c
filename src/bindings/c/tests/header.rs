//! `freehold.h` is written by hand. Here it is held against the library's source: the same functions with the same types, the same
//! numbers, the same structures.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// C's word for each of Rust's types.
const TYPES: &[(&str, &str)] = &[
    ("*mut Report", "freehold_error *"),
    ("*mut Stats", "freehold_stats *"),
    ("*mut Span", "freehold_span *"),
    ("*mut c_void", "void *"),
    ("*mut c_char", "char *"),
    ("*const c_char", "const char *"),
    ("LedgerHandle", "freehold_ledger *"),
    ("ArenaHandle", "freehold_arena *"),
    ("ScopeHandle", "freehold_scope *"),
    ("PoolHandle", "freehold_pool *"),
    ("usize", "size_t "),
    ("c_int", "int "),
];

/// The structures: Rust's name, C's name.
const STRUCTURES: &[(&str, &str)] =
    &[("Report", "freehold_error"), ("Stats", "freehold_stats"), ("Span", "freehold_span")];

/// The texts in structures, and how many bytes they have in C. (The library's source asserts that they do.)
const ARRAYS: &[(&str, &str)] = &[("[u8; TEXT]", "252"), ("[u8; NAME + 1]", "32")];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn sources() -> String {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// A text with one space wherever there is any.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The header without its comments.
fn header() -> String {
    let text = read("freehold.h");
    let mut rest = text.as_str();
    let mut code = String::new();
    while let Some((before, after)) = rest.split_once("/*") {
        code += before;
        rest = after.split_once("*/").unwrap().1;
    }
    spaced(&(code + rest))
}

/// A declaration in C: `name` of one of Rust's types.
fn declared(rust: &str, name: &str) -> String {
    let (_, c) = TYPES.iter().find(|(known, _)| *known == rust).unwrap_or_else(|| panic!("{rust}: which type of C's?"));
    format!("{c}{name}")
}

/// What is between two texts, wherever the first occurs.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).map(|rest| rest.split_once(end).unwrap().0).collect()
}

#[test]
fn every_function_is_declared_as_it_is_defined() {
    let defined: BTreeSet<_> = between(&sources(), "extern \"C\" fn ", " {\n")
        .into_iter()
        .map(|function| {
            let (name, rest) = function.split_once('(').unwrap();
            let (parameters, returned) = rest.split_once(')').unwrap();
            let parameters: Vec<_> = spaced(parameters)
                .split(", ")
                .map(|parameter| {
                    let (name, rust) = parameter.trim_end_matches(',').split_once(": ").unwrap();
                    declared(rust, name)
                })
                .collect();
            declared(returned.strip_prefix(" -> ").unwrap(), &format!("{name}({})", parameters.join(", ")))
        })
        .collect();
    let header = header();
    let declared: BTreeSet<_> = header
        .split_inclusive(';')
        .filter(|line| line.contains("freehold_") && line.contains('('))
        .map(|line| {
            let line = line.rsplit(['{', '}']).next().unwrap().trim().trim_end_matches(';');
            line.to_owned()
        })
        .collect();
    assert!(defined.len() > 15 && defined.len() <= 30, "{}", defined.len());
    assert_eq!(defined, declared);
    assert_eq!(sources().matches("#[unsafe(no_mangle)]").count(), defined.len());
}

#[test]
fn every_number_is_the_same() {
    let source = sources();
    let defined: BTreeSet<_> = between(&source, "pub enum Code {", "}")[0]
        .split_terminator(',')
        .map(spaced)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (name, number) = line.split_once(" = ").unwrap();
            let words =
                name.chars().flat_map(|c| [Some('_').filter(|_| c.is_uppercase()), Some(c.to_ascii_uppercase())]);
            format!("FREEHOLD{} = {number}", words.flatten().collect::<String>())
        })
        .collect();
    let header = header();
    let declared: BTreeSet<_> = between(&header, "enum {", "}")[0].split(',').map(spaced).collect();
    assert!(defined.len() > 10);
    assert_eq!(defined, declared);
}

#[test]
fn every_structure_is_the_same() {
    for (rust, c) in STRUCTURES {
        let source = sources();
        let fields = between(&source, &format!("#[repr(C)]\npub struct {rust} {{"), "}")[0];
        let defined: Vec<_> = fields
            .split_terminator(',')
            .map(spaced)
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (name, rust) = line.split_once(": ").unwrap();
                match ARRAYS.iter().find(|(array, _)| *array == rust) {
                    Some((_, len)) => format!("char {name}[{len}]"),
                    None => declared(rust, name),
                }
            })
            .collect();
        let header = header();
        let fields = between(&header, &format!("typedef struct {c} {{"), "}")[0];
        let declared: Vec<_> = fields.split_terminator(';').map(spaced).filter(|line| !line.is_empty()).collect();
        assert!(!defined.is_empty());
        assert_eq!(defined, declared, "{c}");
    }
}
