//! Bare metal has no memory of its own accord: who asks for it is told what to make instead.

use crate::arena::{Arena, TypedArena};
use crate::heap::Heap;
use crate::pool::Pool;
use crate::sharing::Shareable;

/// What nothing on bare metal has: a ledger that is there without being made.
#[diagnostic::on_unimplemented(
    message = "on bare metal freehold has no memory until it is given some",
    label = "needs memory that is named",
    note = "make a ledger, `static LEDGER: Ledger<Region> = Ledger::new(…)`, and then `Heap::new_in(&LEDGER, \"heap\")`, `Arena::new_in(&LEDGER, \"frames\")`",
    note = "or take `BoundedHeap::empty()` and `lend` it a region, or an arena or a pool `alone` on a `Plot`"
)]
pub trait OfItsOwn {}

/// On bare metal there is none to be had so: `new_in` takes a ledger, `alone` a region.
impl<'l> Arena<'l> {
    #[doc(hidden)]
    pub fn new() -> Arena<'l>
    where
        Arena<'l>: OfItsOwn,
    {
        unreachable!()
    }
}

impl<'l, T> TypedArena<'l, T> {
    #[doc(hidden)]
    pub fn new() -> TypedArena<'l, T>
    where
        TypedArena<'l, T>: OfItsOwn,
    {
        unreachable!()
    }
}

impl<'l, T> Pool<'l, T> {
    #[doc(hidden)]
    pub fn new() -> Pool<'l, T>
    where
        Pool<'l, T>: OfItsOwn,
    {
        unreachable!()
    }
}

impl<L: Shareable> Heap<L> {
    #[doc(hidden)]
    pub const fn new() -> Heap<L>
    where
        Heap<L>: OfItsOwn,
    {
        unreachable!()
    }
}
