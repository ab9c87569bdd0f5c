//! What becomes of a heap or a pool in which threads stand in each other's way: several sets of lists in front of what all share, each with a
//! lock of its own.
//!
//! As long as they don't, nobody pays for it: there is the one lock, and whoever finds it free knows of no other. Whoever has to wait is counted;
//! when that has happened often enough there are sets, for good, and blocks come from the one that the thread finds by where its stack
//! lies, or the next that nobody is in. So two threads hardly ever meet, a thread that was halted with a lock in its hands keeps nobody waiting, and
//! blocks go back to the thread that had them in its cache. Lists for each thread would be sets of this kind, found in another way.
//!
//! Whoever has a set may wait for the one lock behind all of them, and not the other way round.

use core::mem;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

use super::{Access, InTurn};
use crate::layout::GRAIN;
use crate::platform;

/// How many sets there are then.
pub(crate) const SETS: usize = 8;

/// So often somebody must have found the one lock taken.
const WAITS: usize = 64;

/// So often a lock is tried before it is said that somebody has it for long.
pub(crate) const SOON: u64 = if platform::CROWDS { 64 } else { 1 };

/// Whether threads may stand in each other's way here: they run at once, and the lock is one that is waited for. (Sets lie on the grain, so there are none
/// of a lock that is aligned to more.)
pub(crate) const fn may_be<L: Access>() -> bool {
    platform::CROWDS && L::EXCLUDES && align_of::<L>() <= GRAIN
}

/// What is known of a crowd. Where there is never one it has no size.
pub(crate) struct Crowd<L, T> {
    /// How often somebody has waited; then where all sets are, for good. It changes in a turn at the one lock.
    sets: [AtomicPtr<Sets<L, T>>; platform::CROWDS as usize],
}

impl<L, T> Crowd<L, T> {
    pub const fn new() -> Crowd<L, T> {
        Crowd { sets: [const { AtomicPtr::new(ptr::null_mut()) }; platform::CROWDS as usize] }
    }

    /// What is to be claimed for the sets.
    pub const BYTES: usize = size_of::<Sets<L, T>>();

    #[inline(always)]
    fn pointer(&self) -> Option<NonNull<Sets<L, T>>> {
        let sets = self.sets.first()?.load(Ordering::Acquire);
        // No claim's payload lies so low.
        if sets.addr() < WAITS { None } else { NonNull::new(sets) }
    }

    /// The sets, if there is a crowd.
    #[inline(always)]
    pub fn sets(&self) -> Option<&Sets<L, T>> {
        let sets = self.pointer()?;
        // Another thread may have grown memory for them.
        platform::reach(sets.addr().get() + Self::BYTES);
        // SAFETY: they were written before the pointer was set, and stay as long as this does: `open`'s promise.
        Some(unsafe { sets.as_ref() })
    }

    /// Whether there is a crowd.
    #[inline(always)]
    pub fn is_there(&self) -> bool {
        self.pointer().is_some()
    }

    /// Counts somebody who found the one lock taken, and has it now. Whether it is time for sets, which is said again after as many more.
    fn is_due(&self) -> bool {
        let Some(sets) = self.sets.first().filter(|_| !self.is_there()) else { return false };
        let waits = sets.load(Ordering::Relaxed).addr() + 1;
        sets.store(ptr::without_provenance_mut(waits % WAITS), Ordering::Relaxed);
        waits == WAITS
    }

    /// Ends the crowd, of which nobody is left. What the sets lay in, if there was one.
    #[inline(always)]
    pub fn close(&mut self) -> Option<NonNull<u8>> {
        // Not by an atomic load: with one, what this is in could not be kept in registers.
        let sets = mem::take(self.sets.first_mut()?.get_mut());
        let sets = NonNull::new(sets).filter(|sets| sets.addr().get() >= WAITS)?;
        // SAFETY: nobody is in them any more, nor will be.
        unsafe { sets.drop_in_place() };
        Some(sets.cast())
    }
}

impl<L: Access, T> Crowd<L, T> {
    /// Counts somebody who found the one lock taken, and has it now. When it is time it makes the sets, of what `empty` returns, in so many bytes by
    /// `claim`; if there is no memory for them, that is tried again later.
    ///
    /// # Safety
    ///
    /// The caller owes: what `claim` returns has so many bytes from the grain on, and is nobody else's as long as this is used.
    #[inline(always)]
    pub unsafe fn count_wait(&self, claim: impl FnOnce(usize) -> Option<NonNull<u8>>, empty: impl Fn() -> T) {
        if may_be::<L>() && self.is_due() {
            // SAFETY: the caller's promise.
            unsafe { self.open(claim, empty) };
        }
    }

    /// Makes the sets, if there is memory for them. The caller has the one lock, and has found that there is no crowd.
    ///
    /// # Safety
    ///
    /// As there.
    #[cold]
    #[inline(never)]
    unsafe fn open(&self, claim: impl FnOnce(usize) -> Option<NonNull<u8>>, empty: impl Fn() -> T) {
        let Some(memory) = claim(Self::BYTES) else { return };
        let fresh = memory.cast::<Sets<L, T>>();
        let first = fresh.cast::<Set<L, T>>();
        for index in 0..SETS {
            // SAFETY: there is room for so many.
            let set = unsafe { first.add(index) };
            // SAFETY: as above; the grain is enough for a set's alignment, and nobody knows of it yet.
            unsafe { set.write(Set { access: L::NEW, lists: empty() }) };
        }
        for sets in &self.sets {
            sets.store(fresh.as_ptr(), Ordering::Release);
        }
    }
}

