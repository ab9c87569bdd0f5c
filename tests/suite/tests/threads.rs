//! Threads on hosts: shared pools, a shared ledger, arenas that move (h25).

#![cfg(not(target_family = "wasm"))]

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Barrier, mpsc};
use std::thread;

use freehold::debug::Checked;
use freehold::tags::Tagged;
use freehold::{
    Alloc, Arena, BlockPool, BoundedHeap, DefaultBacking, FixedPool, Growth, Heap, Ledger, PoolBox, Region, SharedPool,
    SmallHeap, TypedArena,
};
use freehold_must_find::Hands;
use freehold_suite::STEPS;
use freehold_suite::checked::must_find::around_heap_by;
use freehold_suite::choices::Seeded;
use freehold_suite::live::all_are;
use freehold_suite::{model, tally};

const THREADS: usize = 4;

static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
static POOL: SharedPool<[usize; 5]> = SharedPool::shared_in(&LEDGER, "static pool");

/// Every thread allocates and frees; no block is ever two threads' at once.
#[test]
fn h25_threads_share_a_pool() {
    let alive = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let alive = &alive;
            scope.spawn(move || {
                let mut boxes = Vec::new();
                for step in 0..STEPS {
                    boxes.push((step, POOL.alloc([number * STEPS + step; 5])));
                    alive.fetch_add(1, Relaxed);
                    if step % 3 == 2 {
                        let (step, boxed) = boxes.swap_remove(step * 7 % boxes.len());
                        assert_eq!(*boxed, [number * STEPS + step; 5]);
                        alive.fetch_sub(1, Relaxed);
                    }
                }
                assert!(boxes.iter().all(|(step, boxed)| **boxed == [number * STEPS + step; 5]));
                alive.fetch_sub(boxes.len(), Relaxed);
            });
        }
    });
    assert_eq!((alive.into_inner(), POOL.len()), (0, 0));
    assert!(POOL.trim() > 0);
}

/// The same with places that lie in the pool, fewer than are asked for. What a thread does beside taking and freeing is little, so that it
/// meets the others there.
#[test]
fn h25_threads_share_a_fixed_pool() {
    const ROUNDS: usize = if cfg!(miri) { STEPS } else { 300_000 };
    static POOL: FixedPool<[usize; 2], 7> = FixedPool::new();
    let all_here = Barrier::new(THREADS);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let all_here = &all_here;
            scope.spawn(move || {
                let mut boxes = [None, None, None];
                all_here.wait();
                for round in 0..ROUNDS {
                    let slot = &mut boxes[round % 3];
                    if let Some((value, boxed)) = slot.take() {
                        assert_eq!(PoolBox::into_inner(boxed), value);
                    }
                    let value = [number, round];
                    match POOL.try_alloc(value) {
                        Ok(boxed) => *slot = Some((value, boxed)),
                        Err(rejected) => assert_eq!(rejected.value, value),
                    }
                }
            });
        }
    });
    assert_eq!(POOL.len(), 0);
    let all: Vec<_> = (0..7).map(|n| POOL.alloc([n; 2])).collect();
    assert!(POOL.try_alloc([7; 2]).is_err() && all.iter().enumerate().all(|(n, boxed)| **boxed == [n; 2]));
}

/// A box made in one thread is freed in another, over and over: a place comes back while others are taken (where lock-free pools
/// mistake the second coming for the first).
#[test]
fn h25_boxes_go_to_another_thread() {
    let ledger = Ledger::new(DefaultBacking::new());
    let pool = SharedPool::<u64>::shared_fixed_in(&ledger, "fixed", 3).expect("room");
    thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel(2);
        let pool = &pool;
        scope.spawn(move || {
            let mut sent = 0;
            while sent < STEPS as u64 {
                match pool.try_alloc(sent) {
                    Ok(boxed) => {
                        sent += 1;
                        send.send(boxed).expect("a receiver");
                    }
                    Err(rejected) => assert_eq!(rejected.value, sent),
                }
                thread::yield_now();
            }
        });
        scope.spawn(move || {
            let mut expected = 0;
            for boxed in receive {
                assert_eq!(*boxed, expected);
                expected += 1;
            }
            assert_eq!(expected, STEPS as u64);
        });
    });
    assert_eq!((pool.len(), pool.capacity()), (0, 3));
}

