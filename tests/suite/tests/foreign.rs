//! Code that is not ours runs in the middle of what we do (h31): whatever it does there, the state is whole, and nothing is locked. The list
//! of all such calls stands in `docs/safety.md`.

#![cfg(panic = "unwind")]
#![cfg(not(target_family = "wasm"))]

use std::alloc::{GlobalAlloc, Layout, alloc, dealloc};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use freehold::backing::{Backing, GRAIN, Grant, Loan, Request, Span};
use freehold::sharing::{Locked, RawMutex};
use freehold::{Alloc, Arena, BlockPool, BoundedHeap, Growth, Ledger, Obstacle, Region, SharedPool, TypedArena};

fn panics<T>(run: impl FnOnce() -> T) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "no panic came through");
}

/// Lends blocks, and breaks its word: it unwinds once it has taken one back, as often as it is told to.
#[derive(Default)]
struct Unwinding<'a> {
    armed: Option<&'a Cell<u32>>,
}

// SAFETY: only this thread uses it.
unsafe impl Send for Unwinding<'_> {}

// SAFETY: the system's blocks are the ledger's alone until they are given back. That it unwinds then is what is tested.
unsafe impl Backing for Unwinding<'_> {
    const LENDS: bool = true;

    fn name(&self) -> &'static str {
        "unwinding"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let layout =
            Layout::from_size_align(request.anywhere()?.liked.next_multiple_of(GRAIN), GRAIN).expect("a layout");
        // SAFETY: the size is not 0.
        let block = NonNull::new(unsafe { alloc(layout) }).expect("memory for a test");
        // SAFETY: just allocated.
        Ok(Grant::loan(unsafe { Span::new(block, layout.size()) }))
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        let layout = Layout::from_size_align(loan.span.len(), GRAIN).expect("a layout");
        // SAFETY: allocated with this layout, and given back once.
        unsafe { dealloc(loan.span.base().as_ptr(), layout) };
        if let Some(armed) = self.armed
            && armed.get() > 0
        {
            armed.set(armed.get() - 1);
            panic!("unwound");
        }
    }
}

/// While chunks go back, the arena is as it will be: nothing is put into what is gone, nothing goes back twice.
#[test]
fn h31_trimming_is_whole_before_anything_goes_back() {
    let armed = Cell::new(0);
    let ledger = Ledger::new(Unwinding { armed: Some(&armed) });
    let mut arena = Arena::new_in(&ledger, "arena").with_growth(Growth::fixed(300));
    for _ in 0..5 {
        (0..4u64).for_each(|number| assert_eq!(*arena.alloc([number; 25]), [number; 25]));
        arena.reset();
        let claimed = arena.held();
        armed.set(1);
        panics(|| arena.trim());
        assert!(arena.held() < claimed, "the first went back");
        assert_eq!((&arena).room(), 0, "the arena's cursor is not where it was");
        assert_eq!(arena.held(), ledger.snapshot().claimed, "three are left");
        assert_eq!(*arena.alloc([7u64; 25]), [7; 25]);
        arena.reset();
        arena.trim();
        assert_eq!((arena.held(), ledger.snapshot().claimed), (0, 0));
    }
}

/// The same of a pool, which is trimmed, and of a typed arena, in which something was moved out of the way.
#[test]
fn h31_pools_and_runs_are_whole_before_anything_goes_back() {
    let armed = Cell::new(0);
    let ledger = Ledger::new(Unwinding { armed: Some(&armed) });
    let pool = BlockPool::<freehold::sharing::Needed>::shared_in(&ledger, "blocks", Layout::new::<[u64; 20]>());
    // SAFETY: it came from this pool.
    unsafe { pool.free(pool.alloc()) };
    armed.set(1);
    panics(|| pool.trim());
    assert_eq!((pool.capacity(), pool.len(), ledger.snapshot().claimed), (0, 0, 0));
    // SAFETY: as above.
    unsafe { pool.free(pool.alloc()) };
    let mut typed = TypedArena::new_in(&ledger, "typed");
    typed.alloc(1);
    let values = (0..5).inspect(|index| {
        if *index == 3 {
            typed.alloc(9);
            armed.set(1);
        }
    });
    panics(|| typed.alloc_from_iter(values));
    assert_eq!(armed.get(), 0);
    typed.alloc_from_iter(5..7);
    assert!(typed.iter_mut().map(|value| *value).eq([1, 9, 5, 6]));
    drop((typed, pool));
    assert_eq!(ledger.snapshot().claimed, 0);
}

