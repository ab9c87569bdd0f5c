//! The clock: rounds in which all contenders of a row take turns.
//!
//! A machine is never quiet, and never equally loud. So a contender's time is divided by the limit's in the same round,
//! milliseconds apart; the median of these ratios is what counts. All rows are gone through several times, minutes apart,
//! each time by a new process, whose stack and code lie elsewhere, and each round has another placement in memory.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::build::Program;
use crate::kind::{Place, Platform};
use crate::report::{Report, Speed};
use crate::statistics::Quartiles;
use crate::worker::{Listed, Nature, Sample, Worker};

/// How much to measure.
pub struct Plan {
    /// How often all rows are gone through.
    passes: u32,
    /// Rounds for a row in each pass, at most.
    rounds: u32,
    /// For all rows together, but for those of which a few rounds take longer than their share.
    time: Duration,
    /// How long a contender's turn should take, in nanoseconds.
    sample: f64,
    /// How long each contender runs at least at the beginning of a pass, in an engine that optimises what runs often.
    warm: Duration,
    /// How many rounds it is given to do so, as long as they get faster.
    patience: usize,
    /// Rows of more operations are left out.
    largest: f64,
    /// Whether memory is looked at too, with programs built for that.
    pub memory: bool,
}

impl Plan {
    pub const FULL: Self = Self {
        passes: 3,
        rounds: 6,
        time: Duration::from_secs(10 * 60),
        sample: 2e6,
        warm: Duration::from_millis(20),
        patience: 16,
        largest: f64::INFINITY,
        memory: true,
    };

    pub const QUICK: Self = Self {
        passes: 1,
        rounds: 4,
        time: Duration::from_secs(2 * 60),
        sample: 0.3e6,
        warm: Duration::from_millis(10),
        patience: 6,
        largest: 2e6,
        memory: false,
    };

    /// For each of so many rows.
    fn share(&self, rows: usize) -> Duration {
        (self.time / rows.max(1) as u32).min(LONGEST)
    }
}

/// A row that is alone is not measured for all the time.
const LONGEST: Duration = Duration::from_secs(6);

/// A row whose share is used up has at least so many rounds, of two processes; but for a quick run.
const ENOUGH: usize = 4;

/// No interruption is as long as that: 20 ms.
const LONG: f64 = 20e6;

/// A steady contender whose sample takes longer than that has no other: 300 ms. The rest take a hundredth of that.
const HOPELESS: f64 = 300e6;

/// Whether the last two rounds brought nothing over those before.
fn is_steady(rounds: &[f64]) -> bool {
    const NOTHING: f64 = 0.95;
    let Some((before, last)) = rounds.split_last_chunk::<2>() else { return false };
    let best = |rounds: &[f64]| rounds.iter().copied().fold(f64::INFINITY, f64::min);
    best(last) > best(before) * NOTHING
}

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
    /// How long all that took.
    spent: Duration,
}

