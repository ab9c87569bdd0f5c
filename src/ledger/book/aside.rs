//! The claim that ended last, set aside: whoever wants just as much next gets it as it is.
//!
//! An arena that is made, filled and dropped, again and again, claims and gives back the same span each time. Entered among the free ones,
//! merged with its neighbours, looked for and cut again, it would cost more than all that is put into it.

use super::*;

impl Book {
    /// Sets a claim aside that its holder has given back, after the one before it has ended.
    ///
    /// Until it ends, or is handed out again, it is a claim as any other, but nobody's: it is not in the sums, and nothing merges with it.
    #[inline]
    pub fn set_aside(&mut self, at: Entry) {
        self.settle();
        sanitizer::poison(at.base(), GRAIN..at.len.get());
        self.totals.claimed -= at.len.get();
        self.aside = Some(at);
    }

    /// Ends what is set aside. Then the book is as if it had ended when it was given back.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    pub fn settle(&mut self) {
        if let Some(at) = self.aside {
            self.end_aside(at);
        }
    }

    #[cfg_attr(freehold_for_size, inline(always))]
    #[cfg_attr(not(freehold_for_size), inline(never))]
    fn end_aside(&mut self, at: Entry) {
        self.seen = Some(self.set_free(at));
        // Not before: what could not be ended, as the stack overflowed, is still aside.
        self.aside = None;
    }

    /// Claims what is set aside, if it is just so long.
    #[inline]
    pub fn take_aside(&mut self, owner: &'static str, len: usize) -> Option<Entry> {
        let at = self.aside.filter(|at| at.len.get() == len)?;
        self.aside = None;
        at.set_owner(owner);
        sanitizer::unpoison(at.base(), GRAIN..len);
        if cfg!(freehold_for_size) {
            self.count_claimed(at, len);
        } else {
            // It comes to the same: all of it has been in use.
            self.count(len);
            self.zero_from = at.end();
        }
        Some(at)
    }

    /// Whether it is this one.
    #[cfg(debug_assertions)]
    pub fn has_aside(&self, at: Entry) -> bool {
        self.aside == Some(at)
    }

    #[cfg(test)]
    pub fn is_aside(&self) -> bool {
        self.aside.is_some()
    }
}
