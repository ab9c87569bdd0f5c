//! How fresh memory comes into the book: asked for, looked at, and written down.

use super::*;
use crate::backing::{Backing, Grant, Need, PartGrant, Request, Touching};
use crate::error::Obstacle;

/// What a backing gave, as the book has it now.
pub(in crate::ledger) enum Fresh {
    /// A loan: the claim that it was made for.
    Lent(NewClaim),
    /// The free span that it is, or is a part of.
    Free(Entry),
}

impl Book {
    /// Asks the backing for fresh memory and writes down what it gives.
    pub fn take<B: Backing>(
        &mut self,
        backing: &mut B,
        owner: &'static str,
        request: Request,
    ) -> Result<Fresh, Obstacle> {
        let grant = backing.claim(&request)?.made_by::<B>();
        let name = grant.maker.unwrap_or(backing.name());
        let goes_back = matches!(grant.origin, Origin::Loan | Origin::Lot);
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
        let at = self.write_down(&grant, span, before);
        if grant.origin != Origin::Loan {
            return Ok(Fresh::Free(self.set_free(at, 0)));
        }
        at.set_owner(owner);
        Ok(Fresh::Lent(NewClaim { at, zero_from: self.count_claimed(at, span.len()) }))
    }

    fn refuse_overlap(&mut self, backing: &'static str, span: Span, before: Option<Entry>) -> Result<(), Obstacle> {
        let other = self.span_from(span.addr()).filter(|other| other.addr() < span.end());
        let Some(other) = self.holds(before, span.addr()).or(other) else {
            return Ok(());
        };
        let at = other.addr().max(span.addr());
        Err(Obstacle::Overlap { backing, with: other.owner().unwrap_or("free memory"), at })
    }

    /// The span of this run that holds `addr`.
    fn holds(&self, run: Option<Entry>, addr: usize) -> Option<Entry> {
        let mut next = run.filter(|run| addr < run.run_end());
        while let Some(at) = next.filter(|at| at.end() <= addr) {
            next = at.after();
        }
        next
    }

    /// Writes a grant down, as a span of a run: nobody's yet, and in no bin. `before` is the run before it.
    fn write_down(&mut self, grant: &Grant, span: Span, before: Option<Entry>) -> Entry {
        self.seen = None;
        // SAFETY: the backing has granted these bytes for the ledger's own, they overlap no span, and `usable` put both ends
        // on the grain.
        let at = unsafe { Entry::write(span.base(), span.len(), grant.origin) };
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
                if let Some(last) = run.last.replace(Some(at)) {
                    last.set_last(false);
                    at.set_before(last);
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
            next.set_before(at);
            at.set_last(false);
        }
        at
    }

    /// Writes down memory that stays for good, as free memory, an island: the free span that it is.
    pub fn add(&mut self, name: &'static str, grant: &Grant) -> Result<Entry, Obstacle> {
        let span = grant.usable().ok_or(Obstacle::Short { backing: name })?;
        let before = self.runs.at_or_below(span.addr());
        self.refuse_overlap(name, span, before)?;
        let at = self.write_down(grant, span, before);
        Ok(self.set_free(at, 0))
    }

    /// Writes down a memory that is to be kept apart: its record is a claim under its name, the rest is free.
    pub fn add_part(&mut self, backing: &'static str, new: &PartGrant) -> Result<(), Obstacle> {
        let free = self.add(backing, &Grant::island(new.span))?;
        let (start, end) = (free.addr(), free.end());
        let fit = Fit { head: GRAIN, size: size_of::<Part>(), align: 1 };
        // It has been found long enough for that.
        let NewClaim { at, .. } = self.carve_from(new.name, free, &fit, 0).ok_or(Obstacle::Short { backing })?;
        let record = at.payload().base().cast::<Part>();
        // SAFETY: the payload of a claim that is never given back, on the grain, and long enough.
        unsafe { record.write(Part::new(new, start, end)) };
        if let Some(rest) = at.after() {
            self.bins.remove(rest);
            // SAFETY: it was just written.
            unsafe { record.as_ptr().as_mut() }.into_iter().for_each(|part| part.bins.insert(rest));
        }
        match self.parts().last() {
            Some(last) => last.next = Some(record),
            None => self.parts = Some(record),
        }
        Ok(())
    }

    /// Where fresh memory would touch something that makes a smaller grant do: the claim that wants to grow by so much, or the last
    /// free span, where it is `fits` that are wanted: what just does, and what is liked.
    pub fn touching(&self, grow: Option<(Entry, Need)>, fits: [&Fit; 2]) -> Option<Touching> {
        if let Some((at, Need { least, liked })) = grow {
            let free = at.free_after();
            let had = free.map_or(0, |free| free.len.get());
            let is_last = free.unwrap_or(at).is_last();
            if is_last && at.origin.get() == Origin::Linear && had < least && at.len.get() <= MAX_SPAN - liked {
                return Some(Touching {
                    end: at.end() + had,
                    missing: Need { least: least - had, liked: liked - had },
                });
            }
        }
        let last = self.runs.at_or_below(usize::MAX)?.last.get()?;
        let last = Some(last).filter(|last| last.is_free() && last.origin.get() == Origin::Linear)?;
        let missing = |fit: &Fit| {
            let (gap, len) = fit.at(last.addr())?;
            let needed = gap.checked_add(len).filter(|needed| *needed <= MAX_SPAN)?;
            // What is free and long enough has been found already, unless it was looked over; something must come all the same.
            Some(needed.saturating_sub(last.len.get()).max(GRAIN))
        };
        let [least, liked] = fits.map(missing);
        Some(Touching { end: last.end(), missing: Need { least: least?, liked: liked? } })
    }
}
