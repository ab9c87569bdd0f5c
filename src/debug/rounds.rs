//! Is it a leak, is it fragmentation, or was it one peak?

use core::fmt;

use crate::heap::{Heap, HeapStats};
use crate::ledger::{Amount, Owners};
use crate::sharing::Shareable;

/// What a heap holds at the end of each round of a program (a request, a frame, a document), and what that comes to: a leak, fragmentation, a
/// peak, or nothing.
///
/// ```
/// use freehold::Heap;
/// use freehold::debug::{Rounds, Verdict};
///
/// #[global_allocator]
/// static HEAP: Heap = Heap::new();
///
/// let mut rounds = Rounds::new();
/// let mut kept = Vec::new();
/// for round in 0..10 {
///     kept.push(vec![0_u8; 40_000]); // never looked at again
///     rounds.note(&HEAP);
/// }
/// println!("{}", rounds.verdict()); // 390.9 KiB live, and more with each of 10 rounds, …: looks like a leak
/// assert!(matches!(rounds.verdict(), Verdict::Leak { .. }));
/// # drop(kept);
/// ```
///
/// Note always at the same point, where nothing of a round's is needed any more, and once the program has all that it keeps. It takes no memory; to
/// note is to [`trim`](Heap::trim) the heap and to go over the ledger's spans.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    count: usize,
    first: Option<HeapStats>,
    last: Option<HeapStats>,
    /// In so many rounds one after another, up to the last, more was in use than before; and how much was before those.
    rises: usize,
    risen_from: usize,
    /// The round after which most was in use, and who had what then.
    most: usize,
    owners: Owners,
}

/// After so many rounds with more each time it looks like a leak.
const RISES: usize = 4;

impl Rounds {
    /// None yet.
    pub const fn new() -> Rounds {
        Rounds { count: 0, first: None, last: None, rises: 0, risen_from: 0, most: 0, owners: Owners::NONE }
    }

    /// The end of a round.
    pub fn note<L: Shareable>(&mut self, heap: &Heap<L>) {
        heap.trim();
        let stats = heap.stats();
        if self.most < stats.in_use {
            self.owners = heap.owners();
        }
        self.add(stats);
    }

    fn add(&mut self, stats: HeapStats) {
        let before = self.last.map_or(0, |last| last.in_use);
        self.count += 1;
        self.most = self.most.max(stats.in_use);
        if self.first.is_none() {
            self.first = Some(stats);
        } else if stats.in_use > before {
            self.risen_from = if self.rises == 0 { before } else { self.risen_from };
            self.rises += 1;
        } else {
            self.rises = 0;
        }
        self.last = Some(stats);
    }

    /// Who had how much on the heap's ledger after the round with most in use.
    pub fn owners_at_most(&self) -> Owners {
        self.owners
    }

    /// How the heap stood after the last round.
    pub fn last(&self) -> Option<HeapStats> {
        self.last
    }

    /// What it comes to. What grows with each round is a leak, whatever else it is.
    pub fn verdict(&self) -> Verdict {
        let Some(now) = self.last else { return Verdict::Unknown };
        let HeapStats { in_use, longest, pieces, .. } = now;
        let grown = in_use.saturating_sub(self.risen_from);
        // Not the crumbs of a list that doubles now and then: those don't come each time.
        if self.rises >= RISES && self.rises * 2 >= self.count {
            return Verdict::Leak { in_use, grown, rounds: self.rises };
        }
        let free = now.free + now.unclaimed;
        // Much is free, and hardly anything of it can be had in one piece.
        if pieces >= 16 && free > in_use / 4 && longest < free / 8 {
            return Verdict::Fragmentation { in_use, free, pieces, longest };
        }
        let most = now.peak.max(self.most);
        if most / 4 > in_use && free > in_use {
            return Verdict::Peak { in_use, most };
        }
        Verdict::Steady { in_use, rounds: self.count }
    }
}

impl Default for Rounds {
    fn default() -> Rounds {
        Rounds::new()
    }
}

