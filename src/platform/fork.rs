//! Fork: the child has one thread only. What another was doing in the allocator at that moment stays half done in the child, behind a
//! lock that nobody gives back. So a thread that forks first takes every lock that is watched, as other heaps do, and both processes
//! give them back.

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use super::Whole;
use super::turn::{YIELDS, give_way};

/// A place in the list of all that are watched. What has one stays where it is once it is watched, for ever.
pub(crate) struct Link {
    watched: AtomicBool,
    // Both are set once, before the link is in the list.
    whole: Cell<Option<&'static dyn Whole>>,
    next: Cell<Option<&'static Link>>,
}

// SAFETY: the cells are written by the one thread that set `watched`, before the list's head leads to them, and never again.
unsafe impl Sync for Link {}
// SAFETY: it is bound to no thread.
unsafe impl Send for Link {}

/// The first of the list. It grows at this end only.
static FIRST: AtomicPtr<Link> = AtomicPtr::new(ptr::null_mut());

/// The thread that holds all locks, or 0.
static HOLDER: AtomicUsize = AtomicUsize::new(0);

/// From here on the list is held.
static HELD: AtomicPtr<Link> = AtomicPtr::new(ptr::null_mut());

/// How often a lock is tried before all are let go, and how often that is done before the fork goes on without: for two seconds.
const TRIES: usize = 64;
const ROUNDS: u64 = YIELDS + 2000;

/// In so many rounds at first, whoever has a lock is let run so often, while those that were had already keep others from coming in
/// between. Among busy threads all locks are hardly ever free at one moment, and who has one is often not running.
const PATIENT: u64 = 128;
const TURNS: u64 = 4;

impl Link {
    pub const fn new() -> Link {
        Link { watched: AtomicBool::new(false), whole: Cell::new(None), next: Cell::new(None) }
    }

    /// The links from `first` on, in order.
    fn list(first: &AtomicPtr<Link>) -> impl Iterator<Item = &'static Link> {
        // SAFETY: what the list leads to was written before it did, and stays for ever.
        let mut next: Option<&'static Link> = unsafe { first.load(Ordering::Acquire).as_ref() };
        core::iter::from_fn(move || {
            let link = next?;
            next = link.next.get();
            Some(link)
        })
    }

    fn hold(&self, turns: u64) -> bool {
        let after_a_turn = |whole: &dyn Whole, turn| {
            give_way(turn);
            whole.hold()
        };
        self.whole
            .get()
            .is_none_or(|whole| (0..TRIES).any(|_| whole.hold()) || (0..turns).any(|turn| after_a_turn(whole, turn)))
    }

    /// # Safety
    ///
    /// The caller owes: it is held.
    unsafe fn release(&self) {
        if let Some(whole) = self.whole.get() {
            // SAFETY: the caller's promise.
            unsafe { whole.release() };
        }
    }
}

/// Has the lock of `whole` held whenever the process forks. Nothing of the crate's may be locked: the C library may allocate here.
#[cold]
#[inline(never)]
pub(crate) fn watch(whole: &'static dyn Whole) {
    let link = whole.link();
    if link.watched.swap(true, Ordering::Relaxed) {
        return;
    }
    link.whole.set(Some(whole));
    let at = ptr::from_ref(link).cast_mut();
    let mut first = FIRST.load(Ordering::Acquire);
    loop {
        // SAFETY: as in `list`.
        link.next.set(unsafe { first.as_ref() });
        match FIRST.compare_exchange_weak(first, at, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => break,
            Err(other) => first = other,
        }
    }
    // The first of all has the C library call us. It refuses only when it has no memory; then the child has to do without.
    if first.is_null() {
        // SAFETY: three functions that are there as long as the program is, or the library that this is in.
        unsafe { libc::pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child)) };
    }
}

/// This thread, as a number that is not 0.
fn this_thread() -> usize {
    // SAFETY: it touches no memory.
    (unsafe { libc::pthread_self() } as usize).wrapping_add(1)
}

/// Before a fork. It waits for one lock while it holds another for a few turns only, so it may come in any order, and beside claims that go
/// through two ledgers.
extern "C" fn before() {
    for turn in 0..ROUNDS {
        if hold_all(if turn < PATIENT { TURNS } else { 0 }) {
            return;
        }
        give_way(turn);
    }
    // Whoever holds the one that is missing can't go on before this thread does: it is what was interrupted by a signal whose
    // handler forks. To wait on would be to hang; so the child has to do without.
}

fn hold_all(turns: u64) -> bool {
    if HOLDER.compare_exchange(0, this_thread(), Ordering::Acquire, Ordering::Relaxed).is_err() {
        return false;
    }
    HELD.store(FIRST.load(Ordering::Acquire), Ordering::Release);
    let Some(missing) = Link::list(&HELD).position(|link| !link.hold(turns)) else {
        return true;
    };
    for link in Link::list(&HELD).take(missing) {
        // SAFETY: all before the one that is missing are held.
        unsafe { link.release() };
    }
    HOLDER.store(0, Ordering::Release);
    false
}

/// Gives back what this thread holds, if it does.
fn release_all() {
    if HOLDER.load(Ordering::Relaxed) == this_thread() {
        for link in Link::list(&HELD) {
            // SAFETY: this thread holds all from there on.
            unsafe { link.release() };
        }
        HOLDER.store(0, Ordering::Release);
    }
}

extern "C" fn after_in_parent() {
    release_all();
}

extern "C" fn after_in_child() {
    release_all();
    // Another thread that was about to fork is not here to go on.
    HOLDER.store(0, Ordering::Release);
}

/// Which of all that are watched this is: those that come first are held first.
#[cfg(all(test, not(miri)))]
pub(crate) fn place_of(whole: &dyn Whole) -> Option<usize> {
    Link::list(&FIRST).position(|link| ptr::eq(link, whole.link()))
}
