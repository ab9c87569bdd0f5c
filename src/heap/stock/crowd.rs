//! What becomes of a heap in which threads stand in each other's way: several sets of lists in front of the slabs, each with a lock of its own.
//!
//! As long as they don't, nobody pays for it: a heap starts with the one set that its slabs are behind, and the path of `alloc` and `dealloc`
//! knows of no other. Whoever has to wait is counted; when that has happened often enough, there are more sets, for good, and blocks come from
//! the one that the thread finds by where its stack lies, or the next that nobody is in. So two threads hardly ever meet, a thread that
//! was halted with a lock in its hands keeps nobody waiting, and blocks go back to the thread that had them in its cache. Lists for each
//! thread would be sets of this kind, found in another way.

use core::sync::atomic::{AtomicPtr, Ordering};

use super::*;

/// How many sets there are then.
const FRONTS: usize = 8;

/// So often somebody must have found the stock taken.
const WAITS: usize = 64;

/// So often a lock is tried before it is said that somebody has it for long.
pub(in crate::heap) const SOON: u64 = if platform::CROWDS { 64 } else { 1 };

/// Whether threads may stand in each other's way here: they run at once, and the lock is one that is waited for.
const fn may_be<L: Shareable>() -> bool {
    platform::CROWDS && L::EXCLUDES
}

/// What a heap knows of its crowd. Where there is never one it has no size.
pub(super) struct Crowd<L> {
    /// Null, then all sets, for ever: set in a turn of the stock's.
    fronts: [AtomicPtr<Fronts<L>>; platform::CROWDS as usize],
    /// How often somebody has found it taken. Used in a turn of the stock's.
    waits: [Cell<usize>; platform::CROWDS as usize],
}

impl<L> Crowd<L> {
    pub const fn new() -> Crowd<L> {
        Crowd {
            fronts: [const { AtomicPtr::new(ptr::null_mut()) }; platform::CROWDS as usize],
            waits: [const { Cell::new(0) }; platform::CROWDS as usize],
        }
    }
}

/// All sets.
struct Fronts<L>([Front<L>; FRONTS]);

/// A set: blocks of each class that lies in slabs, at hand. Sets share no line of the cache.
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
#[cfg_attr(not(target_pointer_width = "64"), repr(align(32)))]
struct Front<L> {
    access: L,
    // Used in a `Turn` of its own only.
    lists: [List; FIRST_OF_SPANS],
}

const _: () = assert!(align_of::<Front<crate::sharing::Needed>>() <= GRAIN);

impl<L: Shareable> Fronts<L> {
    /// A turn at the set of this thread, or at the next one that nobody is in.
    #[inline]
    fn enter(&self) -> (&Front<L>, Turn<'_, L>) {
        let mine = platform::near_here(FRONTS);
        let (after, before) = (self.0[mine..].iter(), self.0[..mine].iter());
        let free = after.chain(before).find_map(|front| Some((front, Turn::try_enter(&front.access)?)));
        free.unwrap_or_else(|| (&self.0[mine], Turn::enter(&self.0[mine].access)))
    }

    /// Takes the lock of each, if everybody leaves soon. What it has already keeps others from coming in, so it gets on to the next.
    fn hold(&self) -> bool {
        let held = self.0.iter().take_while(|front| enter_soon(&front.access)).count();
        if held < FRONTS {
            // SAFETY: taken just now.
            unsafe { self.release(held) };
        }
        held == FRONTS
    }

    /// Gives back the locks of the first so many, the last of them first.
    ///
    /// # Safety
    ///
    /// The caller owes: they are held.
    unsafe fn release(&self, held: usize) {
        self.0[..held].iter().rev().for_each(|front| {
            // SAFETY: the caller's promise.
            unsafe { front.access.leave() };
        });
    }
}

/// Whether a lock could be had soon: whoever has it was not halted for long. Who has a set waits for nothing but the stock, and who has the stock for
/// nothing but the ledger; and this gives up, so it may be called with any of them in hand.
fn enter_soon<L: Shareable>(access: &L) -> bool {
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
struct All<'a, L: Shareable>(&'a Fronts<L>);

impl<'a, L: Shareable> All<'a, L> {
    fn enter(fronts: &'a Fronts<L>) -> All<'a, L> {
        fronts.0.iter().for_each(|front| front.access.enter());
        All(fronts)
    }
}

impl<L: Shareable> Drop for All<'_, L> {
    fn drop(&mut self) {
        // SAFETY: all were entered.
        unsafe { self.0.release(FRONTS) };
    }
}

