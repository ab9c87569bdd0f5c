//! The spans and the sums over them: how spans are entered, cut, claimed, freed and merged.

use core::ptr::NonNull;

use super::Placed;
use super::bins::Bins;
use super::header::Entry;
use super::part::{Apart, Wish};
use crate::backing::{Backing, Loan, Origin};
use crate::layout::{Fit, GRAIN, MAX_SPAN, USUAL_PAGE, on_grain, padding};
use crate::platform::{self, sanitizer};
use crate::span::Span;
use crate::tree::Tree;

mod aside;
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
/// for that is inlined. Where code is to be small that is called, and the stack looked at before ([`platform::stack_for_leaves`]). Where
/// memory is fresh there is stack for all of it ([`platform::stack_ahead`]).
#[repr(C)] // what is small comes first: then a number of one byte says where it lies
pub(super) struct Book {
    /// The first span of each run, in the order of addresses.
    runs: Tree<Entry>,
    /// Those, if there are any: a `dyn` that is made where the first is entered, so a program without them has none of their code.
    parts: Option<NonNull<dyn Apart>>,
    pub totals: Totals,
    /// Bytes of what is claimed that are loans: nobody has what one is longer than its claim needs.
    loans: usize,
    /// Where what was ever claimed, or never was zero, ends. What is free from here on is zero, but for the header that may stand
    /// at just this address.
    touched: usize,
    /// The address from which on the claim that was made last is zero, as what lies there was never used.
    pub zero_from: usize,
    /// The span that was looked at, or freed, last: who reads them all goes on from there. Every other change forgets it.
    seen: Option<Entry>,
    /// The claim that was given back last, if it has not ended yet. See [`Book::set_aside`].
    aside: Option<Entry>,
    /// The free spans, but for those of the parts, which each have bins of their own.
    bins: Bins,
}

/// From so many bytes on a span is worth a call to the host, to have its pages back: less than it takes to fill them.
pub(super) const LARGE: usize = 1 << 18;

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

/// A claim that meets a want: one that was made just now, or has grown. Nobody else has it, so it need not be looked at in anybody's turn.
#[derive(Clone, Copy)]
pub(super) struct Met {
    at: Entry,
    zero_from: usize,
}

