//! Whole programs, natively, on each global allocator: their processor time and their memory (`heaps/src/programs`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use indicatif::{ProgressBar, ProgressStyle};

use crate::build::{Built, Workshop};
use crate::command::output;
use crate::kind::Kind;
use crate::report::{Programs, Report, Run};
use crate::statistics::Quartiles;

/// As the report calls them.
pub const TITLE: &str = "Whole programs";

/// How much there is to do, and how often it is done.
pub struct Size {
    rounds: u32,
    /// Of Rust, to be parsed.
    source: u64,
    /// Of texts of half a megabyte, to be printed.
    texts: u32,
}

impl Size {
    pub const FULL: Self = Self { rounds: 3, source: 14_000_000, texts: 208 };
    pub const QUICK: Self = Self { rounds: 2, source: 1_000_000, texts: 20 };
}

/// Threads that parse.
const THREADS: [u32; 3] = [1, 2, 4];

/// What a run answers with, less the checksum.
type Numbers = [f64; 5];

/// Runs all programs with `filter` in their names; the allocators take turns, each time in a new process.
pub fn run(workshop: &Workshop, built: &Built, size: &Size, filter: &str, report: &mut Report) -> Result<()> {
    let (list, bytes) = sources(workshop, size.source)?;
    let mut programs: Vec<(String, Vec<String>)> = Vec::new();
    for threads in THREADS {
        let name =
            format!("syn, {:.0} MB of Rust, {threads} thread{}", megabytes(bytes), if threads == 1 { "" } else { "s" });
        programs.push((name, vec!["parse".into(), threads.to_string(), list.display().to_string()]));
    }
    let name = format!("pulldown-cmark, {:.0} MB", megabytes(u64::from(size.texts) * 500_000));
    programs.push((name, vec!["print".into(), size.texts.to_string()]));
    programs.retain(|(name, _)| format!("{TITLE} / {name}").to_lowercase().contains(&filter.to_lowercase()));

    let bar = ProgressBar::new(programs.len() as u64 * u64::from(size.rounds));
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} of {duration}  {wide_msg}")?);
    // A bump that never frees is for one thread.
    let who: Vec<_> = built.each().filter(|(_, (_, kind))| *kind != Kind::Limit).collect();
    for (name, arguments) in programs {
        bar.set_message(name.clone());
        let mut answers: Vec<Vec<Numbers>> = vec![Vec::new(); who.len()];
        let mut sum = None;
        for _ in 0..size.rounds {
            for ((program, (allocator, _)), answers) in who.iter().zip(&mut answers) {
                let (numbers, checksum) = once(program, &arguments)?;
                ensure!(*sum.get_or_insert(checksum) == checksum, "{name}: {allocator} computed something else");
                answers.push(numbers);
            }
            bar.inc(1);
        }
        let runs = who.iter().zip(&answers).map(|((_, (name, kind)), answers)| {
            let median =
                |at: usize| Quartiles::of(&answers.iter().map(|numbers| numbers[at]).collect::<Vec<_>>()).median;
            let [seconds, user, system, peak, end] = [0, 1, 2, 3, 4].map(median);
            let (peak, end) = (peak / 1024.0, end / 1024.0);
            Run { name: name.clone(), kind: *kind, seconds, user, system, peak, end }
        });
        report.programs.push(Programs { name, runs: runs.collect() });
    }
    bar.finish_and_clear();
    Ok(())
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// A run, and the sum of what it read.
fn once(program: &Path, arguments: &[String]) -> Result<(Numbers, u64)> {
    let line = output(Command::new(program).arg("program").args(arguments))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let (checksum, numbers) = words.split_last().with_context(|| format!("{} said nothing", program.display()))?;
    let numbers: Vec<f64> = numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    let numbers = numbers.try_into().ok().with_context(|| format!("{} said `{line}`", program.display()))?;
    Ok((numbers, checksum.parse()?))
}

/// A list of Rust files, up to so many bytes: freehold's own, and those of the crates that the lock file names.
fn sources(workshop: &Workshop, wanted: u64) -> Result<(PathBuf, u64)> {
    let metadata = MetadataCommand::new().manifest_path(workshop.root().join("Cargo.toml")).exec()?;
    let mut packages: Vec<_> = metadata.packages.iter().collect();
    packages.sort_by_key(|package| {
        (package.name.as_str() != "freehold", package.name.to_string(), package.version.clone())
    });
    let folders = packages.iter().filter_map(|package| package.manifest_path.parent());
    let (mut list, mut bytes) = (String::new(), 0);
    for folder in folders {
        for file in rust_files(&folder.as_std_path().join("src")) {
            let len = fs::metadata(&file)?.len();
            if bytes < wanted {
                bytes += len;
                list += &format!("{}\n", file.display());
            }
        }
    }
    fs::create_dir_all(workshop.scratch())?;
    let path = workshop.scratch().join("sources");
    fs::write(&path, list)?;
    Ok((path, bytes))
}

/// All in a folder and those below, in the order of their names; none if there is no such folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    let files = entries.into_iter().flat_map(|path| match path.extension() {
        Some(extension) if extension == "rs" => vec![path],
        _ if path.is_dir() => rust_files(&path),
        _ => Vec::new(),
    });
    files.collect()
}