impl<L: Shareable> Stock<L> {
    /// The sets, if there is a crowd.
    #[inline(always)]
    fn fronts(&self) -> Option<&'static Fronts<L>> {
        if !may_be::<L>() {
            return None;
        }
        // SAFETY: what the pointer leads to was written before it was set, and stays for ever.
        let fronts = unsafe { self.within_reach().crowd.fronts.first()?.load(Ordering::Acquire).as_ref() }?;
        // As with the heap's own record: another thread may have grown memory for it.
        platform::reach(ptr::from_ref(fronts).addr() + size_of::<Fronts<L>>());
        Some(fronts)
    }

    /// Whether there is a crowd: then all blocks go through [`take_among_others`](Stock::take_among_others) and
    /// [`put_among_others`](Stock::put_among_others).
    #[inline(always)]
    pub fn is_crowded(&self) -> bool {
        self.fronts().is_some()
    }

    /// Bytes of the sets.
    pub fn len_of_fronts(&self) -> usize {
        self.fronts().map_or(0, size_of_val)
    }

    /// A turn of the stock's, if it can be had at once and there is no crowd.
    #[inline(always)]
    pub fn enter_calmly(&self) -> Option<Turn<'_, L>> {
        if self.is_crowded() { None } else { Turn::try_enter(&self.within_reach().access) }
    }

    /// A turn of the stock's for somebody who found it taken: that is counted.
    fn enter_late(&self) -> Turn<'_, L> {
        let turn = self.enter();
        for waits in self.crowd.waits.iter().filter(|_| may_be::<L>()) {
            waits.set(waits.get() + 1);
            if waits.get().is_multiple_of(WAITS) {
                self.open_fronts();
            }
        }
        turn
    }

    /// Makes the sets, if there are none. Nothing is asked of the backing: if there is no free memory for them, that is tried again later. The
    /// caller has entered.
    #[cold]
    #[inline(never)]
    fn open_fronts(&self) {
        let none = || self.wide.get().is_some() && !self.is_crowded();
        let (Some(head), true) = (self.crowd.fronts.first(), none()) else {
            return;
        };
        let Some(payload) = self.records.place(self.owner, size_of::<Fronts<L>>()).first() else {
            return;
        };
        let fresh = payload.cast::<Fronts<L>>();
        let fronts = [const { Front { access: L::NEW, lists: [const { List::new() }; FIRST_OF_SPANS] } }; FRONTS];
        // SAFETY: the payload has room for them, and begins on the grain, which is enough for their alignment.
        unsafe { fresh.write(Fronts(fronts)) };
        head.store(fresh.as_ptr(), Ordering::Release);
    }

    /// A block of a class that has slabs, where threads may be in each other's way: the caller found somebody in the stock, or there is a crowd.
    pub fn take_among_others(&self, class: usize) -> Free {
        let Some(fronts) = self.fronts() else {
            let turn = self.enter_late();
            return self.at_hand(class).or_else(|| self.take_from_slabs(class, turn));
        };
        let (front, mine) = fronts.enter();
        let list = &front.lists[class];
        if let Some(block) = pop(list) {
            return Some(block);
        }
        let turn = self.enter();
        self.hand_over(class, list);
        if let Some(block) = pop(list) {
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
        let Some(fronts) = self.fronts() else {
            let _turn = self.enter_late();
            // SAFETY: the caller's promise.
            return unsafe { self.put_entered(class, block) };
        };
        let (front, _mine) = fronts.enter();
        let list = &front.lists[class];
        if list.room.get() == 0 {
            let _turn = self.enter();
            self.relieve(list, class);
        }
        // SAFETY: the caller's promise.
        unsafe { push(list, block) };
    }

    /// Takes all blocks back that are in sets.
    pub fn empty_fronts(&self) {
        for front in self.fronts().iter().flat_map(|fronts| &fronts.0) {
            let _mine = Turn::enter(&front.access);
            let _turn = self.enter();
            for (class, list) in front.lists.iter().enumerate().filter(|(_, list)| list.head.get().is_some()) {
                self.relieve(list, class);
            }
        }
    }

    /// Runs `f` while nobody is in a set, with the number of blocks of this class that are in sets.
    pub fn with_fronts<R>(&self, class: usize, f: impl FnOnce(usize) -> R) -> R {
        let all = self.fronts().map(All::enter);
        let lists = all.iter().flat_map(|all| &all.0.0).filter_map(|front| front.lists.get(class));
        f(lists.filter_map(|list| list.len_of(slab::LONGEST)).sum())
    }
}

// SAFETY: all that changes is used by whoever has entered, the stock or a set.
unsafe impl<L: Shareable> Whole for Stock<L> {
    fn hold(&self) -> bool {
        // Who is in a set may wait for the stock, so that comes last.
        let fronts = self.fronts();
        if !fronts.is_none_or(Fronts::hold) {
            return false;
        }
        // There may be sets now that there were not.
        if enter_soon(&self.access) {
            if self.is_crowded() == fronts.is_some() {
                return true;
            }
            // SAFETY: entered just now.
            unsafe { self.access.leave() };
        }
        if let Some(fronts) = fronts {
            // SAFETY: taken just now.
            unsafe { fronts.release(FRONTS) };
        }
        false
    }

    unsafe fn release(&self) {
        // Once the stock is left there may be more.
        let fronts = self.fronts();
        // SAFETY: the caller's promise: it has entered.
        unsafe { self.access.leave() };
        if let Some(fronts) = fronts {
            // SAFETY: they were held with it.
            unsafe { fronts.release(FRONTS) };
        }
    }

    fn link(&self) -> &Link {
        &self.link
    }
}
