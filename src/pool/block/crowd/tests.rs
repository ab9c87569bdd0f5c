//! Threads that stand in each other's way at a pool, and what it does about it.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::vec::Vec;

use super::*;
use crate::backing::Region;
use crate::platform::reached;
use crate::sharing::Locked;
use crate::sharing::watched::{IN_THE_WAY, TAKEN, Watched, held};
use crate::{PoolBox, SharedPool};

type Shared = Locked<Watched>;
type Crowded<'l> = SharedPool<'l, [usize; 4], Shared>;
type Boxed<'p, 'l> = PoolBox<[usize; 4], &'p Crowded<'l>>;
type Memory = [MaybeUninit<u8>; LEN];

/// Bytes of the ledger.
const LEN: usize = 64_000;

type OnRegion<'m> = Ledger<Region<'m>, Shared>;

fn ledger(memory: &mut Memory) -> OnRegion<'_> {
    Ledger::with_lock(Region::new(memory))
}

/// The pool, after somebody has waited for it so often, and whether there is a crowd.
fn after_waits(pool: &Crowded<'_>, waits: usize) -> bool {
    for wait in 0..waits {
        IN_THE_WAY.set(1);
        drop(pool.alloc([wait; 4]));
    }
    IN_THE_WAY.set(0);
    pool.blocks.crowd.is_there()
}

/// Surely enough.
const ENOUGH: usize = 70;

/// So many blocks, or as many as Miri has the time for: still some for each set.
const fn some(many: usize) -> usize {
    if cfg!(miri) { many / 2 } else { many }
}

/// A value, from the set that is so many after this thread's.
fn from_set<'p, 'l>(pool: &'p Crowded<'l>, set: usize) -> Option<Boxed<'p, 'l>> {
    IN_THE_WAY.set(set);
    let boxed = pool.try_alloc([set; 4]).ok();
    IN_THE_WAY.set(0);
    boxed
}

/// Once threads have stood in each other's way, each takes a lock that the others leave alone, and the pool's for many blocks at once. As long as
/// they don't, there is the pool's alone.
#[test]
#[cfg_attr(miri, ignore = "stacks there lie nowhere in particular, so a thread has another set each time")]
fn a_crowd_leaves_the_pool_alone() {
    let memory = &mut [MaybeUninit::uninit(); LEN];
    let ledger = &ledger(memory);
    let pool = Crowded::shared_in(ledger, "pool");
    let take_some = || drop([(); 10].map(|()| pool.alloc([7; 4])));
    let taken = || {
        TAKEN.take();
        (0..20).for_each(|_| take_some());
        let taken = TAKEN.take();
        let of_pool = taken.get(&(&raw const pool.blocks.lock).addr()).copied().unwrap_or(0);
        (of_pool, taken.values().sum::<usize>() - of_pool)
    };
    // With debug assertions what is freed is looked for in the whole pool.
    let (looks, frees) = if cfg!(debug_assertions) { (200, 0) } else { (0, 200) };
    assert!(!after_waits(&pool, 10));
    take_some();
    assert_eq!(taken(), (200 + looks + frees, 0));
    assert!(after_waits(&pool, ENOUGH));
    take_some();
    assert_eq!(taken(), (looks, 200 + looks * SETS + frees));
    assert!(pool.is_empty() && held() == 0);
}

/// Blocks of a pool that has no more may lie in any set: whoever asks gets them, to the last.
#[test]
fn a_fixed_pool_in_a_crowd_refuses_when_all_are_in_use() {
    const ALL: usize = 20;
    let memory = &mut [MaybeUninit::uninit(); LEN];
    let ledger = &ledger(memory);
    let pool = Crowded::shared_fixed_in(ledger, "pool", ALL).expect("room");
    assert!(after_waits(&pool, ENOUGH));
    for step in (1..SETS).step_by(if cfg!(miri) { SETS } else { 1 }) {
        // The first takes all that is left into its set.
        let mut boxes: Vec<_> = (0..ALL).map_while(|count| from_set(&pool, count * step % SETS)).collect();
        assert_eq!((boxes.len(), pool.len(), pool.capacity()), (ALL, ALL, ALL), "{step}");
        assert!((0..SETS).all(|set| from_set(&pool, set).is_none()));
        boxes.truncate(step);
        assert_eq!(pool.len(), step);
    }
    assert!(pool.is_empty() && pool.trim() == 0 && held() == 0);
}

