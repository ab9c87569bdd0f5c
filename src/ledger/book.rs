//! The spans and the sums over them: how spans are entered, cut, claimed, freed and merged.

use core::ptr::NonNull;

use super::bins::Bins;
use super::header::Entry;
use super::part::{Part, Wish};
use crate::backing::{Loan, Origin};
use crate::layout::{Fit, GRAIN, MAX_SPAN, PAGE, padding};
use crate::platform::sanitizer;
use crate::span::Span;
use crate::tree::Tree;

#[cfg(test)]
mod check;
mod fresh;
mod parts;

pub(super) use fresh::Fresh;

/// Every span that was granted and not given back, claimed or free; they never overlap, and two free ones that touch and may
/// merge are one.
///
/// On wasm a call can end where it begins: the stack overflows, JavaScript catches that, and calls the module again. So whatever can
/// be called without fresh memory first finds out all that it needs and then changes everything without another call: what it uses
/// for that is inlined. Where memory is fresh there is stack for all of it ([`platform::stack_ahead`](crate::platform::stack_ahead)).
pub(super) struct Book {
    /// The first span of each run, in the order of addresses.
    runs: Tree<Entry>,
    /// The free ones, but for those of the parts, which each have bins of their own.
    bins: Bins,
    /// The first of them: they lie in their memory, and lead to one another in the order that they came in.
    parts: Option<NonNull<Part>>,
    pub totals: Totals,
    /// Where what was ever claimed, or never was zero, ends. What is free from here on is zero, but for the header that may stand
    /// at just this address.
    touched: usize,
    /// The span that was looked at, or freed, last: who reads them all goes on from there. Every other change forgets it.
    seen: Option<Entry>,
}

/// From so many bytes on a span is worth a call to the host, to have its pages back: less than it takes to fill them.
pub(super) const LARGE: usize = 1 << 20;

/// So many spans are looked at for pages to offer before others have their turn.
const SPANS_AT_ONCE: usize = 64;

/// A claim that was made just now, and the address from which on it is zero: what lies there was never used.
#[derive(Clone, Copy)]
pub(super) struct NewClaim {
    pub at: Entry,
    pub zero_from: usize,
}

/// Sums: bytes, but for the growths.
#[derive(Clone, Copy)]
pub(crate) struct Totals {
    pub granted: usize,
    pub claimed: usize,
    pub peak: usize,
    pub growths: usize,
}

// SAFETY: a `Book` owns its spans, headers included, and is bound to no thread.
unsafe impl Send for Book {}

impl Book {
    pub const fn new() -> Book {
        Book {
            runs: Tree::new(),
            bins: Bins::new(),
            parts: None,
            totals: Totals { granted: 0, claimed: 0, peak: 0, growths: 0 },
            touched: 0,
            seen: None,
        }
    }

    /// Frees what lies beyond the first `keep` bytes of a span (on the grain, less than its length), together with the free ones that it
    /// touches, and returns all that is free there. With 0 that is all of it.
    fn set_free(&mut self, at: Entry, keep: usize) -> Entry {
        let run = self.run_that_ends_with(at);
        let mut at = if keep > 0 { self.cut(at, keep, run).unwrap_or(at) } else { at };
        sanitizer::poison(at.base(), GRAIN..at.len.get());
        let mergeable = |at: Entry, other: Entry| at.len.get() <= MAX_SPAN - other.len.get();
        match at.after() {
            Some(after) if after.is_free() && mergeable(at, after) => {
                self.bins_of(after).remove(after);
                self.swallow(at, after, run);
            }
            Some(after) => after.set_after_free(true),
            None => {}
        }
        if let Some(before) = at.free_before().filter(|before| mergeable(*before, at)) {
            self.bins_of(before).remove(before);
            self.swallow(before, at, run);
            at = before;
        }
        self.bins_of(at).insert(at);
        at
    }

    /// Cuts a span that is in no bin any more, as it is being claimed, after `len` bytes: what is longer stays free.
    #[inline(always)]
    fn free_rest(&mut self, at: Entry, len: usize, run: Option<Entry>) {
        match self.cut(at, len, run) {
            Some(rest) => self.bins_of(rest).insert(rest),
            None => at.after().into_iter().for_each(|after| after.set_after_free(false)),
        }
    }

    /// Makes `after`, which is in no bin, a part of the span before it.
    #[inline(always)]
    fn swallow(&mut self, at: Entry, after: Entry, run: Option<Entry>) {
        match after.after() {
            Some(next) => next.set_before(at),
            None => set_last(at, run),
        }
        at.len.set(at.len.get() + after.len.get());
        // Below that nothing counts as zero.
        if after.addr() >= self.touched {
            after.wipe();
        }
        sanitizer::poison(after.base(), 0..GRAIN);
    }

