//! The test suites of well-known crates, with `Heap` as their global allocator. Their sources are those that cargo has
//! downloaded; what is changed of them is said here.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{MetadataCommand, Package};

use crate::command::Out;
use crate::tools::{Toolchain, Tools};

/// A crate whose published package has its tests in it.
pub struct Suite {
    /// The crate.
    pub name: &'static str,
    version: &'static str,
    features: &'static str,
    /// Sections of its manifest that are left out, by how they begin.
    without: &'static [&'static str],
    /// What stands in its files, and what takes its place.
    edits: &'static [(&'static str, &'static str, &'static str)],
    /// How many documentation tests it has that pass.
    docs: usize,
}

/// The crates: one that is all tables, with threads; one that is all strings and trees; one that builds large automata;
/// and some that hold others' values as freehold does: two arenas and a pool.
pub const SUITES: &[Suite] = &[
    Suite { name: "hashbrown", version: "0.17.1", features: "rayon,serde", without: &[], edits: &[], docs: 275 },
    Suite {
        name: "serde_json",
        version: "1.0.154",
        features: "float_roundtrip,raw_value",
        // What the compiler says to wrong macros is no matter of memory; and what the feature of deep trees needs.
        without: &[
            "[[test]]\nname = \"compiletest\"",
            "[dev-dependencies.trybuild]",
            "[dev-dependencies.serde_stacker]",
        ],
        edits: &[("Cargo.toml", "edition = \"2021\"\nrust-version = \"1.71\"\n", MERGED)],
        docs: 104,
    },
    Suite {
        name: "regex",
        version: "1.13.2",
        features: "default",
        without: &[],
        // Not in the package.
        edits: &[
            ("tests/lib.rs", "mod fuzz;\n", ""),
            ("Cargo.toml", "edition = \"2021\"\nrust-version = \"1.65\"\n", MERGED),
        ],
        docs: 246,
    },
    Suite {
        name: "bumpalo",
        version: "3.20.4",
        features: "collections,boxed,std,serde",
        // They are for its folder of tests, which is not in the package.
        without: &["[dev-dependencies."],
        edits: &[
            ("Cargo.toml", "    \"blink-alloc/nightly\",\n", ""),
            ("Cargo.toml", "edition = \"2021\"\nrust-version = \"1.71.1\"\n", MERGED),
        ],
        docs: 189,
    },
    Suite { name: "slab", version: "0.4.12", features: "serde", without: &[], edits: &[], docs: 38 },
    Suite {
        name: "typed-arena",
        version: "2.0.2",
        features: "std",
        without: &[],
        // The compiler denies since what an example does.
        edits: &[(
            "src/lib.rs",
            "    /// use std::mem::{self, MaybeUninit};\n",
            "    /// #![allow(dangerous_implicit_autorefs)]\n    /// use std::mem::{self, MaybeUninit};\n",
        )],
        docs: 14,
    },
];

/// From this edition on documentation tests are compiled as one.
const MERGED: &str = "edition = \"2024\"\n";

/// Where they are laid out and built.
pub const BUILT: &str = "suites";

/// In none of them: benchmarks, and profiles, which count only where the workspace begins.
const WITHOUT: &[&str] = &["[[bench]]", "[dev-dependencies.criterion]", "[profile."];

/// What each test program has more, and the documentation tests, which have the allocator from the library: it links that, and proves that it is
/// in use. (A test that named `heap` itself would link it, whatever the others have.)
const PROOF: &str = "
/// ```
/// CRATE::the_heap_is_freehold();
/// ```
#[cfg_attr(test, test)]
pub fn the_heap_is_freehold() {
    heap::prove();
}
";
const PROVED: &str = "test the_heap_is_freehold ... ok";

impl Suite {
    /// Runs it, on the heap or with the debug layer around that, which must find nothing.
    pub fn run(&self, checked: bool, tools: &Tools, out: &Out) -> Result<()> {
        let folder = tools.target_dir().join(BUILT);
        lay_out(tools, &folder)?;
        let features = if checked { format!("{},heap/checked", self.features) } else { self.features.to_owned() };
        let test = |which: &str| -> Result<()> {
            let cargo = tools.cargo(Toolchain::Current)?.args("test --no-fail-fast").args(which).arg("--features");
            let cargo = cargo.arg(&features).arg("--manifest-path").arg(folder.join(self.name).join("Cargo.toml"));
            cargo.env("RUSTFLAGS", "--cap-lints=allow").run(out)
        };
        test("--lib --tests")?;
        test("--doc")?;
        self.judge(&out.text()?)
    }

    /// What the tests said must be that each program ran on the heap, and the documentation tests, as many as there are.
    fn judge(&self, said: &str) -> Result<()> {
        let (programs, docs) = said.split_once(" Doc-tests ").unwrap_or((said, ""));
        let (runs, proofs) = (programs.matches(" Running ").count(), programs.matches(PROVED).count());
        ensure!(runs == proofs, "{proofs} of {runs} test programs ran on the heap");
        let passed = docs.lines().filter(|line| line.starts_with("test ") && line.ends_with(" ... ok"));
        let (proofs, others): (Vec<_>, Vec<_>) = passed.partition(|line| line.contains("the_heap_is_freehold"));
        ensure!(proofs.len() == 1, "the documentation tests did not run on the heap");
        ensure!(others.len() == self.docs, "{} of {} documentation tests passed", others.len(), self.docs);
        Ok(())
    }

