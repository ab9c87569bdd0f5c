//! A pool that threads share.

use std::hint;
use std::ptr::NonNull;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Barrier, Mutex};
use std::thread;

use freehold::{PoolBox, SharedPool};
use slab::Slab;

use super::pools::{Block, Blocks, Boxes, Heapless};
use crate::clock;
use crate::job::{Job, Measure, Sample, repeat};
use crate::limit::free_list::FreeList;
use crate::row::{Contender, Nature, Row};

/// A pool that threads share: each gets its own way to it.
trait SharedKind: Sync {
    type Mine<'p>: Blocks
    where
        Self: 'p;

    fn new() -> Self;
    fn mine(&self) -> Self::Mine<'_>;
}

/// How many blocks a thread holds at once.
const HELD: usize = 16;

/// A way to it: a type of its own, as without threads a shared pool is of the same type as one that isn't.
struct Mine<'p>(&'p SharedPool<'p, Block>);

impl<'p> Blocks for Mine<'p> {
    type Handle = PoolBox<Block, &'p SharedPool<'p, Block>>;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> Self::Handle {
        self.0.alloc(value)
    }

    #[inline(always)]
    fn free(&mut self, block: Self::Handle) -> u64 {
        block[3]
    }
}

struct FreeholdShared(SharedPool<'static, Block>);

impl SharedKind for FreeholdShared {
    type Mine<'p> = Mine<'p>;

    fn new() -> Self {
        FreeholdShared(SharedPool::shared_in(freehold::ledger(), "shared pool"))
    }

    fn mine(&self) -> Self::Mine<'_> {
        Mine(&self.0)
    }
}

/// What a shared pool can't be faster than: each thread has a list of its own, and no lock.
struct Unshared;

struct OwnList(FreeList<Block>);

impl Blocks for OwnList {
    type Handle = NonNull<Block>;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> NonNull<Block> {
        self.0.alloc(value)
    }

    #[inline(always)]
    fn free(&mut self, block: NonNull<Block>) -> u64 {
        (&mut &self.0).free(block)
    }
}

impl SharedKind for Unshared {
    type Mine<'p> = OwnList;

    fn new() -> Self {
        Unshared
    }

    fn mine(&self) -> OwnList {
        OwnList(FreeList::new(HELD))
    }
}

/// What a pool behind a lock can't be faster than: the list by hand, and the smallest lock there is.
struct LockedList {
    taken: AtomicBool,
    list: FreeList<Block>,
}

// SAFETY: the list is used by whoever has taken the lock only.
unsafe impl Sync for LockedList {}

impl LockedList {
    #[inline(always)]
    fn with<R>(&self, work: impl FnOnce(&FreeList<Block>) -> R) -> R {
        while self.taken.swap(true, Acquire) {
            while self.taken.load(Relaxed) {
                hint::spin_loop();
            }
        }
        let result = work(&self.list);
        self.taken.store(false, Release);
        result
    }
}

impl Blocks for &LockedList {
    type Handle = NonNull<Block>;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> NonNull<Block> {
        self.with(|list| list.alloc(value))
    }

    #[inline(always)]
    fn free(&mut self, block: NonNull<Block>) -> u64 {
        self.with(|mut list| (&mut list).free(block))
    }
}

impl SharedKind for LockedList {
    type Mine<'p> = &'p LockedList;

    fn new() -> Self {
        LockedList { taken: AtomicBool::new(false), list: FreeList::new(4 * HELD) }
    }

    fn mine(&self) -> &LockedList {
        self
    }
}

struct LockedSlab(Mutex<Slab<Block>>);

impl Blocks for &LockedSlab {
    type Handle = usize;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> usize {
        self.0.lock().expect("nobody panics in it").insert(value)
    }

    #[inline(always)]
    fn free(&mut self, key: usize) -> u64 {
        self.0.lock().expect("nobody panics in it").remove(key)[3]
    }
}

impl SharedKind for LockedSlab {
    type Mine<'p> = &'p LockedSlab;

    fn new() -> Self {
        LockedSlab(Mutex::new(Slab::with_capacity(4 * HELD)))
    }

    fn mine(&self) -> &LockedSlab {
        self
    }
}

impl SharedKind for Heapless {
    type Mine<'p> = Heapless;

    fn new() -> Self {
        Heapless::ready()
    }

    fn mine(&self) -> Heapless {
        *self
    }
}

impl SharedKind for Boxes {
    type Mine<'p> = Boxes;

    fn new() -> Self {
        Boxes
    }

    fn mine(&self) -> Boxes {
        *self
    }
}

/// What each thread does: takes some blocks, and gives them back.
#[inline(never)]
fn turns<B: Blocks>(blocks: &mut B, iterations: u32) -> u64 {
    repeat(iterations, || {
        let mut held = [const { None }; HELD];
        for (i, handle) in held.iter_mut().enumerate() {
            *handle = Some(blocks.alloc([i as u64; 8]));
        }
        let mut sum = 0u64;
        for handle in held.into_iter().flatten() {
            sum = sum.wrapping_mul(3).wrapping_add(blocks.free(handle));
        }
        sum
    })
}

fn shared<K: SharedKind, const THREADS: usize>(job: &Job) -> Sample {
    job.placed(|job| {
        let claims = job.claims();
        let pool = K::new();
        if THREADS == 1 {
            let mut mine = pool.mine();
            turns(&mut mine, 2);
            return job.timed(&claims, |iterations| turns(&mut mine, iterations));
        }
        // All start at once; the time is that of the last one.
        let start = Barrier::new(THREADS + 1);
        thread::scope(|threads| {
            let work = || {
                let mut mine = pool.mine();
                turns(&mut mine, 2);
                start.wait();
                let sum = turns(&mut mine, job.iterations);
                (sum, clock::nanoseconds())
            };
            let workers: Vec<_> = (0..THREADS).map(|_| threads.spawn(work)).collect();
            start.wait();
            let begin = clock::nanoseconds();
            let mut sample = Sample { nanoseconds: 0.0, checksum: 0, claimed: 0 };
            for worker in workers {
                let (sum, end) = worker.join().expect("no worker panics");
                sample.checksum = sample.checksum.wrapping_add(sum);
                sample.nanoseconds = sample.nanoseconds.max(end - begin);
            }
            sample.claimed = claims.peak();
            sample
        })
    })
}

fn row<const THREADS: usize>(name: &str) -> Row {
    Row {
        group: "Shared pool",
        name: name.to_owned(),
        operations: HELD * THREADS,
        counted: if THREADS == 1 { HELD } else { 0 },
        bytes: HELD * THREADS * size_of::<Block>(),
        nature: if THREADS == 1 { Nature::Plain } else { Nature::Threads },
        contenders: vec![
            Contender::limit("limit, not shared", shared::<Unshared, THREADS>),
            Contender::limit("limit, spin lock", shared::<LockedList, THREADS>),
            Contender::ours("freehold SharedPool", shared::<FreeholdShared, THREADS>),
            Contender::peer("heapless", shared::<Heapless, THREADS>),
            Contender::peer("Mutex of a slab", shared::<LockedSlab, THREADS>),
            Contender::peer("Box", shared::<Boxes, THREADS>),
        ],
    }
}

pub fn rows() -> Vec<Row> {
    let mut rows = vec![row::<1>("one thread")];
    // A wasm module without shared memory has one thread.
    if cfg!(not(target_arch = "wasm32")) {
        rows.extend([row::<2>("two threads"), row::<4>("four threads")]);
    }
    rows
}
