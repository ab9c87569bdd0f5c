//! The rows of a native program, behind lines of text. It takes a line and gives one:
//!
//! | line | answer |
//! |---|---|
//! | `list` | the rows, up to an empty line |
//! | `round ROW PLACEMENT ITERATIONS …` | for each contender with iterations: `NANOSECONDS CHECKSUM CLAIMED`, by spaces |
//! | `fresh ROW CONTENDER PLACEMENT ITERATIONS` | the same of one contender, in a process of its own |
//!
//! `count ROW …` as arguments does the work of these rows for callgrind.

use std::io::{self, BufRead};
use std::process::Command;

use crate::job::{Job, Sample};
use crate::registry::Registry;
use crate::row::Row;

/// What can go wrong: a line that is no request.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The whole program.
pub fn main(rows: Vec<Row>) -> Result<()> {
    let registry = Registry::new(rows);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("count", rows)) = arguments.split_first().map(|(word, rest)| (word.as_str(), rest)) {
        registry.count(&numbers(rows.iter())?);
        return Ok(());
    }
    if !arguments.is_empty() {
        println!("{}", text(once(&registry, &arguments.join(" "))?));
        return Ok(());
    }
    for line in io::stdin().lock().lines() {
        println!("{}", answer(&registry, &line?)?);
    }
    Ok(())
}

fn numbers<N: std::str::FromStr>(words: impl Iterator<Item = impl AsRef<str>>) -> Result<Vec<N>>
where
    N::Err: std::error::Error + 'static,
{
    Ok(words.map(|word| word.as_ref().parse()).collect::<std::result::Result<_, _>>()?)
}

fn answer(registry: &Registry, line: &str) -> Result<String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    Ok(match word {
        "list" => registry.list(),
        "round" => round(registry, rest)?,
        "fresh" => {
            let program = std::env::current_exe()?;
            let output = Command::new(program).args(rest.split(' ')).output()?;
            String::from_utf8(output.stdout)?.trim_end().to_owned()
        }
        _ => return Err(format!("`{line}` is no request").into()),
    })
}

fn round(registry: &Registry, rest: &str) -> Result<String> {
    let words: Vec<u32> = numbers(rest.split(' '))?;
    let [row, placement, iterations @ ..] = words.as_slice() else { return Err("too short a line".into()) };
    let mut answers = Vec::new();
    for (contender, iterations) in iterations.iter().enumerate() {
        if *iterations > 0 {
            let job = Job { iterations: *iterations, placement: *placement as usize, counted: None };
            answers.push(text(registry.measure(*row as usize, contender, &job)));
        }
    }
    Ok(answers.join(" "))
}

/// Does one measurement: this process has done none before.
fn once(registry: &Registry, line: &str) -> Result<Sample> {
    let words: Vec<usize> = numbers(line.split(' '))?;
    let [row, contender, placement, iterations] = words[..] else { return Err("four numbers are expected".into()) };
    Ok(registry.measure(row, contender, &Job { iterations: iterations as u32, placement, counted: None }))
}

fn text(sample: Sample) -> String {
    format!("{} {} {}", sample.nanoseconds, sample.checksum, sample.claimed)
}
