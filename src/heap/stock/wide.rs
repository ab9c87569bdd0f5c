//! What a heap has besides where there is memory for it.

use super::*;

/// What a heap has besides where its ledger holds [`WIDE_FROM`] bytes, in a claim of its own: what makes large memory fast would be too large a
/// part of small memory. Without it all blocks lie in shared slabs or are spans of their own, and what is not fine goes back at once.
#[repr(C)] // what is small comes first: then a number of one byte says where it lies
pub(super) struct Wide {
    /// Those of the classes that are not fine.
    lists: [List; FIRST_OF_SPANS - FINE_CLASSES],
    /// Free blocks that are spans of their own.
    pub spans: [FreeList; CLASSES - FIRST_OF_SPANS],
    pub slabs: [Slabs; FIRST_OF_SPANS],
}

impl Wide {
    /// The list of a class that is not fine, and has slabs.
    #[inline(always)]
    pub fn list(&self, class: usize) -> Option<&List> {
        self.lists.get(class.wrapping_sub(FINE_CLASSES))
    }

    /// The free blocks of a class of which each is a span of its own.
    #[inline(always)]
    pub fn spans_of(&self, class: usize) -> Option<&FreeList> {
        self.spans.get(class.wrapping_sub(FIRST_OF_SPANS))
    }

    /// One of them, or one of the next class, which is longer by a quarter at most.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline(always))]
    pub fn take_span(&self, class: usize) -> Free {
        self.spans.get(class.wrapping_sub(FIRST_OF_SPANS)..)?.iter().take(2).find_map(|list| list.pop())
    }
}

/// All of it is a fiftieth of that, or less.
const WIDE_FROM: usize = 128 << 10;

const _: () = assert!(size_of::<Wide>() <= WIDE_FROM / 50);

impl<L: Shareable> Stock<L> {
    /// What there is besides where there is memory for it. Nothing is asked of the backing. The caller has entered.
    pub(super) fn widen(&self) -> Option<&'static Wide> {
        if self.wide.get().is_some() {
            return self.wide.get();
        }
        if self.records.granted() >= WIDE_FROM {
            let payload = self.records.place(self.owner, size_of::<Wide>()).first()?;
            let fresh = payload.cast::<Wide>();
            payload.as_ptr().expose_provenance();
            // SAFETY: the payload has room for it, and begins on the grain, which is enough for its alignment. (It is too large to be made elsewhere.)
            unsafe { fresh.write_bytes(0, 1) };
            // SAFETY: no link, and no number but 0, is what zeroes are. Who gives it back has entered, and lets nobody find it any more.
            self.wide.set(Some(unsafe { fresh.as_ref() }));
        }
        self.wide.get()
    }

    /// Gives back what there is besides. There are no slabs, and no block is in a list. The caller has entered.
    pub(super) fn narrow(&self) {
        if let Some(wide) = self.wide.take() {
            // SAFETY: a payload of the ledger's, which nobody finds any more.
            unsafe { self.give_back(Some(platform::owned(NonNull::from(wide).cast()))) };
        }
    }
}
