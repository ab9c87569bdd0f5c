//! What may be wrong with freeing a place, in a program with debug assertions. It takes some steps, and none without them.

/// So many of the places that were freed last are looked at.
pub(super) const SEEN: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// It is no place of the pool's.
    Foreign,
    /// It is free.
    FreedTwice,
}

impl Mistake {
    #[cold]
    #[track_caller]
    pub fn panic(self, owner: &str) -> ! {
        match self {
            Mistake::Foreign => {
                panic!("`{owner}` was to free what is no block of its own: one of another pool's, or none at all")
            }
            Mistake::FreedTwice => panic!("`{owner}` was to free a block twice"),
        }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use core::alloc::Layout;
    use std::format;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::string::String;
    use std::vec::Vec;

    use super::super::{BlockPool, FixedPool, Pool, PoolBox, SharedPool};
    use super::SEEN;
    use crate::backing::Usual;
    use crate::ledger::Ledger;

    /// What it says when it panics; and that the pool is as it was, and not locked.
    fn said(work: impl FnOnce()) -> String {
        let panic = catch_unwind(AssertUnwindSafe(work)).expect_err("a panic");
        *panic.downcast::<String>().expect("a text")
    }

    /// Into another pool, and from the middle of a block; twice, at once and after others. Until then nothing was said of any of it: the first was
    /// handed out by the wrong pool, the second made the next look at the list go on for ever.
    #[test]
    fn blocks_that_are_freed_wrongly_are_told() {
        let ledger = Ledger::new(Usual::new());
        for size in [8, 24, 100] {
            let layout = Layout::from_size_align(size, 4).unwrap();
            let one = BlockPool::new_in(&ledger, "one", layout);
            let shared = BlockPool::shared_in(&ledger, "shared", layout);
            let blocks: Vec<_> = (0..SEEN).map(|_| one.alloc()).collect();
            let other = shared.alloc();
            let free = |block| {
                // SAFETY: it is not used; what is wrong with it is found before anything is done.
                unsafe { one.free(block) }
            };
            assert!(said(|| free(other)).starts_with("`one` was to free what is no block of its own"));
            // SAFETY: it is not used, as above.
            assert!(said(|| unsafe { shared.free(blocks[0]) }).starts_with("`shared` was to free what"));
            // SAFETY: inside the block.
            let inside = unsafe { blocks[0].add(4) };
            assert!(said(|| free(inside)).starts_with("`one` was to free what"));
            for (index, block) in blocks.iter().enumerate() {
                free(*block);
                assert_eq!(said(|| free(*block)), "`one` was to free a block twice", "{index}");
                assert_eq!(said(|| free(blocks[0])), "`one` was to free a block twice", "{index}");
            }
            assert!(one.is_empty() && one.alloc() == blocks[SEEN - 1]);
            // SAFETY: it came from there.
            unsafe { shared.free(other) };
            assert!(shared.is_empty());
        }
    }

    /// A box from an address is of the pool that it is said to be of, and there once.
    #[test]
    fn boxes_of_the_wrong_pool_are_told() {
        static FIXED: FixedPool<u64, 4> = FixedPool::new();
        let ledger = Ledger::new(Usual::new());
        let (pool, shared) = (Pool::<u64>::new_in(&ledger, "one"), SharedPool::<u64>::shared_in(&ledger, "shared"));
        let (other, _) = PoolBox::into_raw(shared.alloc(1));
        let (fixed, _) = PoolBox::into_raw(FIXED.alloc(2));
        let drop_of_fixed = |value: *mut u64| {
            // SAFETY: a value is there; that it is none of this pool's, or comes twice, is found when it goes.
            drop(unsafe { PoolBox::from_raw(value, &FIXED) });
        };
        // SAFETY: as above.
        assert!(said(|| drop(unsafe { PoolBox::from_raw(other, &pool) })).starts_with("`one` was to free what"));
        assert!(said(|| drop_of_fixed(other)).starts_with("`fixed pool` was to free what"));
        drop_of_fixed(fixed);
        assert_eq!(said(|| drop_of_fixed(fixed)), "`fixed pool` was to free a block twice");
        assert_eq!((FIXED.len(), format!("{pool:?}").contains("len: 0")), (0, true));
        // SAFETY: it came from there.
        drop(unsafe { PoolBox::from_raw(other, &shared) });
        assert!(shared.is_empty());
    }
}
