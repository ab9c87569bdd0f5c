//! `cargo verify`: runs the steps and tells how they went.

use std::fmt::Write;
use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use crate::command::{Out, last_line};
use crate::debian::in_ci;
use crate::emscripten::{self, Version};
use crate::need::Need;
use crate::step::{Queue, Step};
use crate::steps;
use crate::tools::Tools;

/// So much of the line that a step has just written is shown.
const SHOWN: usize = 60;
/// So many lines are printed of what a step wrote that failed. All are in its log.
const LINES: usize = 300;

/// So much of the disk a whole run takes, tools included, the first time.
const WHOLE_RUN: u64 = 12 * GB;
/// With less than that free, a step may well have failed for want of it.
const FULL: u64 = GB / 2;
const GB: u64 = 1_000_000_000;

/// What `cargo verify` takes.
#[derive(clap::Args)]
pub struct Args {
    /// Run only the steps whose name contains this; may be given more than once
    #[arg(long, value_name = "PART OF A NAME")]
    only: Vec<String>,
    /// Run only what gives a first answer: format, lints and tests on this host, and the suite in wasm
    #[arg(long, conflicts_with_all = ["suites", "fuzz", "all_hosts"])]
    quick: bool,
    /// Run the tests of well-known crates instead, with `Heap` as their global allocator; in CI they run with the rest
    #[arg(long)]
    suites: bool,
    /// Search for failures instead, each fuzz target for so many seconds
    #[arg(long, value_name = "SECONDS", conflicts_with = "suites")]
    fuzz: Option<u64>,
    /// Run also the long soak, all of Miri's tests with each of its models, the suite in wasmtime, and what needs the latest Emscripten, and install that and
    /// 3.1.69: each in a Debian of its own under `target/`, 2.5 GB, which only root can have
    #[arg(long)]
    all_hosts: bool,
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
    let strict = in_ci();
    let mut steps = match args.fuzz {
        Some(seconds) => steps::fuzz(&tools, seconds)?,
        None if args.suites => steps::suites(),
        None => steps::all(&tools)?,
    };
    if strict && args.fuzz.is_none() && !args.suites {
        steps.extend(steps::suites());
    }
    if args.all_hosts {
        steps.extend(steps::wider());
    }
    let mut left_out = Vec::new();
    if args.quick {
        (steps, left_out) = steps.into_iter().partition(|step| step.quick);
    } else {
        // Who names it shall have it.
        steps.retain(|step| !step.quick_only || !args.only.is_empty());
    }
    steps.retain(|step| args.only.is_empty() || args.only.iter().any(|part| step.name.contains(part.as_str())));
    if steps.is_empty() {
        bail!("no step has such a name: `cargo verify --list` names them all");
    }
    if args.list {
        steps.iter().for_each(|step| println!("{}", step.name));
        return Ok(ExitCode::SUCCESS);
    }

    if args.all_hosts {
        let installed = emscripten::install(Version::Stable, &tools, &Out::Terminal);
        installed.unwrap_or_else(|obstacle| Out::Terminal.say(&format!("{obstacle:#}")));
    }
    let verify = Verify {
        tools,
        strict,
        keep_going: args.keep_going,
        steps: steps.len(),
        bars: MultiProgress::new(),
        report: Mutex::new(Report::new()),
    };
    verify.say_what_is_free("free");
    verify.run(&steps);
    verify.say_what_is_free("left");
    let report = verify.report.into_inner().unwrap();
    report.print(&left_out);
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A run, and how it went so far.
struct Verify {
    tools: Tools,
    /// Nothing may be skipped.
    strict: bool,
    keep_going: bool,
    steps: usize,
    /// What moves while steps run.
    bars: MultiProgress,
    report: Mutex<Report>,
}

impl Verify {
    /// Runs these steps, one more at a time than there are processors: some steps wait, for a mirror, for a disk or for a worker that is to hang.
    fn run(&self, steps: &[Step]) {
        self.say_what_is_missing(steps);
        let at_once = thread::available_parallelism().map_or(1, NonZero::get) + 1;
        let queue = Mutex::new(Queue::new(steps));
        let work = |common_first| {
            while let Some(step) = { queue.lock().unwrap().next(common_first) } {
                self.step(step, self.ready(step));
                queue.lock().unwrap().done(step);
            }
        };
        thread::scope(|scope| {
            (1..at_once.min(steps.len())).for_each(|_| drop(scope.spawn(|| work(false))));
            work(true);
        });
    }

    /// Bytes that are free on the disk that has `target/`.
    fn free(&self) -> Option<u64> {
        fs4::available_space(self.tools.target_dir()).ok()
    }

    /// Says how much that is, before a run and after it.
    fn say_what_is_free(&self, when: &str) {
        if let Some(free) = self.free() {
            println!(
                "{:.1} GB are {when} for target/; a whole run takes up to {}, the first time",
                free as f64 / GB as f64,
                WHOLE_RUN / GB
            );
        }
    }

    /// Says before anything is built what steps will be left out, and how to get what they need.
    fn say_what_is_missing(&self, steps: &[Step]) {
        let mut needs: Vec<(Need, usize)> = Vec::new();
        for need in steps.iter().flat_map(|step| &step.needs) {
            match needs.iter_mut().find(|(known, _)| known == need) {
                Some((_, count)) => *count += 1,
                None => needs.push((*need, 1)),
            }
        }
        for (need, count) in needs {
            if let Err(lack) = need.look(&self.tools) {
                println!("missing, for {count} of the steps: {lack:#}");
            }
        }
    }

    /// A step's log, once there is all that it needs.
    fn ready(&self, step: &Step) -> Result<Out> {
        let name = step.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let out = Out::log(self.tools.target_dir().join("verify").join(name).with_extension("log"))?;
        step.needs.iter().try_for_each(|need| need.meet(&self.tools, &out))?;
        Ok(out)
    }

