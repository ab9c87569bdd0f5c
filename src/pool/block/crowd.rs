//! What a shared pool has for a crowd: sets of free blocks in front of its own.

use core::panic::Location;

use super::*;
use crate::layout::GRAIN;
use crate::ledger::place_free;
use crate::pool::SEEN;
use crate::sharing::crowd::{self, All, SETS, Sets};

#[cfg(all(test, any(unix, windows)))]
mod tests;

/// How many blocks a set has at most.
const MOST: usize = 256;

/// How many go from the pool to an empty set at most: of large blocks so many as fill [`AT_HAND`] bytes.
const SOME: usize = 32;
const AT_HAND: usize = 8 << 10;

/// A pool while nobody else is in it, nor in a set.
pub(super) struct WholePool<'a, 'l, L: Access> {
    blocks: InTurn<'a, L, Blocks<'l>>,
    // What was taken last is given back first, so this comes last.
    sets: Option<All<'a, L, List>>,
}

impl<'l, L: Access> BlockPool<'l, L> {
    /// The sets, if there is a crowd.
    #[inline(always)]
    fn sets(&self) -> Option<&Sets<L, List>> {
        if crowd::may_be::<L>() { self.crowd.sets() } else { None }
    }

    /// A turn at the pool, if it can be had at once and there is no crowd; where there never is one, in any case.
    #[inline(always)]
    pub(super) fn enter_calmly(&self) -> Option<InTurn<'_, L, Blocks<'l>>> {
        if !crowd::may_be::<L>() {
            return Some(self.enter());
        }
        if self.crowd.is_there() { None } else { InTurn::try_enter(&self.lock, &self.blocks) }
    }

    /// Nobody else is in the pool, nor in a set of it.
    #[inline(always)]
    pub(super) fn enter_whole(&self) -> WholePool<'_, 'l, L> {
        if crowd::may_be::<L>() { self.enter_with_sets() } else { WholePool { blocks: self.enter(), sets: None } }
    }

    /// The same, where there may be sets.
    fn enter_with_sets(&self) -> WholePool<'_, 'l, L> {
        loop {
            let sets = self.sets().map(All::enter);
            let whole = WholePool { blocks: self.enter(), sets };
            // There may be sets now that there were not.
            if whole.sets.is_some() == self.sets().is_some() {
                return whole;
            }
        }
    }

    /// A block of a pool that threads share.
    #[inline(always)]
    pub(super) fn hand_out_calmly(&self) -> Result<NonNull<u8>, AllocError> {
        let calm = self.enter_calmly();
        if let Some(block) = calm.as_ref().and_then(|blocks| blocks.at_hand()) {
            sanitizer::unpoison(block, 0..self.blocks.layout.size());
            return Ok(block);
        }
        let waits = calm.is_none();
        drop(calm);
        // Taken apart, so that what is at hand goes by no memory that the other way is given.
        let block = self.hand_out_late(waits)?;
        Ok(block)
    }

    /// A block where there is no other way: somebody was found in the pool (`waits`), there is a crowd, or the pool has no block at hand.
    #[inline(never)]
    fn hand_out_late(&self, waits: bool) -> Result<NonNull<u8>, AllocError> {
        let block = self.sets().and_then(|sets| {
            let mine = sets.enter();
            mine.take().or_else(|| self.take_by_way_of(&mine))
        });
        let Some(block) = block else { return self.hand_out_of_all(waits) };
        sanitizer::unpoison(block, 0..self.blocks.layout.size());
        Ok(block)
    }

    /// A block from a set that the caller has entered, and found empty: what the pool has at hand goes there first.
    #[cold]
    #[inline(never)]
    fn take_by_way_of(&self, mine: &List) -> Free {
        self.enter().hand_over(mine);
        mine.take()
    }

    /// A block from wherever there is one, or a new one. Before there is none, or memory grows, all sets are looked at, at once: else one that is
    /// free might go from a set that is still to be looked at into one that was.
    #[cold]
    #[inline(never)]
    fn hand_out_of_all(&self, waits: bool) -> Result<NonNull<u8>, AllocError> {
        let whole = self.enter_whole();
        if waits {
            self.count_wait(&whole.blocks);
        }
        whole.gather();
        whole.blocks.alloc::<false>()
    }

    /// Counts somebody who has waited.
    fn count_wait(&self, blocks: &Blocks<'l>) {
        let chunks = &blocks.chunks;
        let claim = |bytes| place_free(chunks.spans(), chunks.owner(), bytes);
        // SAFETY: a claim of so many bytes, which is given back after the crowd.
        unsafe { self.crowd.count_wait(claim, || List::with_room(MOST)) };
    }

    /// Takes a block back where somebody was found in the pool, or there is a crowd.
    ///
    /// # Safety
    ///
    /// The caller owes: the block is one of this pool's, in use, and nobody uses it any more.
    #[inline(never)]
    pub(super) unsafe fn free_late(&self, block: NonNull<u8>) {
        let Some(sets) = self.sets() else {
            // SAFETY: the caller's promise.
            return unsafe { self.free_waiting(block) };
        };
        let mine = sets.enter();
        if mine.room.get() == 0 {
            self.relieve(&mine);
        }
        // SAFETY: the caller's promise; there is room.
        unsafe { self.blocks.free_into(&mine, block) };
    }