    /// Cuts a span, which is in no bin, after `len` bytes (on the grain), if it is longer; the rest is in no bin either.
    #[inline(always)]
    fn cut(&mut self, at: Entry, len: usize, run: Option<Entry>) -> Option<Entry> {
        let rest = at.len.get().checked_sub(len).filter(|rest| *rest > 0)?;
        let after = at.after();
        // SAFETY: `len` is less than the span's length.
        let base = unsafe { at.base().add(len) };
        // SAFETY: the end of a span, on the grain, which nobody uses and `at` may reach.
        let rest = unsafe { Entry::write(base, rest, at.origin.get()) };
        rest.set_before(at);
        at.len.set(len);
        match after {
            Some(after) => after.set_before(rest),
            None => {
                at.set_last(false);
                set_last(rest, run);
            }
        }
        Some(rest)
    }

    /// The run whose last span is this one, or the free one after it: asked for before anything is changed. See [`Book`].
    #[inline(always)]
    fn run_that_ends_with(&self, at: Entry) -> Option<Entry> {
        if at.is_last() || at.free_after().is_some_and(|after| after.is_last()) { self.run_of(at) } else { None }
    }

    #[cold]
    #[inline(never)]
    fn run_of(&self, at: Entry) -> Option<Entry> {
        self.runs.at_or_below(at.addr())
    }

    /// Lengthens a claim in place by `least` bytes or more, up to `most`, from the free span that it touches.
    pub fn extend(&mut self, at: Entry, least: usize, most: usize) -> bool {
        if least == 0 {
            return true;
        }
        let Some(free) = at.free_after().filter(|free| free.len.get() >= least) else {
            return false;
        };
        let bytes = free.len.get().min(most);
        if at.len.get() > MAX_SPAN - bytes {
            return false;
        }
        let run = self.run_that_ends_with(at);
        self.seen = None;
        self.bins_of(free).remove(free);
        self.free_rest(free, bytes, run);
        self.swallow(at, free, run);
        sanitizer::unpoison(free.base(), 0..bytes);
        self.count_claimed(at, bytes);
        true
    }

    /// Claims a free span that has room for `fit`, aligned to more than the grain, and up to `more` bytes beyond that.
    pub fn carve(&mut self, owner: &'static str, fit: &Fit, more: usize, wish: Wish) -> Option<NewClaim> {
        let (at, gap, len) = self.bins_for(wish).find_map(|bins| bins.find(fit))?;
        Some(self.claim(owner, at, gap, len.saturating_add(more.next_multiple_of(GRAIN))))
    }

    /// The same from a span that is known, with or without alignment.
    pub fn carve_from(&mut self, owner: &'static str, at: Entry, fit: &Fit, more: usize) -> Option<NewClaim> {
        let (at, gap, len) = fit.in_span(at)?;
        Some(self.claim(owner, at, gap, len.saturating_add(more.next_multiple_of(GRAIN))))
    }

    /// Claims a free span of at least `least` bytes, up to `most` of it, the header included; with no alignment, as most is asked for.
    pub fn carve_len(&mut self, owner: &'static str, least: usize, most: usize, wish: Wish) -> Option<NewClaim> {
        let at = self.bins_for(wish).find_map(|bins| bins.find_len(least))?;
        Some(self.claim(owner, at, 0, most.next_multiple_of(GRAIN)))
    }

    /// Claims a free span from `gap` bytes on, up to `len` bytes of it. What is before and behind stays free.
    fn claim(&mut self, owner: &'static str, free: Entry, gap: usize, len: usize) -> NewClaim {
        let run = self.run_that_ends_with(free);
        self.seen = None;
        self.bins_of(free).remove(free);
        let at = match gap {
            0 => free,
            _ => self.cut(free, gap, run).unwrap_or(free),
        };
        if at != free {
            self.bins_of(free).insert(free);
            at.set_after_free(true);
        }
        self.free_rest(at, len, run);
        at.set_owner(owner);
        sanitizer::unpoison(at.base(), GRAIN..at.len.get());
        NewClaim { at, zero_from: self.count_claimed(at, at.len.get()) }
    }

    /// Frees what a claim has beyond `len` bytes. A loan stays as it is.
    pub fn shorten(&mut self, at: Entry, len: usize) {
        let len = len.next_multiple_of(GRAIN);
        let rest = at.len.get().saturating_sub(len);
        if at.origin.get() == Origin::Loan || rest == 0 {
            return;
        }
        self.seen = None;
        self.set_free(at, len);
        self.totals.claimed -= rest;
    }

