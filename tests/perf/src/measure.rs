//! The clock: rounds in which all contenders of a row take turns.
//!
//! A machine is never quiet, and never equally loud. So a contender's time is divided by the limit's in the same round,
//! milliseconds apart; the median of these ratios is what counts. All rows are gone through several times, minutes apart,
//! each time by a new process, whose stack and code lie elsewhere, and each round has another placement in memory.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::build::Program;
use crate::kind::Platform;
use crate::report::{Report, Speed};
use crate::statistics::Quartiles;
use crate::worker::{Listed, Nature, Sample, Worker};

/// How much to measure.
pub struct Plan {
    /// How often all rows are gone through.
    passes: u32,
    /// Rounds for a row in each pass, at most.
    rounds: u32,
    /// For a row in each pass, unless one round takes longer.
    budget: Duration,
    /// How long a contender's turn should take, in nanoseconds.
    sample: f64,
    /// Rows of more operations are left out.
    largest: f64,
    /// Whether memory is looked at too, with programs built for that.
    pub memory: bool,
}

impl Plan {
    /// A quarter of an hour.
    pub const FULL: Self = Self {
        passes: 6,
        rounds: 6,
        budget: Duration::from_millis(1_000),
        sample: 2e6,
        largest: f64::INFINITY,
        memory: true,
    };

    /// A minute or two.
    pub const QUICK: Self =
        Self { passes: 3, rounds: 3, budget: Duration::from_millis(90), sample: 0.3e6, largest: 2e6, memory: false };
}

/// No interruption is as long as that: 20 ms.
const LONG: f64 = 20e6;

/// A steady contender whose sample takes longer than that has no other: 300 ms. The rest take a hundredth of that.
const HOPELESS: f64 = 300e6;

/// A row on one platform while it is measured.
struct Course {
    row: Listed,
    /// For each contender.
    iterations: Vec<u32>,
    /// The only sample of those that are hopeless.
    only: Vec<Option<f64>>,
    /// What each iteration of each contender adds to its checksum, as the first sample said.
    checksum: Option<u64>,
    /// Nanoseconds for each operation: round by round, for each contender.
    rounds: Vec<Vec<f64>>,
}

