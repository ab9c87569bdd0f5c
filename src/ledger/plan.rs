//! How a want is met: from which memory, in which order, with how much.

use super::Want;
use super::book::{Book, Fresh};
use super::header::Entry;
use super::part::Wish;
use crate::backing::{Backing, Need, Request};
use crate::error::Obstacle;
use crate::layout::{Fit, GRAIN, MAX_SPAN, USUAL_PAGE, on_grain};

/// Free spans of so many bytes are always used before memory grows.
const FAIR: usize = 4096;

/// The part of all that is claimed, but for loans, by which memory grows at least when asked to grow ahead.
const AHEAD: usize = 64;

/// A claim that grows to so many bytes is worth a place of its own. (From 256 KiB on, compiled regular expressions took more memory.)
const APART: usize = 1 << 20;

/// So often the backing is asked for the same.
const REQUESTS: usize = 4;

/// How a want is to be met.
pub(super) struct Plan {
    /// Who asks.
    pub owner: &'static str,
    fit: Fit,
    /// Bytes that the claim needs, and would like to have: on the grain.
    least: usize,
    prefer: usize,
    /// A claim that would rather grow, by so many bytes; on the grain too.
    grow: Option<Entry>,
    more: Need,
    /// As [`Want::block`] says.
    block: bool,
}

impl Plan {
    /// The plan for a want.
    ///
    /// # Safety
    ///
    /// The caller owes: the payload in `want.grow` is one of this ledger's that it holds.
    #[inline]
    pub unsafe fn new(owner: &'static str, want: &Want) -> Plan {
        let fit = Fit { head: GRAIN + want.prefix, align: want.align };
        let least = fit.len_for(want.size);
        let prefer = on_grain(want.prefer.min(MAX_SPAN)).max(least);
        // SAFETY: the caller's promise.
        let grow = want.grow.map(|payload| unsafe { Entry::of_payload(payload) });
        // What is as long as the longest span can't be had by anything that grows.
        let missing = on_grain(want.missing.min(MAX_SPAN));
        let liked = missing.max(want.liked.min(MAX_SPAN) & !(GRAIN - 1));
        Plan { owner, fit, least, prefer, grow, more: Need { least: missing, liked }, block: want.block }
    }

    /// Whether there can be a span that meets the want.
    #[inline]
    pub fn is_possible(&self) -> bool {
        self.least <= MAX_SPAN
    }

    /// Meets the want from free memory, or what is known to be free, with a claim of at least `len` bytes, up to what is preferred: the claim, or
    /// the one that has grown.
    #[inline(never)]
    fn meet(&self, book: &mut Book, known: Option<Entry>, len: usize, wish: Wish) -> Option<Entry> {
        if let Some(at) = self.grow
            && book.suits(at, wish)
            && book.extend(at, self.more.least, self.more.liked)
        {
            return Some(at);
        }
        book.carve(self.owner, known, &self.fit, len.max(self.least), self.prefer, wish)
    }

    /// Meets the want from what is set aside, if that is as long as is preferred; or, once that has ended, from free memory: from a span that has
    /// the room preferred, else from one that has a fair part of it. Smaller ones are left until no more is to be had: an arena that goes
    /// through crumbs in each turn of a hot loop is a slow one.
    #[inline]
    pub fn meet_fairly(&self, book: &mut Book, wish: Wish) -> Option<Entry> {
        if self.grow.is_none()
            && self.fit.align <= GRAIN
            && let Some(at) = book.take_aside(self.owner, self.prefer)
        {
            return Some(at);
        }
        book.settle();
        let placed = self.meet(book, None, self.prefer, wish);
        if placed.is_some() || self.prefer <= self.least {
            return placed;
        }
        self.meet(book, None, FAIR.min(self.prefer / 4), wish)
    }

    /// Meets the want with fresh memory, as free memory could not: with as much as is preferred, and a part of all that is claimed more if
    /// memory is to grow `ahead`; where that is refused, with as much as is needed. If that can't be had either, it says `why`.
    pub fn meet_fresh<B: Backing>(
        &self,
        book: &mut Book,
        backing: &mut B,
        ahead: bool,
        wish: Wish,
        why: &mut Obstacle,
    ) -> Option<Entry> {
        if B::PARTS {
            match self.meet_from_parts(book, backing, wish) {
                Ok(None) => {}
                Ok(placed) => return placed,
                Err(obstacle) => {
                    *why = obstacle;
                    return None;
                }
            }
            if let Some(region) = wish {
                *why = match book.knows(wish) {
                    None => Obstacle::Unknown { region },
                    Some(backing) => Obstacle::Exhausted { backing, left: self.fit.room_in(book.longest(wish)) },
                };
                return None;
            }
        }
        // What lies behind all else may have been looked over, among many that lie wrong. What is asked for next would only make it longer, by a page
        // for each such claim.
        if let Some(last) = book.last_free() {
            let placed = self.meet(book, Some(last), self.prefer, None);
            if placed.is_some() {
                return placed;
            }
        }
        // Not a part of what is lent for one claim each: what such a one has more is nobody's, and the next would have a part of that too.
        let ahead = if ahead { book.claimed_without_loans::<B>() / AHEAD } else { 0 };
        // No sum of the two wraps: the one is a span's length at most, the other a small part of the address space.
        let mut len = on_grain((self.prefer + ahead).min(MAX_SPAN));
        let mut more = self.more;
        loop {
            let placed = self.meet_fresh_with(book, backing, len, more, why);
            if placed.is_some() {
                return placed;
            }
            if len == self.least && more.liked == more.least {
                break;
            }
            (len, more.liked) = (self.least, more.least);
        }
        // What the backing has given already counts as well; what headers and alignment would take of it does not.
        if B::ENDS
            && let Obstacle::Exhausted { left, .. } = why
        {
            *left = self.fit.room_in((*left).max(book.longest(wish)));
        }
        None
    }