    /// Ends a claim: its span is free from now on, or, if it was a loan or the last one in a lot, what was lent is returned to be
    /// given back. With `lends` unset there is neither.
    pub fn end_claim(&mut self, mut at: Entry, lends: bool) -> Option<Loan> {
        let len = at.len.get();
        let loan = lends && at.origin.get() == Origin::Loan;
        if !loan {
            at = self.set_free(at, 0);
        }
        self.totals.claimed -= len;
        if !loan {
            self.seen = Some(at);
            if !lends || at.origin.get() != Origin::Lot || !at.is_first() || !at.is_last() {
                return None;
            }
            self.bins_of(at).remove(at);
        }
        self.seen = None;
        let len = at.len.get();
        self.runs.remove(at);
        self.totals.granted -= len;
        sanitizer::unpoison(at.base(), 0..len);
        // SAFETY: the span that was lent, whole; `at` may reach all of it.
        let span = unsafe { Span::new(at.base(), len) };
        Some(Loan { span, route: at.route.get() })
    }

    /// The first span at `addr` or above.
    pub fn span_from(&mut self, addr: usize) -> Option<Entry> {
        let run = self.runs.at_or_below(addr).filter(|run| addr < run.run_end());
        let mut next = match (run, self.seen) {
            (Some(_), Some(seen)) if seen.end() == addr => seen.after().or(run),
            (Some(_), _) => run,
            (None, _) => self.runs.at_or_above(addr),
        };
        while let Some(at) = next.filter(|at| at.addr() < addr) {
            // The next run, if `addr` lies in the last span of this one.
            next = at.after().or_else(|| self.runs.at_or_above(addr));
        }
        self.seen = next;
        next
    }

    /// Claims a span for whoever tells the host of its pages: nobody else has it meanwhile, and what it holds is not zero any more. It ends as any
    /// claim does, and is no part of the peak, unless somebody claims meanwhile.
    fn claim_to_offer(&mut self, owner: &'static str, at: Entry) {
        let peak = self.totals.peak;
        self.claim(owner, at, 0, at.len.get());
        self.totals.peak = peak;
    }

    /// Claims a large free span of the host's own pages, of which each may have been used, to offer them. One of a few is looked for.
    pub fn offer_large(&mut self, owner: &'static str) -> Option<(Entry, Span)> {
        let touched = self.touched;
        let used = |at: &Entry| at.origin.get() == Origin::Linear && at.end() <= touched;
        let at = self.find_large(LARGE, used)?;
        let pages = whole_pages(at)?;
        self.claim_to_offer(owner, at);
        Some((at, pages))
    }

    /// One of the free spans of `len` bytes or more that are `wanted`.
    pub fn find_large(&self, len: usize, wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
        self.bins.find_any(len, wanted)
    }

    /// Claims the first free span at `addr` or above that has whole pages to offer. If none of the next
    /// [`SPANS_AT_ONCE`] has any, it says from which address on to look for more.
    pub fn offer(&mut self, owner: &'static str, mut addr: usize) -> Option<Result<(Entry, Span), usize>> {
        for _ in 0..SPANS_AT_ONCE {
            let at = self.span_from(addr)?;
            if at.is_free()
                && let Some(pages) = whole_pages(at)
            {
                self.claim_to_offer(owner, at);
                self.seen = Some(at);
                return Some(Ok((at, pages)));
            }
            addr = at.end();
        }
        Some(Err(addr))
    }

    /// Length of the longest free span for claims with this wish. See [`Bins::longest`].
    pub fn longest(&mut self, wish: Wish) -> usize {
        self.bins_for(wish).map(|bins| bins.longest()).max().unwrap_or(0)
    }

    /// Counts `bytes` more that are claimed, at the end of `at`. Returns the address from which on they were never used and are zero.
    #[inline(always)]
    fn count_claimed(&mut self, at: Entry, bytes: usize) -> usize {
        self.totals.claimed += bytes;
        self.totals.peak = self.totals.peak.max(self.totals.claimed);
        // A header may stand where what was used ends.
        let zero_from = self.touched.saturating_add(GRAIN);
        self.touch(at);
        zero_from
    }

    /// From now on nothing up to this span's end counts as zero.
    #[inline(always)]
    fn touch(&mut self, at: Entry) {
        self.touched = self.touched.max(at.end());
    }

    /// How many free spans searches have looked at so far.
    #[cfg(test)]
    pub fn looks(&self) -> usize {
        self.bins.looks.get()
    }

    #[cfg(test)]
    pub fn depth(&self) -> usize {
        self.runs.depth()
    }
}

/// The whole pages in a span, but for its header.
pub(super) fn whole_pages(at: Entry) -> Option<Span> {
    let payload = at.payload();
    let skip = padding(payload.addr(), PAGE);
    let len = payload.len().saturating_sub(skip) & !(PAGE - 1);
    if len == 0 {
        return None;
    }
    // SAFETY: less than the span's length.
    let base = unsafe { payload.base().add(skip) };
    // SAFETY: a part of the span.
    Some(unsafe { Span::new(base, len) })
}

/// Makes `at` the last span of its run.
#[inline(always)]
fn set_last(at: Entry, run: Option<Entry>) {
    at.set_last(true);
    if let Some(run) = run {
        run.last.set(Some(at));
    }
}
