//! What holds around any allocator, natively and in wasm.

use std::cell::{Cell, RefCell};
use std::collections::TryReserveError;
use std::hint::black_box;

use freehold_testing::{at_most, count, exactly, fails_at_every_allocation, no_alloc};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A vector that says so if it can't be had.
fn bytes(len: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len)?;
    bytes.resize(len, 7);
    Ok(bytes)
}

#[test]
fn what_is_asked_for_is_counted() {
    let (kept, counts) = count(|| {
        let mut first = Vec::<u8>::with_capacity(10);
        first.reserve_exact(20);
        let zeroed = black_box(vec![0_u32; 5]);
        drop(first);
        zeroed
    });
    assert_eq!(counts.to_string(), "2 allocations, 1 resize, 1 free, 50 bytes");
    assert_eq!((counts.allocations, counts.resizes, counts.frees, counts.bytes, counts.asked()), (2, 1, 1, 50, 3));
    assert_eq!(kept, [0; 5]);
}

#[test]
fn what_is_shrunk_is_resized() {
    let mut row = Vec::<u8>::with_capacity(10);
    row.push(1);
    assert_eq!(count(|| row.into_boxed_slice()).1.to_string(), "0 allocations, 1 resize, 0 frees, 1 byte");
}

#[test]
fn what_was_captured_may_be_freed() {
    let (first, second) = (black_box(vec![1]), black_box(vec![2]));
    let (back, counts) = count(move || {
        drop(first);
        second
    });
    assert_eq!((counts.asked(), counts.frees, back[0]), (0, 1, 2));
    no_alloc(move || drop(back));
}

#[test]
fn nothing_is_allocated() {
    let mut row = Vec::with_capacity(100);
    let len = no_alloc(|| {
        row.extend(0..100);
        row.len()
    });
    assert_eq!(len, 100);
}

#[test]
#[should_panic(expected = "there was to be no allocation, but there were 1 allocation, 0 resizes, 1 free, 4 bytes")]
fn an_allocation_is_seen() {
    no_alloc(|| drop(black_box(Box::new(1_u32))));
}

#[test]
#[should_panic(expected = "there was to be no allocation, but there were 0 allocations, 1 resize, 0 frees, 20 bytes")]
fn a_resize_is_seen() {
    let mut row = Vec::<u8>::with_capacity(10);
    no_alloc(|| row.reserve_exact(20));
}

#[test]
fn no_more_than_that() {
    assert_eq!(at_most(2, 7, || (bytes(3), bytes(4))).1.expect("room"), [7; 4]);
}

#[test]
#[should_panic(expected = "at most 1 allocations and resizes were expected, of 7 bytes, but there were 2 allocations")]
fn one_too_many_is_seen() {
    at_most(1, 7, || (bytes(3), bytes(4))).0.expect("room");
}

#[test]
#[should_panic(expected = "at most 2 allocations and resizes were expected, of 6 bytes, but there were 2 allocations")]
fn a_byte_too_many_is_seen() {
    at_most(2, 6, || (bytes(3), bytes(4))).0.expect("room");
}

#[test]
fn exactly_that() {
    exactly("1 allocation, 0 resizes, 1 free, 3 bytes", || drop(bytes(3)));
}

#[test]
#[should_panic(
    expected = "there were to be 1 allocation, 0 resizes, 1 free, 3 bytes, but there were 1 allocation, 0 resizes, 1 free, 2 bytes"
)]
fn less_than_that_is_seen() {
    exactly("1 allocation, 0 resizes, 1 free, 3 bytes", || drop(bytes(2)));
}

#[test]
fn a_closure_in_a_closure_counts_for_both() {
    let (inner, outer) = count(|| {
        drop(bytes(1));
        let inner = count(|| drop(bytes(2))).1;
        no_alloc(|| {});
        drop(bytes(4));
        inner
    });
    assert_eq!(inner.to_string(), "1 allocation, 0 resizes, 1 free, 2 bytes");
    assert_eq!(outer.to_string(), "3 allocations, 0 resizes, 3 frees, 7 bytes");
}

