//! A running native program or wasm module with the rows in it, and the lines that go back and forth.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::build::Program;
use crate::kind::Kind;

/// For a process to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// All that runs of a program: one process that has all contenders, or one for each.
pub struct Worker {
    processes: Vec<Process>,
    /// Whose programs they are, if there is one for each contender.
    contenders: Vec<(String, Kind)>,
}

/// One process. `harness/src/program.rs` says what it understands.
struct Process {
    child: Child,
    /// There until it is to end.
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// A row as the worker lists it.
pub struct Listed {
    /// Its number there.
    pub number: usize,
    pub group: String,
    pub name: String,
    pub operations: f64,
    /// How many when instructions are counted; 0 if they are not.
    pub counted: f64,
    pub bytes: f64,
    pub nature: Nature,
    pub contenders: Vec<(String, Kind)>,
}

/// What a row asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Nothing in particular.
    Plain,
    /// Each sample in a process or an instance of its own.
    Cold,
    /// One iteration is a sample.
    Large,
    /// One iteration is a sample, once another has brought memory into its usual state.
    Steady,
    /// Samples must be long.
    Threads,
}

/// What one measurement gave.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub nanoseconds: f64,
    pub checksum: u64,
    pub claimed: f64,
}

impl Worker {
    /// Starts a program.
    pub fn start(program: &Program) -> Result<Self> {
        let processes = program.commands().into_iter().map(Process::start).collect::<Result<_>>()?;
        Ok(Self { processes, contenders: program.contenders().to_vec() })
    }

    /// The rows it has, of which the group or the name contains `filter`.
    pub fn list(&mut self, filter: &str) -> Result<Vec<Listed>> {
        let process = &mut self.processes[0];
        process.request("list")?;
        let mut rows: Vec<Listed> = Vec::new();
        loop {
            let line = process.line()?;
            match line.split('\t').collect::<Vec<_>>()[..] {
                ["row", group, name, operations, counted, bytes, nature] => rows.push(Listed {
                    number: rows.len(),
                    group: group.to_owned(),
                    name: name.to_owned(),
                    operations: operations.parse()?,
                    counted: counted.parse()?,
                    bytes: bytes.parse()?,
                    nature: match nature {
                        "plain" => Nature::Plain,
                        "cold" => Nature::Cold,
                        "large" => Nature::Large,
                        "steady" => Nature::Steady,
                        "threads" => Nature::Threads,
                        _ => bail!("`{nature}` is no way to measure a row"),
                    },
                    contenders: Vec::new(),
                }),
                ["contender", name, kind] => {
                    let row = rows.last_mut().context("a contender without a row")?;
                    row.contenders.push((name.to_owned(), kind.parse()?));
                }
                [""] => break,
                _ => bail!("a row is not listed like this: {line}"),
            }
        }
        if !self.contenders.is_empty() {
            // Each program knows of one contender only, which is itself.
            rows.iter_mut().for_each(|row| row.contenders.clone_from(&self.contenders));
        }
        let filter = filter.to_lowercase();
        rows.retain(|row| format!("{} / {}", row.group, row.name).to_lowercase().contains(&filter));
        Ok(rows)
    }

    /// Measures all contenders of a row one after the other, each with its number of iterations.
    pub fn round(&mut self, row: &Listed, placement: u32, iterations: &[u32]) -> Result<Vec<Sample>> {
        let mut samples = Vec::new();
        let shares = if self.processes.len() > 1 { 1 } else { iterations.len() };
        for (process, share) in self.processes.iter_mut().zip(iterations.chunks(shares)) {
            if share.iter().any(|count| *count > 0) {
                let counts: Vec<String> = share.iter().map(u32::to_string).collect();
                samples.extend(process.ask(&format!("round {} {placement} {}", row.number, counts.join(" ")))?);
            }
        }
        if samples.len() != iterations.iter().filter(|count| **count > 0).count() {
            bail!("{}: not all contenders answered", row.name);
        }
        Ok(samples)
    }

    /// Measures one contender alone.
    pub fn alone(&mut self, row: &Listed, contender: usize, placement: u32, iterations: u32) -> Result<Sample> {
        let mut counts = vec![0; row.contenders.len()];
        counts[contender] = iterations;
        Ok(self.round(row, placement, &counts)?[0])
    }

    /// Measures one contender in a process or an instance that has done nothing before.
    pub fn fresh(&mut self, row: &Listed, contender: usize, placement: u32, iterations: u32) -> Result<Sample> {
        let (process, contender) = if self.processes.len() > 1 { (contender, 0) } else { (0, contender) };
        let line = format!("fresh {} {contender} {placement} {iterations}", row.number);
        self.processes[process].ask(&line)?.first().copied().with_context(|| format!("{}: no answer", row.name))
    }
}

impl Process {
    fn start(mut program: Command) -> Result<Self> {
        let name = program.get_program().display().to_string();
        program.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = program.spawn().with_context(|| format!("cannot run {name}"))?;
        let requests = Some(child.stdin.take().context("no way in")?);
        let answers = BufReader::new(child.stdout.take().context("no way out")?);
        Ok(Self { child, requests, answers })
    }

    fn request(&mut self, line: &str) -> Result<()> {
        Ok(writeln!(self.requests.as_ref().context("it was to end")?, "{line}")?)
    }

    fn ask(&mut self, line: &str) -> Result<Vec<Sample>> {
        self.request(line)?;
        let answer = self.line()?;
        let words: Vec<&str> = answer.split_whitespace().collect();
        let sample = |words: &[&str]| {
            let [nanoseconds, checksum, claimed] = words else { bail!("`{line}` was answered by `{answer}`") };
            let (nanoseconds, checksum, claimed) = (nanoseconds.parse()?, checksum.parse()?, claimed.parse()?);
            Ok(Sample { nanoseconds, checksum, claimed })
        };
        words.chunks(3).map(sample).collect()
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("the measuring program ended: {}", self.child.wait()?);
        }
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // They end where lines end, and a browser with its server. One that doesn't holds nothing but numbers that were read already.
        drop(self.requests.take());
        let start = Instant::now();
        while start.elapsed() < PATIENCE && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
