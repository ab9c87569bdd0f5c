//! Memory of libc's heap.

use super::{Backing, Grant, Loan, Request};
use crate::error::Obstacle;
use crate::layout::{GRAIN, USUAL_PAGE};
use crate::platform;
use crate::span::Span;

/// Take it where memory should come from libc and go back to it.
///
/// libc's heap, by its own protocol: blocks of `posix_memalign`, a page ([`USUAL_PAGE`]) long or as long as what is asked for, each given
/// back with `free` when nothing in it is claimed any more.
///
/// Where a libc is linked: Emscripten, where it is the only source of memory there is, and the default; WASI; unix. Which
/// `malloc` libc has makes no difference.
///
/// A block costs what libc's own header takes, and its alignment to a [`GRAIN`]. A claim that is aligned to more than that takes a block
/// longer by as much; what remains of it is free memory of the ledger's. Claims in different blocks don't merge, so an arena grows
/// in place inside a block only. A program that claims and frees the only span of a block, over and over, calls libc each time.
///
/// Memory that was free goes back to libc as it is, with what was written there.
///
/// ```
/// use freehold::{Alloc, Arena, Ledger, Libc};
///
/// static LEDGER: Ledger<Libc> = Ledger::new(Libc::new());
///
/// let arena = Arena::new_in(&LEDGER, "texts");
/// assert_eq!(arena.alloc_str("in a block of malloc's"), "in a block of malloc's");
/// drop(arena); // and `free` has it
/// assert_eq!(LEDGER.snapshot().granted, 0);
/// ```
#[derive(Debug, Default)]
pub struct Libc(());

impl Libc {
    /// The backing. It takes nothing before it is asked.
    pub const fn new() -> Libc {
        Libc(())
    }
}

// SAFETY: a block of libc's is the caller's alone until it is freed, and stays where it is; each is freed once (the caller's promise),
// whole, by the address it had.
unsafe impl Backing for Libc {
    const LENDS: bool = true;
    const COMES_BACK: bool = false;
    const ENDS: bool = false;

    fn name(&self) -> &'static str {
        "libc"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        // A block is aligned to the grain, so nothing is lost at its ends.
        let least = request.lent().ok_or(Obstacle::TooLarge)?;
        let block = |len: usize| Some((platform::lend(GRAIN, len)?, len));
        let (base, len) = block(least.max(USUAL_PAGE)).or_else(|| block(least)).ok_or_else(|| Obstacle::Refused {
            backing: self.name(),
            asked: least,
            have: platform::memory_size(),
        })?;
        // SAFETY: libc has just given so many bytes to this call.
        Ok(Grant::lot(unsafe { Span::new(base, len) }))
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        // SAFETY: the block came from libc, and nobody uses it any more (the caller's promise).
        unsafe { platform::take_back(loan.span.base()) };
    }
}
