//! Where blocks come from when there is no room for a slab of their class, or memory is small.

use super::*;
use crate::free_list::Chain;

impl<L: Shareable> Stock<L> {
    /// A block of this class where there is no room for a slab of its own: from a shared slab that is claimed for it, or grows; from the reserve
    /// if not even that is to be had.
    #[cold]
    #[inline(never)]
    pub(super) fn scarce(&self, class: usize) -> Free {
        let size = size_of_class(class);
        let part = (self.records.granted() / SHARED_PART) & !(GRAIN - 1);
        let prefer = part.clamp(shared::SHORTEST, shared::LONGEST);
        if may_be_single(class)
            && size * 4 > prefer
            && let Some(block) = self.longer(class, prefer).and_then(|block| block.or_else(|| self.single(class)))
        {
            // A slab for hardly more than itself would take more for its record than a span does.
            return Some(block);
        }
        let mut block = None;
        // Once more if a slab that was kept to grow in place goes back.
        for _ in 0..2 {
            let turn = self.enter();
            let growing = self.shared.growing(size).inspect(|at| self.shared.keep(*at, false));
            let grow = growing.map(|at| GrowInPlace {
                payload: at.payload(),
                missing: size,
                prefer: prefer.min(at.to_grow()),
            });
            drop(turn);
            let want = Want { prefix: shared::HEAD, prefer, ahead: true, grow, ..Want::of(size, ALIGN) };
            // SAFETY: the slab that is to grow is kept.
            let placed = unsafe { self.spans.place(self.owner, &want) };
            let turn = self.enter();
            let mut new = None;
            if let Ok(Placed { payload, .. }) = placed {
                match growing.filter(|at| at.payload() == payload.base()) {
                    Some(at) => self.shared.lengthen(at, payload.len()),
                    None => {
                        // SAFETY: the claim was made for that.
                        let at = unsafe { self.shared.add(payload.base(), payload.len()) };
                        self.shared.grow_next(at);
                        new = Some(at);
                    }
                }
            }
            // Also if there is nothing new: who was asked to let go may have made room. Then what is new may not be needed.
            block = self.cut(class);
            self.provide();
            let gone = self.release(growing) | self.release(new);
            drop(turn);
            if block.is_some() || !gone {
                break;
            }
        }
        block.or_else(|| self.last(class))
    }

    /// A block of this class from the shared slab that is to grow, if there is one: by what is preferred, or by just that, if there is free memory
    /// behind it.
    fn longer(&self, class: usize, prefer: usize) -> Option<Free> {
        let size = size_of_class(class);
        let _turn = self.enter();
        self.shared.growing(size).map(|at| {
            let most = prefer.min(at.to_grow()).max(size);
            // SAFETY: the slab's claim is the heap's.
            if !unsafe { self.records.lengthen(at.payload(), size, most) } {
                return None;
            }
            // SAFETY: as above.
            self.shared.lengthen(at, unsafe { payload_len(at.payload()) });
            self.shared.cut(class)
        })
    }

    /// A block of this class from a slab of another one that has free blocks: from now on all share that. Of each class that holds larger ones a
    /// slab is tried, then of the others. The caller has entered.
    fn of_another(&self, class: usize) -> Free {
        let mut other = class;
        loop {
            if let Some((at, free)) = self.slabs(other).and_then(|slabs| slabs.share(other, &self.shared)) {
                self.take_back(Chain::of(free, slab::LONGEST), other);
                self.release(Some(at));
                let block = self.shared.cut(class);
                if block.is_some() {
                    return block;
                }
            }
            other = (other + 1) % FIRST_OF_SPANS;
            if other == class {
                return None;
            }
        }
    }

    /// A block of this class when there is no slab: a span of its own, which needs less for itself; or from a slab of another class; or from the
    /// reserve.
    #[cold]
    #[inline(never)]
    fn last(&self, class: usize) -> Free {
        let single = if may_be_single(class) { self.single(class) } else { None };
        single.or_else(|| {
            let _turn = self.enter();
            let reserve = || if may_be_single(class) { None } else { self.reserve.cut(&self.shared, class) };
            self.of_another(class).or_else(reserve)
        })
    }

    /// Sees to it that there is a reserve, if the ledger has plenty and free memory for it: nothing is asked of the backing. The caller has
    /// entered.
    pub(super) fn provide(&self) {
        if !self.reserve.is_short() {
            return;
        }
        let granted = self.records.granted();
        if granted >= reserve::LEAST_GRANTED
            && let Some(payload) = self.records.place(self.owner, reserve::len(granted) - GRAIN).first()
        {
            // SAFETY: the claim was made for that.
            self.release(unsafe { self.reserve.renew(&self.shared, payload) });
        }
    }
}
