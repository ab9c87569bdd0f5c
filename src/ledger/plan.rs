//! How a want is met: from which memory, in which order, with how much.

use super::book::{Book, Fresh, NewClaim};
use super::header::Entry;
use super::{Placed, Want, Wish};
use crate::backing::{Backing, Need, Request};
use crate::error::Obstacle;
use crate::layout::{Fit, GRAIN, MAX_SPAN};

/// Free spans of so many bytes are always used before memory grows.
const FAIR: usize = 4096;

/// The part of all that is claimed by which memory grows at least when asked to grow ahead.
const AHEAD: usize = 64;

/// So often the backing is asked for the same.
const REQUESTS: usize = 4;

/// How a want is to be met.
pub(super) struct Plan {
    /// Who asks.
    pub owner: &'static str,
    fit: Fit,
    /// Bytes that the claim needs and would like, both without what it takes to be aligned to more than the grain.
    least: usize,
    prefer: usize,
    grow: Option<Grow>,
    wish: Wish,
}

/// A claim that would rather grow: by so many bytes that it needs, and that it would like; on the grain.
struct Grow {
    at: Entry,
    missing: usize,
    liked: usize,
}

impl Plan {
    /// The plan for a want; `None` if no span can meet it.
    ///
    /// # Safety
    ///
    /// The caller owes: the payload in `want.grow` is one of this ledger's that it holds.
    pub unsafe fn new(owner: &'static str, want: &Want) -> Option<Plan> {
        let fit = Fit { head: GRAIN + want.prefix, size: want.size, align: want.align };
        let align = if fit.align <= GRAIN { fit.align } else { 1 };
        let least = Fit { align, ..fit }.anywhere()?;
        let prefer = want.prefer.clamp(least, MAX_SPAN.max(least));
        let grow = want.grow.filter(|grow| grow.missing <= MAX_SPAN).map(|grow| {
            let missing = grow.missing.next_multiple_of(GRAIN);
            // SAFETY: the caller's promise.
            let at = unsafe { Entry::of_payload(grow.payload) };
            Grow { at, missing, liked: missing.max(grow.prefer.min(MAX_SPAN) & !(GRAIN - 1)) }
        });
        Some(Plan { owner, fit, least, prefer, grow, wish: want.wish })
    }

    /// What is wanted, if the claim is to be `len` bytes long, or as long as it must.
    fn fit_of(&self, len: usize) -> Fit {
        Fit { size: self.fit.size.saturating_add(len.saturating_sub(self.least)), ..self.fit }
    }

    /// Has the claim that would rather grow do so.
    fn grow(&self, book: &mut Book) -> Option<Placed> {
        let grow = self.grow.as_ref().filter(|grow| book.suits(grow.at, self.wish))?;
        book.extend(grow.at, grow.missing, grow.liked).then(|| has_grown(grow.at))
    }

    /// Meets the want from fresh memory, which is in this span.
    fn meet_from(&self, book: &mut Book, fresh: Entry) -> Option<Placed> {
        if let Some(grown) = self.grow(book) {
            return Some(grown);
        }
        let claim = book.carve_from(self.owner, fresh, &self.fit, self.prefer.saturating_sub(self.least))?;
        Some(handed_out(claim))
    }

    /// Meets the want from free memory, with a claim of at least `len` bytes, up to what is preferred.
    #[inline(never)]
    fn meet(&self, book: &mut Book, len: usize) -> Option<Placed> {
        if let Some(grown) = self.grow(book) {
            return Some(grown);
        }
        let len = len.max(self.least);
        let claim = if self.fit.align <= GRAIN {
            book.carve_len(self.owner, len, self.prefer, self.wish)?
        } else {
            book.carve(self.owner, &self.fit_of(len), self.prefer.saturating_sub(len), self.wish)?
        };
        Some(handed_out(claim))
    }

    /// Meets the want from free memory: from a span that has the room preferred, else from one that has a fair part of it. Smaller ones are
    /// left until no more is to be had: an arena that goes through crumbs in each turn of a hot loop is a slow one.
    pub fn meet_fairly(&self, book: &mut Book) -> Option<Placed> {
        let fair = || FAIR.min(self.prefer / 4);
        self.meet(book, self.prefer).or_else(|| if self.prefer > self.least { self.meet(book, fair()) } else { None })
    }

