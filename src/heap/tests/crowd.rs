//! Threads that stand in each other's way, and what the heap does about it.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::backing::{Backing, Grant, Request};
use crate::error::Obstacle;
use crate::platform::Whole;
use crate::sharing::crowd::SOON;
use crate::sharing::watched::{FREE, IN_THE_WAY, TAKEN, Watched, held};
use crate::{DefaultBacking, Snapshot};

type Crowded = Heap<Locked<Watched>>;

fn alloc(heap: &Crowded, size: usize) -> Option<NonNull<u8>> {
    // SAFETY: this heap serves every size.
    NonNull::new(unsafe { heap.alloc(layout(size)) })
}

fn free(heap: &Crowded, block: NonNull<u8>, size: usize) {
    // SAFETY: a block of this heap's with this layout, not used any more.
    unsafe { heap.dealloc(block.as_ptr(), layout(size)) };
}

/// A heap on that ledger, in which somebody has waited so often.
fn after_waits<B: Backing>(ledger: &'static Ledger<B, Locked<Watched>>, waits: usize) -> &'static Crowded {
    let heap = Box::leak(Box::new(Heap::new_in(ledger, "heap")));
    // So that the ledger has free memory.
    drop(ledger.claim("all", layout(900_000)).expect("room"));
    free(heap, alloc(heap, 16).expect("room"), 16);
    for wait in 0..waits {
        // Once where it is quick, and once more before it is waited for; or when it is given back.
        IN_THE_WAY.set(2 * (wait % 2));
        let block = alloc(heap, 64).expect("room");
        IN_THE_WAY.set(1 - wait % 2);
        free(heap, block, 64);
    }
    IN_THE_WAY.set(0);
    heap
}

fn on_region(bytes: usize) -> &'static Ledger<Region<'static>, Locked<Watched>> {
    let memory = Vec::leak(std::vec![MaybeUninit::uninit(); bytes]);
    Box::leak(Box::new(Ledger::with_lock(Region::new(memory))))
}

fn stock(heap: &'static Crowded) -> &'static Stock<Locked<Watched>> {
    heap.heap().expect("a heap")
}

/// So many waits are surely enough.
const ENOUGH: usize = 100;

/// How often each lock was taken by what `work` does, the one that was taken most often first.
fn taken_by(work: impl FnOnce()) -> Vec<(usize, usize)> {
    TAKEN.take();
    work();
    let mut taken: Vec<_> = TAKEN.take().into_iter().map(|(lock, count)| (count, lock)).collect();
    taken.sort_unstable_by(|one, other| other.cmp(one));
    taken
}

/// Once threads have stood in each other's way, each takes a lock that the others leave alone, and the stock's for many blocks at once. As
/// long as they don't, there is the stock's alone, which is taken once for a block.
#[test]
fn a_crowd_leaves_the_stock_alone() {
    let churn = |heap: &Crowded| {
        for size in [64, 16, 256, 300, 1000] {
            (0..200).for_each(|_| free(heap, alloc(heap, size).expect("room"), size));
        }
    };
    let build = |heap: &Crowded| {
        let blocks: Vec<_> = (0..1000).map(|_| alloc(heap, 64).expect("room")).collect();
        blocks.into_iter().for_each(|block| free(heap, block, 64));
    };
    let calm = after_waits(on_region(2 << 20), 10);
    churn(calm);
    let taken = taken_by(|| churn(calm));
    assert!(!stock(calm).is_crowded() && matches!(taken[..], [(2000, _)]), "{taken:?}");
    let (_, of_stock) = taken[0];

    let heap = after_waits(on_region(2 << 20), ENOUGH);
    assert!(stock(heap).is_crowded() && heap.calm().is_none());
    churn(heap);
    let taken = taken_by(|| churn(heap));
    assert!(matches!(taken[..], [(2000, _)]), "{taken:?}");
    // The stock's lock lies in its record, so does the other heap's.
    let within = |lock: usize, heap: &'static Crowded| {
        let record = core::ptr::from_ref(stock(heap)).addr();
        (record..record + size_of::<Stock<Locked<Watched>>>()).contains(&lock)
    };
    assert!(within(of_stock, calm) && !within(taken[0].1, heap), "{taken:?}");
    let taken = taken_by(|| build(heap));
    let of_stock = taken.iter().find(|(_, lock)| within(*lock, heap)).map_or(0, |(count, _)| *count);
    assert!(taken[0].0 >= 2000 && !within(taken[0].1, heap) && of_stock <= 250, "{taken:?}");
}

/// What is in use and what is free is counted, whichever list it is in, and all of it goes back.
#[test]
fn a_crowd_is_counted_and_gives_all_back() {
    let ledger = on_region(2 << 20);
    let heap = after_waits(ledger, ENOUGH);
    for size in [16, 64, 256, 300, 1000] {
        let blocks: Vec<_> = (0..50).map(|_| alloc(heap, size).expect("room")).collect();
        let (some, others) = blocks.split_at(20);
        some.iter().for_each(|block| free(heap, *block, size));
        let class = heap.classes().find(|class| class.size >= size && class.used > 0).expect("blocks in use");
        assert_eq!(class.used, 30, "{class:?}");
        let stats = heap.stats();
        assert_eq!((stats.in_use, stats.in_use + stats.free + stats.slack()), (30 * class.size, stats.held), "{stats}");
        others.iter().for_each(|block| free(heap, *block, size));
    }
    assert_eq!(heap.stats().in_use, 0);
    heap.trim();
    // Its record, the sets, and what is free.
    assert!(ledger.snapshot().spans().count() <= 4, "{}", ledger.snapshot());
    assert!(held() == 0);
}

/// What lies in a crowd's lists others can have before they are refused.
#[test]
fn h26_a_crowd_lets_go() {
    let ledger = on_region(2 << 20);
    let heap = after_waits(ledger, ENOUGH);
    let mut blocks: Vec<_> = core::iter::from_fn(|| alloc(heap, 1000)).collect();
    // What lies in the middle comes last, and stays at hand.
    let others = blocks.split_off(blocks.len() / 2);
    blocks.into_iter().chain(others.into_iter().rev()).for_each(|block| free(heap, block, 1000));
    assert!(ledger.claim("arena", layout(1_500_000)).is_ok(), "{}", ledger.snapshot());
}

/// Nothing of the heap's is locked while a backing runs, in a crowd too: another thread of it would wait for what may take long, and what the
/// heap is asked to let go of would never be let go.
#[test]
fn h31_nothing_of_a_crowd_is_locked_while_memory_grows() {
    struct Asked(DefaultBacking, usize);
    // SAFETY: the bytes are those of `DefaultBacking`.
    unsafe impl Backing for Asked {
        fn name(&self) -> &'static str {
            "asked"
        }

        fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
            self.1 += 1;
            // The ledger's.
            assert_eq!(held(), 1);
            self.0.claim(request)
        }
    }
    let ledger: &'static Ledger<_, _> = Box::leak(Box::new(Ledger::with_lock(Asked(DefaultBacking::new(), 0))));
    let heap = after_waits(ledger, ENOUGH);
    assert!(stock(heap).is_crowded());
    let growths = ledger.growths();
    let blocks: Vec<_> = (0..20_000).map(|_| alloc(heap, 100).expect("room")).collect();
    assert!(ledger.growths() > growths);
    blocks.into_iter().for_each(|block| free(heap, block, 100));
}

