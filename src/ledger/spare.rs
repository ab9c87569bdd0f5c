//! Memory that is kept for the day when there is no other.

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::fmt;

use super::{Claim, Ledger};
use crate::backing::Backing;
use crate::error::{AllocError, Obstacle};
use crate::sharing::{Needed, Shareable, Turn};

/// The name of its claim.
const OWNER: &str = "spare";

/// Memory of a ledger that nobody uses, in a `static`, until the program lets go of it: when there is no other, so that it can say so and end well.
///
/// Fill it while there is memory, and let go of it where you are told of a refusal. What was refused stays refused; whoever comes next has room.
///
/// ```
/// use core::mem::MaybeUninit;
/// use freehold::{Alloc, Arena, Ledger, Region, Spare};
///
/// static mut RAM: [MaybeUninit<u8>; 16384] = [MaybeUninit::uninit(); 16384];
/// // SAFETY: nothing else names RAM.
/// static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw((&raw mut RAM).cast(), 16384) });
/// static SPARE: Spare = Spare::new();
///
/// freehold::on_refusal(|_| _ = SPARE.let_go());
/// SPARE.fill(&LEDGER, 4096).expect("there is memory yet");
/// let arena = Arena::new_in(&LEDGER, "samples");
/// let too_much = || arena.alloc([0_u8; 14_000]).len(); // a panic, but not before `SPARE` was let go
/// assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(too_much)).is_err());
/// assert_eq!(Arena::new_in(&LEDGER, "last words").alloc_slice_fill(4000, 0_u8).len(), 4000);
/// ```
///
/// It is a claim under the name `spare`, and takes nothing before it is filled. (A [`Heap`](crate::Heap) has a small reserve of its own, for the
/// message of a panic.) `L` is that of the ledger.
pub struct Spare<L = Needed> {
    access: L,
    // Used in a `Turn` only.
    claim: UnsafeCell<Option<Claim<'static>>>,
}

// SAFETY: the claim is used by one thread at a time, in its turn; the ledger that it goes back to is shared in the same way.
unsafe impl<L: Shareable> Sync for Spare<L> {}
// SAFETY: it is bound to no thread, nor is a claim of such a ledger's.
unsafe impl<L: Shareable + Send> Send for Spare<L> {}

impl<L: Shareable> Spare<L> {
    /// Nothing yet.
    pub const fn new() -> Spare<L> {
        Spare { access: L::NEW, claim: UnsafeCell::new(None) }
    }

    /// Keeps so many bytes of the ledger's, in place of what it keeps.
    ///
    /// # Errors
    ///
    /// If the ledger has not as much. What it kept it keeps then.
    pub fn fill<B: Backing>(&self, ledger: &'static Ledger<B, L>, bytes: usize) -> Result<(), AllocError> {
        let layout = Layout::from_size_align(bytes, 1);
        let layout = layout.map_err(|_| AllocError::new(OWNER, bytes, 1, Obstacle::TooLarge))?;
        let claim = ledger.claim(OWNER, layout)?;
        drop(self.replace(Some(claim)));
        Ok(())
    }

    /// Gives the ledger back what it keeps. Whether there was any. Nothing is locked while the ledger is told, and it can be called from
    /// [`on_refusal`](crate::on_refusal) and the like.
    pub fn let_go(&self) -> bool {
        self.replace(None).is_some()
    }

    /// How many bytes it keeps.
    pub fn len(&self) -> usize {
        let _turn = Turn::enter(&self.access);
        // SAFETY: this thread has entered, and nothing foreign runs.
        unsafe { &*self.claim.get() }.as_ref().map_or(0, Claim::len)
    }

    /// Whether it keeps nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it keeps, for something else.
    fn replace(&self, claim: Option<Claim<'static>>) -> Option<Claim<'static>> {
        let _turn = Turn::enter(&self.access);
        // SAFETY: this thread has entered, and nothing foreign runs.
        core::mem::replace(unsafe { &mut *self.claim.get() }, claim)
    }
}

impl<L: Shareable> Default for Spare<L> {
    fn default() -> Spare<L> {
        Spare::new()
    }
}

impl<L: Shareable> fmt::Debug for Spare<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spare").field("len", &self.len()).finish()
    }
}