/// Values whose destructors put others into the arena that they were to go into.
#[test]
fn h31_a_run_that_is_dropped_makes_way() {
    struct Again(&'static TypedArena<'static, Again>, u32);
    impl Drop for Again {
        fn drop(&mut self) {
            if self.1 < 100 {
                self.0.alloc(Again(self.0, self.1 + 100));
            }
        }
    }
    /// Arenas that are never dropped, as their values' destructors would use them.
    struct Kept(#[allow(dead_code)] *mut TypedArena<'static, Again>);
    // SAFETY: it is only kept.
    unsafe impl Send for Kept {}
    static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());
    let stops = (0..8).step_by(if cfg!(miri) { 5 } else { 1 });
    for (stop, alone) in stops.flat_map(|stop| [(stop, true), (stop, false)]) {
        let ledger: &'static Ledger<Unwinding<'static>> = Box::leak(Box::new(Ledger::new(Unwinding::default())));
        let arena = TypedArena::new_in(ledger, "typed").with_growth(Growth::fixed(if alone { 300 } else { 4000 }));
        let start = Box::into_raw(Box::new(arena));
        KEPT.lock().expect("no panic").push(Kept(start));
        // SAFETY: it is never dropped.
        let arena: &'static TypedArena<'static, Again> = unsafe { &*start };
        arena.alloc(Again(arena, 1000));
        panics(|| {
            arena.alloc_from_iter((0..).map(|number| {
                assert!(number < stop, "no more");
                Again(arena, number)
            }))
        });
        assert_eq!(arena.len(), 1 + stop as usize, "each was dropped once");
        arena.alloc(Again(arena, 2000));
        // SAFETY: nobody else uses the arena any more.
        let values = unsafe { &mut *start }.iter_mut().map(|again| again.1).collect::<Vec<_>>();
        assert_eq!((values[0], values.last()), (1000, Some(&2000)));
        let mut between = values[1..values.len() - 1].to_vec();
        between.sort_unstable();
        assert!(between.into_iter().eq((0..stop).map(|number| 100 + number)));
    }
}

/// A lock that panics when it is told to, and knows whether it is held.
struct Moody(AtomicBool);

static IN_LOCK: AtomicU32 = AtomicU32::new(0);
static IN_UNLOCK: AtomicU32 = AtomicU32::new(0);
/// How many of them are held.
static HELD: AtomicU32 = AtomicU32::new(0);
static HELD_IN_HOOK: AtomicBool = AtomicBool::new(false);
/// One test at a time uses such a lock.
static TURN: Mutex<()> = Mutex::new(());

fn panic_if(armed: &AtomicU32) {
    if armed.load(Relaxed) > 0 {
        armed.fetch_sub(1, Relaxed);
        panic!("a lock that panics");
    }
}

// SAFETY: it is taken by one at a time; who finds it taken panics.
unsafe impl RawMutex for Moody {
    #[allow(clippy::declare_interior_mutable_const)] // a lock's first state
    const INIT: Moody = Moody(AtomicBool::new(false));
    type GuardMarker = ();

    fn lock(&self) {
        assert!(self.try_lock(), "taken already");
    }

    fn try_lock(&self) -> bool {
        panic_if(&IN_LOCK);
        let taken = !self.0.swap(true, Relaxed);
        HELD.fetch_add(u32::from(taken), Relaxed);
        taken
    }

