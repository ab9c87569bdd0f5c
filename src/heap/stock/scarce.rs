//! Where blocks come from when there is no room for a slab of their class, or memory is small.

use super::*;
use crate::heap::shared::SharedSlab;

impl<L: Shareable> Stock<L> {
    /// A block of this class where there is no room for a slab of its own: from a shared slab that grows, or is claimed for it; from the reserve
    /// if not even that is to be had.
    #[cold]
    #[inline(never)]
    pub(super) fn scarce(&self, class: usize) -> Free {
        let size = size_of_class(class);
        let part = (self.records.granted() / SHARED_PART) & !(GRAIN - 1);
        let prefer = part.clamp(shared::SHORTEST, shared::LONGEST);
        let turn = self.enter();
        let growing = self.shared.growing(size);
        let longer = growing.and_then(|at| self.longer(at, class, prefer.min(at.to_grow()).max(size)));
        drop(turn);
        if longer.is_some() {
            return longer;
        }
        if growing.is_some()
            && may_be_single(class)
            && size * 4 > prefer
            && let Some(block) = self.single(class)
        {
            // A slab for hardly more than itself would take more for its record than a span does.
            return Some(block);
        }
        let want = Want { prefix: shared::HEAD, prefer, ahead: true, ..Want::of(size, ALIGN) };
        // SAFETY: no claim is to grow.
        let Ok(placed) = (unsafe { self.spans.place(self.owner, &want) }) else {
            return self.last(class);
        };
        let _turn = self.enter();
        let block = self.cut_anew(placed.payload.base(), class);
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
    fn cut_anew(&self, payload: NonNull<u8>, class: usize) -> Free {
        // SAFETY: the claim is the heap's.
        let at = unsafe { self.shared.add(payload, payload_len(payload)) };
        self.shared.cut_from(at, class)
    }

    /// A block of this class from a slab of another one that has free blocks: from now on all share that. Of each class that holds larger ones a
    /// slab is tried, then of the others. The caller has entered.
    fn of_another(&self, class: usize) -> Free {
        let mut other = class;
        loop {
            let free = self.slabs(other).and_then(|slabs| slabs.share(other, &self.shared));
            self.take_back(free, other);
            if free.is_some()
                && let Some(block) = self.shared.cut(class)
            {
                return Some(block);
            }
            other = (other + 1) % FIRST_OF_SPANS;
            if other == class {
                return None;
            }
        }
    }

    /// A block of this class when no memory is to be had: of what was let go meanwhile; a span of its own, which needs less for itself; from a slab of
    /// another class; or from the reserve.
    #[cold]
    #[inline(never)]
    fn last(&self, class: usize) -> Free {
        let turn = self.enter();
        let block = self.cut(class);
        drop(turn);
        let single = || if may_be_single(class) { self.single(class) } else { None };
        block.or_else(single).or_else(|| {
            let _turn = self.enter();
            let reserve = || {
                let reserve = if may_be_single(class) { None } else { self.reserve.take() };
                self.cut_anew(reserve?, class)
            };
            self.of_another(class).or_else(reserve)
        })
    }

    /// Sees to it that there is a reserve, if the ledger has plenty and free memory for it: nothing is asked of the backing. The caller has
    /// entered.
    pub(super) fn provide(&self) {
        if self.reserve.get().is_some() {
            return;
        }
        let granted = self.records.granted();
        if granted >= reserve::LEAST_GRANTED {
            self.reserve.set(self.records.place(self.owner, reserve::len(granted) - GRAIN).first());
        }
    }
}