    /// Runs a step, and reports.
    fn step(&self, step: &Step, ready: Result<Out>) {
        let start = Instant::now();
        let failed = self.bars.suspend(|| self.report.lock().unwrap().begin(&step.name, self.steps));
        let (verdict, log) = match ready {
            _ if failed > 0 && !self.keep_going => (Verdict::Skipped("a step before it failed".into()), String::new()),
            Err(obstacle) => (Verdict::Skipped(format!("{obstacle:#}")), String::new()),
            Ok(out) => self.attempt(step, &out),
        };
        let verdict = match verdict {
            Verdict::Skipped(why) if self.strict => Verdict::Failed(format!("nothing may be skipped in CI: {why}")),
            verdict => verdict,
        };
        self.bars.suspend(|| self.report.lock().unwrap().add(&step.name, &verdict, &log, start.elapsed()));
    }

    /// Runs one step. If it fails, what it wrote is returned as well.
    fn attempt(&self, step: &Step, out: &Out) -> (Verdict, String) {
        let style = ProgressStyle::with_template("        {spinner} {elapsed} {msg} {line}").expect("a template");
        let log = out.path().map(Path::to_owned);
        let style = style.with_key("line", move |_: &ProgressState, to: &mut dyn Write| {
            let line = log.as_deref().and_then(|log| last_line(log).ok()).unwrap_or_default();
            // Nobody minds if there is no progress to be seen.
            let _ = to.write_str(&line.replace(char::is_control, " ").chars().take(SHOWN).collect::<String>());
        });
        let spinner = ProgressBar::new_spinner().with_style(style).with_message(step.name.clone());
        let spinner = self.bars.add(spinner);
        spinner.enable_steady_tick(Duration::from_millis(100));
        let result = (step.work)(&self.tools, out);
        spinner.finish_and_clear();
        let (log, result) = match out.text() {
            Ok(log) => (log, result),
            Err(error) => (String::new(), result.and(Err(error))),
        };
        let tests = tests_passed(&log);
        let why = match result {
            Ok(()) if step.tests && tests == 0 => "it ran no test".into(),
            Ok(()) => return (Verdict::Passed(tests), String::new()),
            Err(error) => format!("{error:#}"),
        };
        let full = self.free().is_some_and(|free| free < FULL);
        let why = if full { format!("{why}; and the disk that target/ is on is full") } else { why };
        (Verdict::Failed(why), log)
    }
}

/// How many there are of each kind, which is the first word of a name; in the order in which they come.
fn kinds<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for name in names {
        let kind = name.split([' ', ':', ',']).next().unwrap_or(name);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    kinds.iter().map(|(kind, count)| format!("{kind} ({count})")).collect::<Vec<_>>().join(", ")
}

/// The last `count` lines of a log, and how many came before.
fn end_of(log: &str, count: usize) -> String {
    let lines: Vec<_> = log.trim_end().lines().collect();
    let cut = lines.len().saturating_sub(count);
    let rest = lines[cut..].join("\n");
    if cut == 0 { rest } else { format!("({cut} lines, then)\n{rest}") }
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
    begun: usize,
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
        Self { table, start: Instant::now(), begun: 0, passed: 0, failed: 0, skipped: 0 }
    }

    /// Says that a step begins, the next of so many. Returns how many failed so far.
    fn begin(&mut self, name: &str, steps: usize) -> usize {
        self.begun += 1;
        println!("[{:>2}/{steps}] {name}", self.begun);
        self.failed
    }

    /// Says how a step went, with what it wrote if it failed, and adds it to the table.
    fn add(&mut self, name: &str, verdict: &Verdict, log: &str, took: Duration) {
        let right = |text: &str| Cell::new(text).set_alignment(CellAlignment::Right);
        let (count, colour, text, tests) = match verdict {
            Verdict::Passed(0) => (&mut self.passed, Color::Green, "passed".into(), String::new()),
            Verdict::Passed(tests) => (&mut self.passed, Color::Green, "passed".into(), tests.to_string()),
            Verdict::Failed(why) => (&mut self.failed, Color::Red, format!("FAILED: {why}"), String::new()),
            Verdict::Skipped(why) => (&mut self.skipped, Color::Yellow, format!("skipped: {why}"), String::new()),
        };
        *count += 1;
        let seconds = format!("{:.1}", took.as_secs_f64());
        if !log.is_empty() {
            println!("{}", end_of(log, LINES));
        }
        println!("        {name}: {text} ({seconds} s)");
        self.table.add_row([Cell::new(name), Cell::new(text).fg(colour), right(&tests), right(&seconds)]);
    }

    /// Prints the table, what was left out, and the totals alone on the last line.
    fn print(&self, left_out: &[Step]) {
        println!("\n{}\n", self.table);
        println!("{:.0} s in all", self.start.elapsed().as_secs_f64());
        if !left_out.is_empty() {
            println!("left out: {}; `cargo verify` runs all", kinds(left_out.iter().map(|step| step.name.as_str())));
        }
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
    }
}

#[cfg(test)]
mod tests {
    use super::{end_of, kinds, tests_passed};

    #[test]
    fn long_logs_are_cut() {
        assert_eq!(end_of("a\nb\nc\n", 3), "a\nb\nc");
        assert_eq!(end_of("a\nb\nc\n", 2), "(1 lines, then)\nb\nc");
    }

    #[test]
    fn what_is_left_out_fits_a_line() {
        let names = ["clippy host", "hosts: four GiB", "clippy thumb", "WASI, two copies"];
        assert_eq!(kinds(names.into_iter()), "clippy (2), hosts (1), WASI (1)");
    }

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
