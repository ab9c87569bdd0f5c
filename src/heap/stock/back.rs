//! How blocks go back to where they came from, and claims to the ledger.

use super::*;

impl<L: Shareable> Stock<L> {
    /// Makes room in a list that is full: it is set aside, and what was before goes back to where it came from. Of a class without slabs all
    /// goes back. The caller has entered.
    #[cold]
    #[inline(never)]
    pub(super) fn relieve(&self, list: &List, class: usize) {
        let full = list.head.take();
        list.room.set(slab::most(class));
        let chain = self.slabs(class).map_or(full, |slabs| slabs.swap_aside(full));
        self.take_back(Chain::of(chain, slab::LONGEST), class);
    }

    /// Takes all blocks of a chain back that are of this class: each to where it comes from. Claims that nothing is in any more go back to the ledger.
    /// The caller has entered.
    pub(super) fn take_back(&self, mut chain: Chain, class: usize) {
        while let Some(first) = chain.next() {
            if let Some(gone) = self.shared.put(first, class) {
                if let Some(gone) = gone {
                    // SAFETY: a shared slab's payload, in which nothing is any more.
                    unsafe { self.give_one_back(gone) };
                    // It may have been the reserve.
                    self.provide();
                }
            } else if let Some(slabs) = self.slabs(class) {
                slabs.take_back(first, &mut chain, class);
            }
            // Else there is no slab that it could lie in: it was freed twice, and is lost.
        }
    }

    /// Gives the ledger a claim back, if there is one. Out of line: whoever has none, or seldom one, has nothing of it.
    ///
    /// # Safety
    ///
    /// As for [`give_one_back`](Stock::give_one_back).
    #[inline(never)]
    pub(super) unsafe fn give_back(&self, span: Free) {
        if let Some(span) = span {
            // SAFETY: the caller's promise.
            unsafe { self.give_one_back(span) };
        }
    }

    /// Gives the ledger a claim back. If that has ended, as a block was freed twice, nothing happens.
    ///
    /// # Safety
    ///
    /// The caller owes: `span` is a payload of the ledger's that the heap holds, and that nobody uses any more.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    pub unsafe fn give_one_back(&self, span: NonNull<u8>) {
        if self.records.lends {
            // SAFETY: the caller's promise.
            unsafe { self.spans.give_back(span) };
        } else {
            // SAFETY: as above.
            unsafe { self.records.take_back(span) };
        }
    }
}
