//! One document, parsed again and again by both sides.

use std::hint::black_box;

use freehold::{Arena, ledger, memory_size};
use serde_json::Value;

use crate::input::{Input, Text};
use crate::node::Tally;
use crate::rounds::{Rounds, Side};
use crate::{Problem, parse};

/// A document that has passed its checks, the arenas it is parsed into, and what was seen so far.
///
/// Whoever drives it runs `while session.next().is_some()`: note the time, [`turn`](Session::turn), and tell how long it
/// [`took`](Session::took). Then it asks for the [`report`](Session::report).
pub struct Session {
    pub(crate) text: Text,
    tree: Arena<'static>,
    scratch: Arena<'static>,
    pub(crate) rounds: Rounds,
    pub(crate) tally: Tally,
    /// How memory grew for the arena's first document.
    pub(crate) first: Growth,
    /// How it grew for all later ones together.
    pub(crate) later: Growth,
    /// Documents parsed into the arena after the first.
    pub(crate) passes: u64,
}

/// How memory grew during a stretch of code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// How often the ledger got fresh pages.
    pub times: usize,
    /// By how many bytes memory grew, whoever asked.
    pub bytes: usize,
}

impl Growth {
    fn during<T>(work: impl FnOnce() -> T) -> (T, Growth) {
        let (times, bytes) = (ledger().growths(), memory_size());
        let done = work();
        (done, Growth { times: ledger().growths() - times, bytes: memory_size() - bytes })
    }
}

impl Session {
    /// Parses the document on both sides and compares; `seconds` is how long each is to be timed afterwards.
    pub fn open(input: Input, seconds: f64) -> Result<Session, Problem> {
        let text = Text::new(input)?;
        let mut tree = Arena::new_in(ledger(), "json tree");
        let mut scratch = Arena::new_in(ledger(), "json scratch");

        let scope = tree.scope();
        let (root, first) = Growth::during(|| parse(text.as_str(), &scope, &scratch.scope()));
        let root = root?;
        let value: Value = serde_json::from_str(text.as_str())?;
        if !root.same(&value) {
            return Err(Problem::new(Problem::FAILED, "the tree in the arena is not the same as serde_json::Value"));
        }
        let tally = Tally::of(&root, text.as_str());

        let (rounds, later) = (Rounds::new(seconds), Growth::default());
        Ok(Session { text, tree, scratch, rounds, tally, first, later, passes: 0 })
    }

    /// Whose turn it is, or `None` when all is measured.
    pub fn next(&self) -> Option<Side> {
        self.rounds.next().map(|(side, _)| side)
    }

    /// Runs the next turn.
    pub fn turn(&mut self) -> Result<(), Problem> {
        match self.rounds.next() {
            Some((Side::Arena, passes)) => {
                let (done, growth) = Growth::during(|| self.arena_turn(passes));
                self.later.times += growth.times;
                self.later.bytes += growth.bytes;
                self.passes += u64::from(passes);
                done
            }
            Some((Side::Value, passes)) => self.value_turn(passes),
            None => Ok(()),
        }
    }

    /// The hot loop: a scope for each document, and nothing to free.
    fn arena_turn(&mut self, passes: u32) -> Result<(), Problem> {
        for _ in 0..passes {
            let tree = self.tree.scope();
            let scratch = self.scratch.scope();
            black_box(parse(self.text.as_str(), &tree, &scratch)?);
        }
        Ok(())
    }

    /// The same with `Value`, which is freed for each document.
    fn value_turn(&self, passes: u32) -> Result<(), Problem> {
        for _ in 0..passes {
            black_box(serde_json::from_str::<Value>(self.text.as_str())?);
        }
        Ok(())
    }

    /// Tells how many milliseconds the last turn took.
    pub fn took(&mut self, milliseconds: f64) {
        self.rounds.took(milliseconds);
    }

    /// Whether the arena has kept its promise: no growth after the first document.
    pub fn verdict(&self) -> Result<(), Problem> {
        if self.later == Growth::default() {
            return Ok(());
        }
        let Growth { times, bytes } = self.later;
        let text =
            format!("memory grew after the arena's first pass: {times} times by the ledger, {bytes} bytes in all");
        Err(Problem::new(Problem::FAILED, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(text: &str) -> Input {
        let mut input = Input::new(text.len()).unwrap();
        input.bytes_mut().copy_from_slice(text.as_bytes());
        input
    }

    #[test]
    fn growth_after_the_first_pass_is_seen_and_fails() {
        let mut session = Session::open(input("[]"), 0.001).unwrap();
        session.turn().unwrap();
        session.verdict().unwrap();

        // What must not happen, made to happen: a later pass needs more room than the first.
        session.text = Text::new(input(&format!("[{}0]", "0,".repeat(100_000)))).unwrap();
        session.turn().unwrap();
        assert_eq!(session.verdict().unwrap_err().code, Problem::FAILED);
        assert!(session.report().to_string().contains("TIMES"));
    }
}
