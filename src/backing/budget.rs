//! A limit around a backing, with a name: what goes beyond is refused.

use super::{Backing, Grant, Loan, Request, Span};
use crate::error::Obstacle;

/// A backing that gives no more than so many bytes of what another one gives, and an error with its name where that is used up.
///
/// On a ledger that many share, [`Ledger::budget`](crate::Ledger::budget) makes one for a part of the program: arenas, typed arenas, pools and heaps
/// on it have so much of the shared memory altogether, and no more. Around the backing of a whole ledger it is a limit on all that is on that:
///
/// ```
/// use freehold::{Alloc, Arena, Budget, DefaultBacking, Ledger};
///
/// static LEDGER: Ledger<Budget<DefaultBacking>> = Ledger::new(Budget::new("page", 4 << 20, DefaultBacking::new()));
///
/// let arena = Arena::new_in(&LEDGER, "frames");
/// assert!(arena.try_alloc_uninit_slice::<u8>(3 << 20).is_ok());
/// let error = arena.try_alloc_uninit_slice::<u8>(3 << 20).unwrap_err();
/// assert!(error.to_string().starts_with("`frames` asked for 3145728 bytes aligned to 1: the budget `page` of 4194304 bytes"));
/// ```
///
/// What counts is what the other gave and has not got back, headers included, whether somebody has claimed it or it is free. So a block that grows where
/// it is takes as much more as it grows by; one that moves is there twice for a moment. A backing that gives whole pages may go past the limit by less than one: take a multiple of
/// [`USUAL_PAGE`](crate::backing::USUAL_PAGE) there, or of 64 KiB for `Libc`. One that gives nothing back uses its budget up once and for all; what is freed then
/// serves whoever is on the ledger.
///
/// Around memories that are kept apart ([`Regions`](crate::Regions)) it doesn't compile, as those come as they are: take a budget of the ledger on
/// them, or of one [`within`](crate::Ledger::within). Nor does it around what comes in one piece, a [`Region`](crate::Region) or the heap tail: all of
/// that is the ledger's with the first claim, however small.
///
/// ```compile_fail,E0080
/// use freehold::{Budget, Region};
///
/// let mut buffer = [core::mem::MaybeUninit::uninit(); 4096];
/// Budget::new("page", 1000, Region::new(&mut buffer));
/// ```
/// ```
/// use freehold::{Ledger, Region};
///
/// let mut buffer = [core::mem::MaybeUninit::uninit(); 4096];
/// let all = Ledger::new(Region::new(&mut buffer));
/// let page = Ledger::budget(&all, "page", 1000);
/// # let layout = core::alloc::Layout::new::<[u8; 2000]>();
/// # assert!(page.claim("frames", layout).is_err() && all.claim("frames", layout).is_ok());
/// ```
#[derive(Debug)]
pub struct Budget<B> {
    inner: B,
    name: &'static str,
    /// Bytes that may be out.
    bytes: usize,
    /// Bytes that are.
    used: usize,
}

impl<B: Backing> Budget<B> {
    /// So many bytes of what `inner` gives, under a name for errors.
    pub const fn new(name: &'static str, bytes: usize, inner: B) -> Budget<B> {
        const {
            assert!(
                !B::PARTS,
                "memories that are kept apart come as they are: take `Ledger::budget` of a ledger on them"
            );
            assert!(!B::WHOLE, "a region comes in one piece: take `Ledger::budget` of a ledger on it")
        };
        Budget { inner, name, bytes, used: 0 }
    }

    /// How many bytes may be out.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Changes that. What is out stays out, also if it is more.
    pub(crate) const fn set_bytes(&mut self, bytes: usize) {
        self.bytes = bytes;
    }
}

// SAFETY: grants and loans are the inner backing's, as they are; a request is refused before anything is taken.
unsafe impl<B: Backing> Backing for Budget<B> {
    const LENDS: bool = B::LENDS;
    const COMES_BACK: bool = B::COMES_BACK;
    const ENDS: bool = B::ENDS;
    const PAGES: bool = B::PAGES;
    const BESIDE: usize = B::BESIDE;
    const DEPTH: u32 = B::DEPTH;

    unsafe fn empty(pages: Span) {
        // SAFETY: the caller's promise; grants are the inner backing's.
        unsafe { B::empty(pages) };
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        // The inner one knows where its grant starts. What touches memory that the ledger has, a block that grows or what is free before it, takes
        // no more of the budget than is missing.
        let left = self.bytes.saturating_sub(self.used).saturating_sub(B::BESIDE);
        let grant = self.inner.claim(&request.at_most(left)).map_err(|why| match why {
            // What nobody has, but for the budget's sake.
            Obstacle::TooLarge | Obstacle::Refused { asked: usize::MAX, .. } if request.anywhere().is_ok() => {
                Obstacle::Budget { budget: self.name, bytes: self.bytes, used: self.used }
            }
            why => why,
        })?;
        self.used += grant.span().len() + B::BESIDE;
        Ok(grant)
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        self.used -= loan.span.len() + B::BESIDE;
        // SAFETY: the inner backing made this loan; the caller's promise.
        unsafe { self.inner.give_back(loan) };
    }
}
