//! The memories that are kept apart: in which of them a span lies, and which bins it is in.

use super::super::part;
use super::*;

impl Book {
    /// All of them.
    pub(super) fn parts(&mut self) -> impl Iterator<Item = &mut Part> {
        // SAFETY: they are this book's, which is borrowed for as long.
        unsafe { part::each(self.parts) }
    }

    /// The part that a span lies in.
    #[inline(always)]
    pub(super) fn part_of(&mut self, at: Entry) -> Option<&mut Part> {
        self.parts().find(|part| part.holds(at))
    }

    /// The bins that a span is in, or would be.
    #[inline(always)]
    pub(super) fn bins_of(&mut self, at: Entry) -> &mut Bins {
        // SAFETY: they are this book's, which is borrowed for as long.
        match unsafe { part::each(self.parts) }.find(|part| part.holds(at)) {
            Some(part) => &mut part.bins,
            None => &mut self.bins,
        }
    }

    /// All bins in which a claim with this wish may be met, in their order.
    pub(super) fn bins_for(&mut self, wish: Wish) -> impl Iterator<Item = &mut Bins> {
        // SAFETY: they are this book's, which is borrowed for as long.
        let parts = unsafe { part::each(self.parts) }.filter(move |part| part.meets(wish)).map(|part| &mut part.bins);
        parts.chain((wish == Wish::Anywhere).then_some(&mut self.bins))
    }

    /// Whether there is a part for claims with this wish.
    pub fn knows(&mut self, wish: Wish) -> Option<&'static str> {
        self.parts().find(|part| part.meets(wish)).map(|part| part.name)
    }

    /// Whether a claim with this wish may be where this one is.
    pub fn suits(&mut self, at: Entry, wish: Wish) -> bool {
        wish == Wish::Anywhere || self.part_of(at).is_some_and(|part| part.meets(wish))
    }

    /// The name of the part that a span lies in.
    pub fn region_of(&mut self, at: Entry) -> Option<&'static str> {
        self.part_of(at).map(|part| part.name)
    }
}
