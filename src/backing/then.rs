//! One backing, and another when it is used up.

use super::{Backing, Grant, Loan, Origin, PartGrant, Request};
use crate::error::Obstacle;

/// Take it where a first piece of memory usually does, and more must be had if not: first `A`, and what `A` refuses `B` is asked for. A buffer
/// on the stack, then pages.
///
/// A request that fails names what stood in `B`'s way.
///
/// ```
/// use core::mem::MaybeUninit;
/// use freehold::backing::Then;
/// use freehold::{Alloc, Arena, DefaultBacking, Ledger, Region};
///
/// let mut buffer = [MaybeUninit::uninit(); 4096];
/// let here = buffer.as_ptr().addr()..buffer.as_ptr().addr() + buffer.len();
/// let ledger = Ledger::new(Then::new(Region::new(&mut buffer), DefaultBacking::new()));
/// let arena = Arena::new_in(&ledger, "most are small");
/// assert!(here.contains(&arena.alloc_str("in the buffer").as_ptr().addr()));
/// assert!(!here.contains(&arena.alloc_slice_fill(9000, 0_u8).as_ptr().addr())); // on pages
/// ```
#[derive(Debug, Default)]
pub struct Then<A, B> {
    first: A,
    second: B,
}

impl<A, B> Then<A, B> {
    /// `first`, then `second`. Nest them for more: at most 16 one in another where loans are involved, or a ledger
    /// over them does not compile.
    pub const fn new(first: A, second: B) -> Then<A, B> {
        Then { first, second }
    }
}

/// So many ways may lie one behind the other on a loan's way back: the bits of its route.
pub(crate) const DEEPEST: u32 = u16::BITS;

// SAFETY: every grant is one of `first`'s or of `second`'s, who keep the contract each; a linear grant of the one touches
// one of the other only inside the same linear memory. Loans go back the way they came, by the lowest bit of the route, of which no
// bit is ever lost. (What stays needs none.)
unsafe impl<A: Backing, B: Backing> Backing for Then<A, B> {
    const LENDS: bool = A::LENDS || B::LENDS;
    const COMES_BACK: bool = A::COMES_BACK || B::COMES_BACK;
    // What the first one says is not heard.
    const ENDS: bool = B::ENDS;
    const WHOLE: bool = A::WHOLE || B::WHOLE;
    const PARTS: bool = A::PARTS || B::PARTS;
    const DEPTH: u32 = if !Self::LENDS {
        0
    } else if A::DEPTH > B::DEPTH {
        A::DEPTH + 1
    } else {
        B::DEPTH + 1
    };

    fn name(&self) -> &'static str {
        self.second.name()
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let (grant, way) = match self.first.claim(request) {
            Ok(grant) => (grant.made_by::<A>(), FIRST),
            Err(_) => (self.second.claim(request)?.made_by::<B>(), SECOND),
        };
        let name = if way == FIRST { self.first.name() } else { self.second.name() };
        if matches!(grant.origin, Origin::Loan | Origin::Lot) && grant.route.leading_zeros() == 0 {
            // Only where backings that wrap others hide how deep they are from the compiler.
            // SAFETY: the loan was just made, and nobody has used it.
            unsafe { self.send_back(way, Loan { span: grant.span, route: grant.route }) };
            return Err(Obstacle::Short { backing: name });
        }
        Ok(Grant { route: grant.route << 1 | way, maker: grant.maker.or(Some(name)), ..grant })
    }

    fn part(&mut self) -> Result<Option<PartGrant>, Obstacle> {
        match self.first.part()? {
            None => self.second.part(),
            part => Ok(part),
        }
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        let back = Loan { route: loan.route >> 1, ..loan };
        // SAFETY: the caller's promise, and the route says whose the loan was.
        unsafe { self.send_back(loan.route & 1, back) };
    }
}

/// The bit that a [`Then`] adds to a route.
const FIRST: u16 = 0;
const SECOND: u16 = 1;

impl<A: Backing, B: Backing> Then<A, B> {
    /// # Safety
    ///
    /// The caller owes: the loan came from the backing that lies this way, was not given back before, and nobody uses it any more.
    unsafe fn send_back(&mut self, way: u16, loan: Loan) {
        if way == FIRST {
            // SAFETY: the caller's promise.
            unsafe { self.first.give_back(loan) }
        } else {
            // SAFETY: the caller's promise.
            unsafe { self.second.give_back(loan) }
        }
    }
}