#[test]
fn each_allocation_is_refused_once() {
    let outcomes = RefCell::new(Vec::with_capacity(10));
    let pair = fails_at_every_allocation(|| {
        let first = bytes(1);
        let second = bytes(2);
        outcomes.borrow_mut().push((first.is_ok(), second.is_ok()));
        Ok::<_, TryReserveError>((first?, second?))
    });
    assert_eq!(pair.expect("room"), (vec![7], vec![7, 7]));
    let all = [(true, true), (false, true), (true, false), (true, true), (true, true)];
    assert_eq!(*outcomes.borrow(), all);
}

#[test]
fn a_resize_is_refused() {
    let refused = Cell::new(0);
    fails_at_every_allocation(|| {
        let mut row = bytes(3)?;
        if row.try_reserve_exact(100).is_err() {
            refused.set(refused.get() + 1);
            assert_eq!(row, [7; 3], "what a resize leaves behind");
        }
        Ok::<_, TryReserveError>(row)
    })
    .expect("room");
    assert_eq!(refused.get(), 1);
}

#[test]
#[should_panic(expected = "1 block was lost when allocation 2, of 2 bytes, was refused")]
fn what_is_lost_is_seen() {
    _ = fails_at_every_allocation(|| {
        let first = std::mem::ManuallyDrop::new(bytes(1)?);
        let second = bytes(2)?;
        drop(std::mem::ManuallyDrop::into_inner(first));
        Ok::<_, TryReserveError>(second)
    });
}

#[test]
#[should_panic(expected = "1 block was lost when nothing was refused")]
fn what_is_lost_anyway_is_seen() {
    fails_at_every_allocation(|| std::mem::forget(bytes(1)));
}

#[test]
#[should_panic(expected = "1 block was lost when ")]
fn what_is_lost_is_seen_beside_what_is_freed() {
    let mut old: Vec<_> = (0..10).map(|_| bytes(9)).collect();
    fails_at_every_allocation(|| {
        drop(old.pop());
        std::mem::forget(bytes(1));
    });
}

#[test]
fn what_is_made_once_is_not_lost() {
    thread_local! {
        static ONCE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    fails_at_every_allocation(|| {
        ONCE.with_borrow_mut(|once| {
            if once.is_empty() {
                once.extend([1, 2, 3]);
            }
        });
        bytes(3)
    })
    .expect("room");
}

#[test]
fn what_was_there_and_is_resized_is_not_lost() {
    let mut row = bytes(1).expect("room");
    fails_at_every_allocation(|| {
        row.try_reserve_exact(row.capacity() + 1)?;
        row.resize(row.capacity(), 1);
        Ok::<_, TryReserveError>(())
    })
    .expect("room");
}

#[test]
fn a_closure_in_a_closure_is_refused_too() {
    let (runs, refused) = (Cell::new(0), Cell::new(0));
    fails_at_every_allocation(|| {
        runs.set(runs.get() + 1);
        let (first, counts) = count(|| bytes(1));
        assert_eq!(counts.allocations, 1, "one that is refused was asked for");
        refused.set(refused.get() + usize::from(first.is_err()));
        Ok::<_, TryReserveError>((first?, bytes(2)?))
    })
    .expect("room");
    assert_eq!((runs.get(), refused.get()), (5, 1));
}

#[test]
fn the_innermost_decides_what_is_refused() {
    let (inner, outer) = (Cell::new(0), Cell::new(0));
    fails_at_every_allocation(|| {
        fails_at_every_allocation(|| inner.set(inner.get() + usize::from(bytes(1).is_err())));
        outer.set(outer.get() + usize::from(bytes(2).is_err()));
    });
    // The outer one runs six times: the inner one's first run and last are its own, and each has an allocation.
    assert_eq!((inner.get(), outer.get()), (6 + 2, 1));
}

// Where a panic doesn't unwind, the next tests come after what it has left.

#[test]
#[should_panic(expected = "in a run")]
fn panics_in_a_run() {
    let runs = Cell::new(0);
    fails_at_every_allocation(|| {
        runs.set(runs.get() + 1);
        assert!(runs.get() == 1, "in a run");
        drop(bytes(1));
    });
}

#[test]
fn panics_leave_nothing_armed() {
    for len in 1..100 {
        bytes(len).expect("nobody refuses it");
    }
    assert_eq!(count(|| drop(bytes(1))).1.allocations, 1);
}
