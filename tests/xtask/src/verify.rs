//! `cargo verify`: runs the steps and tells how they went.

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};

use crate::command::Out;
use crate::steps::{self, Step};
use crate::tools::Tools;

/// What `cargo verify` takes.
#[derive(clap::Args)]
pub struct Args {
    /// Run only the steps whose name contains this; may be given more than once
    #[arg(long, value_name = "PART OF A NAME")]
    only: Vec<String>,
    /// Run the tests of well-known crates instead, with `Global` as their global allocator; in CI they run with the rest
    #[arg(long)]
    suites: bool,
    /// Name the steps, and run none
    #[arg(long)]
    list: bool,
    /// Go on after a step that failed
    #[arg(long, action = clap::ArgAction::Set, default_value_t = true, value_name = "BOOL")]
    keep_going: bool,
}

/// How a step ended.
enum Verdict {
    /// As it should, after this many tests.
    Passed(usize),
    /// Badly, for this reason.
    Failed(String),
    /// It did not run, for this reason.
    Skipped(String),
}

/// Runs the steps.
pub fn run(args: &Args) -> Result<ExitCode> {
    let tools = Tools::find()?;
    let strict = env::var("CI").is_ok_and(|ci| ci == "true");
    let mut steps = if args.suites { Vec::new() } else { steps::all(&tools)? };
    if args.suites || strict {
        steps.extend(steps::suites());
    }
    steps.retain(|step| args.only.is_empty() || args.only.iter().any(|part| step.name.contains(part.as_str())));
    if steps.is_empty() {
        bail!("no step has such a name: `cargo verify --list` names them all");
    }
    if args.list {
        steps.iter().for_each(|step| println!("{}", step.name));
        return Ok(ExitCode::SUCCESS);
    }

    let mut report = Report::new();
    for (index, step) in steps.iter().enumerate() {
        let start = Instant::now();
        println!("[{:>2}/{}] {}", index + 1, steps.len(), step.name);
        let verdict = if report.failed > 0 && !args.keep_going {
            Verdict::Skipped("a step before it failed".into())
        } else {
            attempt(step, &tools)?
        };
        let verdict = match verdict {
            Verdict::Skipped(why) if strict => Verdict::Failed(format!("nothing may be skipped in CI: {why}")),
            verdict => verdict,
        };
        report.add(&step.name, &verdict, start.elapsed());
    }
    report.print();
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs one step, and shows what it wrote if it fails.
fn attempt(step: &Step, tools: &Tools) -> Result<Verdict> {
    let name = step.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let out = Out::log(tools.target_dir().join("verify").join(name).with_extension("log"))?;
    if let Err(obstacle) = step.needs.iter().try_for_each(|need| need.meet(tools, &out)) {
        return Ok(Verdict::Skipped(format!("{obstacle:#}")));
    }
    let spinner = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("        {spinner} {elapsed}")?);
    spinner.enable_steady_tick(Duration::from_millis(100));
    let result = (step.work)(tools, &out);
    spinner.finish_and_clear();
    let log = out.text()?;
    let tests = tests_passed(&log);
    let why = match result {
        Ok(()) if step.tests && tests == 0 => "it ran no test".into(),
        Ok(()) => return Ok(Verdict::Passed(tests)),
        Err(error) => format!("{error:#}"),
    };
    println!("{}", log.trim_end());
    Ok(Verdict::Failed(why))
}

/// How many tests passed, by the summaries that Rust's test harness and wasm-bindgen's print.
fn tests_passed(log: &str) -> usize {
    let counts = log.lines().filter_map(|line| {
        let counts = line.trim_start().strip_prefix("test result: ok. ")?;
        counts.split_once(" passed")?.0.parse::<usize>().ok()
    });
    counts.sum()
}

/// The table at the end.
struct Report {
    table: Table,
    start: Instant,
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    fn new() -> Self {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        // Some terminals say that they are 0 wide; a table squeezed into that is a column of letters.
        if table.width().is_some_and(|width| width >= 60) {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        table.set_header(["step", "result", "tests", "seconds"]);
        Self { table, start: Instant::now(), passed: 0, failed: 0, skipped: 0 }
    }

    /// Says how a step went, and adds it to the table.
    fn add(&mut self, name: &str, verdict: &Verdict, took: Duration) {
        let right = |text: &str| Cell::new(text).set_alignment(CellAlignment::Right);
        let (count, colour, text, tests) = match verdict {
            Verdict::Passed(0) => (&mut self.passed, Color::Green, "passed".into(), String::new()),
            Verdict::Passed(tests) => (&mut self.passed, Color::Green, "passed".into(), tests.to_string()),
            Verdict::Failed(why) => (&mut self.failed, Color::Red, format!("FAILED: {why}"), String::new()),
            Verdict::Skipped(why) => (&mut self.skipped, Color::Yellow, format!("skipped: {why}"), String::new()),
        };
        *count += 1;
        let seconds = format!("{:.1}", took.as_secs_f64());
        println!("        {text} ({seconds} s)");
        self.table.add_row([Cell::new(name), Cell::new(text).fg(colour), right(&tests), right(&seconds)]);
    }

    /// Prints the table, and the totals alone on the last line.
    fn print(&self) {
        println!("\n{}\n", self.table);
        println!("{:.0} s in all", self.start.elapsed().as_secs_f64());
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
    }
}

#[cfg(test)]
mod tests {
    use super::tests_passed;

    #[test]
    fn counts_every_summary() {
        let log = "running 2 tests\n\
                   test result: ok. 2 passed; 0 failed; 0 ignored; 0 filtered out\n\
                   test result: ok. 0 passed; 0 failed; 0 ignored\n\
                   test result: FAILED. 5 passed; 1 failed; 0 ignored\n\
                   \n    test result: ok. 40 passed; 0 failed; 0 ignored; 0 filtered out\n";
        assert_eq!(tests_passed(log), 42);
        assert_eq!(tests_passed("no tests to run!"), 0);
    }
}
