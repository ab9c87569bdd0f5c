//! What programs do: parse, compile, print.

use pulldown_cmark::{Options, Parser, html};
use regex::Regex;
use serde_json::Value;

use crate::row::Work;

/// A document of 2 MB, read into `Value`s.
pub struct Json;

/// The outline of Canada, read into `Value`s: lists of pairs of numbers.
pub struct Outline;

/// A catalogue of events, read into `Value`s: a tree of small objects.
pub struct Catalogue;

/// A page of messages, read into `Value`s: texts, of which many are in Japanese or have escapes in them.
pub struct Messages;

/// The same page, read once.
pub struct MessagesOnce;

/// Regular expressions, compiled and used once.
pub struct Patterns;

/// A text of 500 KB, made into HTML.
pub struct Markdown;

// `build.rs` wrote them: so they lie among the program's constants, not on its heap.
const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/document.json"));
const CANADA: &str = include_str!(concat!(env!("OUT_DIR"), "/canada.json"));
const CITM_CATALOG: &str = include_str!(concat!(env!("OUT_DIR"), "/citm_catalog.json"));
const TWITTER: &str = include_str!(concat!(env!("OUT_DIR"), "/twitter.json"));
pub const TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/text.md"));

impl Work for Json {
    const NAME: &'static str = "serde_json, 2 MB";
    const OPERATIONS: usize = DOCUMENT.len();

    fn run() -> u64 {
        read(DOCUMENT)
    }
}

impl Work for Outline {
    const NAME: &'static str = "serde_json, canada.json";
    const OPERATIONS: usize = CANADA.len();

    fn run() -> u64 {
        read(CANADA)
    }
}

impl Work for Catalogue {
    const NAME: &'static str = "serde_json, citm_catalog.json";
    const OPERATIONS: usize = CITM_CATALOG.len();

    fn run() -> u64 {
        read(CITM_CATALOG)
    }
}

impl Work for Messages {
    const NAME: &'static str = "serde_json, twitter.json";
    const OPERATIONS: usize = 2 * TWITTER.len();

    fn run() -> u64 {
        (0..2).map(|_| read(TWITTER)).sum()
    }
}

impl Work for MessagesOnce {
    const NAME: &'static str = "serde_json, twitter.json";
    const OPERATIONS: usize = TWITTER.len();

    fn run() -> u64 {
        read(TWITTER)
    }
}

#[inline(never)]
fn read(document: &str) -> u64 {
    let value: Value = serde_json::from_str(document).expect("a document");
    count(&value)
}

/// All of it, so that what was read must be there.
fn count(value: &Value) -> u64 {
    match value {
        Value::Null => 1,
        Value::Bool(yes) => 2 + u64::from(*yes),
        Value::Number(number) => number.as_u64().unwrap_or(5),
        Value::String(text) => text.len() as u64,
        Value::Array(values) => values.iter().map(count).fold(7, u64::wrapping_add),
        Value::Object(fields) => fields.iter().map(|(key, value)| key.len() as u64 * 3 + count(value)).sum(),
    }
}

/// Each with a text that it matches.
const PATTERNS: [(&str, &str); 6] = [
    (r"^(https?)://([^/\s:?#]+)(?::(\d{1,5}))?(/[^\s?#]*)?(\?[^\s#]*)?(#\S*)?$", "https://example.org:8080/a/b?c=d#e"),
    (r"(?i)^[a-z0-9._%+-]+@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,63}$", "somebody.else+more@mail.example.org"),
    (
        r"^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$",
        "2025-11-30T23:59:59.125+01:00",
    ),
    (r"\b[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*\b", "naïve-größe"),
    (r#"^(\S+) (\S+) (\S+) \[([^\]]+)\] "([A-Z]+) ([^ "]+) HTTP/[0-9.]+" ([0-9]{3}) ([0-9]+|-)$"#, LOG),
    (r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-.]+))?(?:\+([0-9A-Za-z-.]+))?$", "1.20.3-beta.4+5678"),
];
const LOG: &str = r#"127.0.0.1 - somebody [10/Oct/2000:13:55:36 -0700] "GET /page.html HTTP/1.0" 200 2326"#;

impl Work for Patterns {
    const NAME: &'static str = "regex, 6 patterns compiled";
    const OPERATIONS: usize = 3 * PATTERNS.len();

    fn run() -> u64 {
        (0..3).map(|_| patterns()).sum()
    }
}

#[inline(never)]
fn patterns() -> u64 {
    let compiled = PATTERNS.map(|(pattern, text)| (Regex::new(pattern).expect("a pattern"), text));
    let found = compiled.iter().map(|(regex, text)| {
        assert!(regex.is_match(text), "{regex}");
        regex.captures_len() as u64
    });
    found.sum()
}

impl Work for Markdown {
    const NAME: &'static str = "pulldown-cmark, 500 KB";
    const OPERATIONS: usize = 2 * TEXT.len();

    fn run() -> u64 {
        (0..2).map(|_| page(TEXT)).fold(0, u64::wrapping_add)
    }
}

/// What becomes of a text, and is summed up.
#[inline(never)]
pub fn page(text: &str) -> u64 {
    let mut page = String::new();
    html::push_html(&mut page, Parser::new_ext(text, Options::all()));
    let some = page.bytes().step_by(61).map(u64::from);
    some.fold(page.len() as u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte))
}
