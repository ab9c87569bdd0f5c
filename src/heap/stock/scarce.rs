//! Where blocks come from when there is no room for a slab of their class, or memory is small.

use super::*;
use crate::heap::shared::SharedSlab;
use crate::platform::sanitizer;

impl<L: Shareable> Stock<L> {
    /// A block of this class that lies in no slab of its own: in a shared slab that has room, or grows, or is claimed for it. From another class's slab
    /// or the reserve if not even that is to be had. The turn ends before memory may have to grow.
    #[cold]
    #[inline(never)]
    pub(super) fn scarce(&self, class: usize, turn: Turn<'_, L>) -> Free {
        let block = self.shared.cut(class);
        if block.is_some() {
            return block;
        }
        let size = size_of_class(class);
        let part = (self.records.granted() / SHARED_PART) & !(GRAIN - 1);
        let prefer = part.clamp(shared::SHORTEST, shared::LONGEST);
        let growing = self.shared.growing(size);
        let longer = growing.and_then(|at| self.longer(at, class, prefer.min(at.to_grow()).max(size)));
        drop(turn);
        if longer.is_some() {
            return longer;
        }
        let Some(payload) = self.placed(shared::HEAD, size, ALIGN, prefer).first() else {
            return self.last(class);
        };
        let _turn = self.enter();
        let block = self.cut_anew(payload, class);
        self.provide();
        block
    }

    /// A block of this class from a shared slab that grows by so many bytes, or by what it needs, if there is free memory behind it. The caller has
    /// entered.
    fn longer(&self, at: SharedSlab, class: usize, most: usize) -> Free {
        // SAFETY: the slab's claim is the heap's.
        if !unsafe { self.records.lengthen(at.payload(), size_of_class(class), most) } {
            return None;
        }
        // SAFETY: as above.
        self.shared.lengthen(at, unsafe { payload_len(at.payload()) });
        self.shared.cut(class)
    }

    /// A block of this class from a claim with room for it that is a shared slab from now on. The caller has entered.
    pub(super) fn cut_anew(&self, payload: NonNull<u8>, class: usize) -> Free {
        // SAFETY: the claim is the heap's.
        let at = unsafe { self.shared.add(payload) };
        self.shared.cut_from(at, class)
    }

    /// A block of this class when no memory is to be had: of what was let go meanwhile; from a slab of another class that has free blocks, which from
    /// now on all share, of the largest first; or from the reserve.
    #[cold]
    #[inline(never)]
    fn last(&self, class: usize) -> Free {
        let _turn = self.enter();
        let shared = |other: usize| {
            let free = self.slabs(other)?.share(other, &self.shared)?;
            self.take_back(Chain::of(Some(free), slab::LONGEST), other);
            self.shared.cut(class)
        };
        let block = self.take_own(class).or_else(|| self.shared.cut(class));
        let block = block.or_else(|| (0..FIRST_OF_SPANS).rev().find_map(shared));
        block.or_else(|| self.cut_anew(self.reserve.take()?, class))
    }

    /// Sees to it that there is a reserve, if the ledger has plenty and free memory for it: nothing is asked of the backing. The caller has
    /// entered.
    pub(super) fn provide(&self) {
        if self.reserve.get().is_some() {
            return;
        }
        let granted = self.records.granted();
        if granted >= reserve::LEAST_GRANTED {
            let len = reserve::len(granted) - GRAIN;
            let payload = self.records.place(self.owner, len).first();
            self.reserve.set(payload.inspect(|payload| sanitizer::poison(*payload, 0..len)));
        }
    }
}
