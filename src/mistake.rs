//! What is wrong with giving back a place of a pool's, or a claim, and who is told of it. It is looked for in programs with debug assertions; without them
//! there is nothing of it.

use core::fmt;
use core::panic::Location;

use crate::told::Told;

/// What a program has given back that it doesn't have: to a pool, or to a ledger.
///
/// It is found in programs with debug assertions, before anything is done, and is a panic, or told to who asked for that:
/// [`on_mistake`]. It is a value that may be kept, compared and sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mistake {
    /// What was to be freed is no block of that pool's: one of another pool's, the inside of one, or none at all.
    ForeignBlock {
        /// The pool's name; that of a [`FixedPool`](crate::FixedPool) is `fixed pool`.
        owner: &'static str,
        /// Where the block starts.
        address: usize,
        /// The call to `free`. Of a box that is dropped it is a line of this crate.
        place: &'static Location<'static>,
    },
    /// A block was to be freed that is one of the 64 that were freed last.
    BlockFreedTwice {
        /// The pool's name.
        owner: &'static str,
        /// Where the block starts.
        address: usize,
        /// The call to `free`, as above.
        place: &'static Location<'static>,
    },
    /// A claim was to end that has ended: somebody has copied the [`Claim`](crate::Claim), which takes `unsafe`. (It is not seen if the same memory was
    /// claimed again under the same name, or if it was lent and has gone back.)
    ClaimFreedTwice {
        /// Under which name it was made.
        owner: &'static str,
        /// Where its bytes begin.
        address: usize,
    },
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::ForeignBlock { owner, .. } => {
                write!(f, "`{owner}` was to free what is no block of its own: one of another pool's, or none at all")
            }
            Mistake::BlockFreedTwice { owner, .. } => write!(f, "`{owner}` was to free a block twice"),
            Mistake::ClaimFreedTwice { owner, .. } => write!(f, "`{owner}` was to give back a claim twice"),
        }
    }
}

static TOLD: Told<Mistake> = Told::nobody();

/// Has `tell` called with each [`Mistake`], in place of a panic: where a panic ends the program, or its text goes nowhere.
///
/// When it returns the program goes on, and what was to be given back is left as it is. Nothing is locked meanwhile. It may allocate, and it may panic;
/// of a mistake that it makes itself, or that another thread makes meanwhile, it is not told. The last one given counts. If it never returns, as where it
/// traps or throws through wasm and the page goes on, nobody is told of anything until a function is given again: so
/// it may not give one itself.
///
/// A box's value is left as it is, too; [`PoolBox::into_inner`](crate::PoolBox::into_inner) panics all the same, as there is nothing to return.
///
/// ```
/// # if !cfg!(debug_assertions) { return; }
/// use core::alloc::Layout;
/// use std::sync::Mutex;
/// use freehold::debug::{Mistake, on_mistake};
/// use freehold::{BlockPool, ledger};
///
/// static LAST: Mutex<Option<Mistake>> = Mutex::new(None);
/// on_mistake(|mistake| *LAST.lock().unwrap() = Some(*mistake)); // in firmware: a line to the debugger
///
/// let pool = BlockPool::new_in(ledger(), "packets", Layout::new::<[u8; 100]>());
/// let block = pool.alloc();
/// // SAFETY: it came from there, and is not used.
/// unsafe { pool.free(block) };
/// // SAFETY: there is none: it is the mistake.
/// unsafe { pool.free(block) };
/// let mistake = LAST.lock().unwrap().expect("a mistake");
/// assert_eq!(mistake.to_string(), "`packets` was to free a block twice");
/// ```
pub fn on_mistake(tell: fn(&Mistake)) {
    // Nobody is being told: who was has been left where he was.
    TOLD.telling.forget();
    TOLD.name(tell);
}

impl Mistake {
    /// Tells of it, or panics. Nothing is locked.
    #[inline(never)]
    #[track_caller]
    pub(crate) fn tell(&self) {
        if !TOLD.tell(self) {
            panic!("{self}");
        }
    }
}
