//! Who lent what, and where it goes back to.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;
use std::vec::Vec;

use super::{Backing, Grant, Loan, Obstacle, Region, Request, Then};
use crate::layout::GRAIN;
use crate::ledger::Ledger;
use crate::span::Span;

/// Lends a piece of its own, once; then it has none.
struct Lender<'m, const LENDS: bool> {
    name: &'static str,
    piece: Option<NonNull<u8>>,
    len: usize,
    /// How often something came back.
    back: &'m Cell<usize>,
}

// SAFETY: the tests use it in one thread.
unsafe impl<const LENDS: bool> Send for Lender<'_, LENDS> {}

impl<'m, const LENDS: bool> Lender<'m, LENDS> {
    /// Over a piece of memory that is on the grain.
    fn new(name: &'static str, memory: &'m mut Vec<u8>, back: &'m Cell<usize>) -> Self {
        let room = memory.spare_capacity_mut();
        let skip = room.as_ptr().addr().wrapping_neg() % GRAIN;
        let len = (room.len() - skip) & !(GRAIN - 1);
        Lender { name, piece: NonNull::new(room[skip..].as_mut_ptr().cast()), len, back }
    }
}

// SAFETY: the piece is exclusively borrowed, goes out once, and comes back whole.
unsafe impl<const LENDS: bool> Backing for Lender<'_, LENDS> {
    const LENDS: bool = LENDS;

    fn name(&self) -> &'static str {
        self.name
    }

    fn claim(&mut self, _: &Request) -> Result<Grant, Obstacle> {
        let base = self.piece.take().ok_or(Obstacle::Exhausted { backing: self.name, left: 0 })?;
        // SAFETY: the piece is that long.
        Ok(Grant::loan(unsafe { Span::new(base, self.len) }))
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        assert!(self.piece.is_none(), "{} got what it has not lent", self.name);
        self.back.set(self.back.get() + 1);
        self.piece = Some(loan.span.base());
    }
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// Two backings in one; the first of them is full from the beginning.
macro_rules! behind {
    ($inner:expr; $($empty:ident)*) => {{
        let backing = $inner;
        $(let backing = Then::new(empty(stringify!($empty)), backing);)*
        backing
    }};
}

fn empty(_: &str) -> Region<'static> {
    // SAFETY: no bytes at all.
    unsafe { Region::from_raw(core::ptr::null_mut(), 0) }
}

/// Through sixteen of them, each of which adds a bit, a loan finds its way back. One more does not compile: see the suite's
/// `compile_fail`.
#[test]
fn h30_sixteen_backings_behind_one_another() {
    let (mut memory, back) = (Vec::with_capacity(4096), Cell::new(0));
    let lender = Lender::<true>::new("lender", &mut memory, &back);
    let ledger = Ledger::new(behind!(lender; a b c d e f g h i j k l m n o p));
    for turn in 1..4 {
        drop(ledger.claim("claim", layout(1000)).unwrap());
        assert_eq!(back.get(), turn);
    }
}

/// A backing that stands for another hides from the compiler how deep it is. What it lends goes back at once when its way gets too long.
#[test]
fn h30_a_way_that_is_too_long_is_refused() {
    struct Hidden<B>(B);
    // SAFETY: all is the inner one's.
    unsafe impl<B: Backing> Backing for Hidden<B> {
        const LENDS: bool = B::LENDS;

        fn name(&self) -> &'static str {
            "hidden"
        }

        fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
            self.0.claim(request)
        }

        unsafe fn give_back(&mut self, loan: Loan) {
            // SAFETY: the caller's promise.
            unsafe { self.0.give_back(loan) };
        }
    }
    let (mut memory, back) = (Vec::with_capacity(4096), Cell::new(0));
    let lender = Lender::<true>::new("lender", &mut memory, &back);
    let sixteen = behind!(lender; a b c d e f g h i j k l m n o p);
    let ledger = Ledger::new(behind!(Hidden(sixteen); q));
    for turn in 1..4 {
        let error = ledger.claim("claim", layout(1000)).expect_err("the way is too long");
        assert!(matches!(error.obstacle, Obstacle::Short { backing: "hidden" }), "{error}");
        // Asked twice, for what is liked and for what just does.
        assert!(back.get() >= turn, "it did not go back");
    }
    assert_eq!(ledger.snapshot().granted, 0);
}

/// An error names who made the grant, not who stands last.
#[test]
fn the_backing_that_fell_short_is_named() {
    let (mut memory, back) = (Vec::with_capacity(4096), Cell::new(0));
    let lender = Lender::<true>::new("lender", &mut memory, &back);
    let ledger = Ledger::new(Then::new(lender, empty("last")));
    let error = ledger.claim("claim", layout(10_000)).expect_err("there are 4096 bytes");
    assert!(matches!(error.obstacle, Obstacle::Short { backing: "lender" }), "{error}");
    assert!(back.get() > 0);
}

/// What is lent by a backing that says that it never lends is kept for good: nothing goes back that may be in use.
#[test]
fn what_is_lent_unsaid_stays() {
    let (mut memory, back) = (Vec::with_capacity(4096), Cell::new(0));
    let ledger = Ledger::new(Lender::<false>::new("lender", &mut memory, &back));
    let first = ledger.claim("first", layout(1000)).unwrap();
    let second = ledger.claim("second", layout(1000)).unwrap();
    drop(first);
    drop(second);
    assert_eq!((back.get(), ledger.snapshot().claimed), (0, 0));
    assert!(ledger.snapshot().free > 3000);
}

/// Where nothing is lent no way leads back, so none can be too long: as many as one likes lie behind one another.
#[test]
fn h30_what_stays_needs_no_way_back() {
    let mut memory = Vec::<u8>::with_capacity(4096);
    let inner = Then::new(empty("first"), Region::new(memory.spare_capacity_mut()));
    let ledger = Ledger::new(behind!(inner; a b c d e f g h i j k l m n o p q r));
    let claim = ledger.claim("claim", layout(1000));
    assert!(claim.is_ok(), "{:?}", claim.err());
}

/// The same where it stands beside one that does lend.
#[test]
fn what_is_lent_unsaid_stays_behind_another_too() {
    let [back, never] = [const { Cell::new(0) }; 2];
    let (mut memory, mut other) = (Vec::with_capacity(4096), Vec::with_capacity(4096));
    let lender = Lender::<true>::new("lender", &mut memory, &back);
    let ledger = Ledger::new(Then::new(Lender::<false>::new("stays", &mut other, &never), lender));
    let claim = |len| ledger.claim("claim", layout(len)).unwrap();
    drop([claim(1000), claim(1000), claim(3500)]);
    assert_eq!((back.get(), never.get(), ledger.snapshot().claimed), (1, 0, 0));
    assert!(ledger.snapshot().free > 3000);
}