impl Met {
    /// What its holder gets.
    #[inline(always)]
    pub fn placed(self) -> Placed {
        Placed { payload: self.at.hand_out(), zero_from: self.zero_from }
    }
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
            loans: 0,
            touched: 0,
            zero_from: 0,
            seen: None,
            aside: None,
        }
    }

    /// The one step in which spans change: `at`, with the free ones that it touches, becomes a claim of `len` bytes, `gap` bytes after its start,
    /// and what is before and behind that is free; or with no `len` all is free. Returns the claim, or what is free. Unless `at` is free itself
    /// (as `was_free` says; then it is in a bin, and touches none) what is claimed stays where it is, and the one that ends joins the free one
    /// before it too.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    fn reshape(&mut self, at: Entry, was_free: bool, gap: usize, len: usize) -> Entry {
        if cfg!(freehold_for_size) {
            platform::stack_for_leaves();
        }
        self.seen = None;
        let touched = self.touched;
        let bins = self.bins_of(at);
        // From here on all changes, and where code need not be small nothing is called.
        let (mut first, mut whole, mut next) = (at, at.len.get(), at.after());
        // If this is the last of its run, the first of that.
        let mut run = at.across.get();
        if was_free {
            bins.remove(at);
        } else if let Some(after) = next.filter(|after| after.is_free())
            && (len > whole || after.len.get() <= MAX_SPAN - whole)
        {
            bins.remove(after);
            (next, run) = (after.after(), after.across.get());
            whole += after.len.get();
            after.end_span(touched);
        }
        if !was_free
            && len == 0
            && let Some(before) = at.free_before().filter(|before| before.len.get() <= MAX_SPAN - whole)
        {
            bins.remove(before);
            whole += before.len.get();
            at.end_held(touched);
            first = before;
        }
        let mut claim = first;
        if gap > 0 {
            claim = first.cut(gap, whole - gap);
            claim.set_after_free(true);
            bins.insert(first);
            whole -= gap;
        }
        let mut last = claim;
        claim.len.set(whole);
        if len == 0 {
            bins.insert(claim);
        } else if whole > len {
            last = claim.cut(len, whole - len);
            bins.insert(last);
        }
        match next {
            Some(next) => {
                next.set_before(last);
                next.set_after_free(len == 0 || last != claim);
            }
            None => {
                first.set_last(false);
                last.set_last(true);
                last.across.set(run);
                run.across.set(last);
            }
        }
        claim
    }

    /// Frees a span, together with the free ones that it touches, and returns all that is free there.
    fn set_free(&mut self, at: Entry) -> Entry {
        sanitizer::poison(at.base(), GRAIN..at.len.get());
        self.reshape(at, false, 0, 0)
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
        let had = at.len.get();
        self.reshape(at, false, 0, had + bytes);
        sanitizer::unpoison(at.base(), had..had + bytes);
        self.count_claimed(at, bytes);
        // Of what was never used nothing is said.
        self.zero_from = usize::MAX;
        true
    }

    /// Claims `len` bytes that fit so, up to `most` of them: both on the grain, and in this free span, or in any.
    pub fn carve(
        &mut self,
        owner: &'static str,
        known: Option<Entry>,
        fit: &Fit,
        len: usize,
        most: usize,
        wish: Wish,
    ) -> Option<Entry> {
        let at = known.or_else(|| self.find(*fit, len, wish))?;
        let gap = fit.gap(at.addr());
        // What was found has room.
        if gap + len > at.len.get() {
            return None;
        }
        Some(self.claim(owner, at, gap, len.max(most)))
    }

    /// Claims a free span of at least `len` bytes (on the grain), and no more of it; with no alignment.
    pub fn carve_len(&mut self, owner: &'static str, len: usize) -> Option<Entry> {
        let at = self.find(Fit::PLAIN, len, None)?;
        Some(self.claim(owner, at, 0, len))
    }

    /// Claims a free span from `gap` bytes on, up to `len` bytes of it. What is before and behind stays free.
    fn claim(&mut self, owner: &'static str, free: Entry, gap: usize, len: usize) -> Entry {
        let at = self.reshape(free, true, gap, len);
        at.set_owner(owner);
        sanitizer::unpoison(at.base(), GRAIN..at.len.get());
        self.count_claimed(at, at.len.get());
        at
    }

    /// A claim that was made just now, or has grown.
    #[inline(always)]
    pub fn met(&self, at: Entry) -> Met {
        Met { at, zero_from: self.zero_from }
    }

    /// Frees what a claim has beyond `len` bytes. A loan stays as it is.
    pub fn shorten(&mut self, at: Entry, len: usize) {
        let len = on_grain(len.min(at.len.get()));
        let rest = at.len.get() - len;
        if at.origin.get() == Origin::Loan || rest == 0 {
            return;
        }
        sanitizer::poison(at.base(), len..at.len.get());
        self.reshape(at, false, 0, len);
        self.totals.claimed -= rest;
    }

    /// Ends a claim that is no loan: its span is free from now on, with the free ones that it touches.
    pub fn end_claim(&mut self, at: Entry) {
        let len = at.len.get();
        self.seen = Some(self.set_free(at));
        self.totals.claimed -= len;
    }

    /// Ends a claim where the backing lends: if it was a loan or the last one in a lot, what was lent is returned to be given back.
    pub fn end_lent(&mut self, mut at: Entry) -> Option<Loan> {
        if at.origin.get() == Origin::Loan {
            self.totals.claimed -= at.len.get();
            self.loans -= at.len.get();
        } else {
            self.end_claim(at);
            at = self.seen?;
            if at.origin.get() != Origin::Lot || !at.is_first() || !at.is_last() {
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
            let after = at.after().filter(|after| after.addr() > at.addr());
            next = after.or_else(|| self.runs.at_or_above(addr));
        }
        // What has no bytes is no header any more, but was written over: whoever goes on from its end would stay there.
        self.seen = next.filter(|at| at.len.get() > 0);
        self.seen
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
        let used = |at: Entry| at.origin.get() == Origin::Linear && at.end() <= touched;
        let at = self.find_large(LARGE, used)?;
        let pages = whole_pages(at)?;
        self.claim_to_offer(owner, at);
        Some((at, pages))
    }

    /// One of the free spans of `len` bytes or more that are `wanted`.
    pub fn find_large(&self, len: usize, wanted: impl Fn(Entry) -> bool) -> Option<Entry> {
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

    /// Bytes that are claimed and no loans: what serves whoever comes next once it is free.
    #[inline(always)]
    pub fn claimed_without_loans<B: Backing>(&self) -> usize {
        self.totals.claimed - if B::LENDS { self.loans } else { 0 }
    }

    /// Counts `bytes` more that are claimed, at the end of `at`.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    fn count_claimed(&mut self, at: Entry, bytes: usize) {
        self.count(bytes);
        // A header may stand where what was used ends.
        self.zero_from = self.touched + GRAIN;
        self.touch(at);
    }

    /// So many bytes more are claimed: more than ever were, perhaps.
    #[inline(always)]
    fn count(&mut self, bytes: usize) {
        self.totals.claimed += bytes;
        self.totals.peak = self.totals.peak.max(self.totals.claimed);
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
    let skip = padding(payload.addr(), USUAL_PAGE);
    let len = payload.len().saturating_sub(skip) & !(USUAL_PAGE - 1);
    if len == 0 {
        return None;
    }
    // SAFETY: less than the span's length.
    let base = unsafe { payload.base().add(skip) };
    // SAFETY: a part of the span.
    Some(unsafe { Span::new(base, len) })
}
