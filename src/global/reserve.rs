//! What a heap keeps for the way down: a slab from which it meets its own small requests when nobody has memory for another.
//!
//! Where arenas and a heap share memory that ends, an arena's last claims take what the heap had at hand. Then the arena panics, and
//! whoever formats its message asks the heap for a few small blocks. They come from here.

use core::cell::Cell;
use core::ptr::NonNull;

use super::class::{FINE, slab_of_class};
use super::list::Free;
use super::slab::{At, FIRST};
use crate::layout::GRAIN;

/// A slab like those of the fine classes, but with blocks of all of them, cut by moving on. What comes back is only counted: when all of it has,
/// it starts over.
pub(super) struct Reserve {
    at: Cell<Option<At>>,
    /// Bytes at its end that were not handed out yet.
    left: Cell<usize>,
    /// How many claims it holds: those that were used up by half and renewed stay until their blocks have come back.
    claims: Cell<usize>,
    /// Bytes of all of them that are in blocks, in use or in a list.
    out: Cell<usize>,
}

/// Bytes of the claim, which lies at a multiple of that.
pub(super) const LEN: usize = 4 << 10;

// A block's address leads to the record whether it lies in a slab or here.
const _: () = {
    let mut class = 0;
    while class <= FINE / 16 {
        assert!(matches!(slab_of_class(class), Some(LEN)));
        class += 1;
    }
};

/// A ledger that holds less than that has none to spare for it: a page, or a region of 64 KiB with odd ends.
pub(super) const LEAST_GRANTED: usize = 16 * LEN - 2 * GRAIN;

/// Bytes that it has for blocks.
const ROOM: usize = LEN - FIRST;

impl Reserve {
    pub const fn new() -> Reserve {
        Reserve { at: Cell::new(None), left: Cell::new(0), claims: Cell::new(0), out: Cell::new(0) }
    }

    /// Whether it is used up by half, or not there at all.
    pub fn is_short(&self) -> bool {
        self.left.get() < ROOM / 2
    }

    /// Goes on with a new claim. The one before is given back with its last block.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is the payload of a claim of [`LEN`] bytes that begins, with the ledger's header, at a multiple of that.
    /// Nobody else uses it until this or [`take_back`](Reserve::take_back) returns it.
    pub unsafe fn renew(&self, payload: NonNull<u8>) {
        // SAFETY: the caller's promise.
        self.at.set(Some(unsafe { At::begin_reserve(payload) }));
        self.left.set(ROOM);
        self.claims.set(self.claims.get() + 1);
    }

    /// A block of `size` bytes, a multiple of 16.
    pub fn cut(&self, size: usize) -> Free {
        let at = self.at.get()?;
        let left = self.left.get().checked_sub(size)?;
        // SAFETY: so many bytes are left before the end of the claim.
        let block = unsafe { at.payload().add(LEN - GRAIN - self.left.get()) };
        self.left.set(left);
        at.len.set(at.len.get() + size);
        self.out.set(self.out.get() + size);
        Some(block)
    }

    /// Takes back `bytes` of blocks that lie there, and returns the payload, which is the caller's again, if they were the last of one that
    /// was renewed.
    pub fn take_back(&self, at: At, bytes: usize) -> Free {
        at.len.set(at.len.get() - bytes);
        self.out.set(self.out.get() - bytes);
        if at.len.get() > 0 {
            return None;
        }
        if self.at.get() == Some(at) {
            self.left.set(ROOM);
            return None;
        }
        self.claims.set(self.claims.get() - 1);
        Some(at.payload())
    }

    /// Ends it, if no block of it is out: the payload, which is the caller's again.
    pub fn end(&self) -> Free {
        let at = self.at.get().filter(|at| at.len.get() == 0)?;
        self.at.set(None);
        self.left.set(0);
        self.claims.set(self.claims.get() - 1);
        Some(at.payload())
    }

    /// Bytes of its payloads that are in no block.
    pub fn slack(&self) -> usize {
        self.claims.get() * (LEN - GRAIN) - self.out.get()
    }
}
