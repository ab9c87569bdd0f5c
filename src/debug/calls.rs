//! Allocating, freeing and resizing, whatever the heap below.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::Checked;
use super::fence::{FRESH, Fenced, stands_before};
use super::finding::FoundBy;
use super::register::{Facts, Keep, Left, Replaced};
use super::sites::Site;
use crate::backing::Backing;
use crate::platform;
use crate::sharing::Kind;

/// The heap below, by whichever trait it is one.
///
/// # Safety
///
/// The implementor owes: what `take` returns is memory for the layout, and the caller's alone until `give`.
pub(super) unsafe trait Below {
    /// Memory, zeroed if that is asked for; or none.
    fn take(&self, layout: Layout, zeroed: bool) -> Option<NonNull<u8>>;

    /// Takes it back.
    ///
    /// # Safety
    ///
    /// The caller owes: it was taken here, with this layout, and nobody uses it any more.
    unsafe fn give(&self, memory: NonNull<u8>, layout: Layout);
}

impl<H, B: Backing, L: Kind> Checked<H, B, L> {
    /// A block for `layout`. While the heap below has no room, what waits is let go.
    #[inline(always)]
    pub(super) fn take(&self, below: &impl Below, layout: Layout, zeroed: bool) -> Option<NonNull<u8>> {
        self.take_at(below, layout, zeroed, Replaced::NOTHING, &self.site_for(layout.size()))
    }

    fn take_at(
        &self,
        below: &impl Below,
        layout: Layout,
        zeroed: bool,
        before: Replaced,
        site: &Site,
    ) -> Option<NonNull<u8>> {
        let fenced = Fenced::of(layout)?;
        let mut facts = Facts::new();
        if !self.with(&mut facts, |register, _, _| register.may(layout.size(), before))? {
            return None;
        }
        let mut some = 1_usize;
        let base = loop {
            match below.take(fenced.whole, zeroed) {
                Some(base) => break base,
                // The heap may tell the program that it has refused: not for each of thousands of blocks that wait.
                None if self.let_some_go(below, some) => some = some.saturating_mul(2),
                None => return None,
            }
        };
        // SAFETY: memory for all of it was just allocated.
        let block = unsafe { fenced.block(base) };
        // If its record is lost, its address is all that is known of it.
        let _ = block.as_ptr().expose_provenance();
        // SAFETY: the block lies in it, and nobody else has it.
        unsafe { fenced.put_up(block) };
        if !zeroed {
            // SAFETY: as above.
            unsafe { fenced.fill(block, FRESH) };
        }
        self.with(&mut facts, |register, room, facts| register.enter(room, block, layout, before, site, facts));
        self.tell_all(&facts, site, FoundBy::Alloc, None);
        Some(block)
    }

    /// Frees a block.
    #[inline(always)]
    pub(super) fn give(&self, below: &impl Below, block: NonNull<u8>, layout: Layout) {
        self.give_at(below, block, layout, Replaced::NOTHING, &self.site_for(layout.size()), FoundBy::Free);
    }

    fn give_at(
        &self,
        below: &impl Below,
        block: NonNull<u8>,
        layout: Layout,
        before: Replaced,
        site: &Site,
        by: FoundBy,
    ) {
        let (mut facts, addr) = (Facts::new(), block.addr().get());
        let left = self.with(&mut facts, |register, room, facts| {
            register.moved(before);
            register.leave(room, addr, layout, site, self.keep, facts)
        });
        match left {
            Some(Left::Waits) => {}
            Some(Left::Goes(base, whole)) => {
                // SAFETY: it was taken with this layout, and has no record any more: nobody else gives it.
                unsafe { below.give(base, whole) };
            }
            Some(Left::Perhaps) => self.give_unrecorded(below, block, layout, &mut facts),
            Some(Left::Stays) | None => {}
        }
        self.tell_all(&facts, site, by, Some((addr, layout)));
        while self.let_go(below, self.keep) {}
    }

    /// Frees what may be a block without a record: a fence tells.
    #[cold]
    #[inline(never)]
    fn give_unrecorded(&self, below: &impl Below, block: NonNull<u8>, layout: Layout, facts: &mut Facts) {
        let addr = block.addr().get();
        match Fenced::of(layout).filter(|_| seems_a_block(block, layout)) {
            Some(fenced) => {
                self.with(facts, |register, _, _| register.forget(layout.size()));
                // SAFETY: a fence stands before it.
                let base = unsafe { fenced.base(platform::owned(block)) };
                // SAFETY: it was taken with the layout that its holder knows.
                unsafe { below.give(base, fenced.whole) };
            }
            None => _ = self.with(facts, |register, _, facts| register.is_none(addr, facts)),
        }
    }

    /// Another block in place of this one, with what fits of its bytes. `None` if there is no room, or it is no block.
    ///
    /// # Safety
    ///
    /// The caller owes: the block is one of this heap's, with this layout, unless the program is broken.
    pub(super) unsafe fn change(
        &self,
        below: &impl Below,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        zeroed: bool,
    ) -> Option<NonNull<u8>> {
        let (site, mut facts, addr) = (self.site_for(new.size()), Facts::new(), block.addr().get());
        let (from, before) = match self.with(&mut facts, |register, _, facts| register.look(addr, facts))? {
            Ok(known) => (NonNull::new(known.block)?, Replaced { bytes: known.size, born: Some(known.born()) }),
            // Its holder knows of it.
            Err(Left::Perhaps) if seems_a_block(block, old) => (block, Replaced { bytes: old.size(), born: None }),
            Err(left) => {
                if let Left::Perhaps = left {
                    self.with(&mut facts, |register, _, facts| register.is_none(addr, facts));
                }
                self.tell_all(&facts, &site, FoundBy::Realloc, Some((addr, old)));
                return None;
            }
        };
        let (size, place) = (before.bytes, self.take_at(below, new, zeroed, before, &site)?);
        platform::reach(from.addr().get() + size);
        // SAFETY: both blocks have so many bytes, and the new one was just allocated.
        unsafe { place.copy_from_nonoverlapping(from, size.min(new.size())) };
        self.give_at(below, block, old, before, &site, FoundBy::Realloc);
        Some(place)
    }

    /// Gives the heap below the block that has waited longest, if more than `keep` waits. Whether there was one.
    fn let_go(&self, below: &impl Below, keep: Keep) -> bool {
        let mut facts = Facts::new();
        let gone = self.with(&mut facts, |register, _, facts| register.let_go(keep, facts)).flatten();
        if let Some((base, whole)) = gone {
            // SAFETY: it was taken with this layout, and has no record any more: nobody else gives it.
            unsafe { below.give(base, whole) };
        }
        self.tell_all(&facts, &Site::UNKNOWN, FoundBy::Reuse, None);
        gone.is_some()
    }

    /// Gives the heap below so many of those that have waited longest, or as many as there are. Whether there were any.
    #[cold]
    #[inline(never)]
    fn let_some_go(&self, below: &impl Below, count: usize) -> bool {
        (0..count).take_while(|_| self.let_go(below, Keep::NOTHING)).count() > 0
    }

    /// Gives the heap below all that waits.
    pub(super) fn let_all_go(&self, below: &impl Below) {
        while self.let_go(below, Keep::NOTHING) {}
    }
}

/// Whether a fence stands before a pointer of which nothing is known.
fn seems_a_block(block: NonNull<u8>, layout: Layout) -> bool {
    // SAFETY: who holds it says that it is a block with a front before it; else the program is broken, and this a last attempt to say so.
    unsafe { stands_before(platform::owned(block), layout.align()) }
}
