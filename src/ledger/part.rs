//! The memories that a ledger keeps apart: each has free spans of its own, and a name.

use core::ptr::NonNull;

use super::bins::Bins;
use super::header::Entry;
use crate::backing::{self, PartGrant};
use crate::layout::GRAIN;

/// Where a claim is to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// In the first memory that has room.
    Anywhere,
    /// In one of this name, or one that suits this purpose.
    Only(&'static str),
    /// The same, as long as there is room.
    Rather(&'static str),
}

/// What a ledger knows of a memory that it keeps apart: in a claim of its own at the start of that.
pub(super) struct Part {
    pub name: &'static str,
    suits: &'static [&'static str],
    /// The addresses of its spans.
    start: usize,
    end: usize,
    pub next: Option<NonNull<Part>>,
    /// Its free spans.
    pub bins: Bins,
}

const _: () = assert!(size_of::<Part>() + 2 * GRAIN <= backing::LEAST_PART);
const _: () = assert!(align_of::<Part>() <= GRAIN);

impl Part {
    pub const fn new(part: &PartGrant, start: usize, end: usize) -> Part {
        Part { name: part.name, suits: part.suits, start, end, next: None, bins: Bins::new() }
    }

    #[inline(always)]
    pub fn holds(&self, at: Entry) -> bool {
        (self.start..self.end).contains(&at.addr())
    }

    /// Whether a claim with this wish may lie here.
    pub fn meets(&self, wish: Wish) -> bool {
        match wish {
            Wish::Anywhere => true,
            Wish::Only(name) | Wish::Rather(name) => self.name == name || self.suits.contains(&name),
        }
    }
}

/// The parts from this one on.
///
/// # Safety
///
/// The caller owes: they are parts of its book, and nobody else uses their bins meanwhile.
pub(super) unsafe fn each<'b>(mut next: Option<NonNull<Part>>) -> impl Iterator<Item = &'b mut Part> {
    core::iter::from_fn(move || {
        // SAFETY: the caller's promise; each comes once.
        let part = unsafe { next?.as_mut() };
        next = part.next;
        Some(part)
    })
}