    /// Copies the package, with what is changed of it.
    fn copy(&self, package: &Package, to: &Path) -> Result<()> {
        let from = package.manifest_path.parent().context("a package has a folder")?;
        let tests = package.targets.iter().filter(|target| target.is_lib() || target.is_test());
        let roots: Vec<_> = tests.map(|target| target.src_path.as_std_path()).collect();
        let proof = PROOF.replace("CRATE", &self.name.replace('-', "_"));
        for file in files(from.as_std_path())? {
            let name = file.strip_prefix(from)?;
            let mut bytes = fs::read(&file)?;
            if name == "Cargo.toml" {
                bytes = self.manifest(str::from_utf8(&bytes)?).into_bytes();
            }
            for (_, old, new) in self.edits.iter().filter(|(file, ..)| name == *file) {
                let text = str::from_utf8(&bytes)?;
                ensure!(text.contains(old), "{} has no {old:?}", file.display());
                bytes = text.replace(old, new).into_bytes();
            }
            if roots.contains(&file.as_path()) {
                bytes.extend(proof.bytes());
            }
            write(&to.join(name), &bytes)?;
        }
        Ok(())
    }

    /// The manifest, without what is left out, and with the heap. Cargo publishes manifests as one section after another.
    fn manifest(&self, published: &str) -> String {
        let mut sections: Vec<String> = Vec::new();
        for line in published.split_inclusive('\n') {
            match sections.last_mut() {
                Some(section) if !line.starts_with('[') => section.push_str(line),
                _ => sections.push(line.to_owned()),
            }
        }
        sections.retain(|section| !WITHOUT.iter().chain(self.without).any(|begin| section.starts_with(begin)));
        sections.concat() + "\n[dependencies.heap]\npath = \"../heap\"\n"
    }
}

/// A workspace of all of them. Files that are as they were stay untouched: cargo would build them again.
fn lay_out(tools: &Tools, folder: &Path) -> Result<()> {
    let names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
    // The automata take long when they are not optimised, and the heap with the debug layer around it.
    let profiles = ["test", "dev"].map(|name| {
        let optimised = ["regex-automata", "freehold", "heap"];
        let optimised = optimised.map(|package| format!("[profile.{name}.package.{package}]\nopt-level = 1\n"));
        format!("[profile.{name}]\ndebug = false\n{}", optimised.concat())
    });
    let workspace = format!("[workspace]\nresolver = \"3\"\nmembers = [\"heap\", {}]\n", quoted(&names).join(", "));
    write(&folder.join("Cargo.toml"), (workspace + &profiles.concat()).as_bytes())?;
    let own = tools.root().join("tests/suites");
    write(&folder.join("Cargo.lock"), &fs::read(own.join("Cargo.lock"))?)?;
    let lib = own.join("heap.rs");
    let freehold = format!("freehold = {{ path = {:?} }}\n[features]\nchecked = []\n", tools.root());
    write(&folder.join("heap/Cargo.toml"), manifest("heap", &lib, &freehold).as_bytes())?;

    // A package that depends on all of them: to look at it, cargo must have downloaded them.
    let sources = folder.join("sources/Cargo.toml");
    let wanted: String =
        SUITES.iter().map(|Suite { name, version, .. }| format!("{name} = \"={version}\"\n")).collect();
    write(&sources, (manifest("sources", &lib, &wanted) + "[workspace]\n").as_bytes())?;
    let metadata = MetadataCommand::new().manifest_path(sources).exec()?;
    for suite in SUITES {
        let mut packages = metadata.packages.iter();
        let found = packages.find(|package| package.name == suite.name && package.version.to_string() == suite.version);
        suite.copy(found.with_context(|| format!("cargo has no {}", suite.name))?, &folder.join(suite.name))?;
    }
    Ok(())
}

fn manifest(name: &str, lib: &Path, dependencies: &str) -> String {
    let package = format!("[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n");
    format!("{package}[lib]\npath = {lib:?}\n[dependencies]\n{dependencies}")
}

fn quoted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("{name:?}")).collect()
}

/// Every file below a folder but the lock file, which counts only where the workspace begins.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.file_name().is_some_and(|name| name != "Cargo.lock") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Writes a file, unless it is there and the same.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Suite = Suite {
        name: "a",
        version: "1.0.0",
        features: "",
        without: &["[[test]]\nname = \"slow\""],
        edits: &[],
        docs: 1,
    };

    #[test]
    fn a_manifest_loses_the_sections_that_are_left_out() {
        let published = "# Made by cargo.\n[package]\nname = \"a\"\n[[test]]\nname = \"slow\"\npath = \"b\"\n\
                         [[test]]\nname = \"good\"\n[[bench]]\nname = \"c\"\n";
        let kept = "# Made by cargo.\n[package]\nname = \"a\"\n[[test]]\nname = \"good\"\n";
        assert_eq!(A.manifest(published), format!("{kept}\n[dependencies.heap]\npath = \"../heap\"\n"));
    }

    #[test]
    fn each_program_and_the_documentation_tests_prove_their_heap() {
        let program = "     Running unittests src/lib.rs (a-1)\ntest b ... ok\ntest the_heap_is_freehold ... ok\n";
        let docs = "   Doc-tests a\ntest a/src/lib.rs - B (line 3) ... ok\ntest README.md - (line 9) ... ignored\n";
        let proof = "test a/src/lib.rs - the_heap_is_freehold (line 7) ... ok\n";
        A.judge(&[program, docs, proof].concat()).unwrap();
        for said in [
            [program, "     Running tests/c.rs (c-1)\ntest d ... ok\n", docs, proof].as_slice(),
            &[program],
            &[program, docs],
            &[program, "   Doc-tests a\n", proof],
        ] {
            A.judge(&said.concat()).unwrap_err();
        }
    }
}