/// Measures all rows with `filter` in their names.
pub fn run(programs: &[Program], plan: &Plan, filter: &str, report: &mut Report) -> Result<()> {
    let mut places = Vec::new();
    for program in programs {
        let mut rows = Worker::start(program)?.list(filter)?;
        rows.retain(|row| row.nature == Nature::Steady || row.operations <= plan.largest);
        rows.retain(|row| row.nature != Nature::Cold || !program.is_coarse());
        places.push((program, rows.into_iter().map(Course::new).collect::<Vec<_>>()));
    }
    let steps: usize = places.iter().map(|(_, courses)| courses.len()).sum();
    let share = plan.share(steps);
    let bar = ProgressBar::new(steps as u64 * u64::from(plan.passes));
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} of {duration}  {wide_msg}")?);
    for pass in 0..plan.passes {
        for (program, courses) in &mut places {
            let mut worker = Worker::start(program)?;
            for course in courses {
                bar.set_message(format!("{}: {}", program.place.name, course.row.name));
                course.pass(&mut worker, program.place.platform, plan, share, pass)?;
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    for (program, courses) in places {
        if !report.places.contains(&program.place) {
            report.places.push(program.place.clone());
        }
        for course in courses {
            course.enter(&program.place, report);
        }
    }
    Ok(())
}

impl Course {
    fn new(row: Listed) -> Self {
        Self {
            row,
            iterations: Vec::new(),
            only: Vec::new(),
            checksum: None,
            rounds: Vec::new(),
            spent: Duration::ZERO,
        }
    }

    /// Goes through the row once.
    fn pass(&mut self, worker: &mut Worker, on: Platform, plan: &Plan, share: Duration, pass: u32) -> Result<()> {
        if self.rounds.len() >= ENOUGH && self.spent > share {
            return Ok(());
        }
        let start = Instant::now();
        if self.iterations.is_empty() {
            self.calibrate(worker, plan)?;
        }
        self.warm(worker, on, plan, pass)?;
        let (first, rounds) = (self.rounds.len(), Instant::now());
        for round in 0..plan.rounds {
            let mut samples = self.round(worker, pass * plan.rounds + round)?.into_iter();
            let mut times = self.only.clone();
            for (contender, time) in times.iter_mut().enumerate().filter(|(_, time)| time.is_none()) {
                let sample = samples.next().context("not all contenders answered")?;
                self.check(contender, &sample)?;
                *time = Some(sample.nanoseconds / f64::from(self.iterations[contender]));
            }
            self.rounds.push(times.into_iter().flatten().map(|time| time / self.row.operations).collect());
            let (each, took) = (rounds.elapsed() / (round + 1), start.elapsed());
            // Two at least: one alone is an accident.
            if self.rounds.len() > first + 1 && took + each > share / plan.passes {
                break;
            }
        }
        self.spent += start.elapsed();
        Ok(())
    }

    /// Rounds that don't count: nothing is warm in a new process, and an engine has code optimised only once it has run for some time.
    fn warm(&self, worker: &mut Worker, on: Platform, plan: &Plan, pass: u32) -> Result<()> {
        let (least, patience) = match (on, self.row.nature) {
            (Platform::Native, Nature::Cold | Nature::Large) => return Ok(()),
            (Platform::Native, _) | (_, Nature::Cold) => (Duration::ZERO, 1),
            (Platform::Wasm, nature) => {
                // Programs have much code.
                let longer = if nature == Nature::Steady { 4 } else { 1 };
                (plan.warm * longer * self.row.contenders.len() as u32, plan.patience)
            }
        };
        let start = Instant::now();
        let mut rounds = Vec::new();
        loop {
            let samples = self.round(worker, pass * plan.rounds)?;
            rounds.push(samples.iter().map(|sample| sample.nanoseconds).sum());
            if start.elapsed() >= least && (rounds.len() >= patience || is_steady(&rounds)) {
                return Ok(());
            }
        }
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
            let mut samples = Vec::new();
            loop {
                let sample = worker.alone(&self.row, contender, 0, 1)?;
                self.check(contender, &sample)?;
                samples.push(sample.nanoseconds);
                if samples.len() > 1 && sample.nanoseconds <= HOPELESS {
                    break;
                }
                // Not yet, while an engine is about to optimise it.
                if is_steady(&samples) {
                    self.iterations[contender] = 0;
                    self.only[contender] = Some(sample.nanoseconds);
                    break;
                }
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

    fn enter(&self, place: &Place, report: &mut Report) {
        let row = report.row(&self.row);
        for (at, (name, _)) in self.row.contenders.iter().enumerate() {
            let times: Vec<f64> = self.rounds.iter().map(|round| round[at]).collect();
            let ratios: Vec<f64> = self.rounds.iter().map(|round| round[at] / round[0]).collect();
            let nanoseconds = Quartiles::of(&times).median;
            let speed = Speed { nanoseconds, ratio: Quartiles::of(&ratios) };
            row.contender(name).speeds.insert(place.name.clone(), speed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_steady_once_two_bring_nothing() {
        assert!(!is_steady(&[]));
        assert!(!is_steady(&[5.0, 5.0]));
        assert!(!is_steady(&[162.0, 72.0, 61.0]));
        assert!(!is_steady(&[61.0, 64.0, 52.0]));
        assert!(is_steady(&[96.0, 17.0, 17.0, 16.5]));
    }
}
