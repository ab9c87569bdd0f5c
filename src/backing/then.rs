//! One backing, and another when it is used up.

use super::{Backing, Grant, Loan, Request};
use crate::error::Obstacle;

/// First `A`; what `A` refuses, `B` is asked for: a buffer on the stack, then pages.
///
/// A request that fails names what stood in `B`'s way.
#[derive(Debug, Default)]
pub struct Then<A, B> {
    first: A,
    second: B,
}

impl<A, B> Then<A, B> {
    /// `first`, then `second`. Nest them for more: at most 16 deep where loans are involved.
    pub const fn new(first: A, second: B) -> Then<A, B> {
        Then { first, second }
    }
}

// SAFETY: every grant is one of `first`'s or of `second`'s, who keep the contract each; a linear grant of the one touches
// one of the other only inside the same linear memory. Loans go back the way they came, by the lowest bit of the route.
unsafe impl<A: Backing, B: Backing> Backing for Then<A, B> {
    const LENDS: bool = A::LENDS || B::LENDS;

    fn name(&self) -> &'static str {
        self.second.name()
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let (grant, second) = match self.first.claim(request) {
            Ok(grant) => (grant, 0),
            Err(_) => (self.second.claim(request)?, 1),
        };
        Ok(Grant { route: grant.route << 1 | second, ..grant })
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        let back = Loan { route: loan.route >> 1, ..loan };
        if loan.route & 1 == 0 {
            // SAFETY: the caller's promise, and the route says that the loan was the first's.
            unsafe { self.first.give_back(back) }
        } else {
            // SAFETY: the caller's promise, and the route says that the loan was the second's.
            unsafe { self.second.give_back(back) }
        }
    }
}
