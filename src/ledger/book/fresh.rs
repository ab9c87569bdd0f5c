//! How fresh memory comes into the book: asked for, looked at, and written down.

use super::*;
use crate::backing::{Grant, Need, Request, Touching};
use crate::error::Obstacle;

/// What is longer than that with fresh memory is claimed anew: whole pages come, and with a page more than is missing it might be longer than
/// any span, so that nothing is one and memory has grown in vain.
const LONGEST_TOUCHED: usize = MAX_SPAN - USUAL_PAGE;

/// What a backing gave, as the book has it now.
pub(in crate::ledger) enum Fresh {
    /// A loan: the claim that it was made for.
    Lent(Entry),
    /// The free span that it is, or is a part of.
    Free(Entry),
}

impl Book {
    /// Asks the backing for fresh memory, as `ask` says, and writes down what it gives: with `exact` a loan must begin where it fits. If it gives none, or
    /// none that can be used, it says `why`.
    pub fn take<B: Backing>(
        &mut self,
        backing: &mut B,
        ask: impl FnOnce(&mut B, &Request) -> Result<Grant, Obstacle>,
        owner: &'static str,
        request: Request,
        exact: bool,
        why: &mut Obstacle,
    ) -> Option<Fresh> {
        let grant = match ask(backing, &request) {
            Ok(grant) => grant.made_by::<B>(),
            Err(obstacle) => {
                *why = obstacle;
                return None;
            }
        };
        let name = grant.maker.unwrap_or(backing.name());
        let goes_back = matches!(grant.origin, Origin::Loan | Origin::Lot);
        let span = grant.usable();
        let lies_wrong = exact && grant.origin == Origin::Loan && !request.fits_at(span.addr());
        if span.len() == 0 || goes_back && (span != grant.span || span.len() < request.least_lent() || lies_wrong) {
            if goes_back {
                // SAFETY: the loan was just made, and nobody has used it.
                unsafe { backing.give_back(Loan { span: grant.span, route: grant.route }) };
            }
            *why = Obstacle::Short { backing: name };
            return None;
        }
        // A loan that overlaps too stays where it is: its lender might take what is held, or make of it what it hands out next.
        let at = self.write_down(name, &grant, B::RISES, span, why)?;
        if grant.origin != Origin::Loan {
            return Some(Fresh::Free(self.set_free(at)));
        }
        at.set_owner(owner);
        self.count_claimed(at, span.len());
        self.loans += span.len();
        Some(Fresh::Lent(at))
    }

    /// Writes a grant down, as a span of a run: nobody's yet, and in no bin. If it overlaps what is held it isn't, and it says `why`. If it `rises`, it
    /// must lie above all that is held.
    fn write_down(
        &mut self,
        name: &'static str,
        grant: &Grant,
        rises: bool,
        span: Span,
        why: &mut Obstacle,
    ) -> Option<Entry> {
        let before = self.runs.at_or_below(if rises { usize::MAX } else { span.addr() });
        let next = if rises { None } else { self.runs.above(span.addr()) };
        let below = before.filter(|before| span.addr() < before.run_end());
        if let Some(other) = below.or(next.filter(|next| next.addr() < span.end())) {
            *why = if rises {
                Obstacle::Short { backing: name }
            } else {
                let at = first_past(other, span.addr());
                let with = at.owner().unwrap_or("free memory");
                Obstacle::Overlap { backing: name, with, at: at.addr().max(span.addr()) }
            };
            return None;
        }
        self.seen = None;
        // SAFETY: the backing has granted these bytes for the ledger's own, they overlap no span, and `usable` put both ends
        // on the grain.
        let at = unsafe { Entry::write(span.base(), span.len(), grant.origin, None) };
        at.route.set(grant.route);
        at.set_last(true);
        self.totals.granted += span.len();
        self.totals.growths += 1;
        if !grant.zeroed {
            self.touch(at);
        }
        let linear = |run: &Entry| grant.origin == Origin::Linear && run.origin.get() == Origin::Linear;
        let run = match before.filter(linear).filter(|before| before.run_end() == span.addr()) {
            Some(run) => {
                let last = run.across.replace(at);
                last.set_last(false);
                at.set_before(last);
                at.set_after_free(last.is_free());
                at.across.set(run);
                run
            }
            None => {
                at.set_first(true);
                self.runs.insert(at);
                at
            }
        };
        if let Some(next) = next.filter(linear).filter(|next| next.addr() == span.end()) {
            // Two runs become one.
            self.runs.remove(next);
            let last = next.across.get();
            run.across.set(last);
            last.across.set(run);
            next.set_first(false);
            next.set_before(at);
            at.set_last(false);
        }
        Some(at)
    }