    unsafe fn unlock(&self) {
        self.0.store(false, Relaxed);
        HELD.fetch_sub(1, Relaxed);
        panic_if(&IN_UNLOCK);
    }
}

#[test]
fn h31_a_lock_that_panics() {
    let _turn = TURN.lock();
    let ledger = Ledger::<_, Locked<Moody>>::with_lock(Unwinding::default());
    let pool = SharedPool::<String, _>::shared_in(&ledger, "pool");
    let kept = pool.alloc("kept".into());
    for (armed, lost) in [(&IN_LOCK, 0), (&IN_UNLOCK, 1)] {
        let in_use = pool.len();
        armed.store(1, Relaxed);
        panics(|| pool.alloc("dropped, not lost".into()));
        assert_eq!((pool.len(), &**kept), (in_use + lost, "kept"), "a block may be lost, no more");
        let freed = pool.alloc("freed".into());
        armed.store(1, Relaxed);
        panics(|| drop(freed));
        assert!(pool.len() <= in_use + lost + 1);
    }
    assert_eq!(*pool.alloc("again".into()), "again");
    // The ledger's own lock, while an arena claims.
    for armed in [&IN_LOCK, &IN_UNLOCK] {
        let arena = Arena::new_in(&ledger, "arena").with_growth(Growth::fixed(0));
        let kept = arena.alloc([7u8; 100]);
        armed.store(1, Relaxed);
        panics(|| arena.alloc_slice_copy(&[8u8; 400]));
        assert!(arena.alloc_slice_copy(&[9u8; 500]) == [9; 500] && *kept == [7; 100]);
        drop(ledger.claim("claim", Layout::new::<[u8; 100]>()).expect("it is not locked"));
    }
}

/// The same of a heap on one region: a block may be lost, and the next call works.
#[test]
fn h31_a_bounded_heap_whose_lock_panics() {
    let _turn = TURN.lock();
    let mut memory = [std::mem::MaybeUninit::<u8>::uninit(); 10_000];
    let heap = BoundedHeap::<Locked<Moody>>::empty();
    // SAFETY: the memory outlives the heap, and nobody else uses it.
    assert!(heap.lend(unsafe { Region::from_raw(memory.as_mut_ptr().cast(), memory.len()) }).is_ok());
    let layout = Layout::new::<[u64; 20]>();
    // SAFETY: the layout has bytes.
    let take = || unsafe { heap.alloc(layout) };
    // SAFETY: each is freed once, and not used any more.
    let give = |block: *mut u8| unsafe { heap.dealloc(block, layout) };
    // Where the lock is not taken nothing begins; where it is not given back all is done.
    for (armed, done) in [(&IN_LOCK, 0), (&IN_UNLOCK, 1)] {
        let in_use = heap.stats().in_use / 160;
        armed.store(1, Relaxed);
        panics(take);
        assert_eq!(heap.stats().in_use / 160, in_use + done);
        let block = take();
        armed.store(1, Relaxed);
        panics(|| give(block));
        assert_eq!(heap.stats().in_use / 160, in_use + 1);
        let freed = take();
        assert!(!freed.is_null());
        give(freed);
    }
    assert_eq!(HELD.load(Relaxed), 0, "the lock stayed taken");
}

/// A panic's hook may use the pool that has no room.
#[test]
fn h31_a_pool_is_not_locked_when_it_panics() {
    let _turn = TURN.lock();
    let ledger = Ledger::<_, Locked<Moody>>::with_lock(Region::new(&mut []));
    let grows = SharedPool::<u64, _>::shared_in(&ledger, "pool");
    let fixed = SharedPool::<u64, _>::shared_fixed_in(&ledger, "pool", 0).expect("nothing");
    let other = take_hook();
    set_hook(Box::new(move |info| {
        HELD_IN_HOOK.store(HELD.load(Relaxed) > 0, Relaxed);
        other(info);
    }));
    for pool in [grows, fixed] {
        HELD_IN_HOOK.store(true, Relaxed);
        panics(|| pool.alloc(1));
        assert!(!HELD_IN_HOOK.load(Relaxed), "locked while the hook runs");
    }
}

