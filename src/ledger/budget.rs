//! A part of a ledger's memory for a part of the program, and no more than that.

use super::{Ledger, Within};
use crate::backing::{Backing, Budget};
use crate::sharing::{Kind, Shareable};

impl<'l, L: Shareable> Ledger<Budget<Within<'l, L>>, L> {
    /// A ledger on memory of `below`, of which it holds no more than so many bytes at once. What goes beyond is refused, with an
    /// [`Obstacle`](crate::Obstacle) that names the budget and its numbers.
    ///
    /// Arenas, typed arenas, pools and heaps stand on it as on any ledger, one or many, and share the budget. The map of `below` shows what all of
    /// them hold as the budget's, under its name; its own map shows who has what. What was taken at once goes back to `below`,
    /// and can be had by others, when nobody on it claims any of that: a small claim that lasts, as a heap's own, keeps all that it was cut from.
    ///
    /// ```
    /// use freehold::{Alloc, Arena, Budget, Ledger, Pool, Within, ledger};
    ///
    /// static PARSER: Ledger<Budget<Within>> = Ledger::budget(ledger(), "parser", 1_000_000);
    ///
    /// let texts = Arena::new_in(&PARSER, "texts");
    /// let nodes = Pool::new_in(&PARSER, "nodes");
    /// let root = nodes.alloc([0_u32; 4]);
    /// texts.alloc_slice_fill(900_000, 0_u8);
    /// let error = texts.try_alloc_slice_fill(200_000, 0_u8).unwrap_err();
    /// assert!(error.to_string().starts_with(
    ///     "`texts` asked for 200000 bytes aligned to 1: the budget `parser` of 1000000 bytes has 9"
    /// ));
    /// assert!(Arena::new().try_alloc_slice_fill(200_000, 0_u8).is_ok()); // others have memory still
    /// # drop(root);
    /// ```
    ///
    /// Both ledgers' headers are there, and count: a [grain](crate::backing::GRAIN) for each claim more. Chunks grow in place only within what was taken
    /// at once. A forked child that goes on allocating wants a heap on `below` too, as only heaps have their own ledger's lock held at a fork.
    pub const fn budget<B: Backing>(below: &'l Ledger<B, L>, name: &'static str, bytes: usize) -> Self {
        Ledger::over(Budget::new(name, bytes, Within::anywhere(below, name)))
    }
}

impl<B: Backing, L: Kind> Ledger<Budget<B>, L> {
    /// How many bytes it may hold.
    pub fn limit(&self) -> usize {
        self.with(|_, backing| backing.bytes())
    }

    /// Changes how many bytes it may hold. What is held stays, also if it is more: then each request is refused that needs fresh memory.
    ///
    /// A program can keep some of a budget back so, and let go of it when the rest is used up:
    ///
    /// ```
    /// use freehold::{Alloc, Arena, Ledger, ledger};
    ///
    /// let parser = Ledger::budget(ledger(), "parser", 100_000);
    /// let arena = Arena::new_in(&parser, "texts");
    /// while arena.try_alloc([0_u8; 1000]).is_ok() {}
    /// parser.set_limit(parser.limit() + 10_000); // enough to end well
    /// assert!(arena.try_alloc([0_u8; 1000]).is_ok());
    /// ```
    pub fn set_limit(&self, bytes: usize) {
        self.with(|_, backing| backing.set_bytes(bytes));
    }
}
