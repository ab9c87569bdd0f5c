//! Exact counts in a file, that several processes look at, and write.

#![cfg(not(target_family = "wasm"))]

use std::alloc::System;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use freehold_testing::{Counted, Kept};

#[global_allocator]
static HEAP: Counted<System> = Counted::new(System);

/// What the others run, in a process of its own: under a name from outside a vector of so many bytes.
#[test]
#[ignore = "the others run it"]
fn counted() {
    let [file, name, bytes] = ["KEPT_FILE", "KEPT_NAME", "KEPT_BYTES"].map(|name| env::var(name).expect("set"));
    let len: usize = bytes.parse().expect("a number");
    Kept::at(file.leak()).exactly(&name, || drop(black_box(vec![1_u8; len])));
}

fn start(file: &Path, name: &str, bytes: usize, renew: &str) -> Child {
    let mut child = Command::new(env::current_exe().expect("a program"));
    child.args(["--ignored", "--exact", "counted", "--nocapture"]).env("FREEHOLD_RENEW", renew);
    child.env("KEPT_FILE", file).env("KEPT_NAME", name).env("KEPT_BYTES", bytes.to_string());
    child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process")
}

/// What it says if it fails.
fn run(file: &Path, name: &str, bytes: usize, renew: &str) -> Result<(), String> {
    let done = start(file, name, bytes, renew).wait_with_output().expect("an end");
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}

/// A file that is not there yet.
fn fresh(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    _ = fs::remove_file(&path);
    path
}

#[test]
fn a_line_is_kept_and_renewed() {
    let file = fresh("kept.txt");
    let refused = |name, bytes, says: &str| {
        let said = run(&file, name, bytes, "").expect_err("a check that fails");
        assert!(said.contains(says), "{said}");
    };
    refused("a", 3, "there is no such file; FREEHOLD_RENEW=1 writes it");
    assert!(!file.exists());
    assert_eq!(run(&file, "a: b", 3, "1"), Ok(()));
    assert_eq!(run(&file, "a: b", 3, ""), Ok(()));
    refused(
        "a: b",
        4,
        "`a: b` was to have 1 allocation, 0 resizes, 1 free, 3 bytes, but there were 1 allocation, 0 resizes, 1 free, 4 bytes",
    );
    refused("c", 5, "`c` has no line; there were 1 allocation, 0 resizes, 1 free, 5 bytes");
    // 0 is no.
    assert!(run(&file, "a: b", 4, "0").is_err());
    assert_eq!(run(&file, "A", 4, "1"), Ok(()));
    let text = fs::read_to_string(&file).expect("a file");
    let head = "# What tests allocate. FREEHOLD_RENEW=1 renews the lines of those that run.\n";
    let lines = "A: 1 allocation, 0 resizes, 1 free, 4 bytes\na: b: 1 allocation, 0 resizes, 1 free, 3 bytes\n";
    assert_eq!(text, format!("{head}{lines}"));
}

#[test]
fn what_is_no_such_file_is_told_and_stays() {
    let file = fresh("broken.txt");
    let broken = "a: 1 allocation\n<<<<<<< HEAD\n";
    fs::write(&file, broken).expect("written");
    for renew in ["", "1"] {
        let said = run(&file, "a", 3, renew).expect_err("a broken file");
        assert!(said.contains("line 2 is no line of it: \"<<<<<<< HEAD\""), "{said}");
        assert_eq!(fs::read_to_string(&file).expect("a file"), broken);
    }
}

#[test]
fn processes_renew_one_file_at_once() {
    let file = fresh("at-once.txt");
    let names: Vec<_> = (0..16).map(|number| format!("{number:02}")).collect();
    let children: Vec<_> = names.iter().map(|name| start(&file, name, 1, "1")).collect();
    for child in children {
        assert!(child.wait_with_output().expect("an end").status.success());
    }
    let text = fs::read_to_string(&file).expect("a file");
    let written: Vec<_> = text.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
    assert_eq!(written, names);
}
