//! Who runs when, and for how long: rounds of one turn each, A B A B, so that whatever else the machine does meets both
//! sides alike, and medians of what each round says.

/// Who parses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Into nodes in an arena.
    Arena,
    /// Into `serde_json::Value` on the program's allocator.
    Value,
}

/// Rounds wanted, where documents are small enough.
const ROUNDS: usize = 25;

/// The schedule, and what was measured so far. It has no clock: whoever runs a turn says how long it [`took`](Rounds::took).
#[derive(Debug)]
pub struct Rounds {
    /// Milliseconds that either side should run.
    budget: f64,
    /// Documents in each turn.
    passes: u32,
    side: Side,
    /// Milliseconds of the arena's turn in this round, until `Value` has had its own.
    arena: f64,
    /// Rounds to come; `None` while still finding out how many passes fill a turn.
    left: Option<usize>,
    /// Milliseconds for one document, of the arena and of `Value`, for each round.
    took: Vec<(f64, f64)>,
}

impl Rounds {
    /// A schedule in which either side runs for about `seconds`, and at least twice.
    pub fn new(seconds: f64) -> Rounds {
        let took = Vec::with_capacity(ROUNDS);
        Rounds { budget: seconds * 1e3, passes: 1, side: Side::Arena, arena: 0.0, left: None, took }
    }

    /// The next turn: who, and how many documents. `None` when all is measured.
    pub fn next(&self) -> Option<(Side, u32)> {
        (self.left != Some(0)).then_some((self.side, self.passes))
    }

    /// Tells how many milliseconds the turn that [`next`](Rounds::next) announced has taken.
    pub fn took(&mut self, milliseconds: f64) {
        if self.side == Side::Arena {
            self.arena = milliseconds;
            self.side = Side::Value;
            return;
        }
        self.side = Side::Arena;
        let documents = f64::from(self.passes);
        match self.left {
            None => self.calibrate(self.arena.max(milliseconds)),
            Some(left) => {
                self.took.push((self.arena / documents, milliseconds / documents));
                self.left = Some(left - 1);
            }
        }
    }

    /// Doubles the passes until a turn fills a good part of its share: that also warms up caches and V8's compilers.
    /// Then sets the numbers for good.
    fn calibrate(&mut self, slower: f64) {
        let share = self.budget / ROUNDS as f64;
        if slower < share / 2.0 && self.passes < 1 << 24 {
            self.passes *= 2;
            return;
        }
        let document = slower / f64::from(self.passes);
        let rounds = (self.budget / document).ceil().clamp(2.0, ROUNDS as f64);
        self.passes = (self.budget / rounds / document).max(1.0) as u32;
        self.left = Some(rounds as usize);
    }

    /// What was measured, once [`next`](Rounds::next) has nothing more to do.
    pub fn timing(&self) -> Timing {
        let of = |what: fn(&(f64, f64)) -> f64| sorted(self.took.iter().map(what).collect());
        let (arena, value, ratio) = (of(|t| t.0), of(|t| t.1), of(|t| t.1 / t.0));
        Timing {
            rounds: self.took.len(),
            passes: self.passes as usize * self.took.len(),
            arena: median(&arena),
            value: median(&value),
            ratio: median(&ratio),
            least: ratio.first().copied().unwrap_or(f64::NAN),
            most: ratio.last().copied().unwrap_or(f64::NAN),
        }
    }
}

/// What the rounds say.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Rounds measured.
    pub rounds: usize,
    /// Documents that each side parsed in them.
    pub passes: usize,
    /// Milliseconds for a document in the arena: the median of the rounds.
    pub arena: f64,
    /// Milliseconds for a document as `Value`: the median of the rounds.
    pub value: f64,
    /// How much longer `Value` takes: the median of each round's own ratio.
    pub ratio: f64,
    /// The smallest ratio of a round.
    pub least: f64,
    /// The largest ratio of a round.
    pub most: f64,
}

fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
}

fn median(sorted: &[f64]) -> f64 {
    // The middle one, or the mean of the two in the middle.
    match (sorted.get(sorted.len().saturating_sub(1) / 2), sorted.get(sorted.len() / 2)) {
        (Some(low), Some(high)) => (low + high) / 2.0,
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a schedule on a machine where a document takes these milliseconds, and nothing else takes any.
    fn run(seconds: f64, arena: f64, value: f64) -> (Timing, f64) {
        let mut rounds = Rounds::new(seconds);
        let mut spent = 0.0;
        let mut expected = Side::Arena;
        while let Some((side, passes)) = rounds.next() {
            assert_eq!(side, expected);
            let (one, then) = if side == Side::Arena { (arena, Side::Value) } else { (value, Side::Arena) };
            rounds.took(one * f64::from(passes));
            spent += if side == Side::Value { value * f64::from(passes) } else { 0.0 };
            expected = then;
        }
        (rounds.timing(), spent / 1e3)
    }

    #[test]
    fn small_documents_fill_the_time() {
        let (timing, spent) = run(2.0, 0.5, 1.5);
        assert_eq!(timing.rounds, ROUNDS);
        assert!(timing.passes > 1000, "{timing:?}");
        assert!((1.8..2.6).contains(&spent), "{spent} s");
        assert!((timing.ratio - 3.0).abs() < 1e-9 && (timing.arena - 0.5).abs() < 1e-9, "{timing:?}");
    }

    #[test]
    fn huge_documents_run_twice() {
        let (timing, _) = run(0.3, 2_000.0, 9_000.0);
        assert_eq!((timing.rounds, timing.passes), (2, 2));
    }

    #[test]
    fn between_the_two_rounds_give_way_first() {
        let (timing, spent) = run(2.0, 100.0, 200.0);
        assert_eq!((timing.rounds, timing.passes), (10, 10));
        assert!((1.8..2.6).contains(&spent), "{spent} s");
    }

    #[test]
    fn medians() {
        assert_eq!([median(&[1.0]), median(&[1.0, 2.0]), median(&[1.0, 2.0, 9.0])], [1.0, 1.5, 2.0]);
    }

    #[test]
    fn a_clock_that_stands_still_ends() {
        let (timing, _) = run(1e-9, 0.0, 0.0);
        assert!(timing.rounds >= 2);
    }
}
