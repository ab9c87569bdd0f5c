//! What is called at pressure; that heaps don't mistake each other's tags; and futures.

use core::alloc::{GlobalAlloc, Layout};
use core::future::Future;
use core::pin::{Pin, pin};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use core::task::{Context, Poll, Waker};
use std::alloc::System;
use std::sync::Mutex;
use std::vec::Vec;

use super::*;

fn take(heap: &impl GlobalAlloc, size: usize) -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { heap.alloc(Layout::from_size_align(size, 8).unwrap()) }
}

fn give(heap: &impl GlobalAlloc, block: *mut u8, size: usize) {
    // SAFETY: the block was allocated so.
    unsafe { heap.dealloc(block, Layout::from_size_align(size, 8).unwrap()) };
}

/// A block, to be freed at pressure.
static CACHE: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
static CALLS: Mutex<Vec<Pressure>> = Mutex::new(Vec::new());

/// Nothing is locked while it runs: it frees, allocates, enters tags, asks. What it is refused itself it isn't told.
#[test]
fn h31_who_is_called_at_pressure_may_allocate() {
    static HEAP: Tagged<System> = Tagged::new(System).at_pressure(|pressure| {
        CALLS.lock().unwrap().push(*pressure);
        let (small, large) = (take(&HEAP, 10), take(&HEAP, 100_000));
        assert!(!small.is_null() && large.is_null());
        let other = HEAP.tag("other");
        let in_other = other.enter();
        let (fits, over) = (take(&HEAP, 40), take(&HEAP, 4000));
        assert!(!fits.is_null() && over.is_null() && other.stats().in_use == 40);
        give(&HEAP, fits, 40);
        drop(in_other);
        give(&HEAP, small, 10);
        give(&HEAP, CACHE.swap(ptr::null_mut(), Relaxed), 600);
    });
    let tag = HEAP.tag("tenant");
    tag.set_limit(1000);
    HEAP.tag("other").set_limit(100);
    let _in_it = tag.enter();
    let cached = take(&HEAP, 600);
    CACHE.store(cached, Relaxed);
    let kept = take(&HEAP, 300);
    // It would be refused, and is met: the cache was dropped.
    let met = take(&HEAP, 500);
    assert!(!met.is_null());
    let calls = core::mem::take(&mut *CALLS.lock().unwrap());
    let expected = Pressure { tag: "tenant", size: 500, align: 8, in_use: 900, limit: Some(1000) };
    assert_eq!(calls, [expected]);
    assert_eq!(tag.stats().in_use, 800);
    // A block that grows, too.
    CACHE.store(take(&HEAP, 100), Relaxed);
    give(&HEAP, met, 500);
    let cached = take(&HEAP, 600);
    give(&HEAP, CACHE.swap(cached, Relaxed), 100);
    // SAFETY: it was allocated with this layout.
    let grown = unsafe { HEAP.realloc(kept, Layout::from_size_align(300, 8).unwrap(), 900) };
    assert!(!grown.is_null());
    assert_eq!((CALLS.lock().unwrap().len(), tag.stats().in_use, tag.stats().blocks), (1, 900, 1));
    give(&HEAP, grown, 900);
    assert_eq!((HEAP.total().in_use, HEAP.lost()), (0, 0));
}

#[test]
fn a_function_at_pressure_that_panics_ends_the_program() {
    const CASE: &str = "FREEHOLD_PRESSURE_THAT_PANICS";
    if std::env::var(CASE).is_ok() {
        let outcome = std::panic::catch_unwind(|| {
            let heap: Tagged<System> = Tagged::new(System).at_pressure(|_| panic!("at pressure"));
            heap.tag("any").set_limit(10);
            let _in_it = heap.tag("any").enter();
            take(&heap, 20)
        });
        std::println!("it went on: {outcome:?}");
        return;
    }
    let this = std::env::current_exe().expect("a path");
    let name = "tags::tests::a_function_at_pressure_that_panics_ends_the_program";
    let out = std::process::Command::new(this).args(["--exact", "--nocapture", name]).env(CASE, "1").output();
    let out = out.expect("a process");
    let said = std::string::String::from_utf8_lossy(&out.stdout);
    let complained = std::string::String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && !said.contains("it went on"), "{said}");
    assert!(complained.contains("an allocator may not"), "{complained}");
}

