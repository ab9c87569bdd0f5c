//! The most likely mistakes, and what the compiler says: that it names the user's line, and the way out.
//!
//! Each file in `mistakes` is a program that does not compile. What its message must have in it stands in its first lines. (Not all of
//! the message: compilers differ.)

#![cfg(not(any(target_family = "wasm", miri)))]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The library, built for programs of this host, and what it depends on.
fn library() -> (PathBuf, PathBuf) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mistakes");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--lib", "--package", "freehold", "--target-dir"]).arg(&target);
    cargo.env_remove("CARGO_BUILD_TARGET").current_dir(env!("CARGO_MANIFEST_DIR"));
    // The programs are compiled without a caller's flags, and those of the library must be the same.
    for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(flags);
    }
    assert!(cargo.status().expect("cargo runs").success(), "the library can't be built");
    (target.join("debug/libfreehold.rlib"), target.join("debug/deps"))
}

/// What the compiler says about a program, all on one line.
fn message(program: &Path, (library, deps): &(PathBuf, PathBuf)) -> (bool, String) {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "--crate-type", "bin", "--emit", "obj", "-A", "unused", "-o"]);
    rustc.arg(deps.with_file_name(program.file_stem().expect("a name")).with_extension("o")).arg("--extern");
    rustc.arg(format!("freehold={}", library.display())).arg("-L").arg(deps).arg(program);
    let output = rustc.output().expect("rustc runs");
    let said = String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn mistakes_are_told() {
    let library = library();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let mut told = 0;
    for entry in fs::read_dir(folder).expect("the folder") {
        let program = entry.expect("a file").path();
        let text = fs::read_to_string(&program).expect("a text");
        let wanted: Vec<_> = text.lines().map_while(|line| line.strip_prefix("//~ ")).collect();
        assert!(!wanted.is_empty(), "{}: nothing is wanted", program.display());
        let (compiles, said) = message(&program, &library);
        // The control: but for the mistakes, such a program compiles.
        assert_eq!(compiles, wanted == ["(nothing)"], "{}: {said}", program.display());
        if !compiles {
            let missing: Vec<_> = wanted.iter().filter(|wanted| !said.contains(**wanted)).collect();
            assert!(missing.is_empty(), "{}: not said is {missing:?}, but: {said}", program.display());
            told += 1;
        }
    }
    assert!(told > 10, "only {told} programs");
}