    /// Whether it is a large claim's that grows, and would be copied. Such a one goes [apart](Plan::meet_apart) if it must move.
    pub fn is_apart(&self, want: &Want) -> bool {
        self.least >= APART && want.grow.is_some() && self.block
    }

    /// Has the claim grow where it is, or be where memory can grow behind it: in free memory, else in fresh. What is left behind it are whole
    /// pages, counted from where they end (a host may give memory that begins at any address), so nothing short comes to lie right behind it, and it
    /// can go on growing.
    pub fn meet_apart<B: Backing>(&self, book: &mut Book, backing: &mut B, why: &mut Obstacle) -> Option<Entry> {
        let (at, missing) = (self.grow?, self.more.least);
        let free = self.extend_to_page(book).or_else(|| self.carve_to_page(book, book.find_apart(self.least)?));
        if free.is_some() {
            return free;
        }
        let need = |bytes| Need { least: bytes, liked: bytes };
        let touching = book.touching_apart(at, need(missing), &self.fit, need(self.least));
        let request = Request::new(self.fit, need(self.least), touching);
        let Fresh::Free(fresh) = book.take(backing, B::claim_apart, self.owner, request, self.block, why)? else {
            return None;
        };
        self.extend_to_page(book).or_else(|| self.carve_to_page(book, fresh))
    }

    /// Not into a hole among others, unless the claim is large already: it would be copied where the hole ends, when it is longer.
    fn extend_to_page(&self, book: &mut Book) -> Option<Entry> {
        let (at, missing) = (self.grow?, self.more.least);
        let free = at.free_after()?;
        if at.len.get() < APART && !free.is_last() {
            return None;
        }
        let rest = free.len.get().checked_sub(missing)?;
        book.extend(at, missing, missing + rest % USUAL_PAGE).then_some(at)
    }

    fn carve_to_page(&self, book: &mut Book, room: Entry) -> Option<Entry> {
        let rest = room.len.get().checked_sub(self.fit.from(room.addr(), self.least))?;
        book.carve(self.owner, Some(room), &self.fit, self.least, self.least + rest % USUAL_PAGE, None)
    }

    /// Meets the want in the memories that are kept apart, of which those that the backing still has go to the book first.
    fn meet_from_parts<B: Backing>(
        &self,
        book: &mut Book,
        backing: &mut B,
        wish: Wish,
    ) -> Result<Option<Entry>, Obstacle> {
        while let Some(part) = backing.part()? {
            book.add_part(backing.name(), &part)?;
        }
        Ok(self.meet(book, None, self.prefer, wish).or_else(|| self.meet(book, None, self.least, wish)))
    }

    /// Meets the want with what the backing gives that is asked for a claim of `len` bytes, or for one that grows by so many `more`; or from free
    /// memory that has what is needed, though not what is preferred.
    #[inline(always)] // one caller
    fn meet_fresh_with<B: Backing>(
        &self,
        book: &mut Book,
        backing: &mut B,
        len: usize,
        more: Need,
        why: &mut Obstacle,
    ) -> Option<Entry> {
        let len = Need { least: self.least, liked: len };
        for _ in 0..REQUESTS {
            let touching = book.touching(self.grow, more, &self.fit, len);
            let request = Request::new(self.fit, len, touching);
            let fresh = match book.take(backing, B::claim, self.owner, request, self.block, why) {
                Some(Fresh::Lent(claim)) => return Some(claim),
                Some(Fresh::Free(fresh)) => fresh,
                None => break,
            };
            let placed = self.meet(book, Some(fresh), self.least, None);
            if placed.is_some() {
                return placed;
            }
            *why = Obstacle::Short { backing: backing.name() };
            // More than once only if the backing gave less than asked, as `memory.grow` may beside other threads.
            if !B::FALLS_SHORT {
                break;
            }
        }
        self.meet(book, None, self.least, None)
    }
}