/// What draws a ledger, or goes over its spans, may claim there.
#[test]
fn h31_a_ledger_is_not_locked_while_it_is_drawn() {
    let ledger = Ledger::new(Unwinding::default());
    let arena = Arena::new_in(&ledger, "arena").with_growth(Growth::fixed(0));
    arena.alloc(1);
    let drawn = arena.alloc_fmt(format_args!("{}", ledger.snapshot()));
    assert!(drawn.contains("claimed") && arena.held() > drawn.len());
    let claims = ledger.snapshot().spans().take(3).map(|_| ledger.claim("meanwhile", Layout::new::<u64>()));
    assert!(claims.into_iter().all(|claim| claim.is_ok()));
}

/// A panic in the allocator that a ledger is over.
#[cfg(feature = "collections")]
mod over {
    use std::alloc::Layout;
    use std::process::{Command, Output};
    use std::ptr::NonNull;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::{env, str};

    use allocator_api2::alloc::{AllocError, Allocator, Global};
    use freehold::backing::{Backing, Over};
    use freehold::{Alloc, Arena, Growth, Ledger};

    use super::{Unwinding, panics};

    static ARMED: AtomicBool = AtomicBool::new(false);

    struct Panicking;

    // SAFETY: all is the global allocator's.
    unsafe impl Allocator for Panicking {
        fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
            assert!(!ARMED.load(Relaxed), "in allocate");
            Global.allocate(layout)
        }

        unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: the caller's promise.
            unsafe { Global.deallocate(block, layout) };
            assert!(!ARMED.load(Relaxed), "in deallocate");
        }
    }

    const CHILD: &str = "FREEHOLD_TEST_CHILD";

    fn run<B: Backing>(ledger: &Ledger<B>, when: &str) {
        let mut arena = Arena::new_in(ledger, "arena").with_growth(Growth::fixed(300));
        (0..4u64).for_each(|number| _ = arena.alloc([number; 25]));
        ARMED.store(true, Relaxed);
        match when {
            "claim" => panics(|| _ = arena.alloc([1u64; 25])),
            "trim" => {
                arena.reset();
                panics(|| arena.trim());
            }
            _ => panics(|| drop(arena)),
        }
    }

    /// What a child does; in all other runs, nothing.
    #[test]
    fn child() {
        match env::var(CHILD).ok().as_deref().and_then(|what| what.split_once(' ')) {
            Some(("over", when)) => run(&Ledger::new(Over::new(Panicking)), when),
            Some(("unguarded", _)) => {
                let armed = std::cell::Cell::new(1);
                run(&Ledger::new(Unwinding { armed: Some(&armed) }), "trim");
            }
            _ => {}
        }
    }

    fn child_that(does: &str) -> Output {
        let mut child = Command::new(env::current_exe().expect("this program"));
        child.args(["--exact", "over::child", "--nocapture"]).env(CHILD, does).output().expect("a child")
    }

    /// It ends the program, with a message that says why. The control lets it through, and the program goes on.
    #[test]
    #[cfg_attr(miri, ignore = "needs processes")]
    fn h31_an_allocator_that_panics_ends_the_program() {
        for when in ["claim", "trim", "drop"] {
            let Output { status, stderr, .. } = child_that(&format!("over {when}"));
            let stderr = str::from_utf8(&stderr).expect("a text");
            assert!(!status.success(), "{when}: it went on: {stderr}");
            assert!(stderr.contains("the allocator that a ledger is `Over` panicked"), "{when}: {stderr}");
        }
        let Output { status, stderr, .. } = child_that("unguarded trim");
        assert!(status.success(), "{}", str::from_utf8(&stderr).expect("a text"));
    }
}
