//! Fork: the child has one thread only. What another was doing in the allocator at that moment stays half done in the child, behind a
//! lock that nobody gives back. So a thread that forks first takes every lock that is watched, as other heaps do, and both processes
//! give them back.

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use super::Whole;
use super::turn::{PATIENCE, YIELDS, give_way};

/// A place in the list of all that are watched. What has one stays where it is once it is watched, for ever.
pub(crate) struct Link {
    /// Set once it is in the list.
    watched: AtomicBool,
    // Both are set once, before that.
    whole: Cell<Option<&'static dyn Whole>>,
    next: Cell<Option<&'static Link>>,
}

// SAFETY: the cells are written by the one thread that has the list, before the list's head leads to them, and never again.
unsafe impl Sync for Link {}
// SAFETY: it is bound to no thread.
unsafe impl Send for Link {}

/// The first of the list. It grows at this end only.
static FIRST: AtomicPtr<Link> = AtomicPtr::new(ptr::null_mut());

/// The thread that has the list, or 0: it adds to it, or it is about to fork. So nothing is added while all are held.
static HOLDER: AtomicUsize = AtomicUsize::new(0);

/// Set iff the holder holds all locks that are in the list.
static HELD: AtomicBool = AtomicBool::new(false);

/// Set once the C library calls us.
static CALLED: AtomicBool = AtomicBool::new(false);

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

    fn first() -> Option<&'static Link> {
        // SAFETY: what the list leads to was written before it did, and stays for ever.
        unsafe { FIRST.load(Ordering::Acquire).as_ref() }
    }

    /// All that are watched, the last one first.
    fn list() -> impl Iterator<Item = &'static Link> {
        let mut next = Link::first();
        core::iter::from_fn(move || {
            let link = next?;
            next = link.next.get();
            Some(link)
        })
    }

    /// Puts it at the head of the list, which the caller has. `false` if it is there already.
    fn add(&'static self, whole: &'static dyn Whole) -> bool {
        let new = !self.watched.swap(true, Ordering::Relaxed);
        if new {
            self.whole.set(Some(whole));
            self.next.set(Link::first());
            FIRST.store(ptr::from_ref(self).cast_mut(), Ordering::Release);
        }
        new
    }

    /// Takes it out again: the caller has had the list since it was put in.
    fn remove(&self) {
        FIRST.store(self.next.get().map_or(ptr::null_mut(), |next| ptr::from_ref(next).cast_mut()), Ordering::Release);
        self.watched.store(false, Ordering::Relaxed);
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

    /// Gives back this one and those behind it up to `end`, the last of them first: locks may lie in one another, as critical sections do.
    ///
    /// # Safety
    ///
    /// The caller owes: they are held.
    unsafe fn release_until(&self, end: Option<&Link>) {
        if let Some(next) = self.next.get().filter(|next| end.is_none_or(|end| !ptr::eq(*next, end))) {
            // SAFETY: the caller's promise.
            unsafe { next.release_until(end) };
        }
        if let Some(whole) = self.whole.get() {
            // SAFETY: the caller's promise.
            unsafe { whole.release() };
        }
    }
}

/// Has the lock of `whole` held whenever the process forks, from before `publish` lets others know of it; not if that says that it has not.
/// There is no fork in between. Nothing of the crate's may be locked: the C library may allocate here.
#[cold]
#[inline(never)]
pub(crate) fn watch(whole: &'static dyn Whole, publish: impl FnOnce() -> bool) -> bool {
    // Several threads may come here first, each has us called, and what is done twice does no harm. The C library refuses only when it has
    // no memory; then the child has to do without.
    if !CALLED.load(Ordering::Acquire) {
        // SAFETY: three functions that are there as long as the program is, or the library that this is in.
        unsafe { libc::pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child)) };
        CALLED.store(true, Ordering::Release);
    }
    let link = whole.link();
    let taken = take_list();
    let added = taken && link.add(whole);
    let published = publish();
    if added && !published {
        link.remove();
    }
    if taken {
        HOLDER.store(0, Ordering::Release);
    }
    published
}

/// Waits for the list and takes it. Not if this thread has it already, as it is about to fork, or is a signal's handler that came in
/// between: then nothing is added, and a child has to do without.
fn take_list() -> bool {
    for turn in 0..PATIENCE {
        match HOLDER.compare_exchange(0, this_thread(), Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => return true,
            Err(holder) if holder == this_thread() => return false,
            Err(_) => give_way(turn),
        }
    }
    false
}

/// This thread, as a number that is not 0.
fn this_thread() -> usize {
    // SAFETY: it touches no memory.
    (unsafe { libc::pthread_self() } as usize).wrapping_add(1)
}

/// Before a fork. It waits for one lock while it holds another for a few turns only, so it may come in any order, and beside claims that go
/// through two ledgers.
extern "C" fn before() {
    // It may be called twice; or it is a signal's handler that forks, in the middle of `watch`.
    if HOLDER.load(Ordering::Relaxed) == this_thread() {
        return;
    }
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
    let Some(missing) = Link::list().find(|link| !link.hold(turns)) else {
        HELD.store(true, Ordering::Relaxed);
        return true;
    };
    if let Some(first) = Link::first().filter(|first| !ptr::eq(*first, missing)) {
        // SAFETY: all before the one that is missing are held.
        unsafe { first.release_until(Some(missing)) };
    }
    HOLDER.store(0, Ordering::Release);
    false
}

/// Gives back what this thread holds, if it does.
fn release_all() {
    if HOLDER.load(Ordering::Relaxed) == this_thread() && HELD.swap(false, Ordering::Relaxed) {
        if let Some(first) = Link::first() {
            // SAFETY: this thread holds all, and nothing was added since.
            unsafe { first.release_until(None) };
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
    Link::list().position(|link| ptr::eq(link, whole.link()))
}
