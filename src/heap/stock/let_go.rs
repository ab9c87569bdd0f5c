//! How a heap gives back what nobody uses: because it is told to, or because others need memory.

use super::*;

impl<L: Shareable> Stock<L> {
    /// Gives back the free blocks that are spans of their own, or `all`, also the slabs that are free altogether. The reserve stays: this is
    /// how others get at what the heap has at hand. The caller has entered.
    fn let_go_inside(&self, all: bool) {
        if let Some(wide) = self.wide.get() {
            wide.listed.set(0);
        }
        for class in 0..CLASSES {
            let Some(list) = self.list(class) else {
                break;
            };
            if class >= FIRST_OF_SPANS {
                self.give_back(list);
            } else if all {
                let slabs = self.slabs(class);
                self.take_back(list, class, Slabs::settle);
                while let Some(slab) = slabs.and_then(Slabs::remove) {
                    // SAFETY: a slab in which nothing is in use: a payload of the ledger's.
                    unsafe { self.give_one_back(slab) };
                }
            }
        }
        if all {
            self.narrow();
        }
    }

    /// Gives back all that is free; a heap without a block in use needs no reserve either.
    pub fn trim(&self) {
        self.empty_fronts();
        let _turn = self.enter();
        self.let_go_inside(true);
        let (_, _, out) = self.shared.bytes();
        if self.wide.get().is_none()
            && out == 0
            && let Some(reserve) = self.reserve.end(&self.shared)
        {
            // SAFETY: a reserve in which nothing is in use: a payload of the ledger's.
            unsafe { self.give_one_back(reserve) };
        }
    }
}

impl<L: Shareable> Keeper for Stock<L> {
    fn let_go(&self, all: bool) {
        if all {
            self.empty_fronts();
        }
        let turn = self.enter();
        self.let_go_inside(all);
        let next = self.next.get();
        drop(turn);
        if let Some(next) = next {
            next.let_go(all);
        }
    }
}
