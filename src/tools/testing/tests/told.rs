//! What a check that fails says, where, and what it leaves behind. One test, as the hook is the program's.

#![cfg(not(target_family = "wasm"))]

use std::alloc::System;
use std::hint::black_box;
use std::panic::{self, UnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::{fs, path::Path};

use freehold_testing::{Counted, Kept, at_most, exactly, fails_at_every_allocation, no_alloc};
use serde_json::Value;

#[global_allocator]
static HEAP: Counted<System> = Counted::new(System);

static AT: Mutex<(String, u32)> = Mutex::new((String::new(), 0));

/// Loses a vector.
fn loses() {
    let mut row = Vec::<u8>::new();
    if row.try_reserve_exact(3).is_ok() {
        _ = black_box(Vec::<u8>::new().try_reserve_exact(4));
        std::mem::forget(black_box(row));
    }
}

/// What a check says that fails, after a look whether it was this file and that line.
fn said(line: u32, check: impl FnOnce() + UnwindSafe) -> String {
    let payload = catch_unwind(check).expect_err("a check that fails");
    let at = AT.lock().expect("no panic").clone();
    assert_eq!((Path::new(&at.0).file_name(), at.1), (Some("told.rs".as_ref()), line));
    payload.downcast_ref::<String>().expect("a text").clone()
}

/// The profile that a text names.
fn profile(text: &str) -> Value {
    let (_, path) = text.split_once("\n  a profile: ").unwrap_or_else(|| panic!("no profile: {text}"));
    serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
}

/// Its blocks: those that were allocated, and those that are there at the end.
fn blocks(profile: &Value) -> (u64, u64) {
    let sum = |field| {
        profile["pps"]
            .as_array()
            .expect("places")
            .iter()
            .map(|place| place[field].as_u64().expect("a number"))
            .sum::<u64>()
    };
    (sum("tbk"), sum("ebk"))
}

const PARSES: u32 = line!() + 4;

#[inline(never)]
fn parse() -> (Box<u32>, Vec<u8>) {
    (black_box(Box::new(1)), black_box(vec![1, 2, 3]))
}

#[test]
fn a_check_that_fails_says_it_all() {
    panic::set_hook(Box::new(|info| {
        let at = info.location().expect("a place");
        *AT.lock().expect("no panic") = (at.file().to_owned(), at.line());
        eprintln!("{info}");
    }));

    let text = said(line!(), || drop(no_alloc(parse)));
    assert!(
        text.starts_with("there was to be no allocation, but there were 2 allocations, 0 resizes, 0 frees, 7 bytes\n"),
        "{text}"
    );
    assert!(text.contains("\n  the first: 4 bytes, by "), "{text}");
    assert!(text.contains("told::parse at ") && text.contains(&format!("told.rs:{PARSES}\n")), "{text}");
    assert!(text.contains("told.rs-") && text.ends_with(".dhat.json"), "{text}");
    let told = profile(&text);
    assert_eq!((told["dhatFileVersion"].as_u64(), blocks(&told)), (Some(2), (2, 2)));
    let frames = told["ftbl"].as_array().expect("frames");
    assert!(
        frames.iter().any(|frame| frame.as_str().is_some_and(|frame| frame.contains("told::parse ("))),
        "{frames:?}"
    );
    assert!(told["cmd"].as_str().is_some_and(|of| of.starts_with("there was to be")));

    // Of a closure in a closure, what is the inner one's.
    let inner = || {
        drop(parse());
        drop(exactly("", || Box::new(1_u64)));
    };
    let text = said(line!() - 2, || no_alloc(inner));
    assert_eq!(blocks(&profile(&text)), (1, 1), "{text}");

    let text = said(line!(), || drop(at_most(1, 100, parse)));
    assert!(text.starts_with("at most 1 allocations"), "{text}");

    // Of what is lost, that alone.
    let text = said(line!(), || fails_at_every_allocation(loses));
    assert!(text.starts_with("1 block was lost when "), "{text}");
    assert!(text.contains("\n  the first: 3 bytes, by "), "{text}");
    assert_eq!(blocks(&profile(&text)), (1, 1));

    let text = said(line!(), || drop(Kept::at("no/such/file").exactly("a", parse)));
    assert!(
        text.starts_with(
            "no/such/file: there is no such file; FREEHOLD_RENEW=1 writes it; counted for `a`: 2 allocations"
        ),
        "{text}"
    );
}