/// What the [`Rounds`] of a program come to. Its `Display` is one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing was noted.
    Unknown,
    /// More is in use after each round: something is kept that nobody frees. [`Checked`](super::Checked) says who allocated it.
    Leak {
        /// Bytes in use.
        in_use: usize,
        /// Bytes by which that has grown,
        grown: usize,
        /// in so many rounds, each of them.
        rounds: usize,
    },
    /// Much is free, in pieces that are too short to be of use. What lives long, and lies between them, had better be elsewhere: in an arena, or a pool.
    Fragmentation {
        /// Bytes in use.
        in_use: usize,
        /// Bytes that are free,
        free: usize,
        /// in so many pieces,
        pieces: usize,
        /// of which the longest has so many.
        longest: usize,
    },
    /// Once much was in use, and memory doesn't shrink: what made the peak can have it again, and so can anybody.
    Peak {
        /// Bytes in use.
        in_use: usize,
        /// The most that ever was claimed on the heap's ledger.
        most: usize,
    },
    /// None of these.
    Steady {
        /// Bytes in use.
        in_use: usize,
        /// After so many rounds.
        rounds: usize,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Verdict::Unknown => f.write_str("nothing was noted yet"),
            Verdict::Leak { in_use, grown, rounds } => {
                let (in_use, grown) = (Amount(in_use), Amount(grown));
                write!(f, "{in_use} live, and more with each of {rounds} rounds, {grown} in all: looks like a leak")
            }
            Verdict::Fragmentation { in_use, free, pieces, longest } => {
                let [in_use, free, longest] = [in_use, free, longest].map(Amount);
                write!(f, "{free} free in {pieces} pieces, the longest {longest}, beside {in_use} live: fragmentation")
            }
            Verdict::Peak { in_use, most } => {
                write!(f, "{} live, and once it was {}: a peak", Amount(in_use), Amount(most))
            }
            Verdict::Steady { in_use, rounds } => {
                write!(f, "{} live after {rounds} rounds: nothing unusual", Amount(in_use))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    fn stats(in_use: usize, free: usize, pieces: usize, longest: usize, peak: usize) -> HeapStats {
        HeapStats { held: in_use, in_use, free: 0, peak, headers: 0, unclaimed: free, pieces, longest }
    }

    fn verdict(rounds: impl IntoIterator<Item = HeapStats>) -> Verdict {
        let mut noted = Rounds::new();
        rounds.into_iter().for_each(|stats| noted.add(stats));
        noted.verdict()
    }

    #[test]
    fn each_is_told_from_the_others() {
        assert_eq!(verdict([]), Verdict::Unknown);
        // What grows for a while and then doesn't is no leak; nor what grows now and then, as lists do.
        let growing = |round: usize| stats(1000 + 10 * round, 0, 1, 0, 5000);
        assert_eq!(verdict((0..5).map(growing)), Verdict::Leak { in_use: 1040, grown: 40, rounds: 4 });
        assert!(matches!(verdict((0..4).map(growing)), Verdict::Steady { .. }));
        assert!(matches!(verdict((0..9).chain([8]).map(growing)), Verdict::Steady { .. }));
        assert!(matches!(verdict((0..40).map(|round| growing(round / 4))), Verdict::Steady { .. }));
        let late = (0..20).map(|_| growing(0)).chain((0..6).map(growing));
        assert!(matches!(verdict(late), Verdict::Steady { .. }), "of all rounds it is a small part");
        // The same bytes, in many pieces and in one.
        let holes = stats(1000, 3000, 30, 100, 5000);
        assert_eq!(verdict([holes]), Verdict::Fragmentation { in_use: 1000, free: 3000, pieces: 30, longest: 100 });
        assert_eq!(verdict([stats(1000, 3000, 30, 2000, 5000)]), Verdict::Peak { in_use: 1000, most: 5000 });
        assert_eq!(verdict([stats(1000, 3000, 3, 2000, 3000)]), Verdict::Steady { in_use: 1000, rounds: 1 });
    }

    #[test]
    fn one_line_says_it() {
        let says = |verdict: Verdict, text: &str| assert_eq!(verdict.to_string(), text);
        let (in_use, mib) = (2 << 20, 1 << 20);
        says(
            Verdict::Leak { in_use, grown: mib, rounds: 9 },
            "2 MiB live, and more with each of 9 rounds, 1 MiB in all: looks like a leak",
        );
        says(
            Verdict::Fragmentation { in_use, free: 12 * mib, pieces: 3000, longest: 40 << 10 },
            "12 MiB free in 3000 pieces, the longest 40 KiB, beside 2 MiB live: fragmentation",
        );
        says(Verdict::Peak { in_use, most: 40 * mib }, "2 MiB live, and once it was 40 MiB: a peak");
        says(Verdict::Steady { in_use, rounds: 7 }, "2 MiB live after 7 rounds: nothing unusual");
        says(Verdict::Unknown, "nothing was noted yet");
    }
}
