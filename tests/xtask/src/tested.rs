//! No test is left out by its manifest, and nothing is built as a test program that has no tests.

use std::fs;
use std::path::{Path, PathBuf};

use crate::steps::NOT_TESTED;
use crate::tools::Tools;

/// The crate's own sources once more.
const SECOND: &str = "freehold-second";
/// Each of its programs would have to say `test = false`.
const PROGRAMS: &str = "freehold-perf-heaps";

/// The Rust files below a folder, without those of packages in it.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = folders.iter().filter(|folder| !folder.join("Cargo.toml").exists()).flat_map(|folder| sources(folder));
    files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")).chain(below).collect()
}

#[test]
fn what_has_tests_is_tested_and_nothing_else() {
    let tools = Tools::find().unwrap();
    for package in tools.members().filter(|package| package.name != SECOND) {
        let targets = package.targets.iter().filter(|target| {
            !(target.is_test() || target.is_example() || target.is_bench() || target.is_custom_build())
        });
        for target in targets {
            let root = target.src_path.as_std_path();
            let mut files = sources(root.parent().unwrap());
            // A program that is one file of several in a folder.
            if root.parent().is_some_and(|folder| folder.ends_with("bin") || folder.ends_with("targets")) {
                files.retain(|file| file == root);
            }
            let has = files.iter().any(|file| fs::read_to_string(file).unwrap().contains("#[test]\n"));
            let tested = target.test && package.name != PROGRAMS;
            assert_eq!(tested, has, "`test = {}` of {} in {}", target.test, target.name, package.name);
        }
        if NOT_TESTED.contains(&package.name.as_str()) {
            let folder = package.manifest_path.parent().unwrap().as_std_path();
            let examples = |file: &PathBuf| {
                let text = fs::read_to_string(file).unwrap();
                text.contains("/// ```") || text.contains("//! ```")
            };
            assert!(
                !package.targets.iter().any(|target| target.is_test()),
                "{} has tests that nobody runs",
                package.name
            );
            assert!(!sources(folder).iter().any(examples), "{} has examples that nobody runs", package.name);
        }
    }
}