    /// Writes down memory that stays for good, as free memory, an island: the free span that it is.
    pub fn add(&mut self, name: &'static str, grant: &Grant) -> Result<Entry, Obstacle> {
        let mut why = Obstacle::Unfit { region: name, why: "it is too small for the ledger's header and a claim" };
        let span = Some(grant.usable()).filter(|span| span.len() > GRAIN);
        let at = span.and_then(|span| self.write_down(name, grant, false, span, &mut why));
        at.map(|at| self.set_free(at)).ok_or(why)
    }

    /// Where fresh memory would touch something that makes a smaller grant do: the claim that wants to grow by so much, or the last
    /// free span, where it is a claim of so many bytes that is wanted, and fits so.
    pub fn touching(&self, grow: Option<Entry>, more: Need, fit: &Fit, len: Need) -> Option<Touching> {
        if let Some(at) = grow
            && let Some(touching) = Self::missing_of(at, more)
        {
            return Some(touching);
        }
        let last = self.last_free().filter(|last| last.origin.get() == Origin::Linear)?;
        Self::missing_behind(last, fit, len)
    }

    /// The span behind all others, if it is free.
    pub fn last_free(&self) -> Option<Entry> {
        let last = self.runs.at_or_below(usize::MAX)?.across.get();
        Some(last).filter(|last| last.is_free())
    }

    /// [`touching`](Book::touching), of a claim that is to lie apart: it may go on from another end than the highest.
    pub fn touching_apart(&self, at: Entry, more: Need, fit: &Fit, len: Need) -> Option<Touching> {
        Self::missing_of(at, more).or_else(|| Self::missing_behind(self.find_apart(LARGE)?, fit, len))
    }

    /// A free span of `len` bytes or more behind which memory can grow, at another end than the highest, and that is in no large claim's way.
    pub fn find_apart(&self, len: usize) -> Option<Entry> {
        let top = self.runs.at_or_below(usize::MAX)?.addr();
        self.find_large(len, |at| {
            let behind_large = at.before().is_some_and(|before| before.len.get() >= LARGE);
            at.is_last() && at.origin.get() == Origin::Linear && at.addr() < top && !behind_large
        })
    }

    /// What a claim lacks that is to grow by so much, if fresh memory could touch it, or the free span behind it.
    #[inline(always)]
    fn missing_of(at: Entry, Need { least, liked }: Need) -> Option<Touching> {
        let free = at.free_after();
        let had = free.map_or(0, |free| free.len.get());
        let is_last = free.unwrap_or(at).is_last();
        if is_last && at.origin.get() == Origin::Linear && had < least && at.len.get() + liked <= LONGEST_TOUCHED {
            let missing = Need { least: least - had, liked: liked - had };
            return Some(Touching { end: at.end() + had, missing });
        }
        None
    }

    /// What a free span that is the last of its run lacks, to be a claim of so many bytes that fits so.
    #[inline(always)]
    fn missing_behind(last: Entry, fit: &Fit, len: Need) -> Option<Touching> {
        let gap = fit.gap(last.addr());
        if gap + len.liked > LONGEST_TOUCHED {
            return None;
        }
        // What is free and long enough has been found already, unless it lies in a lane and was looked over; something must come all the same.
        let missing = |len: usize| (gap + len).saturating_sub(last.len.get()).max(GRAIN);
        Some(Touching { end: last.end(), missing: Need { least: missing(len.least), liked: missing(len.liked) } })
    }
}

/// The first span of a run that ends after this address.
fn first_past(run: Entry, addr: usize) -> Entry {
    let mut at = run;
    while at.end() <= addr
        && let Some(after) = at.after()
    {
        at = after;
    }
    at
}
