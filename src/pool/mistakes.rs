//! What is wrong with giving back a place or a claim is told, in a program with debug assertions.

use core::alloc::Layout;
use std::format;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::String;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::vec::Vec;

use super::{BlockPool, FixedPool, Pool, PoolBox, SEEN, SharedPool};
use crate::backing::Usual;
use crate::ledger::Ledger;
use crate::mistake::{Mistake, on_mistake};

/// What it says when it panics; and that the pool is as it was, and not locked.
fn said(work: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(work)).expect_err("a panic");
    *panic.downcast::<String>().expect("a text")
}

/// What is freed is filled: it may lie where another thread has grown memory, of which this one has not heard, as it got the box from that (h32).
#[test]
fn h32_what_is_filled_is_within_reach() {
    use crate::platform::{reached, sanitizer};
    static FIXED: FixedPool<[u64; 40], 1> = FixedPool::new();
    let ledger = Ledger::new(Usual::new());
    let pool = Pool::<[u64; 40]>::new_in(&ledger, "one");
    let (value, place) = (pool.alloc([7; 40]), FIXED.alloc([7; 40]));
    let ends = [&raw const *value, &raw const *place].map(|value| value.addr() + size_of_val(&*place));
    reached::take();
    drop(value);
    let first = reached::take();
    drop(place);
    assert_eq!([first, reached::take()], if sanitizer::FILLS { ends } else { [0; 2] });
}

