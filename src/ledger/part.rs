//! The memories that a ledger keeps apart: each has free spans of its own, and a name.

use core::ptr::NonNull;

use super::bins::Bins;
use super::header::Entry;
use crate::backing::{self, PartGrant};
use crate::layout::{Fit, GRAIN};

/// Where a claim is to lie: in a memory of this name, or one that suits this purpose; or, with none, in the first that has room.
pub(crate) type Wish = Option<&'static str>;

/// What a ledger knows of a memory that it keeps apart: in a claim of its own at the start of that.
pub(super) struct Part {
    pub name: &'static str,
    suits: &'static [&'static str],
    /// The addresses of its spans.
    start: usize,
    end: usize,
    next: Option<NonNull<Part>>,
    /// Its free spans.
    pub bins: Bins,
}

const _: () = assert!(size_of::<Part>() + 2 * GRAIN <= backing::LEAST_PART);
const _: () = assert!(align_of::<Part>() <= GRAIN);

impl Part {
    pub const fn new(part: &PartGrant, start: usize, end: usize) -> Part {
        Part { name: part.name, suits: part.suits, start, end, next: None, bins: Bins::new() }
    }

    fn holds(&self, at: Entry) -> bool {
        (self.start..self.end).contains(&at.addr())
    }

    /// Whether a claim with this wish may lie here.
    fn meets(&self, wish: Wish) -> bool {
        wish.is_none_or(|name| self.name == name || self.suits.contains(&name))
    }

    /// Puts a free span of it into its bins.
    pub fn put_in(&mut self, at: Entry) {
        self.bins.insert(at);
    }

    /// This one and those after it.
    fn each<'p>(&'p mut self) -> impl Iterator<Item = &'p mut Part> {
        let mut next = Some(NonNull::from(self));
        core::iter::from_fn(move || {
            // SAFETY: they are parts of one book, which is borrowed for as long; each comes once.
            let part: &'p mut Part = unsafe { next?.as_mut() };
            next = part.next;
            Some(part)
        })
    }

    fn for_wish(&mut self, wish: Wish) -> impl Iterator<Item = &mut Bins> {
        self.each().filter(move |part| part.meets(wish)).map(|part| &mut part.bins)
    }
}

/// All memories that a book keeps apart, by the first of them: they lie in their memory, and lead to one another in the order that they came in.
pub(super) trait Apart {
    /// The bins that a span is in, or would be, if it lies in one of them.
    fn bins_of(&mut self, at: Entry) -> Option<&mut Bins>;

    /// [`Bins::find`] in those in which a claim with this wish may be met.
    fn find(&mut self, fit: Fit, len: usize, wish: Wish) -> Option<Entry>;

    /// [`Bins::longest`] in those in which a claim with this wish may be met.
    fn longest(&mut self, wish: Wish) -> usize;

    /// The name of the first for claims with this wish.
    fn knows(&mut self, wish: Wish) -> Option<&'static str>;

    /// Whether a claim with this wish may be where this one is.
    fn suits(&mut self, at: Entry, wish: Wish) -> bool;

    /// The name of the one that a span lies in.
    fn name_of(&mut self, at: Entry) -> Option<&'static str>;

    /// Puts one more behind the last.
    fn append(&mut self, part: NonNull<Part>);

    /// All free spans.
    #[cfg(test)]
    fn free(&mut self) -> std::vec::Vec<Entry>;
}

impl Apart for Part {
    fn bins_of(&mut self, at: Entry) -> Option<&mut Bins> {
        self.each().find(|part| part.holds(at)).map(|part| &mut part.bins)
    }

    fn find(&mut self, fit: Fit, len: usize, wish: Wish) -> Option<Entry> {
        self.for_wish(wish).find_map(|bins| bins.find(fit, len))
    }

    fn longest(&mut self, wish: Wish) -> usize {
        self.for_wish(wish).map(|bins| bins.longest()).max().unwrap_or(0)
    }

    fn knows(&mut self, wish: Wish) -> Option<&'static str> {
        self.each().find(|part| part.meets(wish)).map(|part| part.name)
    }

    fn suits(&mut self, at: Entry, wish: Wish) -> bool {
        self.each().any(|part| part.holds(at) && part.meets(wish))
    }

    fn name_of(&mut self, at: Entry) -> Option<&'static str> {
        self.each().find(|part| part.holds(at)).map(|part| part.name)
    }

    fn append(&mut self, new: NonNull<Part>) {
        self.each().last().into_iter().for_each(|last| last.next = Some(new));
    }

    #[cfg(test)]
    fn free(&mut self) -> std::vec::Vec<Entry> {
        self.each().flat_map(|part| part.bins.all().collect::<std::vec::Vec<_>>()).collect()
    }
}
