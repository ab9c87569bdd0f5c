//! The table of hazards in `docs/safety.md` is held against the tests that it names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::steps;
use crate::tools::Tools;

/// So many rows there must be.
const HAZARDS: usize = 42;

/// What a row may name.
struct Known {
    root: std::path::PathBuf,
    steps: Vec<String>,
    tests: BTreeSet<String>,
}

impl Known {
    fn of(tools: &Tools) -> Known {
        let steps = steps::all(tools).unwrap().into_iter().chain(steps::wider()).map(|step| step.name).collect();
        let mut tests = BTreeSet::new();
        for folder in ["src", "tests"] {
            collect(&tools.root().join(folder), &mut tests);
        }
        Known { root: tools.root().to_owned(), steps, tests }
    }

    fn has(&self, name: &str) -> bool {
        match name.strip_suffix('*') {
            Some(start) => self.tests.iter().any(|test| test.starts_with(start)),
            None if name.contains('/') => self.root.join(name).exists(),
            None => self.tests.contains(name) || self.steps.iter().any(|step| step == name),
        }
    }
}

/// The names of all tests below a folder: Rust's functions and structures, the suite's cases, and what JavaScript's tests begin with.
fn collect(folder: &Path, tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let before: &[&str] = match path.extension().and_then(|extension| extension.to_str()) {
            _ if path.is_dir() => {
                collect(&path, tests);
                continue;
            }
            Some("rs") => &["fn ", "pub struct "],
            Some("mjs") => &["test('", "test(`"],
            _ => continue,
        };
        named(&fs::read_to_string(&path).unwrap(), before, tests);
    }
}

/// Adds what follows one of these, comments left out.
fn named(code: &str, before: &[&str], tests: &mut BTreeSet<String>) {
    for line in code.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        tests.extend(line.split_once(" => $crate::").map(|(case, _)| case.to_owned()));
        for name in before.iter().filter_map(|before| Some(line.split_once(before)?.1)) {
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
            tests.insert(name[..end].to_owned());
        }
    }
}

/// What is wrong with a table.
fn problems(table: &str, known: impl Fn(&str) -> bool) -> Vec<String> {
    let mut problems = Vec::new();
    for number in 1..=HAZARDS {
        let start = format!("| h{number:02}: ");
        let Some(row) = table.lines().find(|line| line.starts_with(&start)) else {
            problems.push(format!("h{number:02} has no row"));
            continue;
        };
        let [_, _, holds, tests, _] = row.split('|').collect::<Vec<_>>()[..] else {
            problems.push(format!("h{number:02} has not three columns"));
            continue;
        };
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        if names.is_empty() && !holds.trim_start().starts_with("open: ") {
            problems.push(format!("h{number:02} names no test, and is not open"));
        }
        problems.extend(names.iter().filter(|name| !known(name)).map(|name| format!("h{number:02}: no `{name}`")));
    }
    problems
}

#[test]
fn every_hazard_has_its_tests() {
    let tools = Tools::find().unwrap();
    let known = Known::of(&tools);
    let safety = fs::read_to_string(tools.root().join("docs/safety.md")).unwrap();
    let (_, hazards) = safety.split_once("\n## Hazards\n").unwrap();
    let table = hazards.split("\n## ").next().unwrap();
    let problems = problems(table, |name| known.has(name));
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn what_is_missing_is_seen() {
    let row = |number, holds, tests| format!("| h{number:02}: an incident | {holds} | {tests} |\n");
    let known = |name: &str| name == "h01_there";
    let table: String = (1..=HAZARDS).map(|number| row(number, "it holds", "`h01_there`")).collect();
    assert_eq!(problems(&table, known), [""; 0]);
    let without = |from: &str, to: &str| problems(&table.replacen(from, to, 1), known);
    assert_eq!(without("| h42: ", "| "), ["h42 has no row"]);
    assert_eq!(without("`h01_there`", "`h01_there`, `h01_gone`"), ["h01: no `h01_gone`"]);
    assert_eq!(without("`h01_there`", "somewhere"), ["h01 names no test, and is not open"]);
    assert_eq!(without("it holds | `h01_there`", "open: later | "), [""; 0]);

    let mut tests = BTreeSet::new();
    named("fn h01_a() {\n// fn h01_b()\npub struct H16C;\nb => $crate::c,", &["fn ", "pub struct "], &mut tests);
    named("  test('h02_control: a', () => {\n", &["test('"], &mut tests);
    assert_eq!(tests.into_iter().collect::<Vec<_>>(), ["H16C", "b", "h01_a", "h02_control"]);
}