/// Whoever forks has all of a crowd's locks, or none; and gives back first what was taken last.
#[test]
fn h33_a_crowd_is_held_as_one() {
    let heap = after_waits(on_region(2 << 20), ENOUGH);
    let stock = stock(heap);
    const { assert!(SOON > 8, "others may be halted with each of the locks in hand") };
    assert!(stock.hold());
    let all = held();
    assert!(all > 2, "the stock and its sets: {all}");
    // SAFETY: it is held.
    unsafe { stock.release() };
    assert_eq!(held(), 0);
    for before in 0..all {
        // One of them is somebody else's, and stays that for long.
        FREE.set(before);
        IN_THE_WAY.set(SOON as usize);
        assert!(!stock.hold() && held() == 0);
        assert_eq!((FREE.get(), IN_THE_WAY.get()), (0, 0));
        // Or not: what was had before stays in hand, or among many threads there would never be all at once.
        FREE.set(before);
        IN_THE_WAY.set(SOON as usize - 1);
        assert!(stock.hold() && held() == all);
        // SAFETY: it is held.
        unsafe { stock.release() };
        assert_eq!((FREE.get(), IN_THE_WAY.get()), (0, 0));
    }
}

/// Who counts, or takes all back, comes to an end though a block was freed twice to a set: its list is a circle then.
#[test]
fn h36_a_crowd_ends_after_a_block_was_freed_twice() {
    for between in [0, 1, 70, 200] {
        let ledger = on_region(2 << 20);
        let heap = after_waits(ledger, ENOUGH);
        for round in 0..2 {
            let blocks: Vec<_> = (0..between + 9).map(|_| alloc(heap, 100).expect("room")).collect();
            blocks[..between + 1].iter().for_each(|block| free(heap, *block, 100));
            free(heap, blocks[0], 100);
            if round == 0 {
                let stats = heap.stats();
                assert!(heap.classes().count() < CLASSES && stats.in_use <= stats.held);
            }
            heap.trim();
            assert!(ledger.claim("too much", layout(1 << 30)).is_err());
        }
    }
}

/// The crowd is looked for in the heap's record, which may lie where another thread has grown memory.
#[test]
fn h32_a_crowd_is_looked_for_within_reach() {
    let stock = stock(after_waits(on_region(2 << 20), 0));
    let end = core::ptr::from_ref(stock).addr() + size_of_val(stock);
    crate::platform::reached::take();
    assert!(!stock.is_crowded());
    assert!(crate::platform::reached::take() >= end);
}

