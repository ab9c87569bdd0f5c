//! [`TalcSource`] (feature `talc`): talc on a ledger.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

use ::talc::base::binning::Binning;
use ::talc::base::{CHUNK_UNIT, Talc};
use ::talc::min_first_heap_layout;
use ::talc::source::Source;

use crate::backing::Backing;
use crate::ledger::{Ledger, Placed, Spans, Want};
use crate::sharing::Kind;

/// Take it to go on with the crate talc, on memory that nobody else has on any target, and that the map shows (feature `talc`).
///
/// It is a talc [`Source`]: when talc has no room it claims from a ledger, where it can in place, so that what talc frees merges across
/// claims. Pools, arenas and a [`Heap`](crate::Heap) may stand on the same ledger. What talc has it keeps until it is dropped.
///
/// ```standalone_crate
/// use freehold::TalcSource;
/// use freehold::sharing::Spin;
/// use talc::TalcLock;
///
/// # mod program {
/// # use freehold::{TalcSource, sharing::Spin};
/// # use talc::TalcLock;
/// #[global_allocator]
/// // SAFETY: the source stays where it is.
/// static TALC: TalcLock<Spin, TalcSource> = TalcLock::new(unsafe { TalcSource::new_in(freehold::ledger(), "talc") });
/// # }
///
/// let words: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
/// assert!(freehold::ledger().snapshot().claimed_by("talc") > words.len() * 24);
/// ```
///
/// (A ledger's lock is no lock for talc: `TalcLock` has its own, which must not be the one that a `Talc` of the same thread is behind.)
pub struct TalcSource<'l> {
    spans: &'l dyn Spans,
    owner: &'static str,
    /// The claim that was made last, by the record at its start.
    last: Option<NonNull<ClaimHead>>,
}

// SAFETY: it is bound to no thread, where its ledger is not, and its claims are its own.
unsafe impl Send for TalcSource<'_> where for<'a> &'a dyn Spans: Send {}

/// What stands at the start of a claim, in front of one of talc's heaps: where talc would have put nothing but its alignment.
struct ClaimHead {
    before: Option<NonNull<ClaimHead>>,
    /// Where talc's heap ends.
    end: NonNull<u8>,
}

const _: () = assert!(size_of::<ClaimHead>() < CHUNK_UNIT);

/// It claims so much at once at least, if there is so much.
const AT_ONCE: usize = 8 << 10;

impl<'l> TalcSource<'l> {
    /// A source on `ledger`, under the name `owner`. It claims nothing yet.
    ///
    /// # Safety
    ///
    /// The caller owes: it stays in the `Talc` that it is put into, as long as that or anything that was allocated there is used. (Talc's
    /// `source` can be replaced.)
    pub const unsafe fn new_in<B: Backing, L: Kind>(ledger: &'l Ledger<B, L>, owner: &'static str) -> TalcSource<'l> {
        TalcSource { spans: ledger, owner, last: None }
    }

    /// Bytes that make room for `layout` in a heap of talc's for certain.
    fn bytes_for<B: Binning>(layout: Layout, first: bool) -> Option<usize> {
        let aligned = if layout.align() > CHUNK_UNIT { layout.align() } else { 0 };
        let lists = if first { min_first_heap_layout::<B>().size() } else { 0 };
        // Its marks, and what it rounds at both ends.
        layout.size().checked_add(aligned)?.checked_add(lists)?.checked_add(4 * CHUNK_UNIT)
    }
}

// SAFETY: nothing is allocated but claims of the ledger's, and the talc that asks is used through `talc` only.
unsafe impl Source for TalcSource<'_> {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let TalcSource { spans, owner, last } = talc.source;
        let bytes = TalcSource::bytes_for::<B>(layout, !talc.is_metadata_established()).ok_or(())?;
        let want = Want {
            prefix: size_of::<ClaimHead>(),
            prefer: AT_ONCE,
            ahead: true,
            grow: last.map(NonNull::cast),
            missing: bytes,
            liked: bytes.max(AT_ONCE),
            ..Want::of(bytes, CHUNK_UNIT)
        };
        // SAFETY: the claim that is to grow is this source's.
        let Placed { payload, .. } = unsafe { spans.place(owner, &want) }.map_err(|_| ())?;
        let mut record = payload.base().cast::<ClaimHead>();
        if last == Some(record) {
            // SAFETY: the claim has grown, so its record is where it was, and this source is its only user.
            let ClaimHead { end, .. } = unsafe { record.as_mut() };
            // SAFETY: the heap ends there, and what lies between is this source's, for talc alone. (The source is in the talc that it was put
            // into, by the promise of who made it.)
            let longer = unsafe { talc.extend(*end, payload.base().as_ptr().wrapping_add(payload.len())) };
            // Or it would ask for ever.
            let any = longer > *end;
            *end = longer;
            return if any { Ok(()) } else { Err(()) };
        }
        let head = size_of::<ClaimHead>();
        // SAFETY: the payload is longer than that.
        let heap = unsafe { payload.base().add(head) };
        // SAFETY: the rest of a claim, for talc alone until the source is dropped.
        let Some(end) = (unsafe { talc.claim(heap.as_ptr(), payload.len() - head) }) else {
            // SAFETY: claimed just now, and used by nobody.
            unsafe { spans.give_back(payload.base()) };
            return Err(());
        };
        // SAFETY: the start of the claim, aligned to the grain, which is not in talc's heap.
        unsafe { record.write(ClaimHead { before: last, end }) };
        talc.source.last = Some(record);
        Ok(())
    }
}

impl Drop for TalcSource<'_> {
    fn drop(&mut self) {
        while let Some(record) = self.last {
            // SAFETY: a record of this source's, which is there until its claim is given back.
            self.last = unsafe { record.as_ref() }.before;
            // SAFETY: the claim's payload starts with its record, and talc is done with it (the promise of who made the source).
            unsafe { self.spans.give_back(record.cast()) };
        }
    }
}

impl fmt::Debug for TalcSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TalcSource").field("owner", &self.owner).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