    /// Makes room in the list of a set, which the caller has entered, and found full.
    #[cold]
    #[inline(never)]
    fn relieve(&self, mine: &List) {
        self.enter().relieve(mine);
    }

    /// Takes a block back in the pool's own turn, for which the caller has to wait.
    ///
    /// # Safety
    ///
    /// As there.
    #[cold]
    #[inline(never)]
    unsafe fn free_waiting(&self, block: NonNull<u8>) {
        let whole = self.enter_whole();
        self.count_wait(&whole.blocks);
        // SAFETY: the caller's promise.
        unsafe { whole.free(block) };
    }

    /// Bytes that are claimed for sets.
    pub(super) fn held_by_sets(&self) -> usize {
        let claim = |_| Crowd::<L, List>::BYTES.next_multiple_of(GRAIN) + self.blocks.chunks.spans().header();
        self.sets().map_or(0, claim)
    }
}

impl<L> BlockPool<'_, L> {
    /// Gives the sets back.
    #[inline(always)]
    pub(super) fn end_crowd(&mut self) {
        if let Some(memory) = self.crowd.close() {
            // SAFETY: it was claimed there, and nothing is in it any more.
            unsafe { self.blocks.chunks.spans().give_back(memory) };
        }
    }
}

impl<L: Access> WholePool<'_, '_, L> {
    /// What sets have.
    fn lists(&self) -> impl Iterator<Item = &List> {
        self.sets.iter().flat_map(All::lists)
    }

    /// How many blocks are in use. Where one was freed twice nobody knows which are free: then all that were cut count.
    #[inline(always)]
    pub fn in_use(&self) -> usize {
        if crowd::may_be::<L>() { self.blocks.in_use(self.lists()) } else { self.blocks.in_use([]) }
    }

    /// What is wrong with freeing this, as far as that is seen in some steps.
    #[track_caller]
    pub fn mistake(&self, block: NonNull<u8>) -> Option<Mistake> {
        let (owner, address, place) = (self.blocks.chunks.owner(), block.addr().get(), Location::caller());
        if !self.blocks.hold(address) {
            return Some(Mistake::ForeignBlock { owner, address, place });
        }
        // On those that were freed last may lie all that sets had.
        let seen = SEEN + self.sets.as_ref().map_or(0, |_| SETS * MOST);
        let is_free = self.blocks.free.holds(block, seen) || self.lists().any(|list| list.holds(block, MOST));
        is_free.then_some(Mistake::BlockFreedTwice { owner, address, place })
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// The caller owes: the block is one of this pool's, in use, and nobody uses it any more.
    pub unsafe fn free(&self, block: NonNull<u8>) {
        let Some(mine) = self.sets.as_ref().map(All::mine) else {
            // SAFETY: the caller's promise.
            return unsafe { self.blocks.free(block) };
        };
        if mine.room.get() == 0 {
            self.blocks.relieve(mine);
        }
        // SAFETY: the caller's promise; there is room.
        unsafe { self.blocks.free_into(mine, block) };
    }

    /// Gives all chunks back, and returns how many bytes that was.
    ///
    /// # Safety
    ///
    /// The caller owes: no block is in use.
    pub unsafe fn close(&self) -> usize {
        for list in self.lists() {
            list.head.set(None);
            list.room.set(MOST);
        }
        let bytes = self.blocks.chunks.held();
        self.blocks.free.head.set(None);
        self.blocks.cursor.set(Cursor::NOWHERE);
        // SAFETY: the caller's promise; the only cursor was given up.
        unsafe { self.blocks.chunks.close() };
        bytes
    }

    /// Takes all blocks out of sets.
    fn gather(&self) {
        for list in self.lists() {
            // Of a block that was freed twice a list is a circle.
            while list.room.get() < MOST
                && let Some(block) = list.take()
            {
                // SAFETY: it was in a list, and is in none now.
                unsafe { self.blocks.free.push(block) };
            }
        }
    }
}

impl Blocks<'_> {
    /// Takes a block back into the list of a set, which has room. The caller has entered that.
    ///
    /// # Safety
    ///
    /// The caller owes: the block is one of this pool's, in use, and nobody uses it any more.
    unsafe fn free_into(&self, list: &List, block: NonNull<u8>) {
        // SAFETY: the block is the pool's again, and as large and as aligned as a link.
        unsafe { list.put(block) };
        // SAFETY: the caller's promise.
        unsafe { self.let_go(block) };
    }

    /// Puts some free blocks into the list of a set, which is empty. The caller has entered both.
    fn hand_over(&self, list: &List) {
        for _ in 0..(AT_HAND / self.layout.size()).clamp(1, SOME) {
            let Some(block) = self.at_hand() else { break };
            // SAFETY: it is free, and in no list.
            unsafe { list.put(block) };
        }
    }

    /// Makes room in the list of a set, which is full. The caller has entered both.
    fn relieve(&self, list: &List) {
        for _ in 0..MOST / 2 {
            let Some(block) = list.take() else { break };
            // SAFETY: it was in a list, and is in none now.
            unsafe { self.free.push(block) };
        }
    }
}
