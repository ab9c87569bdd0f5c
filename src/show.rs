//! `Debug` of what can't derive it: what it shows is looked at first, and nothing is locked while it is written.

use core::fmt;

use crate::backing::Backing;
use crate::heap::{BoundedHeap, Heap};
use crate::ledger::{Claim, Ledger, Within};
use crate::plot::Plot;
use crate::sharing::{Kind, Shareable};

/// The sums. What it holds is drawn by [`Snapshot`](crate::Snapshot).
impl<B: Backing, L: Kind> fmt::Debug for Ledger<B, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("snapshot", &self.snapshot()).finish()
    }
}

impl fmt::Debug for Claim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("owner", &self.owner())
            .field("start", &self.as_ptr())
            .field("len", &self.len())
            .finish()
    }
}

/// [`Heap::stats`], which takes a step for each free block and each span.
impl<L: Shareable> fmt::Debug for Heap<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heap").field("stats", &self.stats()).finish()
    }
}

impl<L: Shareable> fmt::Debug for BoundedHeap<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedHeap").field("stats", &self.stats()).finish()
    }
}

/// It counts nothing, so there is nothing to show.
#[cfg(any(unix, windows, target_family = "wasm"))]
impl<L> fmt::Debug for crate::heap::SmallHeap<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmallHeap").finish_non_exhaustive()
    }
}

impl fmt::Debug for Plot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plot").finish_non_exhaustive()
    }
}

impl<L> fmt::Debug for Within<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Within").finish_non_exhaustive()
    }
}
