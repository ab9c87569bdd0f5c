//! Where free spans are: in the book's own bins, or in those of a memory that is kept apart.

use super::super::part::Part;
use super::*;
use crate::backing::{Grant, PartGrant};
use crate::error::Obstacle;

impl Book {
    /// The memories that are kept apart, if there are any.
    #[inline(always)]
    fn parts<'p>(&mut self) -> Option<&'p mut dyn Apart> {
        // SAFETY: they are this book's, which is borrowed for as long as this is used: it is private.
        self.parts.map(|parts| unsafe { &mut *parts.as_ptr() })
    }

    /// The bins that a span is in, or would be.
    #[inline(always)]
    pub(super) fn bins_of(&mut self, at: Entry) -> &mut Bins {
        match self.parts().and_then(|parts| parts.bins_of(at)) {
            Some(bins) => bins,
            None => &mut self.bins,
        }
    }

    /// [`Bins::find`] in all bins in which a claim with this wish may be met, in their order.
    #[inline]
    pub(super) fn find(&mut self, fit: Fit, len: usize, wish: Wish) -> Option<Entry> {
        let apart = self.parts().and_then(|parts| parts.find(fit, len, wish));
        if apart.is_some() || wish.is_some() {
            return apart;
        }
        self.bins.find(fit, len)
    }

    /// Length of the longest free span for claims with this wish. See [`Bins::longest`].
    pub fn longest(&mut self, wish: Wish) -> usize {
        let apart = self.parts().map_or(0, |parts| parts.longest(wish));
        if wish.is_some() { apart } else { apart.max(self.bins.longest()) }
    }

    /// Whether there is a part for claims with this wish.
    pub fn knows(&mut self, wish: Wish) -> Option<&'static str> {
        self.parts()?.knows(wish)
    }

    /// Whether a claim with this wish may be where this one is.
    pub fn suits(&mut self, at: Entry, wish: Wish) -> bool {
        wish.is_none() || self.parts().is_some_and(|parts| parts.suits(at, wish))
    }

    /// The name of the part that a span lies in.
    pub fn region_of(&mut self, at: Entry) -> Option<&'static str> {
        self.parts()?.name_of(at)
    }

    /// Writes down a memory that is to be kept apart: its record is a claim under its name, the rest is free.
    pub fn add_part(&mut self, backing: &'static str, new: &PartGrant) -> Result<(), Obstacle> {
        let free = self.add(backing, &Grant::island(new.span()))?;
        let (start, end) = (free.addr(), free.end());
        let len = Fit::PLAIN.len_for(size_of::<Part>());
        // It has been found long enough for that.
        let at = self.carve(new.name(), Some(free), &Fit::PLAIN, len, 0, None).ok_or(Obstacle::Short { backing })?;
        let record = at.payload().base().cast::<Part>();
        // SAFETY: the payload of a claim that is never given back, on the grain, and long enough.
        unsafe { record.write(Part::new(new, start, end)) };
        if let Some(rest) = at.after() {
            self.bins.remove(rest);
            // SAFETY: it was just written, and nobody else has it yet.
            unsafe { &mut *record.as_ptr() }.put_in(rest);
        }
        match self.parts() {
            Some(parts) => parts.append(record),
            None => self.parts = Some(record),
        }
        Ok(())
    }

    /// All free spans.
    #[cfg(test)]
    pub(super) fn free(&mut self) -> std::vec::Vec<Entry> {
        let mut all = self.parts().map_or_else(std::vec::Vec::new, |parts| parts.free());
        all.extend(self.bins.all());
        all
    }
}