/// Measures all rows with `filter` in their names.
pub fn run(programs: &[(Platform, Program)], plan: &Plan, filter: &str, report: &mut Report) -> Result<()> {
    let mut platforms = Vec::new();
    for (platform, program) in programs {
        let mut worker = Worker::start(program)?;
        let mut rows = worker.list(filter)?;
        rows.retain(|row| row.nature == Nature::Steady || row.operations <= plan.largest);
        platforms.push((*platform, program, rows.into_iter().map(Course::new).collect::<Vec<_>>()));
    }
    let steps: usize = platforms.iter().map(|(_, _, courses)| courses.len()).sum();
    let bar = ProgressBar::new(steps as u64 * u64::from(plan.passes));
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} of {duration}  {wide_msg}")?);
    for pass in 0..plan.passes {
        for (platform, program, courses) in &mut platforms {
            let mut worker = Worker::start(program)?;
            for course in courses {
                bar.set_message(format!("{}: {}", platform.name(), course.row.name));
                course.pass(&mut worker, plan, pass)?;
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    for (platform, _, courses) in platforms {
        for course in courses {
            course.enter(platform, report);
        }
    }
    Ok(())
}

impl Course {
    fn new(row: Listed) -> Self {
        Self { row, iterations: Vec::new(), only: Vec::new(), checksum: None, rounds: Vec::new() }
    }

    /// Goes through the row once.
    fn pass(&mut self, worker: &mut Worker, plan: &Plan, pass: u32) -> Result<()> {
        if self.iterations.is_empty() {
            self.calibrate(worker, plan)?;
        }
        if !matches!(self.row.nature, Nature::Cold | Nature::Large) {
            // Nothing is warm in a new process.
            self.round(worker, pass * plan.rounds)?;
        }
        let start = Instant::now();
        for round in 0..plan.rounds {
            let mut samples = self.round(worker, pass * plan.rounds + round)?.into_iter();
            let mut times = self.only.clone();
            for (contender, time) in times.iter_mut().enumerate().filter(|(_, time)| time.is_none()) {
                let sample = samples.next().context("not all contenders answered")?;
                self.check(contender, &sample)?;
                *time = Some(sample.nanoseconds / f64::from(self.iterations[contender]));
            }
            self.rounds.push(times.into_iter().flatten().map(|time| time / self.row.operations).collect());
            let took = start.elapsed();
            // Two at least: one alone is an accident.
            if round > 0 && took + took / (round + 1) > plan.budget {
                break;
            }
        }
        Ok(())
    }

    fn round(&self, worker: &mut Worker, placement: u32) -> Result<Vec<Sample>> {
        if self.row.nature != Nature::Cold {
            return worker.round(&self.row, placement, &self.iterations);
        }
        (0..self.row.contenders.len()).map(|contender| worker.fresh(&self.row, contender, placement, 1)).collect()
    }

    /// Finds out how many iterations make a sample, starting from one.
    fn calibrate(&mut self, worker: &mut Worker, plan: &Plan) -> Result<()> {
        let contenders = self.row.contenders.len();
        self.iterations = vec![1; contenders];
        self.only = vec![None; contenders];
        let wanted = match self.row.nature {
            Nature::Cold | Nature::Large => return Ok(()),
            Nature::Steady => return self.find_hopeless(worker),
            Nature::Plain => plan.sample,
            // They start some time apart.
            Nature::Threads => plan.sample * 10.0,
        };
        for contender in 0..contenders {
            loop {
                let iterations = self.iterations[contender];
                // The faster of two: one alone may have been interrupted, and would pass for long enough.
                let mut nanoseconds = f64::INFINITY;
                while nanoseconds * 1.5 > wanted {
                    let before = nanoseconds;
                    let sample = worker.alone(&self.row, contender, 0, iterations)?;
                    self.check(contender, &sample)?;
                    nanoseconds = nanoseconds.min(sample.nanoseconds);
                    if before.is_finite() || nanoseconds > LONG {
                        break;
                    }
                }
                if nanoseconds * 1.5 > wanted {
                    break;
                }
                // Never many times more at once: the first iterations are the slow ones.
                let missing = wanted / nanoseconds.max(1.0);
                self.iterations[contender] = (f64::from(iterations) * missing.clamp(1.5, 50.0)).ceil() as u32;
            }
        }
        Ok(())
    }

    /// Looks for contenders that are so slow that waiting for them would spoil the rounds of the others.
    fn find_hopeless(&mut self, worker: &mut Worker) -> Result<()> {
        for contender in 0..self.row.contenders.len() {
            let first = worker.alone(&self.row, contender, 0, 1)?;
            self.check(contender, &first)?;
            let second = worker.alone(&self.row, contender, 0, 1)?;
            self.check(contender, &second)?;
            if second.nanoseconds > HOPELESS {
                self.iterations[contender] = 0;
                self.only[contender] = Some(second.nanoseconds);
            }
        }
        Ok(())
    }

    /// Each iteration of each contender must compute the same.
    fn check(&mut self, contender: usize, sample: &Sample) -> Result<()> {
        let each = *self.checksum.get_or_insert(sample.checksum);
        if sample.checksum != each.wrapping_mul(u64::from(self.iterations[contender])) {
            let [(first, _), ..] = self.row.contenders.as_slice() else { return Ok(()) };
            let (name, _) = &self.row.contenders[contender];
            bail!("{} / {}: {name} computed something else than {first}", self.row.group, self.row.name);
        }
        Ok(())
    }

    fn enter(&self, platform: Platform, report: &mut Report) {
        let row = report.row(&self.row);
        for (at, (name, _)) in self.row.contenders.iter().enumerate() {
            let times: Vec<f64> = self.rounds.iter().map(|round| round[at]).collect();
            let ratios: Vec<f64> = self.rounds.iter().map(|round| round[at] / round[0]).collect();
            let nanoseconds = Quartiles::of(&times).median;
            row.contender(name).set_speed(platform, Speed { nanoseconds, ratio: Quartiles::of(&ratios) });
        }
    }
}
