//! What other threads do, and panics that unwind.

use std::cell::Cell;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use freehold_testing::{at_most, count, exactly, fails_at_every_allocation, no_alloc};

/// Other threads end when this is dropped, also by a panic.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `f` while four threads allocate as fast as they can, and have each done so.
fn beside_others(f: impl FnOnce()) {
    let (stop, busy) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut turns = 0;
                while !stop.load(Ordering::Relaxed) {
                    let mut row = vec![1_u8];
                    row.extend([0; 100]);
                    drop(black_box((row, Box::new(2), String::from("others"))));
                    turns += 1;
                    if turns == 10 {
                        busy.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let _stop = Stop(&stop);
        while busy.load(Ordering::Relaxed) < 4 {
            thread::yield_now();
        }
        f();
    });
}

#[test]
fn what_others_do_does_not_count() {
    beside_others(|| {
        for _ in 0..50 {
            no_alloc(thread::yield_now);
            exactly("1 allocation, 0 resizes, 1 free, 3 bytes", || {
                let own = black_box(vec![1_u8; 3]);
                thread::yield_now();
                drop(own);
            });
            at_most(1, 4, || {
                thread::yield_now();
                Box::new(1_u32)
            });
        }
    });
}

#[test]
fn what_others_have_is_not_lost_and_not_refused() {
    beside_others(|| {
        for _ in 0..50 {
            let refused = Cell::new(0);
            fails_at_every_allocation(|| {
                thread::yield_now();
                let mut row = Vec::<u8>::new();
                refused.set(refused.get() + usize::from(row.try_reserve_exact(9).is_err()));
                thread::yield_now();
            });
            assert_eq!(refused.get(), 1);
        }
    });
}

#[test]
fn what_another_thread_frees_is_not_lost() {
    let (parcel, stop) = (Mutex::new(None::<Vec<u8>>), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                drop(parcel.lock().expect("no panic").take());
                thread::yield_now();
            }
        });
        let _stop = Stop(&stop);
        fails_at_every_allocation(|| {
            let mut row = Vec::new();
            if row.try_reserve_exact(9).is_ok() {
                *parcel.lock().expect("no panic") = Some(row);
                while parcel.lock().expect("no panic").is_some() {
                    thread::yield_now();
                }
            }
        });
    });
}

#[test]
fn a_panic_goes_through() {
    let text = |result: thread::Result<()>| *result.expect_err("a panic").downcast::<&str>().expect("a text");
    assert_eq!(text(catch_unwind(|| no_alloc(|| panic!("through")))), "through");
    // Nothing is refused, and nothing watched.
    let runs = Cell::new(0);
    let run = || {
        fails_at_every_allocation(|| {
            runs.set(runs.get() + 1);
            if runs.get() == 2 {
                panic!("in a run");
            }
            drop(black_box(Box::new(1)));
        });
    };
    assert_eq!(text(catch_unwind(AssertUnwindSafe(run))), "in a run");
    for len in 1..100 {
        Vec::<u8>::new().try_reserve_exact(len).expect("nobody refuses it");
    }
    let (row, counts) = count(|| vec![1]);
    assert_eq!((counts.allocations, counts.frees), (1, 0));
    no_alloc(|| drop(row));
}

#[test]
fn an_inner_check_that_fails_leaves_the_outer_one_whole() {
    let ((), counts) = count(|| {
        let inner = catch_unwind(|| no_alloc(|| drop(black_box(Box::new(1)))));
        assert!(inner.is_err());
        drop(inner);
        no_alloc(|| {});
    });
    assert!(counts.allocations >= 1);
    no_alloc(|| {});
}

/// A check that fails in a closure with which each allocation is refused, and is caught there, ends nothing: what comes after it is refused too.
#[test]
fn a_check_that_fails_inside_ends_nothing() {
    let mut outcomes = Vec::with_capacity(10);
    fails_at_every_allocation(|| {
        assert!(catch_unwind(|| no_alloc(|| Vec::<u8>::new().try_reserve_exact(3).is_ok())).is_err());
        outcomes.push([1, 2].map(|len| Vec::<u8>::new().try_reserve_exact(len).is_ok()));
    });
    let all = [[true, true], [true, true], [false, true], [true, false], [true, true], [true, true]];
    assert_eq!(outcomes, all);
}
