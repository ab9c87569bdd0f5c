//! The header at the head of each span.

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::backing::Origin;
use crate::layout::GRAIN;
use crate::platform::{self, sanitizer};
use crate::span::Span;
use crate::tree::{Node, Stem};

/// What a ledger knows of a span. Spans that touch and may be one are a run: its first one stands for it among the runs.
///
/// Two of its places are used in two ways each, so there are four shapes:
///
/// ```text
///            a claim                     free
///   len      bytes of the span           bytes of the span
///   held     the owner's name            its neighbours in its bin
///
///            the first of a run          any other span of a run
///   stem     its two children            the span before it, ·
///   across   the run's last span         of the last one: the run's first; else ·
/// ```
#[repr(C)]
pub(super) struct Header {
    /// Iff [`FIRST`] is among the marks the runs below this one among the runs; else its first place has the span before this one.
    stem: Stem,
    /// Bytes from this header to the span's end; a multiple of the grain.
    pub len: Cell<usize>,
    /// `bin` iff [`FREE`] is among the marks.
    held: Held,
    /// The other end of the run, if this is one of the two: iff [`FIRST`] or [`LAST`] is among the marks.
    pub across: Cell<Entry>,
    pub origin: Cell<Origin>,
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

impl Header {
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

    #[inline(always)]
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