/// All sets.
pub(crate) struct Sets<L, T>([Set<L, T>; SETS]);

/// A set: lists of blocks that are at hand. Sets share no line of the cache.
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
#[cfg_attr(not(target_pointer_width = "64"), repr(align(32)))]
struct Set<L, T> {
    access: L,
    // Used in a `Turn` of its own only.
    lists: T,
}

const _: () = assert!(align_of::<Set<super::Needed, usize>>() <= GRAIN);

impl<L: Access, T> Sets<L, T> {
    /// A turn at the set of this thread, or at the next one that nobody is in.
    #[inline]
    pub fn enter(&self) -> InTurn<'_, L, T> {
        let mine = platform::near_here(SETS);
        let set = &self.0[mine];
        InTurn::try_enter(&set.access, &set.lists).unwrap_or_else(|| self.enter_another(mine))
    }

    /// [`enter`](Sets::enter), where somebody is in the set of this thread.
    #[cold]
    #[inline(never)]
    fn enter_another(&self, mine: usize) -> InTurn<'_, L, T> {
        let (before, after) = self.0.split_at(mine);
        let free = after.iter().skip(1).chain(before).find_map(|set| InTurn::try_enter(&set.access, &set.lists));
        free.unwrap_or_else(|| InTurn::enter(&self.0[mine].access, &self.0[mine].lists))
    }

    /// The lists of each set in its own turn, one after the other.
    pub fn each(&self) -> impl Iterator<Item = InTurn<'_, L, T>> {
        self.0.iter().map(|set| InTurn::enter(&set.access, &set.lists))
    }

    /// Takes the lock of each, if everybody leaves soon. What it has already keeps others from coming in, so it gets on to the next.
    pub fn hold(&self) -> bool {
        let held = self.0.iter().take_while(|set| enter_soon(&set.access)).count();
        if held < SETS {
            // SAFETY: taken just now.
            unsafe { self.release_first(held) };
        }
        held == SETS
    }

    /// Gives back the locks of all.
    ///
    /// # Safety
    ///
    /// The caller owes: they are held.
    pub unsafe fn release(&self) {
        // SAFETY: the caller's promise.
        unsafe { self.release_first(SETS) };
    }

    /// Gives back the locks of the first so many, the last of them first.
    ///
    /// # Safety
    ///
    /// As there.
    unsafe fn release_first(&self, held: usize) {
        self.0[..held].iter().rev().for_each(|set| {
            // SAFETY: the caller's promise.
            unsafe { set.access.leave() };
        });
    }
}

/// Whether a lock could be had soon: whoever has it was not halted for long. Who has a set waits for nothing but the lock behind it, and who has
/// that for nothing but the ledger; and this gives up, so it may be called with any of them in hand.
pub(crate) fn enter_soon<L: Access>(access: &L) -> bool {
    (0..SOON).any(|turn| {
        access.try_enter() || {
            #[cfg(target_has_atomic = "ptr")]
            platform::give_way(turn);
            let _ = turn;
            false
        }
    })
}

/// A time in which nobody is in any set.
pub(crate) struct All<'a, L: Access, T> {
    sets: &'a Sets<L, T>,
    held: usize,
}

impl<'a, L: Access, T> All<'a, L, T> {
    pub fn enter(sets: &'a Sets<L, T>) -> All<'a, L, T> {
        let mut all = All { sets, held: 0 };
        for set in &sets.0 {
            set.access.enter();
            all.held += 1;
        }
        all
    }

    /// Those of this thread's set.
    pub fn mine(&self) -> &T {
        &self.sets.0[platform::near_here(SETS)].lists
    }

    /// The lists of each.
    pub fn lists(&self) -> impl Iterator<Item = &T> {
        self.sets.0.iter().map(|set| &set.lists)
    }
}

impl<L: Access, T> Drop for All<'_, L, T> {
    fn drop(&mut self) {
        // SAFETY: so many were entered.
        unsafe { self.sets.release_first(self.held) };
    }
}

#[cfg(all(test, target_has_atomic = "ptr"))]
mod tests {
    use super::*;
    use crate::sharing::{Locked, Spin};

    /// A lock that has lines of the cache to itself. Nobody takes it here.
    #[repr(align(128))]
    struct Padded;

    // SAFETY: nobody ever has it.
    unsafe impl lock_api::RawMutex for Padded {
        const INIT: Padded = Padded;
        type GuardMarker = ();

        fn lock(&self) {
            unreachable!("nobody takes it");
        }

        fn try_lock(&self) -> bool {
            false
        }

        unsafe fn unlock(&self) {}
    }

    /// Sets are claimed on the grain.
    #[test]
    fn there_is_no_crowd_of_locks_that_are_aligned_to_more() {
        assert_eq!((may_be::<Locked<Spin>>(), may_be::<Locked<Padded>>()), (platform::CROWDS, false));
    }
}
