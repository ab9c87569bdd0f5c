//! The spans and the sums over them: how spans are entered, cut, claimed, freed and merged.

use super::bins::Bins;
use super::node::{At, Link};
use super::part::{self, Part, Wish};
use super::payload;
use crate::backing::{self, Backing, Grant, Loan, Need, Origin, Reach, Request};
use crate::error::Obstacle;
use crate::layout::{Fit, GRAIN, MAX_SPAN, PAGE, padding};
use crate::platform::sanitizer;
use crate::span::Span;
use crate::tree::Tree;

/// Every span that was granted and not given back, claimed or free; they never overlap, and two free ones that touch and may
/// merge are one.
///
/// On wasm a call can end where it begins: the stack overflows, JavaScript catches that, and calls the module again. So whatever can
/// be called without fresh memory first finds out all that it needs and then changes everything without another call: what it uses
/// for that is inlined. Where memory is fresh there is stack for all of it ([`platform::stack_ahead`](crate::platform::stack_ahead)).
pub(super) struct Book {
    /// The first span of each run, in the order of addresses.
    runs: Tree<At>,
    /// The free ones, but for those of the parts, which each have bins of their own.
    bins: Bins,
    /// The first of them: they lie in their memory, and lead to one another in the order that they came in.
    parts: part::Link,
    pub totals: Totals,
    /// Where what was ever claimed, or never was zero, ends. What is free from here on is zero, but for the header that may stand
    /// at just this address.
    touched: usize,
    /// The same before the last claim.
    was_touched: usize,
    /// The span that was looked at, or freed, last: who reads them all goes on from there. Every other change forgets it.
    seen: Link,
}

