//! What helps to find faults, and is off, is nothing: the module of hot loops is the same, byte for byte, as one from a source in which none of it is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// How what is asked of debug assertions begins, in the middle of a function.
const ASKS: &str = "if cfg!(debug_assertions)";

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Copies what the module is built from: the crate and the package with the loops, each file as `change` has it.
fn copy(to: &Path, change: &impl Fn(&Path, String) -> String) {
    // What was copied before may have files that are not there any more.
    let _ = fs::remove_dir_all(to.join("src"));
    for part in ["src", "tests/codegen/module", "README.md", "Cargo.lock", "Cargo.toml"] {
        copy_part(&root().join(part), &to.join(part), change);
    }
}

fn copy_part(from: &Path, to: &Path, change: &impl Fn(&Path, String) -> String) {
    if from.is_dir() {
        for entry in fs::read_dir(from).expect("a folder") {
            let name = entry.expect("an entry").file_name();
            // Packages of their own.
            if name != "bindings" && name != "tools" {
                copy_part(&from.join(&name), &to.join(&name), change);
            }
        }
        return;
    }
    fs::create_dir_all(to.parent().expect("a folder")).expect("it can be made");
    fs::write(to, change(from, fs::read_to_string(from).expect("a text"))).expect("it can be written");
}

/// The manifest of a workspace of the two.
fn manifest(text: &str) -> String {
    let (_, package) = text.split_once("resolver = ").expect("a workspace");
    let (package, examples) = package.split_once("[[example]]").expect("examples");
    let (_, rest) = examples.split_once("[dependencies]").expect("dependencies");
    format!("[workspace]\nmembers = [\"tests/codegen/module\"]\nresolver = {package}[dependencies]{rest}")
}

/// The text between two places as so many empty lines: what comes after it stays on its line.
fn blank(text: &mut String, from: usize, to: usize) {
    let lines = text[from..to].matches('\n').count();
    text.replace_range(from..to, &"\n".repeat(lines));
}

/// Where the braces that open at or after `from` close.
fn after_braces(text: &str, from: usize) -> usize {
    let mut depth = 0;
    for (at, c) in text[from..].char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == '}' && depth == 0 {
            return from + at + 1;
        }
    }
    panic!("braces that don't close")
}

/// A source without the layers, of checks and of tags, and without what is asked of debug assertions.
fn without(mut text: String) -> (String, usize) {
    let mut cut = 0;
    for line in ["pub mod debug;", "use crate::debug::Checked;", "pub mod tags;", "use crate::tags::Tagged;"] {
        if let Some(at) = text.find(line) {
            blank(&mut text, at, at + line.len());
            cut += 1;
        }
    }
    while let Some(at) = text.find(ASKS) {
        let end = after_braces(&text, at);
        blank(&mut text, at, end);
        cut += 1;
    }
    // What is implemented for the layer's type.
    while let Some(at) = text.find(" Checked<H").or_else(|| text.find(" Tagged<H")) {
        let start = text[..at].rfind("\nimpl").expect("an implementation") + 1;
        let end = after_braces(&text, start);
        blank(&mut text, start, end);
        cut += 1;
    }
    (text, cut)
}

/// The module, built there.
fn build(folder: &Path) -> Vec<u8> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--release", "--package", "freehold-codegen-module", "--target", TARGET]);
    cargo.arg("--target-dir").arg(folder.join("target"));
    for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(flags);
    }
    // In one unit: how functions are divided among several follows from how many there are, used or not.
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    let status = cargo.current_dir(folder).status().expect("cargo runs");
    assert!(status.success(), "it can't be built");
    fs::read(folder.join("target").join(TARGET).join("release/freehold_codegen_module.wasm")).expect("a module")
}

#[test]
fn the_module_is_the_same_without_what_finds_faults() {
    // In one place, as symbols depend on that.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("off");
    let is_root = |path: &Path| path.ends_with("Cargo.toml") && !path.ends_with("module/Cargo.toml");
    let as_it_is = |path: &Path, text: String| if is_root(path) { manifest(&text) } else { text };
    copy(&folder, &as_it_is);
    let with = build(&folder);
    let cut = std::cell::Cell::new(0);
    copy(&folder, &|path, text| {
        let is_source = path.extension().is_some_and(|is| is == "rs")
            && !path.parent().is_some_and(|in_| in_.ends_with("src/debug") || in_.ends_with("src/tags"));
        let (text, more) = if is_source { without(text) } else { (text, 0) };
        cut.set(cut.get() + more);
        as_it_is(path, text)
    });
    for layer in ["src/debug", "src/tags"] {
        fs::remove_dir_all(folder.join(layer)).expect("the layer");
    }
    let without = build(&folder);
    assert!(cut.get() >= 12, "only {} places", cut.get());
    assert!(with.len() > 10_000 && with == without, "{} bytes, and {} without", with.len(), without.len());
}

#[test]
fn what_is_left_out_is_seen() {
    let text = "a\nuse crate::debug::Checked;\nimpl<H> UnwindSafe for Checked<H> {}\nfn f() {\n    if cfg!(debug_assertions)\n        && let \
                Some(a) = b\n    {\n        { c }\n    }\n    d\n}\n";
    let (left, cut) = without(text.into());
    assert_eq!((left.split_whitespace().collect::<Vec<_>>(), cut), (vec!["a", "fn", "f()", "{", "d", "}"], 3));
    assert_eq!(left.lines().position(|line| line == "    d"), text.lines().position(|line| line == "    d"));
}
