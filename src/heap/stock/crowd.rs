//! What a heap has for a crowd: sets of lists in front of the slabs.

use super::*;
use crate::sharing::crowd::{self, All, Sets, enter_soon};

/// A list for each class that lies in slabs.
pub(super) type Lists = [List; FIRST_OF_SPANS];

impl<L: Shareable> Stock<L> {
    /// The sets, if there is a crowd: then all blocks go through [`take_among_others`](Stock::take_among_others) and
    /// [`put_among_others`](Stock::put_among_others).
    #[inline(always)]
    fn sets(&self) -> Option<&Sets<L, Lists>> {
        if crowd::may_be::<L>() { self.within_reach().crowd.sets() } else { None }
    }

    /// Whether there is a crowd.
    #[inline(always)]
    pub fn is_crowded(&self) -> bool {
        crowd::may_be::<L>() && self.within_reach().crowd.is_there()
    }

    /// Bytes of the sets.
    pub fn len_of_sets(&self) -> usize {
        self.sets().map_or(0, size_of_val)
    }

    /// A turn of the stock's, if it can be had at once and there is no crowd.
    #[inline(always)]
    pub fn enter_calmly(&self) -> Option<Turn<'_, L>> {
        if self.is_crowded() { None } else { Turn::try_enter(&self.within_reach().access) }
    }

    /// A turn of the stock's for somebody who found it taken: that is counted.
    fn enter_late(&self) -> Turn<'_, L> {
        let turn = self.enter();
        // Nothing is asked of the backing.
        let claim = |bytes| self.wide.get().and_then(|_| self.records.place(self.owner, bytes).first());
        // SAFETY: a claim of so many bytes, which is never given back.
        unsafe { self.crowd.count_wait(claim, List::none) };
        turn
    }

    /// A block of a class that has slabs, where threads may be in each other's way: the caller found somebody in the stock, or there is a crowd.
    pub fn take_among_others(&self, class: usize) -> Free {
        let Some(sets) = self.sets() else {
            let turn = self.enter_late();
            return self.at_hand(class).or_else(|| self.take_from_slabs(class, turn));
        };
        let mine = sets.enter();
        let list = &mine[class];
        if let Some(block) = list.take() {
            return Some(block);
        }
        let turn = self.enter();
        self.hand_over(class, list);
        if let Some(block) = list.take() {
            return Some(block);
        }
        // Nothing of a set is held while memory may have to grow; and what was taken last is given back first.
        drop(turn);
        drop(mine);
        self.take_from_slabs(class, self.enter())
    }

    /// Puts what the stock has in its list for this class into one of a set, which is empty; or else fresh blocks, or what slabs have. The caller
    /// has entered.
    fn hand_over(&self, class: usize, to: &List) {
        let most = slab::most(class);
        if let Some(list) = self.list(class).filter(|list| list.head.get().is_some()) {
            to.head.swap(&list.head);
            to.room.set(list.room.replace(most));
            return;
        }
        let Some(slabs) = self.widen().and_then(|wide| wide.slabs.get(class)) else { return };
        let fresh = || {
            let fresh = iter::from_fn(|| slabs.cut(size_of_class(class))).take(most / 2);
            // SAFETY: nobody uses it.
            let len = fresh.map(|fresh| unsafe { to.push(fresh) }).count();
            to.room.set(most - len);
            len > 0
        };
        if !fresh() {
            slabs.fill(to, class);
            // Or there is an empty slab now, to be cut.
            let _ = to.head.get().is_some() || fresh();
        }
    }

    /// Puts a block of a class that has slabs back, where threads may be in each other's way: as above.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` is one of this class, from this heap, and nobody uses it any more.
    pub unsafe fn put_among_others(&self, class: usize, block: NonNull<u8>) {
        let Some(sets) = self.sets() else {
            let _turn = self.enter_late();
            // SAFETY: the caller's promise.
            return unsafe { self.put_entered(class, block) };
        };
        let mine = sets.enter();
        let list = &mine[class];
        if list.room.get() == 0 {
            let _turn = self.enter();
            self.relieve(list, class);
        }
        // SAFETY: the caller's promise.
        unsafe { list.put(block) };
    }

    /// Takes all blocks back that are in sets.
    pub fn empty_sets(&self) {
        for lists in self.sets().into_iter().flat_map(Sets::each) {
            let _turn = self.enter();
            for (class, list) in lists.iter().enumerate().filter(|(_, list)| list.head.get().is_some()) {
                self.relieve(list, class);
            }
        }
    }

    /// Runs `f` while nobody is in a set, with the number of blocks of this class that are in sets.
    pub fn with_sets<R>(&self, class: usize, f: impl FnOnce(usize) -> R) -> R {
        let all = self.sets().map(All::enter);
        let lists = all.iter().flat_map(All::lists).filter_map(|lists| lists.get(class));
        f(lists.filter_map(|list| list.len_of(slab::LONGEST)).sum())
    }
}

// SAFETY: all that changes is used by whoever has entered, the stock or a set.
unsafe impl<L: Shareable> Whole for Stock<L> {
    fn hold(&self) -> bool {
        // Who is in a set may wait for the stock, so that comes last.
        let sets = self.sets();
        if !sets.is_none_or(Sets::hold) {
            return false;
        }
        // There may be sets now that there were not.
        if enter_soon(&self.access) {
            if self.is_crowded() == sets.is_some() {
                return true;
            }
            // SAFETY: entered just now.
            unsafe { self.access.leave() };
        }
        if let Some(sets) = sets {
            // SAFETY: taken just now.
            unsafe { sets.release() };
        }
        false
    }

    unsafe fn release(&self) {
        // Once the stock is left there may be more.
        let sets = self.sets();
        // SAFETY: the caller's promise: it has entered.
        unsafe { self.access.leave() };
        if let Some(sets) = sets {
            // SAFETY: they were held with it.
            unsafe { sets.release() };
        }
    }

    fn link(&self) -> &Link {
        &self.link
    }
}