/// Into another pool, and from the middle of a block; twice, at once and after others. Until then nothing was said of any of it: the first was
/// handed out by the wrong pool, the second made the next look at the list go on for ever.
#[test]
fn blocks_that_are_freed_wrongly_are_told() {
    let ledger = Ledger::new(Usual::new());
    // Each message takes Miri as long as a hundred blocks.
    for size in [24, 8, 100].into_iter().take(if cfg!(miri) { 1 } else { 3 }) {
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

/// More than are looked at lie between: the list of what is free is a circle then, and whoever counts would go round for ever.
#[test]
fn a_circle_of_free_blocks_is_counted_to_its_end() {
    static FIXED: FixedPool<[u64; 4], { SEEN + 2 }> = FixedPool::new();
    let ledger = Ledger::new(Usual::new());
    let pool = BlockPool::new_in(&ledger, "one", Layout::new::<[u64; 4]>());
    let blocks = [(); SEEN + 2].map(|()| pool.alloc());
    let places = [(); SEEN + 2].map(|()| PoolBox::into_raw(FIXED.alloc([7; 4])).0);
    let free = |block| {
        // SAFETY: it came from there, and is not used; the last one was freed before: that is the mistake, and nothing is allocated after it.
        unsafe { pool.free(block) }
    };
    let end = |value| {
        // SAFETY: as above.
        drop(unsafe { PoolBox::from_raw(value, &FIXED) });
    };
    blocks.into_iter().for_each(free);
    places.into_iter().for_each(end);
    assert_eq!((pool.len(), FIXED.len()), (0, 0));
    free(blocks[0]);
    end(places[0]);
    // Nobody knows which are free.
    assert_eq!((pool.len(), FIXED.len()), (SEEN + 2, SEEN + 2));
    assert_eq!((pool.is_empty(), FIXED.is_empty(), pool.trim()), (false, false, 0));
}

/// Who is told may use the pool, which is not locked, and may make the same mistake; it may panic too, and is told again.
#[test]
#[cfg_attr(miri, ignore = "Miri starts no process")]
fn who_is_told_of_mistakes_may_use_the_pool() {
    static POOL: FixedPool<u64, 4> = FixedPool::new();
    // The function is one for the program, so this is a process of its own.
    const CASE: &str = "FREEHOLD_ON_MISTAKE";
    if std::env::var_os(CASE).is_none() {
        let this = std::env::current_exe().expect("a path");
        let test = "pool::mistakes::who_is_told_of_mistakes_may_use_the_pool";
        let status = std::process::Command::new(this).args(["--exact", test]).env(CASE, "1").status();
        assert!(status.expect("a process").success());
        return;
    }
    static TOLD: Mutex<Vec<Mistake>> = Mutex::new(Vec::new());
    on_mistake(|mistake| {
        let (value, _) = PoolBox::into_raw(POOL.alloc(7));
        for _ in 0..2 {
            // SAFETY: it came from there; that it comes back twice is a mistake, at which nothing is done.
            drop(unsafe { PoolBox::from_raw(value, &POOL) });
        }
        let mut told = TOLD.lock().unwrap();
        told.push(*mistake);
        let count = told.len();
        drop(told);
        assert!(count != 2, "number {count}");
    });
    let ledger = Ledger::new(Usual::new());
    let pool = BlockPool::new_in(&ledger, "one", Layout::new::<u64>());
    let block = pool.alloc();
    let free = || {
        // SAFETY: it came from there, and is not used; all but the first time that is the mistake.
        unsafe { pool.free(block) }
    };
    free();
    free();
    assert_eq!(said(free), "number 2");
    free();
    let (owner, address) = ("one", block.addr().get());
    let told = TOLD.lock().unwrap();
    let is_it = |mistake: &Mistake| {
        let Mistake::BlockFreedTwice { owner: of, address: at, place } = mistake else { return false };
        (*of, *at, place.file()) == (owner, address, file!())
    };
    assert!(told.len() == 3 && told.iter().all(is_it), "{told:?}");
    assert_eq!((POOL.len(), pool.len()), (0, 0));
    drop(told);

    // As where it traps, and the page goes on: one that never returns.
    static CAUGHT: AtomicBool = AtomicBool::new(false);
    on_mistake(|_| {
        CAUGHT.store(true, Ordering::Release);
        loop {
            std::thread::park();
        }
    });
    std::thread::spawn(|| {
        let (value, _) = PoolBox::into_raw(POOL.alloc(7));
        for _ in 0..2 {
            // SAFETY: as above.
            drop(unsafe { PoolBox::from_raw(value, &POOL) });
        }
    });
    while !CAUGHT.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    free();
    static AGAIN: AtomicBool = AtomicBool::new(false);
    on_mistake(|_| AGAIN.store(true, Ordering::Release));
    free();
    assert!(AGAIN.load(Ordering::Acquire), "nobody is told any more");
}

/// A claim that somebody has copied, and that has ended: it is told, also if somebody else has the memory by then.
#[test]
fn claims_that_end_twice_are_told() {
    let ledger = Ledger::new(Usual::new());
    let layout = Layout::new::<[u8; 200]>();
    for again in [false, true] {
        let claim = ledger.claim("samples", layout).expect("room");
        // SAFETY: that both end is the mistake, which is found before anything is done.
        let copy = unsafe { (&raw const claim).read() };
        drop(claim);
        let other = again.then(|| ledger.claim("other", layout).expect("room"));
        assert_eq!(said(|| drop(copy)), "`samples` was to give back a claim twice");
        assert_eq!(ledger.snapshot().claimed > 0, other.is_some());
    }
}

/// The same where the claim's span is a part of another one by then, free or in use: of its header there is only what was left there.
#[test]
fn claims_whose_span_has_ended_are_told() {
    let layout = Layout::new::<[u8; 200]>();
    for behind in [false, true] {
        let ledger = Ledger::new(Usual::new());
        let [first, second, last] = [(); 3].map(|()| ledger.claim("samples", layout).expect("room"));
        let claim = if behind { &second } else { &first };
        // SAFETY: that both end is the mistake, which is found before anything is done.
        let copy = unsafe { core::ptr::from_ref(claim).read() };
        drop((first, second));
        // Nothing is set aside now.
        let free = ledger.snapshot();
        assert_eq!(said(|| drop(copy)), "`samples` was to give back a claim twice", "{behind}");
        assert_eq!((free.claimed, free.free), (ledger.snapshot().claimed, ledger.snapshot().free));
        drop(last);
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

/// What is in the place stays as it is: the value is another's, or gone. A destructor that ran would free what is not there.
#[test]
fn a_value_in_a_wrong_box_is_not_dropped() {
    static FIXED: FixedPool<String, 4> = FixedPool::new();
    let ledger = Ledger::new(Usual::new());
    let (one, other) = (Pool::<String>::new_in(&ledger, "one"), Pool::<String>::new_in(&ledger, "other"));
    let text = || String::from("long enough to be in the heap");
    let (value, _) = PoolBox::into_raw(one.alloc(text()));
    let (fixed, _) = PoolBox::into_raw(FIXED.alloc(text()));
    // SAFETY: a value is there, and it is none of that pool's: nothing is done.
    assert!(said(|| drop(unsafe { PoolBox::from_raw(value, &other) })).starts_with("`other` was to free what"));
    // SAFETY: as above.
    assert!(said(|| drop(unsafe { PoolBox::from_raw(value, &FIXED) })).starts_with("`fixed pool` was to free what"));
    // SAFETY: as above.
    let taken_out = || drop(PoolBox::into_inner(unsafe { PoolBox::from_raw(value, &other) }));
    assert!(said(taken_out).starts_with("`other` was to free what"));
    // SAFETY: nothing was done with it.
    assert_eq!(unsafe { &*value }, &text());
    let end_of_one = || {
        // SAFETY: it came from there; the second time that is the mistake, and nothing is done.
        drop(unsafe { PoolBox::from_raw(value, &one) });
    };
    end_of_one();
    assert_eq!(said(end_of_one), "`one` was to free a block twice");
    // SAFETY: as above.
    let taken_out = || drop(PoolBox::into_inner(unsafe { PoolBox::from_raw(value, &one) }));
    assert_eq!(said(taken_out), "`one` was to free a block twice");
    let end_of_fixed = || {
        // SAFETY: as above.
        drop(unsafe { PoolBox::from_raw(fixed, &FIXED) });
    };
    end_of_fixed();
    assert_eq!(said(end_of_fixed), "`fixed pool` was to free a block twice");
}