/// Nor does one that may grow do so while a block is free.
#[test]
fn a_crowd_makes_no_pool_larger() {
    let memory = &mut [MaybeUninit::uninit(); LEN];
    let ledger = &ledger(memory);
    let pool = Crowded::shared_in(ledger, "pool").with_growth(Growth::fixed(0));
    assert!(after_waits(&pool, ENOUGH));
    let boxes: Vec<_> = (0..some(40)).map(|count| from_set(&pool, count % SETS)).collect();
    assert!(boxes.iter().all(Option::is_some));
    let (held, capacity) = (pool.held(), pool.capacity());
    drop(boxes);
    let boxes: Vec<_> = (0..capacity).map(|count| from_set(&pool, count % SETS)).collect();
    assert_eq!((boxes.iter().flatten().count(), pool.held(), pool.capacity()), (capacity, held, capacity));
}

/// All that it has is counted and goes back, but for the sets, which go with the pool.
#[test]
fn a_crowd_is_counted_and_goes_with_the_pool() {
    let memory = &mut [MaybeUninit::uninit(); LEN];
    let ledger = &ledger(memory);
    let pool = Crowded::shared_in(ledger, "pool");
    drop(pool.alloc([1; 4]));
    let before = pool.held();
    assert!(after_waits(&pool, ENOUGH));
    let sets = pool.held() - before;
    assert!(sets >= SETS * size_of::<usize>() && pool.held() == ledger.snapshot().claimed, "{}", ledger.snapshot());
    let mut boxes: Vec<_> = (0..some(50)).filter_map(|count| from_set(&pool, count % SETS)).collect();
    assert_eq!((boxes.len(), pool.len(), pool.trim()), (some(50), some(50), 0));
    boxes.truncate(9);
    assert_eq!((pool.len(), pool.is_empty(), pool.held()), (9, false, ledger.snapshot().claimed));
    drop(boxes);
    assert_eq!((pool.len(), pool.trim() > 0, pool.held(), pool.capacity()), (0, true, sets, 0));
    assert!(*pool.alloc([3; 4]) == [3; 4] && from_set(&pool, 5).is_some());
    drop(pool);
    assert_eq!(ledger.snapshot().claimed, 0);
}

/// Where no memory is free for sets there are none, and nothing is asked of anybody for them.
#[test]
fn there_is_no_crowd_where_memory_is_short() {
    let memory = &mut [MaybeUninit::uninit(); LEN];
    let ledger = &ledger(memory);
    let pool = Crowded::shared_fixed_in(ledger, "pool", 3).expect("room");
    let mut rest = Vec::new();
    for size in [4096, 512, 64, 8] {
        let layout = Layout::from_size_align(size, 8).expect("a layout");
        rest.extend(core::iter::from_fn(|| ledger.claim("rest", layout).ok()));
    }
    assert!(!after_waits(&pool, ENOUGH) && pool.is_empty());
    drop(rest);
    assert!(after_waits(&pool, ENOUGH) && pool.is_empty());
}

/// The sets may lie where another thread has grown memory, and so may a block.
#[test]
fn h32_what_a_crowd_has_is_within_reach() {
    let memory = &mut [MaybeUninit::uninit(); LEN];
    let ledger = &ledger(memory);
    let pool = Crowded::shared_in(ledger, "pool");
    assert!(after_waits(&pool, ENOUGH));
    let sets = &raw const *pool.blocks.crowd.sets().expect("a crowd");
    let end = sets.addr() + Crowd::<Shared, List>::BYTES;
    for set in [0, 1] {
        reached::take();
        let boxed = from_set(&pool, set).expect("room");
        assert!(reached::take() >= end.max((&raw const *boxed).addr() + size_of_val(&*boxed)));
        drop(boxed);
        assert!(reached::take() >= end);
    }
}

