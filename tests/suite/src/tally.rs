//! What must always be true of a ledger, and what a failed request must leave as it was.

use freehold::Ledger;
use freehold::backing::Backing;

/// A ledger's sums at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    claimed: usize,
    free: usize,
    granted: usize,
    /// The most that was ever claimed.
    pub peak: usize,
    growths: usize,
    spans: usize,
}

impl Tally {
    /// The sums now.
    pub fn of<B: Backing>(ledger: &Ledger<B>) -> Tally {
        let snapshot = ledger.snapshot();
        Tally {
            claimed: snapshot.claimed,
            free: snapshot.free,
            granted: snapshot.granted,
            peak: snapshot.peak,
            growths: snapshot.growths,
            spans: snapshot.spans().count(),
        }
    }

    /// The ledger must still be as it was.
    pub fn must_be<B: Backing>(&self, ledger: &Ledger<B>) {
        assert_eq!(Tally::of(ledger), *self, "a failed request changed the ledger");
    }

    /// No memory may have been taken from the backing since. (A heap on the same ledger may have given back what it had at hand, loans
    /// included.)
    pub fn nothing_taken<B: Backing>(&self, ledger: &Ledger<B>) {
        let now = Tally::of(ledger);
        assert_eq!((now.growths, now.peak), (self.growths, self.peak), "a failed request changed the ledger");
        assert!(now.granted <= self.granted, "a failed request took memory");
    }
}

/// The sums fit the spans, and the spans lie in order, apart, on the grain.
pub fn check<B: Backing>(ledger: &Ledger<B>) {
    let snapshot = ledger.snapshot();
    let (mut claimed, mut free, mut end, mut last_free) = (0, 0, 0, false);
    for span in snapshot.spans() {
        assert!(span.base >= end && span.base > 0 && span.len > 0, "{span:?} begins before {end:#x}");
        assert!(
            span.base.is_multiple_of(freehold::backing::GRAIN) && span.len.is_multiple_of(freehold::backing::GRAIN),
            "{span:?}"
        );
        let is_free = span.owner.is_none();
        // Islands that touch stay apart; none of the suite's do.
        assert!(!(is_free && last_free && span.base == end), "{span:?} should be one with the free span before it");
        *if is_free { &mut free } else { &mut claimed } += span.len;
        (end, last_free) = (span.base.checked_add(span.len).expect("an end"), is_free);
    }
    assert_eq!((claimed, free, claimed + free), (snapshot.claimed, snapshot.free, snapshot.granted));
    assert!(snapshot.peak >= claimed);
}