    /// Says which span lies before it. It is not the first of its run, or no longer.
    #[inline(always)]
    pub fn set_before(&self, before: Entry) {
        self.stem.0[0].set(Some(before.stem()));
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

    /// Whether it is claimed under this very name, as far as what stands here tells: it may be no header any more.
    #[cfg(debug_assertions)]
    pub fn is_held_by(&self, owner: &'static str) -> bool {
        // A name as two words, as nobody knows whether it is one.
        type Words = [*const u8; 2];
        // SAFETY: only the address is taken.
        let held = unsafe { self.held.owner.as_ptr() }.cast::<Words>();
        // SAFETY: it lies in a cell, and any bytes are such words.
        let held = unsafe { held.read() };
        // SAFETY: a name is as long, and aligned as they are.
        let name = unsafe { (&raw const owner).cast::<Words>().read() };
        !self.is_free() && held.map(<*const u8>::addr) == name.map(<*const u8>::addr)
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
    pub fn set_free(&self, at: Entry) {
        self.mark(FREE, true);
        // SAFETY: it is free. What lies there may be a name still, so neither is read before it is written.
        let InBin { before, after } = unsafe { self.in_bin() };
        // SAFETY: it lies in a cell.
        unsafe { before.as_ptr().write(at) };
        // SAFETY: as above.
        unsafe { after.as_ptr().write(at) };
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

// SAFETY: a header begins with its stem, and stays where it is as long as its span is one. Spans that touch and may be one are a run, of which
// the first stands in the tree; its stem has no other use as long as it is the first.
unsafe impl Node for Entry {
    #[inline(always)]
    fn stem(self) -> NonNull<Stem> {
        self.0.cast()
    }

    #[inline(always)]
    unsafe fn of_stem(stem: NonNull<Stem>) -> Entry {
        Entry(stem.cast())
    }
}

/// Who has a span: a bin, or somebody with a name. Which of them is said by a mark, in a byte that would be padding otherwise.
#[repr(C)]
union Held {
    /// Neither yet.
    none: (),
    bin: ManuallyDrop<InBin>,
    owner: ManuallyDrop<Cell<&'static str>>,
}

/// The neighbours of a free span in its bin, which go round in a circle: one that is alone is its own.
pub(super) struct InBin {
    pub before: Cell<Entry>,
    pub after: Cell<Entry>,
}

// The header fits the grain, so any piece that a cut leaves over can carry one.
const _: () = assert!(size_of::<Header>() <= GRAIN && align_of::<Header>() <= GRAIN);

/// So many bytes before a payload are in no header. They are left to who holds the claim.
#[cfg(any(unix, windows, target_family = "wasm"))]
pub(crate) const UNUSED: usize = GRAIN - size_of::<Header>();

/// A span as the book has it, by its header. It may reach the whole run, so the pointers into it derive from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(NonNull<Header>);

impl Deref for Entry {
    type Target = Header;

    fn deref(&self) -> &Header {
        // SAFETY: an `Entry` is only made by `write` and `of`, over a header that stays written for as long as its span is one,
        // and one whose span has ended is not used again. All fields are cells.
        unsafe { self.0.as_ref() }
    }
}

impl Entry {
    /// Writes a header at `base`: a free span, after that one in its run, and in no bin yet.
    ///
    /// # Safety
    ///
    /// The caller owes: `base` is on the grain, and `len` bytes from there (a multiple of the grain, not 0) may be written
    /// through it and are used by nobody.
    #[inline(always)]
    pub unsafe fn write(base: NonNull<u8>, len: usize, origin: Origin, before: Option<Entry>) -> Entry {
        let at = Entry(base.cast());
        sanitizer::unpoison(base, 0..GRAIN);
        let node = Header {
            stem: Stem([Cell::new(before.map(Node::stem)), Cell::new(None)]),
            len: Cell::new(len),
            held: Held { none: () },
            across: Cell::new(at),
            origin: Cell::new(origin),
            marks: Cell::new(FREE),
            route: Cell::new(0),
        };
        // SAFETY: the caller's promise; the grain is at least the header's size and alignment.
        unsafe { at.0.write(node) };
        at
    }

    /// The span whose payload this is.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is the payload of a claim.
    #[inline(always)]
    pub unsafe fn of_payload(payload: NonNull<u8>) -> Entry {
        // SAFETY: the header stands one grain before the payload, in the same span.
        let base = unsafe { payload.sub(GRAIN) };
        // SAFETY: a span starts there (the caller's promise), and payloads derive from their headers' pointers.
        unsafe { Entry::of(base) }
    }

    /// The header at `base`.
    ///
    /// # Safety
    ///
    /// The caller owes: a span of the ledger's starts there, and `base` may reach its run.
    #[inline(always)]
    pub unsafe fn of(base: NonNull<u8>) -> Entry {
        Entry(base.cast())
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

    /// The span without its header: what its holder may use, or nobody does.
    pub fn payload(self) -> Span {
        // SAFETY: a span is at least as long as its header.
        let base = unsafe { self.base().add(GRAIN) };
        // SAFETY: the rest of the span, which this may reach.
        unsafe { Span::new(base, self.len.get() - GRAIN) }
    }

    /// Its payload, on its way to who holds it: this thread may use it from now on, whoever grew the memory.
    pub fn hand_out(self) -> Span {
        let payload = self.payload();
        platform::reach(payload.end());
        payload
    }

    /// The span before this one in its run, if it is free.
    #[inline(always)]
    pub fn free_before(self) -> Option<Entry> {
        if self.marks.get() & (FIRST | AFTER_FREE) == AFTER_FREE { self.stem_before() } else { None }
    }

    /// The span before this one in its run.
    pub fn before(self) -> Option<Entry> {
        if self.is_first() { None } else { self.stem_before() }
    }

    #[inline(always)]
    fn stem_before(self) -> Option<Entry> {
        // SAFETY: it is not the first of its run, so what stands there is the span before it.
        self.stem.0[0].get().map(|stem| unsafe { Entry::of_stem(stem) })
    }

    /// The span after this one in its run, if it is free.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    pub fn free_after(self) -> Option<Entry> {
        self.after().filter(|after| after.is_free())
    }

    /// The address after the last byte of the run that this is the first span of.
    pub fn run_end(self) -> usize {
        self.across.get().end()
    }

    /// The span after this one in its run.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    pub fn after(self) -> Option<Entry> {
        if self.is_last() {
            return None;
        }
        // SAFETY: one byte past this span, in the same run.
        let end = unsafe { self.base().add(self.len.get()) };
        // SAFETY: a run has no gaps, and this span is not its last.
        Some(unsafe { Entry::of(end) })
    }

    /// Ends a claim as a span. Whoever ends it a second time finds that it is none any more.
    #[inline(always)]
    pub fn end_held(self, touched: usize) {
        self.marks.set(FREE);
        self.end_span(touched);
    }

    /// Ends it as a span: it becomes a part of the one before. From `touched` on all that is free counts as zero, so there its header is wiped.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    pub fn end_span(self, touched: usize) {
        if self.addr() >= touched {
            // SAFETY: the header's bytes belong to whoever ends the span.
            unsafe { self.base().write_bytes(0, size_of::<Header>()) };
        }
        sanitizer::poison(self.base(), 0..GRAIN);
    }

    /// Whether it is a claim still. One that was ended twice would be two claims' later, and nobody could go over spans any more. The caller has the
    /// ledger's lock, as neighbours' marks change with it.
    #[inline(always)]
    pub fn is_claim(self) -> bool {
        !self.is_free()
    }

    /// Begins a span of `rest` bytes after the first `len` bytes (on the grain) of this one, which nobody uses from there on, and cuts this one
    /// there. The new one is in no bin, and what is after it doesn't know.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    pub fn cut(self, len: usize, rest: usize) -> Entry {
        // SAFETY: the caller has found that these bytes belong to the span.
        let base = unsafe { self.base().add(len) };
        // SAFETY: on the grain; nobody uses them, and this may reach them.
        let after = unsafe { Entry::write(base, rest, self.origin.get(), Some(self)) };
        self.len.set(len);
        after
    }
}

/// Bytes of a claim's payload.
///
/// # Safety
///
/// The caller owes: `payload` is one that a ledger handed out, still held.
pub(crate) unsafe fn payload_len(payload: NonNull<u8>) -> usize {
    // SAFETY: the caller's promise. A claim's length changes at its holder's wish only, so no lock is needed.
    let at = unsafe { Entry::of_payload(payload) };
    // A block that was freed twice may have no header any more.
    at.len.get().wrapping_sub(GRAIN)
}