/// Who makes a block longer that another thread has handed over reads it, and may never have heard of the memory that it lies in.
#[test]
fn h32_what_is_resized_is_within_reach() {
    let heap = after_waits(on_region(2 << 20), 0);
    let low = alloc(heap, 200).expect("room");
    (0..3000).for_each(|_| _ = alloc(heap, 100).expect("room"));
    let high = alloc(heap, 100).expect("room");
    free(heap, low, 200);
    let end = high.addr().get() + 100;
    for new in [101, 200] {
        crate::platform::reached::take();
        // SAFETY: a block of this heap's with this layout.
        let moved = unsafe { heap.realloc(high.as_ptr(), layout(100), new) };
        assert!(crate::platform::reached::take() >= end, "{new} bytes");
        assert_eq!(moved == high.as_ptr(), new == 101);
    }
}

/// Who frees a block that is a claim of its own, or makes it shorter, comes to the heap by its record. (What is read and written of the claim itself are
/// words, by plain loads and stores, at which no engine traps that knows of its memory late: so those need no reach.)
#[test]
fn h32_the_end_of_a_large_block_is_within_reach() {
    let heap = after_waits(on_region(4 << 20), 0);
    let end = core::ptr::from_ref(stock(heap)).addr() + size_of_val(stock(heap));
    for size in [2000, 20_000, 100_000, 1 << 20] {
        let blocks = [(); 2].map(|()| alloc(heap, size).expect("room"));
        crate::platform::reached::take();
        free(heap, blocks[0], size);
        assert!(crate::platform::reached::take() >= end, "{size} bytes");
        // SAFETY: a block of this heap's with this layout.
        let shorter = unsafe { heap.realloc(blocks[1].as_ptr(), layout(size), size / 2) };
        assert!(crate::platform::reached::take() >= blocks[1].addr().get() + size, "{size} bytes");
        free(heap, NonNull::new(shorter).expect("room"), size / 2);
    }
}

/// A block that must not move, as there is no room elsewhere, grows into what was given back last behind it (h12).
#[test]
fn h12_a_block_grows_into_what_is_aside() {
    let ledger = on_region(32 << 10);
    let heap: &'static Crowded = Box::leak(Box::new(Heap::new_in(ledger, "heap")));
    let block = alloc(heap, 2000).expect("room");
    let behind = ledger.claim("arena", layout(1200)).expect("room");
    let mut all = Vec::new();
    for size in [4096, 1024, 256, 64, 8] {
        while let Ok(claim) = ledger.claim("rest", layout(size)) {
            all.push(claim);
        }
    }
    drop(behind);
    // SAFETY: a block of this heap's with this layout.
    let longer = unsafe { heap.realloc(block.as_ptr(), layout(2000), 3000) };
    assert_eq!(longer, block.as_ptr());
}

/// Threads of a crowd pass blocks to each other while somebody counts: all bytes are right, and nothing is lost.
#[test]
fn h25_a_crowd_passes_blocks_around() {
    const STEPS: usize = 3000;
    struct Block(NonNull<u8>, usize, u8);
    // SAFETY: the block's holder is whoever has this.
    unsafe impl Send for Block {}
    let ledger = on_region(8 << 20);
    let heap = after_waits(ledger, ENOUGH);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::channel::<Block>()).unzip();
        let mut workers = Vec::new();
        for (number, receiver) in receivers.into_iter().enumerate() {
            let next = senders[(number + 1) % senders.len()].clone();
            workers.push(scope.spawn(move || {
                for step in 0..STEPS {
                    let size = 1 + (step * 37 + number * 11) % 900;
                    let block = alloc(heap, size).expect("room");
                    let byte = (step + number) as u8;
                    // SAFETY: so many bytes, just allocated.
                    unsafe { block.write_bytes(byte, size) };
                    // Whoever has ended takes no more.
                    let back = next.send(Block(block, size, byte)).err().map(|refused| refused.0);
                    for Block(block, size, byte) in back.into_iter().chain(receiver.try_iter().take(2)) {
                        // SAFETY: so many bytes were written.
                        let bytes = unsafe { core::slice::from_raw_parts(block.as_ptr(), size) };
                        assert!(bytes.iter().all(|other| *other == byte));
                        free(heap, block, size);
                    }
                }
                receiver
            }));
        }
        drop(senders);
        let done = &done;
        scope.spawn(move || {
            while !done.load(Ordering::Relaxed) {
                // It would say more are free than there are.
                assert!(heap.classes().all(|class| class.used <= 3 * STEPS));
                thread::yield_now();
            }
        });
        let receivers: Vec<_> = workers.into_iter().map(|worker| worker.join().expect("no panic")).collect();
        receivers.iter().flat_map(mpsc::Receiver::try_iter).for_each(|Block(block, size, _)| free(heap, block, size));
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(heap.stats().in_use, 0);
    heap.trim();
    let left = |snapshot: Snapshot| snapshot.spans().count();
    assert!(left(ledger.snapshot()) <= 5, "{}", ledger.snapshot());
}
