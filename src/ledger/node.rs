//! The header at the head of each span.

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::backing::Origin;
use crate::layout::GRAIN;
use crate::platform::sanitizer;
use crate::tree;

/// What a ledger knows of a span. Spans that touch and may be one are a run: its first one stands for it among the runs.
pub(super) struct Node {
    /// Bytes from this header to the span's end; a multiple of the grain.
    pub len: Cell<usize>,
    /// `bin` iff [`FREE`] is among the marks.
    held: Held,
    /// The span before this one; for the first of a run the run's left child.
    pub below: Cell<Link>,
    /// For the first of a run its right child, and the run's last span.
    pub right: Cell<Link>,
    pub last: Cell<Link>,
    pub kind: Cell<Origin>,
    /// [`FREE`], iff nobody has claimed it; [`AFTER_FREE`], iff nobody has claimed the span before it; [`FIRST`] and [`LAST`], iff it
    /// is the first of its run, or the last.
    marks: Cell<u8>,
    /// For loans and the first of a lot: which way leads back to the lender.
    pub route: Cell<u16>,
}

const FIRST: u8 = 1;
const LAST: u8 = 2;
const FREE: u8 = 4;
const AFTER_FREE: u8 = 8;

impl Node {
    #[inline(always)]
    pub fn is_first(&self) -> bool {
        self.marks.get() & FIRST != 0
    }

    #[inline(always)]
    pub fn is_last(&self) -> bool {
        self.marks.get() & LAST != 0
    }

    #[inline(always)]
    pub fn is_free(&self) -> bool {
        self.marks.get() & FREE != 0
    }

    pub fn set_first(&self, first: bool) {
        self.mark(FIRST, first);
    }

    #[inline(always)]
    pub fn set_last(&self, last: bool) {
        self.mark(LAST, last);
    }

    /// Says whether the span before it is free: so who ends a claim need not look there, far from what is in use.
    #[inline(always)]
    pub fn set_after_free(&self, free: bool) {
        self.mark(AFTER_FREE, free);
    }

    #[inline(always)]
    fn mark(&self, mark: u8, set: bool) {
        self.marks.set(self.marks.get() & !mark | if set { mark } else { 0 });
    }

    /// Who claimed it; `None` if it is free.
    pub fn owner(&self) -> Option<&'static str> {
        // SAFETY: what is not free is held under a name.
        (!self.is_free()).then(|| unsafe { self.held.owner.get() })
    }

    /// From now on it is claimed under this name.
    #[inline(always)]
    pub fn set_owner(&self, owner: &'static str) {
        self.mark(FREE, false);
        // SAFETY: only the address is taken; what lies there may be no name.
        let name = unsafe { self.held.owner.as_ptr() };
        // SAFETY: it lies in a cell, and is written without a look at what was there.
        unsafe { name.write(owner) };
    }

    /// From now on it is free, and alone in its bin: `at` is itself.
    #[inline(always)]
    pub fn set_free(&self, at: At) {
        self.mark(FREE, true);
        // SAFETY: it is free. What lies there may be a name still, so neither is read before it is written.
        let InBin { before, after } = unsafe { self.in_bin() };
        for neighbour in [before, after] {
            // SAFETY: it lies in a cell.
            unsafe { neighbour.as_ptr().write(at) };
        }
    }

    /// Where a free span stands in its bin.
    ///
    /// # Safety
    ///
    /// The caller owes: it is free, and stays so while this is used.
    #[inline(always)]
    pub unsafe fn in_bin(&self) -> &InBin {
        debug_assert!(self.is_free());
        // SAFETY: the caller's promise.
        unsafe { &self.held.bin }
    }
}

// SAFETY: a header stays where it is as long as its span is one. Spans that touch and may be one are a run, of which the first stands in the
// tree; its two cells have no other use as long as it is the first.
unsafe impl tree::Node for At {
    fn addr(self) -> usize {
        At::addr(self)
    }

    fn sides(&self) -> [&Cell<Link>; 2] {
        [&self.below, &self.right]
    }
}

/// Who has a span: a bin, or somebody with a name. Which of them is said by a mark, in a byte that would be padding otherwise.
#[repr(C)]
union Held {
    bin: ManuallyDrop<InBin>,
    owner: ManuallyDrop<Cell<&'static str>>,
}

/// The neighbours of a free span in its bin, which go round in a circle: one that is alone is its own.
pub(super) struct InBin {
    pub before: Cell<At>,
    pub after: Cell<At>,
}

// The header fits the grain, so any piece that a cut leaves over can carry one.
const _: () = assert!(size_of::<Node>() <= GRAIN && align_of::<Node>() <= GRAIN);

pub(super) type Link = Option<At>;

/// The header of a span that the ledger holds. It may reach the whole run, so the pointers into it derive from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    #[inline(always)]
    pub unsafe fn write(base: NonNull<u8>, len: usize, kind: Origin) -> At {
        let at = At(base.cast());
        sanitizer::unpoison(base, 0..GRAIN);
        let node = Node {
            len: Cell::new(len),
            held: Held { bin: ManuallyDrop::new(InBin { before: Cell::new(at), after: Cell::new(at) }) },
            below: Cell::new(None),
            right: Cell::new(None),
            last: Cell::new(None),
            kind: Cell::new(kind),
            marks: Cell::new(FREE),
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
    #[inline(always)]
    pub unsafe fn of(base: NonNull<u8>) -> At {
        At(base.cast())
    }

    #[inline(always)]
    pub fn base(self) -> NonNull<u8> {
        self.0.cast()
    }

    #[inline(always)]
    pub fn addr(self) -> usize {
        self.0.addr().get()
    }

    #[inline(always)]
    pub fn end(self) -> usize {
        self.addr() + self.len.get()
    }

    /// The span before this one in its run, if it is free.
    #[inline(always)]
    pub fn free_before(self) -> Link {
        self.below.get().filter(|_| self.marks.get() & (FIRST | AFTER_FREE) == AFTER_FREE)
    }

    /// The span after this one in its run.
    #[inline(always)]
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
    #[inline(always)]
    pub fn wipe(self) {
        // SAFETY: the header's bytes belong to whoever ends the span.
        unsafe { self.base().write_bytes(0, size_of::<Node>()) };
    }
}