/// The tag of one heap is none of another's; and each thread begins in none.
#[test]
fn a_tag_is_one_heaps() {
    let (first, second): (Tagged<System>, Tagged<System>) = (Tagged::new(System), Tagged::new(System));
    let (of_first, of_second) = (first.tag("tag"), second.tag("tag"));
    let in_first = of_first.enter();
    let blocks = (take(&first, 10), take(&second, 20));
    let in_none = second.tags().next().map(|none| none.in_use);
    assert_eq!((of_first.stats().in_use, of_second.stats().in_use, in_none), (10, 0, Some(20)));
    drop(in_first);
    // As after a trap that JavaScript has caught.
    core::mem::forget(of_first.enter());
    first.leave();
    let more = take(&first, 30);
    assert_eq!((of_first.stats().in_use, first.total().in_use), (10, 40));
    give(&first, blocks.0, 10);
    give(&second, blocks.1, 20);
    give(&first, more, 30);
}

/// Allocates ten bytes in each of three polls.
struct Slow<'h>(&'h Tagged<System>, Vec<*mut u8>);

impl Future for Slow<'_> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<usize> {
        let block = take(self.0, 10);
        self.1.push(block);
        if self.1.len() < 3 { Poll::Pending } else { Poll::Ready(self.1.len()) }
    }
}

/// Two futures that are polled in turns are each in its own tag, and what goes on between is in none.
#[test]
fn futures_are_in_their_tags_while_they_are_polled() {
    let heap: Tagged<System> = Tagged::new(System);
    let (one, two) = (heap.tag("one"), heap.tag("two"));
    let mut first = pin!(one.in_polls(Slow(&heap, Vec::new())));
    let mut second = pin!(two.in_polls(Slow(&heap, Vec::new())));
    let mut context = Context::from_waker(Waker::noop());
    for turn in 1..=3 {
        let done = turn == 3;
        assert_eq!(first.as_mut().poll(&mut context).is_ready(), done);
        take(&heap, 1);
        assert_eq!(second.as_mut().poll(&mut context).is_ready(), done);
        assert_eq!((one.stats().in_use, two.stats().in_use), (turn * 10, turn * 10));
        assert_eq!(heap.tags().next().map(|none| none.in_use), Some(turn));
    }
}

/// At the peak each tag knows what it had, to within a 64th; later that stays.
#[test]
fn who_had_what_at_the_peak() {
    let heap: Tagged<System> = Tagged::new(System);
    let (one, two) = (heap.tag("one"), heap.tag("two"));
    let (of_one, of_two): (Vec<_>, Vec<_>) = {
        let fill = |tag: Tag<'_>| {
            let _in_it = tag.enter();
            (0..300).map(|_| take(&heap, 100)).collect()
        };
        (fill(one), fill(two))
    };
    of_one.into_iter().for_each(|block| give(&heap, block, 100));
    let _in_two = two.enter();
    let more: Vec<_> = (0..200).map(|_| take(&heap, 100)).collect();
    let (one, two, all) = (one.stats(), two.stats(), heap.total());
    assert_eq!((all.peak, one.peak, two.peak, one.at_peak), (60_000, 30_000, 50_000, 30_000), "{all}");
    assert!(two.at_peak <= 30_000 && two.at_peak > 29_000 && all.at_peak == one.at_peak + two.at_peak, "{two} {all}");
    of_two.into_iter().chain(more).for_each(|block| give(&heap, block, 100));
}
