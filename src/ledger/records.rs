//! What a ledger has written down, behind its lock: all that can be done without asking its backing.

use core::marker::PhantomData;
use core::ptr::NonNull;

use super::book::{Book, Totals};
use super::part::Wish;
use super::{Claim, Keeper, Spans, header_of, payload, reached};
use crate::layout::{GRAIN, MAX_SPAN, round_up};
use crate::lock::Lock;
use crate::platform::{Link, Whole};
use crate::span::Span;

/// A ledger's book, and its heaps. It is the same whatever the backing, so who frees and reuses through it needs no dynamic call.
pub(crate) struct Records {
    kept: Lock<Kept>,
    /// Set iff the backing lends: then claims end through the ledger only, which knows whom a loan goes back to.
    pub lends: bool,
    link: Link,
}

// SAFETY: the book and the keeper are used under the lock only.
unsafe impl Whole for Records {
    fn hold(&self) -> bool {
        self.kept.hold()
    }

    unsafe fn release(&self) {
        // SAFETY: the caller's promise.
        unsafe { self.kept.release() };
    }

    fn link(&self) -> &Link {
        &self.link
    }
}

pub(super) struct Kept {
    pub book: Book,
    /// The heap that was opened last on this ledger; it knows those before it.
    pub keeper: Option<&'static dyn Keeper>,
}

impl Records {
    pub const fn new(lends: bool) -> Records {
        Records { kept: Lock::new(Kept { book: Book::new(), keeper: None }), lends, link: Link::new() }
    }

    /// Runs `f`, in which no foreign code runs.
    #[inline]
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Kept) -> R) -> R {
        self.kept.with(f)
    }

    /// Runs `f`, in which a backing runs: with `comes_back` foreign code, which may come back here in spite of its contract.
    pub(super) fn with_backing<R>(&self, comes_back: bool, f: impl FnOnce(&mut Kept) -> R) -> R {
        if comes_back { self.kept.with_foreign(f) } else { self.kept.with(f) }
    }

    /// Room for `size` bytes, aligned to the grain, if that much is free: the payload's start, and the address from which on it was
    /// never used and is zero.
    #[inline]
    pub fn place(&self, owner: &'static str, size: usize) -> Option<(NonNull<u8>, usize)> {
        let len = round_up(size, GRAIN).filter(|len| *len < MAX_SPAN)? + GRAIN;
        self.with(|Kept { book, .. }| {
            let at = book.carve_len(owner, len, len, Wish::Anywhere)?;
            Some((reached(payload(at)).base(), book.zero_from()))
        })
    }

    /// Lengthens a claim's payload by at least `bytes`, if what lies behind it is free.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is one that this ledger handed out, still held.
    pub unsafe fn lengthen(&self, payload: NonNull<u8>, bytes: usize) -> bool {
        let Some(bytes) = round_up(bytes, GRAIN) else {
            return false;
        };
        // SAFETY: the caller's promise.
        let at = unsafe { header_of(payload) };
        let longer = self.with(|Kept { book, .. }| book.extend(at, bytes, bytes));
        if longer {
            reached(super::payload(at));
        }
        longer
    }

    /// Cuts a claim's payload down to `len` bytes, or a little more; the rest is free then. A loan stays as it is.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is one that this ledger handed out, still held, and nobody uses more than the first `len`
    /// bytes of it.
    pub unsafe fn shorten(&self, payload: NonNull<u8>, len: usize) {
        self.with(|Kept { book, .. }| {
            // SAFETY: the caller's promise.
            let at = unsafe { header_of(payload) };
            book.shorten(at, len.saturating_add(GRAIN));
        });
    }

    /// Takes a claim back, where the backing lends nothing.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is one that this ledger handed out, still held, and nobody uses it any more.
    #[inline]
    pub unsafe fn take_back(&self, payload: NonNull<u8>) {
        debug_assert!(!self.lends);
        self.with(|Kept { book, .. }| {
            // SAFETY: the caller's promise.
            let at = unsafe { header_of(payload) };
            book.release(at, false);
        });
    }

    /// Has `keeper` asked to let go before memory grows, and returns the one that was asked until now.
    pub fn enlist(&self, keeper: &'static dyn Keeper) -> Option<&'static dyn Keeper> {
        self.with(|kept| kept.keeper.replace(keeper))
    }

    /// The first span at `addr` or above.
    pub fn span_from(&self, addr: usize) -> Option<super::SpanInfo> {
        self.with(|kept| {
            let at = kept.book.span_from(addr)?;
            let region = kept.book.region_of(at);
            Some(super::SpanInfo { base: at.addr(), len: at.len.get(), owner: at.owner(), region })
        })
    }

    /// The sums over all spans.
    pub fn totals(&self) -> Totals {
        self.with(|kept| kept.book.totals)
    }

    /// Claims the next free span from `addr` on that has whole pages, and says which those are.
    pub(super) fn offer<'l>(&self, ledger: &'l dyn Spans, mut addr: usize) -> Option<(Claim<'l>, Span)> {
        const OWNER: &str = "offered";
        let (at, pages) = loop {
            // Others have their turn between two looks.
            match self.with(|Kept { book, .. }| book.offer(OWNER, addr))? {
                Ok(found) => break found,
                Err(further) => addr = further,
            }
        };
        let payload = reached(payload(at));
        Some((Claim { ledger, payload, data: payload, owner: OWNER, plain: PhantomData }, pages))
    }
}
