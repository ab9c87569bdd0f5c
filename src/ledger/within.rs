//! A ledger's memory for another ledger, with a word on where it is to lie.

use core::marker::PhantomData;

use super::spans::SpansIn;
use super::{Ledger, Placed, Want};
use crate::backing::{Backing, Grant, Loan, Request};
use crate::error::Obstacle;
use crate::layout::GRAIN;
use crate::sharing::{Needed, Shareable};

/// A backing that takes from another ledger, and says where its memory must lie, or would rather: for arenas, pools and heaps in one of several
/// [`Regions`](crate::Regions). With a limit and no such word it is what is in a [budget](Ledger::budget).
///
/// [`Ledger::within`] and [`Ledger::rather_within`] make a ledger over it, a `static` where that is needed, and everything on that ledger has the
/// wish. Both ledgers are shared in the same way: if one of them can't be used in an interrupt, neither can the other. Where
/// nothing can be shared there is none. What it takes it gives back when nothing of it
/// is claimed any more. The map of the ledger below shows it under the name given here, its own map shows who has what.
///
/// Chunks grow in place only within what was taken at once, and the two ledgers' headers are both there. It waits for the lock of the ledger
/// below while its own is locked, and never the other way round.
pub struct Within<'l, L = Needed> {
    below: &'l dyn SpansIn,
    /// Where it must lie, or would rather; with none, anywhere.
    region: Option<&'static str>,
    /// Set iff it may lie elsewhere where there is no room.
    rather: bool,
    owner: &'static str,
    kind: PhantomData<fn() -> L>,
}

// SAFETY: the ledger below is one that any thread may use.
unsafe impl<L: Shareable> Send for Within<'_, L> {}

impl<'l, L: Shareable> Ledger<Within<'l, L>, L> {
    /// A ledger on memory of `below` that has this name, or suits this purpose, and on no other: a claim is refused if there is none of it left.
    /// `owner` is the name under which the map of `below` shows it.
    pub const fn within<B: Backing>(below: &'l Ledger<B, L>, region: &'static str, owner: &'static str) -> Self {
        Ledger::over(Within { below, region: Some(region), rather: false, owner, kind: PhantomData })
    }

    /// The same as long as there is any, then on whatever else `below` has.
    pub const fn rather_within<B: Backing>(below: &'l Ledger<B, L>, region: &'static str, owner: &'static str) -> Self {
        Ledger::over(Within { below, region: Some(region), rather: true, owner, kind: PhantomData })
    }
}

impl<'l, L: Shareable> Within<'l, L> {
    /// Memory of `below`, wherever it lies.
    pub(super) const fn anywhere<B: Backing>(below: &'l Ledger<B, L>, owner: &'static str) -> Within<'l, L> {
        Within { below, region: None, rather: false, owner, kind: PhantomData }
    }
}

// SAFETY: a claim of the ledger below is this backing's alone until it gives it back, as the ledger above does once nothing of it is in use.
// Nothing here unwinds, and the ledger above is another one, which the one below doesn't know.
unsafe impl<L: Shareable> Backing for Within<'_, L> {
    const LENDS: bool = true;
    const COMES_BACK: bool = false;
    // The header of the ledger below.
    const BESIDE: usize = GRAIN;

    fn name(&self) -> &'static str {
        self.owner
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let need = request.anywhere()?;
        // One question, so that a memory that has what is needed, though not what is liked, is not passed over. The header is the ledger's below.
        let want = Want { prefer: need.liked.saturating_add(GRAIN), ..Want::of(need.least, GRAIN) };
        // SAFETY: no claim is to grow.
        let anywhere = || unsafe { self.below.place(self.owner, &want) };
        let Some(region) = self.region else { return anywhere().map(lot) };
        // SAFETY: as above.
        match unsafe { self.below.place_in(region, self.owner, &want) } {
            Err(Obstacle::Exhausted { .. }) if self.rather => anywhere(),
            placed => placed,
        }
        .map(lot)
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        // SAFETY: the payload of a claim that was made above, whole, which nobody uses any more.
        unsafe { self.below.give_back(loan.span.base()) };
    }
}

/// A claim of the ledger below, for many of the one above.
fn lot(Placed { payload, .. }: Placed) -> Grant {
    Grant::lot(payload)
}
