//! The header at the head of each span.

use core::cell::Cell;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::backing::Kind;
use crate::layout::GRAIN;

/// What a ledger knows of a span. Spans that touch and may be one are a run: its first one stands for it among the runs.
pub(super) struct Node {
    /// Bytes from this header to the span's end; a multiple of the grain.
    pub len: Cell<usize>,
    pub state: Cell<State>,
    /// The span before this one; for the first of a run the run's left child.
    pub below: Cell<Link>,
    /// For the first of a run its right child, and the run's last span.
    pub right: Cell<Link>,
    pub last: Cell<Link>,
    pub kind: Cell<Kind>,
    /// [`FIRST`] and [`LAST`], for a span that is the first of its run, or the last.
    ends: Cell<u8>,
    /// For loans and the first of a lot: which way leads back to the lender.
    pub route: Cell<u16>,
}

const FIRST: u8 = 1;
const LAST: u8 = 2;

impl Node {
    pub fn is_first(&self) -> bool {
        self.ends.get() & FIRST != 0
    }

    pub fn is_last(&self) -> bool {
        self.ends.get() & LAST != 0
    }

    pub fn set_first(&self, first: bool) {
        self.ends.set(self.ends.get() & !FIRST | if first { FIRST } else { 0 });
    }

    pub fn set_last(&self, last: bool) {
        self.ends.set(self.ends.get() & !LAST | if last { LAST } else { 0 });
    }
}

/// What a span is used for.
#[derive(Clone, Copy)]
pub(super) enum State {
    /// Nothing: it is in a bin, between these.
    Free { before: Link, after: Link },
    /// Claimed under this name.
    Claimed(&'static str),
}

impl State {
    pub const IDLE: State = State::Free { before: None, after: None };
}

// The header fits the grain, so any piece that a cut leaves over can carry one.
const _: () = assert!(size_of::<Node>() <= GRAIN && align_of::<Node>() <= GRAIN);

pub(super) type Link = Option<At>;

/// The header of a span that the ledger holds. It may reach the whole run, so the pointers into it derive from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct At(NonNull<Node>);

impl Deref for At {
    type Target = Node;

    fn deref(&self) -> &Node {
        // SAFETY: an `At` is only made by `write` and `of`, over a header that stays written for as long as its span is one,
        // and one whose span has ended is not used again. All fields are cells.
        unsafe { self.0.as_ref() }
    }
}

impl At {
    /// Writes a header at `base`: a free span, not yet anywhere.
    ///
    /// # Safety
    ///
    /// The caller owes: `base` is on the grain, and `len` bytes from there (a multiple of the grain, not 0) may be written
    /// through it and are used by nobody.
    pub unsafe fn write(base: NonNull<u8>, len: usize, kind: Kind) -> At {
        let at = At(base.cast());
        let node = Node {
            len: Cell::new(len),
            state: Cell::new(State::IDLE),
            below: Cell::new(None),
            right: Cell::new(None),
            last: Cell::new(None),
            kind: Cell::new(kind),
            ends: Cell::new(0),
            route: Cell::new(0),
        };
        // SAFETY: the caller's promise; the grain is at least the header's size and alignment.
        unsafe { at.0.write(node) };
        at
    }

    /// The header at `base`.
    ///
    /// # Safety
    ///
    /// The caller owes: a span of the ledger's starts there, and `base` may reach its run.
    pub unsafe fn of(base: NonNull<u8>) -> At {
        At(base.cast())
    }

    pub fn base(self) -> NonNull<u8> {
        self.0.cast()
    }

    pub fn addr(self) -> usize {
        self.0.addr().get()
    }

    pub fn end(self) -> usize {
        self.addr() + self.len.get()
    }

    pub fn is_free(self) -> bool {
        self.owner().is_none()
    }

    /// Who claimed it; `None` if it is free.
    pub fn owner(self) -> Option<&'static str> {
        match self.state.get() {
            State::Free { .. } => None,
            State::Claimed(owner) => Some(owner),
        }
    }

    /// The span before this one in its run.
    pub fn before(self) -> Link {
        self.below.get().filter(|_| !self.is_first())
    }

    /// The span after this one in its run.
    pub fn after(self) -> Link {
        if self.is_last() {
            return None;
        }
        // SAFETY: one byte past this span, in the same run.
        let end = unsafe { self.base().add(self.len.get()) };
        // SAFETY: a run has no gaps, and this span is not its last.
        Some(unsafe { At::of(end) })
    }

    /// Wipes the header of a span that becomes a part of another: what was zero before is zero again.
    pub fn wipe(self) {
        // SAFETY: the header's bytes belong to whoever ends the span.
        unsafe { self.base().write_bytes(0, size_of::<Node>()) };
    }
}
