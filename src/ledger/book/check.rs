//! The book held against itself, for tests.

use super::*;

impl Book {
    /// What each span says of its neighbours is so, and each that is free is in the bins.
    pub fn check(&mut self) {
        let seen = self.seen.take();
        let (mut next, mut free) = (self.span_from(0), 0);
        let (mut granted, mut claimed, mut loans, mut run) = (0, 0, 0, None);
        let mut saw = seen.is_none();
        while let Some(at) = next {
            saw |= seen == Some(at);
            granted += at.len.get();
            claimed += if at.is_free() { 0 } else { at.len.get() };
            loans += if at.origin.get() == Origin::Loan { at.len.get() } else { 0 };
            if at.is_first() {
                run = Some(at);
            }
            assert_eq!(self.runs.at_or_below(at.addr()), run, "a run begins here, or goes on");
            if at.is_last() {
                assert_eq!(run.map(|run| run.across.get()), Some(at), "a run ends here");
                assert_eq!(Some(at.across.get()), run, "and leads back");
            }
            free += usize::from(at.is_free());
            if let Some(after) = at.after() {
                assert_eq!(after.before(), Some(at));
                assert_eq!(after.free_before(), Some(at).filter(|at| at.is_free()));
                assert!(!at.is_free() || !after.is_free(), "two free spans side by side");
            }
            assert!(!at.is_first() || at.free_before().is_none());
            let on = self.span_from(at.end());
            self.seen = None;
            next = self.span_from(at.addr() + 1);
            assert_eq!(on, next);
        }
        let binned = self.free();
        assert!(binned.iter().all(|at| at.is_free()));
        assert_eq!(binned.len(), free);
        assert!(saw, "what was seen last is no span any more");
        self.seen = seen;
        assert_eq!((self.totals.granted, self.totals.claimed, self.loans), (granted, claimed, loans));
    }
}