/// So many spans are looked at for pages to offer before others have their turn.
const SPANS_AT_ONCE: usize = 64;

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
            was_touched: 0,
            seen: None,
        }
    }

    /// Asks the backing for fresh memory and enters what it gives: as a claim of the owner's if it was lent for that, else as free memory.
    pub fn take<B: Backing>(&mut self, backing: &mut B, owner: &'static str, request: Request) -> Result<At, Obstacle> {
        let grant = backing.claim(&request)?.made_by::<B>();
        let name = grant.maker.unwrap_or(backing.name());
        let goes_back = matches!(grant.kind, Origin::Loan | Origin::Lot);
        let refuse = |backing: &mut _, obstacle| {
            if goes_back {
                // SAFETY: the loan was just made, and nobody has used it.
                unsafe { Backing::give_back(backing, Loan { span: grant.span, route: grant.route }) };
            }
            Err(obstacle)
        };
        let short = Obstacle::Short { backing: name };
        let Some(span) = grant.usable() else {
            return refuse(backing, short);
        };
        if goes_back && (span != grant.span || span.len() < request.fit().anywhere().unwrap_or(usize::MAX)) {
            return refuse(backing, short);
        }
        let before = self.runs.at_or_below(span.addr());
        // A loan too stays where it is: its lender might take what is held, or make of it what it hands out next.
        self.refuse_overlap(name, span, before)?;
        Ok(self.enter(&grant, span, owner, before))
    }

    fn refuse_overlap(&mut self, backing: &'static str, span: Span, before: Link) -> Result<(), Obstacle> {
        let other = self.span_from(span.addr()).filter(|other| other.addr() < span.end());
        let Some(other) = self.holds(before, span.addr()).or(other) else {
            return Ok(());
        };
        let at = other.addr().max(span.addr());
        Err(Obstacle::Overlap { backing, with: other.owner().unwrap_or("free memory"), at })
    }

    /// The span of this run that holds `addr`.
    fn holds(&self, run: Link, addr: usize) -> Link {
        let mut next = run.filter(|run| addr < end_of(*run));
        while let Some(at) = next.filter(|at| at.end() <= addr) {
            next = at.after();
        }
        next
    }

    /// Writes a grant down: as a claim of the owner's if it is a loan, else as free memory, together with what is free beside it.
    /// `before` is the run before it.
    fn enter(&mut self, grant: &Grant, span: Span, owner: &'static str, before: Link) -> At {
        self.seen = None;
        // SAFETY: the backing has granted these bytes for the ledger's own, they overlap no span, and `usable` put both ends
        // on the grain.
        let at = unsafe { At::write(span.base(), span.len(), grant.kind) };
        at.route.set(grant.route);
        at.set_last(true);
        self.totals.granted += span.len();
        self.totals.growths += 1;
        if !grant.zeroed {
            self.touch(at);
        }
        let linear = |run: &At| grant.kind == Origin::Linear && run.kind.get() == Origin::Linear;
        let run = match before.filter(linear).filter(|before| end_of(*before) == span.addr()) {
            Some(run) => {
                if let Some(last) = run.last.replace(Some(at)) {
                    last.set_last(false);
                    at.below.set(Some(last));
                    at.set_after_free(last.is_free());
                }
                run
            }
            None => {
                at.set_first(true);
                at.last.set(Some(at));
                self.runs.insert(at);
                at
            }
        };
        if let Some(next) = self.runs.at_or_above(span.end()).filter(linear).filter(|next| next.addr() == span.end()) {
            // Two runs become one.
            self.runs.remove(next);
            run.last.set(next.last.get());
            next.set_first(false);
            next.below.set(Some(at));
            at.set_last(false);
        }
        if grant.kind == Origin::Loan {
            at.set_owner(owner);
            self.count_claimed(at, span.len());
            return at;
        }
        self.free(at, 0)
    }

    /// Enters a memory that is to be kept apart: its record is a claim under its name, the rest is free.
    pub fn enter_part(&mut self, backing: &'static str, new: &backing::Part) -> Result<(), Obstacle> {
        let grant = Grant::island(new.span);
        let span = grant.usable().ok_or(Obstacle::Short { backing })?;
        let before = self.runs.at_or_below(span.addr());
        self.refuse_overlap(backing, span, before)?;
        let free = self.enter(&grant, span, new.name, before);
        let fit = Fit { head: GRAIN, size: size_of::<Part>(), align: 1 };
        // It has been found long enough for that.
        let at = self.carve_from(new.name, free, &fit, 0).ok_or(Obstacle::Short { backing })?;
        let record = payload(at).base().cast::<Part>();
        // SAFETY: the payload of a claim that is never given back, on the grain, and long enough.
        unsafe { record.write(Part::new(new, span.addr(), span.end())) };
        if let Some(rest) = at.after() {
            self.bins.remove(rest);
            // SAFETY: it was just written.
            unsafe { record.as_ptr().as_mut() }.into_iter().for_each(|part| part.bins.insert(rest));
        }
        match self.each_part().last() {
            Some(last) => last.next = Some(record),
            None => self.parts = Some(record),
        }
        Ok(())
    }

    fn each_part(&mut self) -> impl Iterator<Item = &mut Part> {
        // SAFETY: they are this book's, which is borrowed for as long.
        unsafe { part::each(self.parts) }
    }

    /// The part that a span lies in.
    #[inline(always)]
    fn part_of(&mut self, at: At) -> Option<&mut Part> {
        self.each_part().find(|part| part.holds(at))
    }

    /// The bins that a span is in, or would be.
    #[inline(always)]
    fn bins_of(&mut self, at: At) -> &mut Bins {
        // SAFETY: they are this book's, which is borrowed for as long.
        match unsafe { part::each(self.parts) }.find(|part| part.holds(at)) {
            Some(part) => &mut part.bins,
            None => &mut self.bins,
        }
    }

    /// All bins in which a claim with this wish may be met, in their order.
    fn bins_for(&mut self, wish: Wish) -> impl Iterator<Item = &mut Bins> {
        // SAFETY: they are this book's, which is borrowed for as long.
        let parts = unsafe { part::each(self.parts) }.filter(move |part| part.meets(wish)).map(|part| &mut part.bins);
        parts.chain((wish == Wish::Anywhere).then_some(&mut self.bins))
    }

    /// Whether there is a part for claims with this wish.
    pub fn knows(&mut self, wish: Wish) -> Option<&'static str> {
        self.each_part().find(|part| part.meets(wish)).map(|part| part.name)
    }

    /// Whether a claim with this wish may be where this one is.
    pub fn suits(&mut self, at: At, wish: Wish) -> bool {
        wish == Wish::Anywhere || self.part_of(at).is_some_and(|part| part.meets(wish))
    }

    /// The name of the part that a span lies in.
    pub fn region_of(&mut self, at: At) -> Option<&'static str> {
        self.part_of(at).map(|part| part.name)
    }

    /// Frees what lies beyond the first `keep` bytes of a span (on the grain, less than its length), together with the free ones that it
    /// touches, and returns all that is free there. With 0 that is all of it.
    fn free(&mut self, at: At, keep: usize) -> At {
        let run = self.run_that_ends_with(at);
        let mut at = if keep > 0 { self.cut(at, keep, run).unwrap_or(at) } else { at };
        sanitizer::poison(at.base(), GRAIN..at.len.get());
        let mergeable = |at: At, other: At| at.len.get() <= MAX_SPAN - other.len.get();
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

    /// Leaves `len` bytes of a span that was free to who claims it, and what is longer to the bins.
    #[inline(always)]
    fn leave(&mut self, at: At, len: usize, run: Link) {
        match self.cut(at, len, run) {
            Some(rest) => self.bins_of(rest).insert(rest),
            None => at.after().into_iter().for_each(|after| after.set_after_free(false)),
        }
    }

    /// Makes `after`, which is in no bin, a part of the span before it.
    #[inline(always)]
    fn swallow(&mut self, at: At, after: At, run: Link) {
        match after.after() {
            Some(next) => next.below.set(Some(at)),
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
    fn cut(&mut self, at: At, len: usize, run: Link) -> Link {
        let rest = at.len.get().checked_sub(len).filter(|rest| *rest > 0)?;
        let after = at.after();
        // SAFETY: `len` is less than the span's length.
        let base = unsafe { at.base().add(len) };
        // SAFETY: the end of a span, on the grain, which nobody uses and `at` may reach.
        let rest = unsafe { At::write(base, rest, at.kind.get()) };
        rest.below.set(Some(at));
        at.len.set(len);
        match after {
            Some(after) => after.below.set(Some(rest)),
            None => {
                at.set_last(false);
                set_last(rest, run);
            }
        }
        Some(rest)
    }

    /// The run whose last span is this one, or the free one after it: asked for before anything is changed. See [`Book`].
    #[inline(always)]
    fn run_that_ends_with(&self, at: At) -> Link {
        if at.is_last() || free_after(at).is_some_and(|after| after.is_last()) { self.run_of(at) } else { None }
    }

    #[cold]
    #[inline(never)]
    fn run_of(&self, at: At) -> Link {
        self.runs.at_or_below(at.addr())
    }

    /// Where fresh memory would touch something that makes a smaller grant do: the claim that wants to grow by so much, or the last
    /// free span, where it is `fits` that are wanted: what just does, and what is liked.
    pub fn reach(&self, grow: Option<(At, Need)>, fits: [&Fit; 2]) -> Option<Reach> {
        if let Some((at, Need { least, liked })) = grow {
            let free = free_after(at);
            let had = free.map_or(0, |free| free.len.get());
            let is_last = free.unwrap_or(at).is_last();
            if is_last && at.kind.get() == Origin::Linear && had < least && at.len.get() <= MAX_SPAN - liked {
                return Some(Reach { end: at.end() + had, missing: Need { least: least - had, liked: liked - had } });
            }
        }
        let last = self.runs.at_or_below(usize::MAX)?.last.get()?;
        let last = Some(last).filter(|last| last.is_free() && last.kind.get() == Origin::Linear)?;
        let missing = |fit: &Fit| {
            let (gap, len) = fit.at(last.addr())?;
            let needed = gap.checked_add(len).filter(|needed| *needed <= MAX_SPAN)?;
            // What is free and long enough has been found already, unless it was looked over; something must come all the same.
            Some(needed.saturating_sub(last.len.get()).max(GRAIN))
        };
        let [least, liked] = fits.map(missing);
        Some(Reach { end: last.end(), missing: Need { least: least?, liked: liked? } })
    }

    /// Lengthens a claim in place by `least` bytes or more, up to `most`, from the free span that it touches.
    pub fn extend(&mut self, at: At, least: usize, most: usize) -> bool {
        if least == 0 {
            return true;
        }
        let Some(free) = free_after(at).filter(|free| free.len.get() >= least) else {
            return false;
        };
        let bytes = free.len.get().min(most);
        if at.len.get() > MAX_SPAN - bytes {
            return false;
        }
        let run = self.run_that_ends_with(at);
        self.seen = None;
        self.bins_of(free).remove(free);
        self.leave(free, bytes, run);
        self.swallow(at, free, run);
        sanitizer::unpoison(free.base(), 0..bytes);
        self.count_claimed(at, bytes);
        true
    }

    /// Claims a free span that has room for `fit`, aligned to more than the grain, and up to `more` bytes beyond that.
    pub fn carve(&mut self, owner: &'static str, fit: &Fit, more: usize, wish: Wish) -> Link {
        let (at, gap, len) = self.bins_for(wish).find_map(|bins| bins.find(fit))?;
        Some(self.claim(owner, at, gap, len.saturating_add(more.next_multiple_of(GRAIN))))
    }

    /// The same from a span that is known, with or without alignment.
    pub fn carve_from(&mut self, owner: &'static str, at: At, fit: &Fit, more: usize) -> Link {
        let (at, gap, len) = fit.in_span(at)?;
        Some(self.claim(owner, at, gap, len.saturating_add(more.next_multiple_of(GRAIN))))
    }

    /// Claims a free span of at least `least` bytes, up to `most` of it, the header included; with no alignment, as most is asked for.
    pub fn carve_len(&mut self, owner: &'static str, least: usize, most: usize, wish: Wish) -> Link {
        let at = self.bins_for(wish).find_map(|bins| bins.find_len(least))?;
        Some(self.claim(owner, at, 0, most.next_multiple_of(GRAIN)))
    }

    /// Claims a free span from `gap` bytes on, up to `len` bytes of it. What is before and behind stays free.
    fn claim(&mut self, owner: &'static str, free: At, gap: usize, len: usize) -> At {
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
        self.leave(at, len, run);
        at.set_owner(owner);
        sanitizer::unpoison(at.base(), GRAIN..at.len.get());
        self.count_claimed(at, at.len.get());
        at
    }

    /// Frees what a claim has beyond `len` bytes. A loan stays as it is.
    pub fn shorten(&mut self, at: At, len: usize) {
        let len = len.next_multiple_of(GRAIN);
        let rest = at.len.get().saturating_sub(len);
        if at.kind.get() == Origin::Loan || rest == 0 {
            return;
        }
        self.seen = None;
        self.free(at, len);
        self.totals.claimed -= rest;
    }

    /// Ends a claim: its span is free from now on, or, if it was a loan or the last one in a lot, what was lent is returned to be
    /// given back. With `lends` unset there is neither.
    pub fn release(&mut self, mut at: At, lends: bool) -> Option<Loan> {
        let len = at.len.get();
        let loan = lends && at.kind.get() == Origin::Loan;
        if !loan {
            at = self.free(at, 0);
        }
        self.totals.claimed -= len;
        if !loan {
            self.seen = Some(at);
            if !lends || at.kind.get() != Origin::Lot || !at.is_first() || !at.is_last() {
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
    pub fn span_from(&mut self, addr: usize) -> Link {
        let run = self.runs.at_or_below(addr).filter(|run| addr < end_of(*run));
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

    /// Claims the first free span at `addr` or above that has whole pages to offer, for whoever tells the host of them: nobody else has it
    /// meanwhile, and what it holds is not zero any more. It ends as any claim does, and is no part of the peak, unless
    /// somebody claims meanwhile. If none of the next
    /// [`SPANS_AT_ONCE`] has any, it says from which address on to look for more.
    pub fn offer(&mut self, owner: &'static str, mut addr: usize) -> Option<Result<(At, Span), usize>> {
        for _ in 0..SPANS_AT_ONCE {
            let at = self.span_from(addr)?;
            if at.is_free()
                && let Some(pages) = whole_pages(at)
            {
                let peak = self.totals.peak;
                self.claim(owner, at, 0, at.len.get());
                self.totals.peak = peak;
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

    /// The address from which on the last claim is zero.
    pub fn zero_from(&self) -> usize {
        self.was_touched.saturating_add(GRAIN)
    }

    /// Counts `bytes` more that are claimed, at the end of `at`.
    #[inline(always)]
    fn count_claimed(&mut self, at: At, bytes: usize) {
        self.totals.claimed += bytes;
        self.totals.peak = self.totals.peak.max(self.totals.claimed);
        self.touch(at);
    }

    #[inline(always)]
    fn touch(&mut self, at: At) {
        self.was_touched = self.touched;
        self.touched = self.touched.max(at.end());
    }

    /// What each span says of its neighbours is so, and each that is free is in the bins.
    #[cfg(test)]
    pub fn check(&mut self) {
        let seen = self.seen.take();
        let (mut next, mut free) = (self.span_from(0), 0);
        let (mut granted, mut claimed, mut run) = (0, 0, None);
        let mut saw = seen.is_none();
        while let Some(at) = next {
            saw |= seen == Some(at);
            granted += at.len.get();
            claimed += if at.is_free() { 0 } else { at.len.get() };
            if at.is_first() {
                run = Some(at);
            }
            assert_eq!(self.runs.at_or_below(at.addr()), run, "a run begins here, or goes on");
            if at.is_last() {
                assert_eq!(run.and_then(|run| run.last.get()), Some(at), "a run ends here");
            }
            free += usize::from(at.is_free());
            if let Some(after) = at.after() {
                assert_eq!(after.below.get(), Some(at));
                assert_eq!(after.free_before(), Some(at).filter(|at| at.is_free()));
                assert!(!at.is_free() || !after.is_free(), "two free spans side by side");
            }
            assert!(!at.is_first() || at.free_before().is_none());
            let on = self.span_from(at.end());
            self.seen = None;
            next = self.span_from(at.addr() + 1);
            assert_eq!(on, next);
        }
        let binned = self.bins_for(Wish::Anywhere).flat_map(|bins| bins.all().collect::<std::vec::Vec<_>>());
        let binned: std::vec::Vec<_> = binned.collect();
        assert!(binned.iter().all(|at| at.is_free()));
        assert_eq!(binned.len(), free);
        assert!(saw, "what was seen last is no span any more");
        self.seen = seen;
        assert_eq!((self.totals.granted, self.totals.claimed), (granted, claimed));
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

/// The whole pages in a free span, but for its header.
fn whole_pages(at: At) -> Option<Span> {
    let free = payload(at);
    let skip = padding(free.addr(), PAGE);
    let len = free.len().saturating_sub(skip) & !(PAGE - 1);
    if len == 0 {
        return None;
    }
    // SAFETY: less than the span's length.
    let base = unsafe { free.base().add(skip) };
    // SAFETY: a part of the span.
    Some(unsafe { Span::new(base, len) })
}

/// Makes `at` the last span of its run.
#[inline(always)]
fn set_last(at: At, run: Link) {
    at.set_last(true);
    if let Some(run) = run {
        run.last.set(Some(at));
    }
}

/// The address after a run's last byte.
fn end_of(run: At) -> usize {
    run.last.get().unwrap_or(run).end()
}

/// The free span right after `at`.
fn free_after(at: At) -> Link {
    at.after().filter(|after| after.is_free())
}
