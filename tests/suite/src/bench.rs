//! What every test of the conformance suite gets.

use freehold::backing::Backing;
use freehold::{AllocError, Ledger};

/// A ledger, and what can be expected of its backing.
pub struct Bench<'l, B> {
    /// Nothing is claimed in it.
    pub ledger: &'l Ledger<B>,
    /// Whether it has room for everything that is asked here.
    pub roomy: bool,
}

impl<B: Backing> Bench<'_, B> {
    /// The result, if there is room; where there must be, there is.
    pub fn may_fail<T>(&self, owner: &str, size: usize, align: usize, result: Result<T, AllocError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                assert!(!self.roomy, "{error}");
                assert_eq!((error.owner, error.size, error.align), (owner, size, align));
                None
            }
        }
    }
}
