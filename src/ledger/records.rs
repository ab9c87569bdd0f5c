//! What a ledger has written down, behind its lock: all that can be done without asking its backing.

use core::cell::UnsafeCell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};

use super::book::{Book, Met, Totals};
use super::header::Entry;
use super::news::Listener;
use super::part::Wish;
use super::plan::Plan;
use super::snapshot::{Read, SpanInfo};
use super::{Claim, Keeper, Spans};
use crate::layout::{GRAIN, MAX_SPAN, on_grain, round_up};
use crate::platform::{Link, Packed, Whole};
use crate::sharing::{Access, Kind, Shareable, Turn};
use crate::span::Span;

/// A ledger's book, and its heaps. It is the same whatever the backing, so who frees and reuses through it needs no dynamic call.
#[repr(C)] // see `Book`
pub(crate) struct Records<L> {
    access: L,
    /// Set iff foreign code runs in `with_backing` and no lock keeps it from coming back: this tells that it has. Not while our own code
    /// runs: a stack overflow or a trap there, which JavaScript may catch and go on after, leaves it as it is.
    foreign: AtomicBool,
    /// Set iff the backing lends: then claims end through the ledger only, which knows whom a loan goes back to.
    pub lends: bool,
    link: Link,
    // Used in a `Turn` only.
    kept: UnsafeCell<Guarded>,
}

// SAFETY: what it keeps, and the flag, are used by one thread at a time, in its `Turn`; only an `Access` that any thread may
// enter is used with more than one.
unsafe impl<L: Shareable> Sync for Records<L> {}

// SAFETY: the book and the keeper are used by whoever has entered.
unsafe impl<L: Shareable> Whole for Records<L> {
    fn hold(&self) -> bool {
        self.access.try_enter()
    }

    unsafe fn release(&self) {
        // SAFETY: the caller's promise: it has entered.
        unsafe { self.access.leave() };
    }

    fn link(&self) -> &Link {
        &self.link
    }
}

#[repr(C)] // see `Book`
pub(super) struct Guarded {
    /// The heap that was opened last on this ledger; it knows those before it.
    pub keeper: Option<&'static dyn Keeper>,
    /// Whoever is told when memory has grown.
    pub listener: Listener,
    pub book: Book,
}

/// Who has what the host is told of. A claim knows its own by the name's address, so that is one.
static OFFERED: &str = "offered";

/// While foreign code runs.
struct Foreign<'a>(&'a AtomicBool);

impl Drop for Foreign<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[cold]
#[inline(never)]
fn came_back() -> ! {
    panic!("a backing used its own ledger, or a call to it never ended: a trap or a stack overflow in a backing")
}

impl<L: Access> Records<L> {
    pub const fn new(lends: bool) -> Records<L> {
        let kept = UnsafeCell::new(Guarded { book: Book::new(), keeper: None, listener: Listener::NONE });
        Records { access: L::NEW, kept, foreign: AtomicBool::new(false), lends, link: Link::new() }
    }
}

