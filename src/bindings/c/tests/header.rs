//! `freehold.h` is written by hand. Here it is held against the library's source: the same functions with the same types, the same
//! numbers, the same structures. So is what Zig has in its place (`src/bindings/zig/c.zig`), against the header.

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

/// Zig's word for each of C's types, where it isn't C's own name.
const ZIG: &[(&str, &str)] = &[
    ("?*anyopaque", "void *"),
    ("?[*]u8", "char *"),
    ("?[*:0]const u8", "const char *"),
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

/// The functions that the header declares.
fn functions() -> BTreeSet<String> {
    let header = header();
    let lines = header.split_inclusive(';').filter(|line| line.contains("freehold_") && line.contains('('));
    lines.map(|line| line.rsplit(['{', '}']).next().unwrap().trim().trim_end_matches(';').to_owned()).collect()
}

/// The numbers that it declares.
fn numbers() -> BTreeSet<String> {
    between(&header(), "enum {", "}")[0].split(',').map(spaced).collect()
}

/// The fields of one of its structures, in their order.
fn fields(structure: &str) -> Vec<String> {
    let header = header();
    let fields = between(&header, &format!("typedef struct {structure} {{"), "}")[0];
    fields.split_terminator(';').map(spaced).filter(|line| !line.is_empty()).collect()
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
    let declared = functions();
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
    assert!(defined.len() > 10);
    assert_eq!(defined, numbers());
}

#[test]
fn every_structure_is_the_same() {
    for (rust, c) in STRUCTURES {
        let source = sources();
        let body = between(&source, &format!("#[repr(C)]\npub struct {rust} {{"), "}")[0];
        let defined: Vec<_> = body
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
        assert!(!defined.is_empty());
        assert_eq!(defined, fields(c), "{c}");
    }
}

/// What Zig calls by another name than the header: a word of its own is between `@"` and `"`.
fn zig() -> String {
    read("../zig/c.zig").replace("@\"", "").replace('"', "")
}

/// A declaration in C: `name` of one of Zig's types.
fn declared_in_zig(zig: &str, name: &str) -> String {
    if let Some(array) = zig.strip_prefix('[') {
        let len = array.strip_suffix("]u8").unwrap_or_else(|| panic!("{zig}: which type of C's?"));
        return format!("char {name}[{len}]");
    }
    match ZIG.iter().find(|(known, _)| *known == zig) {
        Some((_, c)) => format!("{c}{name}"),
        // A structure, or what a handle points to.
        None => format!("{} *{name}", zig.strip_prefix("?*").unwrap_or_else(|| panic!("{zig}: which type of C's?"))),
    }
}

/// The words before and after the first `: ` of a field or a parameter.
fn typed(line: &str) -> String {
    let (name, zig) = line.split_once(": ").unwrap();
    declared_in_zig(zig, name)
}

#[test]
fn zig_declares_what_the_header_does() {
    let zig = zig();
    let functions_in_zig: BTreeSet<_> = between(&zig, "pub extern fn ", ";")
        .into_iter()
        .map(|function| {
            let (name, rest) = function.split_once('(').unwrap();
            let (parameters, returned) = rest.split_once(") ").unwrap();
            let parameters: Vec<_> = parameters.split(", ").map(typed).collect();
            declared_in_zig(returned, &format!("{name}({})", parameters.join(", ")))
        })
        .collect();
    assert_eq!(functions_in_zig, functions());

    let numbers_in_zig: BTreeSet<_> = between(&zig, "pub const Code = enum(c_int) {", "}")[0]
        .split_terminator(',')
        .map(spaced)
        .filter(|line| !line.is_empty())
        .map(|line| format!("FREEHOLD_{line}"))
        .collect();
    assert_eq!(numbers_in_zig, numbers());

    for (_, c) in STRUCTURES {
        let body = between(&zig, &format!("pub const {c} = extern struct {{"), "}")[0];
        let fields_in_zig: Vec<_> =
            body.split_terminator(',').map(spaced).filter(|line| !line.is_empty()).map(|line| typed(&line)).collect();
        assert_eq!(fields_in_zig, fields(c), "{c}");
    }
}
