//! Hosts: address space is reserved in one large piece and memory is put behind it page by page, so that a ledger sees
//! what it sees on wasm: one linear memory that grows at its end.

use core::iter;
use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::{Landmark, sanitizer};
use crate::layout::USUAL_PAGE;

#[cfg(miri)]
use super::miri as os;
#[cfg(all(unix, not(miri)))]
use super::unix as os;
#[cfg(all(windows, not(miri)))]
use super::windows as os;

static COMMITTED: AtomicUsize = AtomicUsize::new(0);

/// Bytes of address space that are reserved.
static RESERVED: AtomicUsize = AtomicUsize::new(0);

/// The part of what a limit on address space leaves that one reservation may take. The rest is for stacks and for everyone else's
/// mappings, which nobody here knows of.
const PART: usize = 64;

/// Bytes of memory now: what all [`Hosted`](crate::Hosted) backings together have taken from the host.
pub fn memory_size() -> usize {
    COMMITTED.load(Ordering::Relaxed)
}

/// Bytes of what [`Hosted`](crate::Hosted) asks for at a time: 65,536. In a wasm module, of a page of linear memory, in which
/// `memory.grow` counts.
#[inline(always)]
pub fn page_size() -> usize {
    USUAL_PAGE
}

pub(crate) fn landmarks() -> [Option<Landmark>; 3] {
    [None; 3]
}

/// Address space of `len` bytes (whole pages), aligned to at least 4 KiB, with no memory behind it yet.
pub(crate) fn reserve(len: usize) -> Option<NonNull<u8>> {
    let base = os::reserve(len)?;
    RESERVED.fetch_add(len, Ordering::Relaxed);
    sanitizer::root(base, len);
    Some(base)
}

/// How much address space a reservation may take that is made ahead of need: some part of what the host's limit on it leaves, if it has
/// one.
pub(crate) fn reservable() -> usize {
    let left = |limit: usize| limit.saturating_sub(RESERVED.load(Ordering::Relaxed));
    os::limit().map_or(usize::MAX, |limit| left(limit) / PART)
}

/// Puts zeroed memory behind `[base, base + len)`. `false` if the host refused; then nothing changed.
///
/// # Safety
///
/// The caller owes: the range lies in one reservation that has not been given back, and is not committed yet.
pub(crate) unsafe fn commit(base: NonNull<u8>, len: usize) -> bool {
    // SAFETY: what the caller owes is what the port asks for.
    let done = unsafe { os::commit(base, len) };
    if done {
        COMMITTED.fetch_add(len, Ordering::Relaxed);
    }
    done
}

/// Lets the host have the memory behind `[base, base + len)`, whole pages, for as long as nobody writes there. What was in it is lost.
///
/// # Safety
///
/// The caller owes: the range is committed, in one reservation that has not been given back, and nobody wants what is in it.
pub(crate) unsafe fn empty(base: NonNull<u8>, len: usize) {
    // SAFETY: what the caller owes is what the port asks for.
    unsafe { os::empty(base, len) };
}

/// Each piece that the host maps is an allocation of its own.
pub(crate) const FRESH_JOINS: bool = false;

/// Fresh pages that are never given back.
pub(crate) fn fresh(pages: usize) -> Option<NonNull<u8>> {
    let len = pages.checked_mul(page_size())?;
    let base = reserve(len)?;
    // SAFETY: the reservation was made just now.
    if unsafe { commit(base, len) } {
        return Some(base);
    }
    // SAFETY: as above; nothing in it is used.
    unsafe { unreserve(base, len, iter::empty()) };
    None
}

/// Gives a whole reservation back, of which these bytes had memory behind them.
///
/// # Safety
///
/// The caller owes: `base` and `len` are those of one reservation, and nothing in it is used any more.
pub(crate) unsafe fn unreserve(base: NonNull<u8>, len: usize, committed: impl Iterator<Item = Range<usize>>) {
    sanitizer::unroot(base, len);
    for bytes in committed {
        COMMITTED.fetch_sub(bytes.len(), Ordering::Relaxed);
        sanitizer::unpoison(base, bytes);
    }
    // SAFETY: what the caller owes is what the port asks for.
    unsafe { os::unreserve(base, len) };
    RESERVED.fetch_sub(len, Ordering::Relaxed);
}