/// Raw blocks of one pool in many hands.
#[test]
fn h25_threads_share_a_pool_of_blocks() {
    let ledger = Ledger::new(DefaultBacking::new());
    let pool = BlockPool::<freehold::sharing::Needed>::shared_in(&ledger, "blocks", Layout::new::<[usize; 2]>());
    let pool = pool.with_growth(Growth::fixed(300));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let pool = &pool;
            scope.spawn(move || {
                for step in 0..STEPS {
                    let block = pool.alloc().cast::<[usize; 2]>();
                    // SAFETY: a block of that layout, this thread's until it is freed.
                    unsafe { block.write([number, step]) };
                    thread::yield_now();
                    // SAFETY: written above, and nobody else's.
                    assert_eq!(unsafe { block.read() }, [number, step]);
                    // SAFETY: it came from this pool and is not used again.
                    unsafe { pool.free(block.cast()) };
                }
            });
        }
    });
    assert!(pool.capacity() >= 1 && pool.is_empty());
}

/// Random programs of several threads on one ledger: what each holds stays whole. (The sums are another matter while others claim.)
#[test]
fn threads_share_a_ledger() {
    let ledger = Ledger::new(DefaultBacking::new());
    thread::scope(|scope| {
        for number in 0..THREADS {
            let ledger = &ledger;
            scope.spawn(move || {
                let mut arena = Arena::new_in(ledger, "arena");
                for round in 0..STEPS / 20 {
                    let claim = ledger.claim("claim", Layout::new::<[u8; 777]>()).expect("room");
                    let scope = arena.scope();
                    let slice = scope.alloc_slice_fill(round * 13 % 900, number as u8);
                    let list = scope.alloc_from_iter(0..round);
                    assert!(all_are(number as u8, slice) && list.len() == round);
                    drop(claim);
                    if round % 7 == 6 {
                        arena.reset();
                        arena.trim();
                    }
                }
            });
        }
    });
    assert_eq!(ledger.snapshot().claimed, 0);
    tally::check(&ledger);
    model::run(&ledger, &mut Seeded::new(5, STEPS / 4));
}

/// Arenas go to another thread and come back, with what they hold.
#[test]
fn arenas_move_between_threads() {
    let ledger = Ledger::new(DefaultBacking::new());
    thread::scope(|scope| {
        let mut arena = Arena::new_in(&ledger, "arena");
        let typed = TypedArena::new_in(&ledger, "typed");
        arena.alloc_str("from the first thread");
        typed.alloc(String::from("first"));
        let worker = scope.spawn(move || {
            arena.reset();
            assert_eq!(*arena.scope().alloc(3), 3);
            typed.alloc(String::from("second"));
            (arena, typed)
        });
        let (arena, mut typed) = worker.join().expect("no panic");
        assert_eq!(*arena.alloc(4), 4);
        assert!(typed.iter_mut().map(|text| &**text).eq(["first", "second"]));
        scope.spawn(move || assert_eq!(typed.into_iter().count(), 2));
    });
    assert_eq!(ledger.snapshot().claimed, 0);
}

/// What was allocated goes to other threads while the arena stays.
#[test]
fn borrows_go_to_other_threads() {
    let ledger = Ledger::new(DefaultBacking::new());
    let arena = Arena::new_in(&ledger, "arena");
    let parts = [arena.alloc_slice_fill(100, 1u32), arena.alloc_slice_fill(100, 2)];
    let boxed = arena.alloc_box(String::from("in a box"));
    thread::scope(|scope| {
        for part in parts {
            scope.spawn(move || part.iter_mut().for_each(|number| *number += 1));
        }
        scope.spawn(move || assert_eq!(*boxed, "in a box"));
    });
}

/// Blocks of one heap go to other threads, which free or resize them, while an arena of each thread's is on the same ledger (h25).
#[test]
fn heap_h25_blocks_go_to_other_threads() {
    static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
    static HEAP: Heap = Heap::new_in(&LEDGER, "heap");
    blocks_go_to_other_threads(&HEAP, &LEDGER, |round| match round {
        3 => HEAP.trim(),
        4 => _ = HEAP.stats().slack(),
        _ => {}
    });
    assert_eq!(HEAP.stats().in_use, 0, "{}", HEAP.stats());
    HEAP.trim();
    tally::check(&LEDGER);
    assert_eq!(LEDGER.snapshot().claimed, HEAP.stats().held);
    assert_eq!((HEAP.classes().count(), LEDGER.snapshot().claimed_by("arena")), (0, 0));
}

