//! How a heap gives back what nobody uses: because it is told to, or because others need memory.

use super::*;

impl<L: Shareable> Stock<L> {
    /// Gives back the free blocks that are spans of their own, or `all`, also the slabs that are free altogether. The reserve stays: this is
    /// how others get at what the heap has at hand. The caller has entered.
    fn let_go_inside(&self, wide: Option<&'static Wide>, all: bool) {
        if let Some(wide) = wide {
            let most = self.most_spans();
            for list in &wide.spans {
                for span in Chain::of(list.head.take(), most) {
                    // SAFETY: a free block that is a span of its own, a payload of the ledger's.
                    unsafe { self.give_back(Some(span)) };
                }
            }
        }
        if !all {
            return;
        }
        let mut left = 0;
        for class in 0..FIRST_OF_SPANS {
            let Some(list) = self.list(class) else {
                break;
            };
            while let Some(fresh) = self.fresh(class) {
                // SAFETY: nobody uses it.
                unsafe { list.push(fresh) };
            }
            // The list, and what was set aside.
            self.relieve(list, class);
            self.relieve(list, class);
            if let Some(slabs) = self.slabs(class) {
                while let Some(slab) = slabs.remove() {
                    // SAFETY: a slab in which nothing is in use: a payload of the ledger's.
                    unsafe { self.give_back(Some(slab)) };
                }
                left += slabs.count();
            }
        }
        if left == 0 {
            self.narrow();
        }
    }

    /// Gives back all that is free; a heap without a block in use needs no reserve either.
    pub fn trim(&self) {
        self.empty_sets();
        let _turn = self.enter();
        self.let_go_inside(self.wide.get(), true);
        if self.wide.get().is_none() && self.shared.is_idle() {
            // SAFETY: a claim that nothing is in.
            unsafe { self.give_back(self.reserve.take()) };
        }
    }
}

impl<L: Shareable> Keeper for Stock<L> {
    fn let_go(&self, all: bool) {
        if all {
            self.empty_sets();
        }
        let turn = self.enter();
        self.let_go_inside(self.wide.get(), all);
        let next = self.next.get();
        drop(turn);
        if let Some(next) = next {
            next.let_go(all);
        }
    }
}
