//! Each file in `cases` is a module in text, whose first lines are commands. What they print, how they end, and the modules that they
//! write stand beside it in a `.txt`. `RENEW=1 cargo test -p freehold-hint` writes these anew.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use wasmparser::{Parser, Validator, WasmFeatures};

const SECTION: &str = "metadata.code.branch_hint";

#[test]
fn every_case_is_as_it_was() {
    let renew = env::var_os("RENEW").is_some();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files: BTreeSet<PathBuf> = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    let texts: Vec<_> = files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "wat")).collect();
    assert!(texts.len() > 30, "only {} cases", texts.len());
    let mut other = Vec::new();
    for text in &texts {
        let golden = text.with_extension("txt");
        let now = run(text);
        if renew {
            fs::write(&golden, now).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != now {
            other.push(format!("{}\n{now}", golden.display()));
        }
    }
    assert!(other.is_empty(), "{}", other.join("\n"));
    // None is left of a case that is no more.
    for golden in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "txt")) {
        assert!(golden.with_extension("wat").exists(), "{}", golden.display());
    }
}

/// Runs a case in a folder of its own, checks what is so in every case, and returns what is so in this one.
fn run(text: &Path) -> String {
    let name = text.file_stem().unwrap().to_str().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("folder")).unwrap();
    let input = wat::parse_file(text).unwrap_or_else(|error| panic!("{error}"));
    fs::write(folder.join("in.wasm"), &input).unwrap();
    // Something that is no plain file, which a file could be moved over.
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());

    let source = fs::read_to_string(text).unwrap();
    let mut said = String::new();
    let mut written = BTreeSet::from(["folder", "in.wasm", "pipe"]);
    for line in source.lines().map_while(|line| line.strip_prefix(";; hint ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let output = Command::new(env!("CARGO_BIN_EXE_hint")).args(&words).current_dir(&folder).output().unwrap();
        let code = output.status.code().expect("it ends by itself");
        writeln!(said, "$ hint {line}\n{}", text_of(&output.stdout) + &text_of(&output.stderr)).unwrap();
        writeln!(said, "exit code {code}\n").unwrap();
        let out = words.iter().position(|word| *word == "-o").and_then(|at| words.get(at + 1));
        if let Some(out) = out.filter(|_| code == 0) {
            written.insert(out);
            let before = fs::read(folder.join(words[0])).unwrap();
            let after = fs::read(folder.join(out)).unwrap();
            check(name, &before, &after);
            assert_eq!(rerun(&folder, out, &words), after, "{name}: a rerun changes nothing");
            writeln!(said, "{}", printed(&after)).unwrap();
        }
    }
    assert!(!said.is_empty(), "{name}: its first line is no command");
    // A file that was there before, or half a file, is in no case left.
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<String> = entries.collect();
    assert_eq!(there, written.into_iter().map(str::to_owned).collect(), "{name}: files");
    assert!(!fs::metadata(folder.join("pipe")).unwrap().is_file(), "{name}: the pipe is one still");
    assert_eq!(fs::read(folder.join("in.wasm")).unwrap(), input, "{name}: the input is as it was");
    said
}

/// What the same command makes of what it has made.
fn rerun(folder: &Path, out: &str, words: &[&str]) -> Vec<u8> {
    let again: Vec<&str> = words.iter().map(|word| if *word == out { "again.wasm" } else { word }).collect();
    let status = Command::new(env!("CARGO_BIN_EXE_hint")).arg(out).args(&again[1..]).current_dir(folder).output();
    assert!(status.unwrap().status.success());
    let made = fs::read(folder.join("again.wasm")).unwrap();
    fs::remove_file(folder.join("again.wasm")).unwrap();
    made
}

/// The module is as good as it was, all but the hints is the same, and they stand where engines look for them.
fn check(name: &str, before: &[u8], after: &[u8]) {
    let valid = |bytes| Validator::new_with_features(WasmFeatures::all()).validate_all(bytes).map(drop);
    assert_eq!(valid(before).is_ok(), valid(after).is_ok(), "{name}: {:?}", valid(after));
    assert!(valid(after).is_ok(), "{name}: {:?}", valid(after));
    let (rest, place) = without_hints(after);
    assert_eq!(without_hints(before).0, rest, "{name}: other bytes");
    assert!(place.is_none_or(|place| rest[place] == 10), "{name}: the hints come right before the code");
}

/// The bytes of a module but its hints, and where these were.
fn without_hints(module: &[u8]) -> (Vec<u8>, Option<usize>) {
    let mut rest = module[..8].to_vec();
    let mut place = None;
    let mut at = 8;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.unwrap();
        let Some((_, range)) = payload.as_section() else { continue };
        let whole = &module[at..range.end as usize];
        at = range.end as usize;
        match payload {
            wasmparser::Payload::CustomSection(custom) if custom.name() == SECTION => place = Some(rest.len()),
            _ => rest.extend(whole),
        }
    }
    (rest, place)
}

/// A module as text, with its hints.
fn printed(module: &[u8]) -> String {
    wasmprinter::print_bytes(module).unwrap_or_else(|error| panic!("{error}"))
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