/// The same with the heap that is on no ledger.
#[test]
fn heap_small_h25_blocks_go_to_other_threads() {
    static SMALL: SmallHeap = SmallHeap::new();
    let ledger = Ledger::new(DefaultBacking::new());
    blocks_go_to_other_threads(&SMALL, &ledger, |_| {});
    assert_eq!(ledger.snapshot().claimed, 0);
}

/// The same with the layer around a heap: nothing is found.
#[test]
fn heap_small_checked_h25_blocks_go_to_other_threads() {
    static CHECKED: Checked<SmallHeap> = Checked::new(SmallHeap::new()).keeping(100, 1 << 20);
    let ledger = Ledger::new(DefaultBacking::new());
    // Now and then: a look takes a step for each block, and all others wait.
    static TURN: AtomicUsize = AtomicUsize::new(0);
    blocks_go_to_other_threads(&CHECKED, &ledger, |_| {
        assert!(!TURN.fetch_add(1, Relaxed).is_multiple_of(50) || CHECKED.check() == 0);
    });
    let stats = CHECKED.stats();
    assert_eq!((stats.blocks, stats.bytes, stats.unrecorded, CHECKED.check()), (0, 0, 0, 0), "{stats}");
}

/// What the layer must find, each step in a thread of its own: one allocates a block, another frees it, a third does that again, a fourth writes.
#[test]
fn heap_checked_must_find_by_threads() {
    struct Threads;
    /// A step, on its way to the thread that does it.
    struct Step<'a>(&'a mut dyn FnMut());
    // SAFETY: what it uses is a heap, which is `Sync`, what else threads may share, and pointers to blocks; and who has sent it waits.
    unsafe impl Send for Step<'_> {}

    impl Step<'_> {
        fn run(self) {
            (self.0)();
        }
    }

    impl Hands for Threads {
        fn does(&self, _: usize, work: &mut dyn FnMut()) {
            let step = Step(work);
            thread::scope(|scope| scope.spawn(|| step.run()).join()).expect("no panic");
        }
    }
    around_heap_by(&Threads);
}

/// The same with tags around a heap: whoever frees a block, it is that one's who has allocated it.
#[test]
fn heap_small_tagged_h25_blocks_go_to_other_threads() {
    static TAGGED: Tagged<SmallHeap> = Tagged::new(SmallHeap::new());
    let ledger = Ledger::new(DefaultBacking::new());
    // Of this thread alone, which allocates nothing.
    let _in_it = TAGGED.tag("this thread").enter();
    blocks_go_to_other_threads(&TAGGED, &ledger, |_| _ = TAGGED.total());
    let (here, total) = (TAGGED.tag("this thread").stats(), TAGGED.total());
    assert_eq!((total.blocks, total.in_use, TAGGED.lost(), here.allocations), (0, 0, 0, 0), "{total}");
    assert!(total.allocations > 0 && total.peak > 0, "{total}");
}

/// Each thread is in a tag of its own: a guard counts for the one that it was made on, and ends there.
#[test]
fn heap_small_tags_are_of_their_thread() {
    static TAGGED: Tagged<SmallHeap> = Tagged::new(SmallHeap::new());
    let barrier = Barrier::new(THREADS);
    let layout = Layout::from_size_align(24, 8).expect("a layout");
    thread::scope(|scope| {
        for name in ["first", "second", "third", "fourth"].into_iter().take(THREADS) {
            let barrier = &barrier;
            scope.spawn(move || {
                let tag = TAGGED.tag(name);
                let in_it = tag.enter();
                let mut blocks = [core::ptr::null_mut(); 10];
                for block in &mut blocks {
                    // All threads are in their tags at once.
                    barrier.wait();
                    // SAFETY: the layout has bytes.
                    *block = unsafe { TAGGED.alloc(layout) };
                }
                drop(in_it);
                barrier.wait();
                assert_eq!((tag.stats().blocks, tag.stats().in_use), (10, 240), "{}", tag.stats());
                // SAFETY: as above.
                let outside = unsafe { TAGGED.alloc(layout) };
                assert_eq!(tag.stats().blocks, 10);
                for block in blocks.into_iter().chain([outside]) {
                    // SAFETY: allocated above, with this layout.
                    unsafe { TAGGED.dealloc(block, layout) };
                }
                assert_eq!((tag.stats().blocks, tag.stats().in_use), (0, 0));
            });
        }
    });
    assert_eq!(TAGGED.total().in_use, 0);
}