    /// Meets the want with fresh memory, as free memory could not: with as much as is preferred, and a part of all that is claimed more if
    /// memory is to grow `ahead`; where that is refused, with as much as is needed.
    pub fn meet_fresh<B: Backing>(&self, book: &mut Book, backing: &mut B, ahead: bool) -> Result<Placed, Obstacle> {
        if B::PARTS
            && let Some(placed) = self.meet_from_parts(book, backing)?
        {
            return Ok(placed);
        }
        if let Wish::Only(region) = self.wish {
            let backing = book.knows(self.wish).ok_or(Obstacle::Unknown { region })?;
            return Err(Obstacle::Exhausted { backing, left: self.fit.room_in(book.longest(self.wish)) });
        }
        let ahead = if ahead { book.totals.claimed / AHEAD } else { 0 };
        let liked = self.prefer.saturating_add(ahead).min(MAX_SPAN.max(self.least));
        let mut obstacle = Obstacle::TooLarge;
        for (len, spacious) in [(liked, true), (self.least, false)] {
            obstacle = match self.meet_fresh_with(book, backing, len, spacious) {
                Ok(placed) => return Ok(placed),
                Err(obstacle) => obstacle,
            };
            if len == self.least && self.grow.is_none() {
                break;
            }
        }
        // What the backing has given already counts as well; what headers and alignment would take of it does not.
        Err(match obstacle {
            Obstacle::Exhausted { backing, left } => {
                Obstacle::Exhausted { backing, left: self.fit.room_in(left.max(book.longest(self.wish))) }
            }
            other => other,
        })
    }

    /// Meets the want in the memories that are kept apart, of which those that the backing still has go to the book first.
    fn meet_from_parts<B: Backing>(&self, book: &mut Book, backing: &mut B) -> Result<Option<Placed>, Obstacle> {
        while let Some(part) = backing.part()? {
            book.add_part(backing.name(), &part)?;
        }
        Ok(self.meet(book, self.prefer).or_else(|| self.meet(book, self.least)))
    }

    /// Meets the want with what the backing gives that is asked for a claim of `len` bytes, or for one that grows by what it likes, if there
    /// is space.
    #[inline(always)] // one caller
    fn meet_fresh_with<B: Backing>(
        &self,
        book: &mut Book,
        backing: &mut B,
        len: usize,
        spacious: bool,
    ) -> Result<Placed, Obstacle> {
        let mut obstacle = Obstacle::TooLarge;
        // More than once only if the backing gave less than asked, as `memory.grow` may beside other threads.
        for _ in 0..REQUESTS {
            match book.take(backing, self.owner, self.request(book, len, spacious)) {
                Ok(Fresh::Lent(claim)) => return Ok(handed_out(claim)),
                Ok(Fresh::Free(fresh)) => {
                    obstacle = Obstacle::Short { backing: backing.name() };
                    if let Some(placed) = self.meet_from(book, fresh) {
                        return Ok(placed);
                    }
                }
                Err(reason) => {
                    obstacle = reason;
                    break;
                }
            }
        }
        // What is free may hold what is needed, though not what is preferred.
        self.meet(book, self.least).ok_or(obstacle)
    }

    /// What to ask the backing for, to have a claim of `len` bytes, or one that grows by what it likes, if there is space.
    fn request(&self, book: &Book, len: usize, spacious: bool) -> Request {
        let fit = self.fit_of(len);
        let grow = self.grow.as_ref().map(|&Grow { at, missing, liked }| {
            (at, Need { least: missing, liked: if spacious { liked } else { missing } })
        });
        Request::new(fit, self.fit, book.touching(grow, [&self.fit, &fit]))
    }
}

/// What a new claim's holder gets.
pub(super) fn handed_out(claim: NewClaim) -> Placed {
    Placed { payload: claim.at.hand_out(), zero_from: claim.zero_from }
}

/// What the holder of a claim that has grown gets. Of what was never used nothing is said.
fn has_grown(at: Entry) -> Placed {
    let payload = at.hand_out();
    Placed { payload, zero_from: payload.end() }
}