/// What is wrong with freeing a block is told in a crowd too, wherever the block is by then.
#[test]
#[cfg(debug_assertions)]
fn blocks_that_are_freed_wrongly_in_a_crowd_are_told() {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    let memory = &mut [MaybeUninit::uninit(); LEN];
    let ledger = &ledger(memory);
    let pool = Crowded::shared_in(ledger, "pool");
    let other = Crowded::shared_in(ledger, "other");
    assert!(after_waits(&pool, ENOUGH));
    let free = |block| {
        // SAFETY: it is not used; what is wrong with it is found before anything is done.
        let freed = catch_unwind(AssertUnwindSafe(|| unsafe { pool.blocks.free(block) }));
        assert!(freed.is_err() && held() == 0);
    };
    // Miri takes long for each of them, and for a message.
    let (count, apart) = if cfg!(miri) { (20, 5) } else { (MOST + 1, 1) };
    let blocks: Vec<_> = (0..count).map(|_| pool.blocks.alloc()).collect();
    free(other.blocks.alloc());
    for block in &blocks {
        // SAFETY: it came from there, and is not used.
        unsafe { pool.blocks.free(*block) };
    }
    blocks.iter().step_by(apart).for_each(|block| free(*block));
    // A full set has left a half in the pool by now; and all sets are emptied when nothing else is left.
    for steps in [1, 2 * count] {
        let more: Vec<_> = (0..steps).map(|_| pool.blocks.alloc()).collect();
        let still = |block: &&NonNull<u8>| !more.contains(block);
        blocks.iter().filter(still).step_by(apart).for_each(|block| free(*block));
        for block in more {
            // SAFETY: as above.
            unsafe { pool.blocks.free(block) };
        }
    }
    assert!(pool.is_empty());
}

/// Threads share a pool that has as many blocks as they hold at most: none of them is ever refused, however a block came free.
#[test]
fn h25_no_thread_of_a_crowd_is_refused_what_another_has_freed() {
    const THREADS: usize = 3;
    const EACH: usize = 4;
    const STEPS: usize = if cfg!(miri) { 4 } else { 500 };
    let memory = &mut [MaybeUninit::uninit(); LEN];
    let ledger = &ledger(memory);
    let pool = &Crowded::shared_fixed_in(ledger, "pool", THREADS * EACH).expect("room");
    assert!(after_waits(pool, ENOUGH));
    thread::scope(|scope| {
        for number in 0..THREADS {
            scope.spawn(move || {
                for step in 0..STEPS {
                    let take = |_| from_set(pool, (step + number) % SETS).expect("another has what is this one's");
                    let mut boxes: [Boxed<'_, '_>; EACH] = core::array::from_fn(take);
                    boxes.iter_mut().for_each(|boxed| **boxed = [number; 4]);
                    thread::yield_now();
                    assert!(boxes.iter().all(|boxed| **boxed == [number; 4]));
                }
            });
        }
    });
    assert_eq!((pool.len(), pool.capacity()), (0, THREADS * EACH));
}

/// Threads that come upon each other pass values around, while somebody counts: a pool that grows, and has a crowd some time on the way.
#[test]
fn h25_a_crowd_passes_values_around() {
    const STEPS: usize = if cfg!(miri) { 8 } else { 2000 };
    let memory = &mut [MaybeUninit::uninit(); LEN];
    let ledger = &ledger(memory);
    let pool = &Crowded::shared_in(ledger, "pool");
    let (ended, bad) = (&AtomicBool::new(false), &AtomicUsize::new(0));
    thread::scope(|scope| {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::sync_channel::<Boxed<'_, '_>>(8)).unzip();
        let mut workers = Vec::new();
        for (number, receiver) in receivers.into_iter().enumerate() {
            let next = senders[(number + 1) % senders.len()].clone();
            workers.push(scope.spawn(move || {
                for step in 0..STEPS {
                    // In one half of the steps all but the first lock that is tried is had.
                    IN_THE_WAY.set(step % 2);
                    let boxed = pool.alloc([step * number; 4]);
                    // Whoever takes no more has it dropped here.
                    _ = next.try_send(boxed);
                    for boxed in receiver.try_iter().take(2) {
                        let wrong = boxed.iter().any(|word| *word != boxed[0]);
                        bad.fetch_add(usize::from(wrong), Ordering::Relaxed);
                    }
                }
                IN_THE_WAY.set(0);
            }));
        }
        drop(senders);
        scope.spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                // No more than lie in channels and in hands.
                assert!(pool.len() <= 3 * 8 + 3 * 3);
                thread::yield_now();
            }
        });
        workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
        ended.store(true, Ordering::Relaxed);
    });
    assert_eq!((pool.len(), bad.load(Ordering::Relaxed)), (0, 0));
    assert!(after_waits(pool, ENOUGH) && pool.trim() > 0 && held() == 0);
}
