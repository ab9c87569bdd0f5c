//! Spans borrowed from another allocator.

use core::alloc::Layout;

use allocator_api2::alloc::Allocator;

use super::{Backing, Grant, Loan, Request};
use crate::error::Obstacle;
use crate::layout::GRAIN;
use crate::span::Span;

/// Take it for many arenas that are much smaller than a page: 10,000 arenas of 200 bytes cost 10,000 small blocks.
///
/// Memory is borrowed from any [`Allocator`], Rust's global one included: a block for each claim, of the claim's own size, and
/// given back when the claim ends.
///
/// Until then the claim has all of it, also if it is to be shorter, as a large block of a [`Heap`](crate::Heap)'s that shrinks: an allocator takes a block back as
/// it gave it, and would have to wait for whoever had the rest. What is to last and be short is better allocated anew.
///
/// The allocator runs while the ledger is locked. So it must use neither that ledger nor a heap on it: it would wait for itself. If it
/// panics, the program is aborted.
///
/// ```
/// use allocator_api2::alloc::Global;
/// use freehold::backing::Over;
/// use freehold::{Alloc, Arena, Ledger};
///
/// let ledger = Ledger::new(Over::new(Global));
/// let mut arena = Arena::new_in(&ledger, "names");
/// arena.alloc_str("a block of std's heap");
/// drop(arena); // goes back to it
/// assert_eq!(ledger.snapshot().granted, 0);
/// ```
#[derive(Debug, Default)]
pub struct Over<A> {
    allocator: A,
}

impl<A> Over<A> {
    /// Borrows from `allocator`.
    pub const fn new(allocator: A) -> Over<A> {
        Over { allocator }
    }
}

// SAFETY: an `Allocator`'s blocks are the caller's alone until they are deallocated, and stay valid while the allocator
// lives, which is as long as this backing; each is deallocated once, with the layout it was allocated with.
unsafe impl<A: Allocator + Send> Backing for Over<A> {
    const LENDS: bool = true;
    const ENDS: bool = false;

    fn name(&self) -> &'static str {
        "allocator"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        // A block is aligned to the grain, so nothing is lost at its ends.
        let len = request.lent().ok_or(Obstacle::TooLarge)?;
        let layout = Layout::from_size_align(len, GRAIN).map_err(|_| Obstacle::TooLarge)?;
        let refused = |_| Obstacle::Refused { backing: "allocator", asked: len, have: 0 };
        let block = unwinding_aborts(|| self.allocator.allocate(layout)).map_err(refused)?;
        // SAFETY: the allocator has just given at least `len` bytes at `block`, aligned to the grain.
        Ok(Grant::loan(unsafe { Span::new(block.cast(), len) }))
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        // SAFETY: the length and the grain were a layout when the block was allocated.
        let layout = unsafe { Layout::from_size_align_unchecked(loan.span.len(), GRAIN) };
        unwinding_aborts(|| {
            // SAFETY: the block came from this allocator with this layout, and is given back once (the caller's promise).
            unsafe { self.allocator.deallocate(loan.span.base(), layout) };
        });
    }
}

/// Runs what is the allocator's. A ledger, a pool or a heap may be locked, and no backing may unwind.
fn unwinding_aborts<R>(run: impl FnOnce() -> R) -> R {
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            // A panic while another is on its way ends the program.
            panic!(
                "the allocator that a ledger is `Over` panicked, while the ledger was locked: the program can't go on"
            );
        }
    }
    let guard = Guard;
    let result = run();
    core::mem::forget(guard);
    result
}