impl<L: Kind> Records<L> {
    /// # Panics
    ///
    /// If foreign code comes back from [`with_backing`](Records::with_backing), and there is no lock that it waits for.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    fn enter(&self) -> Turn<'_, L> {
        let turn = Turn::enter(&self.access);
        if !L::EXCLUDES && self.foreign.load(Ordering::Relaxed) {
            came_back();
        }
        turn
    }

    /// Runs `f`, in which no foreign code runs, with what is kept to itself. `f` must not come back here: it would wait for itself.
    #[inline]
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
        self.with_aside(|kept| {
            kept.book.settle();
            f(kept)
        })
    }

    /// [`with`](Records::with) for what may leave a claim [aside](Book::set_aside): it is no more than a claim of somebody's. So whoever looks for memory and
    /// finds none comes by `with` next, and so does who goes over all spans or their sums.
    #[inline]
    pub(super) fn with_aside<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
        let _turn = self.enter();
        // SAFETY: others are kept out. Where no lock does that, there is one thread only; no foreign code holds a reference further up, as
        // the flag is not set, and `f` calls none: this reference is the only one until it ends.
        f(unsafe { &mut *self.kept.get() })
    }

    /// Runs `f`, in which a backing runs: with `comes_back` foreign code, which may come back here in spite of its contract.
    pub(super) fn with_backing<R>(&self, comes_back: bool, f: impl FnOnce(&mut Guarded) -> R) -> R {
        if L::EXCLUDES || !comes_back {
            return self.with(f);
        }
        let _turn = self.enter();
        self.foreign.store(true, Ordering::Relaxed);
        let _foreign = Foreign(&self.foreign);
        // SAFETY: as in `with`; and whoever comes back from `f` is stopped by the flag, which is cleared after this reference has ended.
        let kept = unsafe { &mut *self.kept.get() };
        kept.book.settle();
        f(kept)
    }

    /// Meets a plan with what is set aside, or from free memory. If there is none for it, it returns the heap that may let go of some.
    pub(super) fn meet(&self, plan: &Plan, wish: Wish) -> Result<Met, Option<&'static dyn Keeper>> {
        self.with_aside(|Guarded { book, keeper, .. }| match plan.meet_fairly(book, wish) {
            Some(at) => Ok(book.met(at)),
            None => Err(*keeper),
        })
    }

    /// Room for `size` bytes, aligned to the grain, if that much is free: the payload's start, and the address from which on it was
    /// never used and is zero.
    #[inline]
    pub fn place(&self, owner: &'static str, size: usize) -> Packed {
        let Some(len) = round_up(size, GRAIN).filter(|len| *len < MAX_SPAN) else {
            return Packed::NONE;
        };
        self.with_aside(|Guarded { book, .. }| {
            let at = book.carve_len(owner, len + GRAIN);
            at.map_or(Packed::NONE, |at| book.met(at).placed().packed())
        })
    }

    /// Lengthens a claim's payload by at least `least` bytes, and up to `most`, if what lies behind it is free. Both are no more than a layout's.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is one that this ledger handed out, still held.
    pub unsafe fn lengthen(&self, payload: NonNull<u8>, least: usize, most: usize) -> bool {
        let (least, most) = (on_grain(least), on_grain(most));
        // SAFETY: the caller's promise.
        let at = unsafe { Entry::of_payload(payload) };
        let longer = self.with_aside(|Guarded { book, .. }| {
            // (Once is enough where code is to be small.)
            !cfg!(freehold_for_size) && book.extend(at, least, most) || {
                // What lies behind may be set aside.
                book.settle();
                book.extend(at, least, most)
            }
        });
        if longer {
            at.hand_out();
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
        self.with_aside(|Guarded { book, .. }| {
            // SAFETY: the caller's promise.
            let at = unsafe { Entry::of_payload(payload) };
            book.shorten(at, len + GRAIN);
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
        self.with_aside(|Guarded { book, .. }| {
            // SAFETY: the caller's promise.
            let at = unsafe { Entry::of_payload(payload) };
            if at.is_claim() {
                book.end_claim(at);
            }
        });
    }

    /// [`take_back`](Records::take_back) of what the next claim may be: it is set [aside](Book::set_aside).
    ///
    /// # Safety
    ///
    /// The caller owes what that asks for.
    #[inline]
    pub(super) unsafe fn set_aside(&self, payload: NonNull<u8>) {
        debug_assert!(!self.lends);
        self.with_aside(|Guarded { book, .. }| {
            // SAFETY: the caller's promise.
            let at = unsafe { Entry::of_payload(payload) };
            book.set_aside(at);
        });
    }

    /// Has the keeper that `choose` returns asked to let go before memory grows, in place of the one that it gets. `false` if it returns none.
    pub fn enlist<K: Keeper + 'static>(
        &self,
        choose: impl FnOnce(Option<&'static dyn Keeper>) -> Option<&'static K>,
    ) -> bool {
        self.with_aside(|kept| {
            let chosen = choose(kept.keeper);
            if let Some(keeper) = chosen {
                kept.keeper = Some(keeper);
            }
            chosen.is_some()
        })
    }

    /// Bytes that the ledger holds, claimed or free.
    #[cfg_attr(freehold_for_size, inline(never))]
    pub fn granted(&self) -> usize {
        self.with_aside(|kept| kept.book.totals.granted)
    }

    /// Bytes that are claimed.
    pub fn claimed(&self) -> usize {
        self.with_aside(|kept| kept.book.totals.claimed)
    }

    /// The sums over all spans.
    pub fn totals(&self) -> Totals {
        self.with(|kept| kept.book.totals)
    }

    /// Claims the next free span from `addr` on that has whole pages, and says which those are.
    pub(super) fn offer<'l>(&self, ledger: &'l dyn Spans, mut addr: usize) -> Option<(Claim<'l>, Span)> {
        let (at, pages) = loop {
            // Others have their turn between two looks.
            match self.with(|Guarded { book, .. }| book.offer(OFFERED, addr))? {
                Ok(found) => break found,
                Err(further) => addr = further,
            }
        };
        // SAFETY: the book has it as a claim for this one, since just now.
        Some((unsafe { Claim::new(ledger, OFFERED, at.hand_out(), 1) }, pages))
    }

    /// Claims a large free span of which each page may have been used, and says which whole pages it has.
    pub(super) fn offer_large<'l>(&self, ledger: &'l dyn Spans) -> Option<(Claim<'l>, Span)> {
        let (at, pages) = self.with(|Guarded { book, .. }| book.offer_large(OFFERED))?;
        // SAFETY: as above.
        Some((unsafe { Claim::new(ledger, OFFERED, at.hand_out(), 1) }, pages))
    }
}

impl<L: Kind> Read for Records<L> {
    fn span_from(&self, addr: usize) -> Option<SpanInfo> {
        self.with(|kept| {
            let at = kept.book.span_from(addr)?;
            let region = kept.book.region_of(at);
            Some(SpanInfo { base: at.addr(), len: at.len.get(), owner: at.owner(), region })
        })
    }
}