/// The same with the heap that has one region.
#[test]
fn bounded_h25_blocks_go_to_other_threads() {
    static BOUNDED: BoundedHeap = BoundedHeap::empty();
    let memory = Box::leak(Box::new_uninit_slice(if cfg!(miri) { 1 << 20 } else { 256 << 20 }));
    assert!(BOUNDED.lend(Region::new(memory)).is_ok());
    let ledger = Ledger::new(DefaultBacking::new());
    blocks_go_to_other_threads(&BOUNDED, &ledger, |_| _ = BOUNDED.stats().slack());
    assert_eq!((BOUNDED.stats().in_use, BOUNDED.longest()), (0, BOUNDED.stats().free));
}

/// A block of a heap's, filled with one byte.
struct Block<H: GlobalAlloc + 'static>(&'static H, *mut u8, Layout, u8);
// SAFETY: whoever has it owns the block.
unsafe impl<H: GlobalAlloc + Sync> Send for Block<H> {}

impl<H: GlobalAlloc> Block<H> {
    fn new(heap: &'static H, size: usize, byte: u8) -> Self {
        let layout = Layout::from_size_align(size, 1 << (size % 6)).expect("a layout");
        let zeroed = size.is_multiple_of(5);
        let alloc = if zeroed { GlobalAlloc::alloc_zeroed } else { GlobalAlloc::alloc };
        // SAFETY: the layout has bytes.
        let place = unsafe { alloc(heap, layout) };
        assert!(!place.is_null());
        if zeroed {
            // SAFETY: allocated, and zero.
            let bytes = unsafe { std::slice::from_raw_parts(place, size) };
            assert!(all_are(0, bytes), "not zero: {layout:?}");
        }
        let block = Block(heap, place, layout, byte);
        block.fill();
        block
    }

    fn fill(&self) {
        // SAFETY: the block is this one's alone.
        unsafe { self.1.write_bytes(self.3, self.2.size()) };
    }

    fn check(&self, len: usize) {
        // SAFETY: allocated and filled, at least as far.
        let bytes = unsafe { std::slice::from_raw_parts(self.1, len) };
        assert!(all_are(self.3, bytes), "overwritten: {:?}", self.2);
    }

    fn resize(&mut self, size: usize) {
        let kept = size.min(self.2.size());
        // SAFETY: a block of the heap's with this layout.
        self.1 = unsafe { self.0.realloc(self.1, self.2, size) };
        assert!(!self.1.is_null());
        self.2 = Layout::from_size_align(size, self.2.align()).expect("a layout");
        self.check(kept);
        self.fill();
    }
}

impl<H: GlobalAlloc> Drop for Block<H> {
    fn drop(&mut self) {
        self.check(self.2.size());
        // SAFETY: a block of the heap's with this layout, not used any more.
        unsafe { self.0.dealloc(self.1, self.2) };
    }
}

/// `between` is called with the number of the round in its cycle.
fn blocks_go_to_other_threads<H: GlobalAlloc + Sync>(
    heap: &'static H,
    ledger: &Ledger<DefaultBacking>,
    between: impl Fn(usize) + Sync,
) {
    // Tree borrows take minutes for more.
    const ROUNDS: usize = if cfg!(miri) { 6 } else { 4 * STEPS };
    const CYCLE: usize = if cfg!(miri) { ROUNDS } else { 40 };
    let largest = if cfg!(miri) { 1200 } else { 40_000 };
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| mpsc::channel::<Block<H>>()).unzip();
    thread::scope(|scope| {
        for (number, receiver) in receivers.into_iter().enumerate() {
            let (next, between) = (senders[(number + 1) % THREADS].clone(), &between);
            scope.spawn(move || {
                let mut choices = Seeded::new(number as u32 + 1, usize::MAX);
                let mut arena = Arena::new_in(ledger, "arena");
                for round in 0..ROUNDS {
                    let choice = freehold_suite::choices::Choices::next(&mut choices).expect("no end") as usize;
                    let size = 1 + choice % if choice.is_multiple_of(7) { largest } else { 400 };
                    let _ = next.send(Block::new(heap, size, choice as u8));
                    let filled = arena.alloc_slice_fill(choice % 700, number as u8);
                    for mut block in receiver.try_iter().take(2) {
                        if choice.is_multiple_of(3) {
                            block.resize(1 + choice % 1500);
                        }
                    }
                    assert!(all_are(number as u8, filled));
                    match round % CYCLE {
                        1 => arena.reset(),
                        2 => _ = arena.trim(),
                        turn => between(turn),
                    }
                }
                // The blocks that are still on their way are freed with the channel.
            });
        }
        drop(senders);
    });
}
