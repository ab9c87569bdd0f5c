//! Pools of 64-byte blocks: filled, and emptied in some order.

use std::alloc::Layout;
use std::hint::black_box;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Once;

use freehold::{BlockPool, Pool, PoolBox};
use heapless::pool::boxed::{Box as HeaplessBox, BoxBlock};
use slab::Slab;
use slotmap::{DefaultKey, SlotMap};

use crate::counting::Claims;
use crate::job::{Job, Measure, Sample, repeat};
use crate::limit::free_list::FreeList;
use crate::peers::boxes::{Heap, Talc};
use crate::row::{Contender, Nature, Row};

/// 64 bytes.
pub type Block = [u64; 8];

/// A pool of blocks.
pub trait Blocks {
    type Handle;

    fn alloc(&mut self, value: Block) -> Self::Handle;
    /// Reads a block for the last time.
    fn free(&mut self, handle: Self::Handle) -> u64;
}

/// A kind of pool: makes one, and hands it to the row.
trait Kind {
    fn open<V: Visit>(live: usize, visit: V) -> Sample;
}

/// What a row does with a pool.
trait Visit {
    fn visit(self, blocks: impl Blocks) -> Sample;
}

impl Blocks for &FreeList<Block> {
    type Handle = NonNull<Block>;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> NonNull<Block> {
        FreeList::alloc(self, value)
    }

    #[inline(always)]
    fn free(&mut self, block: NonNull<Block>) -> u64 {
        // SAFETY: a block in use.
        let word = unsafe { block.as_ref() }[3];
        // SAFETY: it came from this list, and its one handle is given up here.
        unsafe { FreeList::free(self, block) };
        word
    }
}

struct LimitList;

impl Kind for LimitList {
    fn open<V: Visit>(live: usize, visit: V) -> Sample {
        visit.visit(&FreeList::new(live))
    }
}

impl<'p> Blocks for &'p Pool<'p, Block> {
    type Handle = PoolBox<Block, Self>;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> PoolBox<Block, Self> {
        Pool::alloc(self, value)
    }

    #[inline(always)]
    fn free(&mut self, block: PoolBox<Block, Self>) -> u64 {
        block[3]
    }
}

/// Values in boxes that drop them.
struct FreeholdPool;

impl Kind for FreeholdPool {
    fn open<V: Visit>(_: usize, visit: V) -> Sample {
        visit.visit(&Pool::new())
    }
}

impl Blocks for &BlockPool<'_> {
    type Handle = NonNull<Block>;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> NonNull<Block> {
        let block = BlockPool::alloc(self);
        let block = block.cast();
        // SAFETY: the pool's blocks are for this type.
        unsafe { block.write(value) };
        block
    }

    #[inline(always)]
    fn free(&mut self, block: NonNull<Block>) -> u64 {
        // SAFETY: a block in use.
        let word = unsafe { block.as_ref() }[3];
        // SAFETY: it came from this pool, and its one handle is given up here.
        unsafe { BlockPool::free(self, block.cast()) };
        word
    }
}

/// Raw blocks.
struct FreeholdBlocks;

impl Kind for FreeholdBlocks {
    fn open<V: Visit>(_: usize, visit: V) -> Sample {
        visit.visit(&BlockPool::new_in(freehold::ledger(), "blocks", Layout::new::<Block>()))
    }
}

impl Blocks for Slab<Block> {
    type Handle = usize;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> usize {
        self.insert(value)
    }

    #[inline(always)]
    fn free(&mut self, key: usize) -> u64 {
        self.remove(key)[3]
    }
}

struct SlabKind;

impl Kind for SlabKind {
    fn open<V: Visit>(live: usize, visit: V) -> Sample {
        visit.visit(Slab::with_capacity(live))
    }
}

impl Blocks for SlotMap<DefaultKey, Block> {
    type Handle = DefaultKey;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> DefaultKey {
        self.insert(value)
    }

    #[inline(always)]
    fn free(&mut self, key: DefaultKey) -> u64 {
        self.remove(key).map_or(0, |block| block[3])
    }
}

struct SlotMapKind;

impl Kind for SlotMapKind {
    fn open<V: Visit>(live: usize, visit: V) -> Sample {
        visit.visit(SlotMap::with_capacity(live))
    }
}

heapless::box_pool!(HEAPLESS: Block);

/// heapless's pool is a static and keeps for ever what it was given; so it gets blocks once, for the largest row.
#[derive(Clone, Copy)]
pub struct Heapless;

impl Heapless {
    pub fn ready() -> Heapless {
        static MANAGED: Once = Once::new();
        MANAGED.call_once(|| {
            let blocks: Vec<BoxBlock<Block>> = (0..LARGE).map(|_| BoxBlock::new()).collect();
            blocks.leak().iter_mut().rev().for_each(|block| HEAPLESS.manage(block));
        });
        Heapless
    }
}

impl Blocks for Heapless {
    type Handle = HeaplessBox<HEAPLESS>;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> Self::Handle {
        let Ok(block) = HEAPLESS.alloc(value) else { panic!("it was given fewer blocks") };
        block
    }

    #[inline(always)]
    fn free(&mut self, block: Self::Handle) -> u64 {
        block[3]
    }
}

impl Kind for Heapless {
    fn open<V: Visit>(_: usize, visit: V) -> Sample {
        visit.visit(Heapless::ready())
    }
}

/// The default allocator.
#[derive(Clone, Copy)]
pub struct Boxes;

impl Blocks for Boxes {
    type Handle = Box<Block>;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> Box<Block> {
        Box::new(value)
    }

    #[inline(always)]
    fn free(&mut self, block: Box<Block>) -> u64 {
        block[3]
    }
}

impl Kind for Boxes {
    fn open<V: Visit>(_: usize, visit: V) -> Sample {
        visit.visit(Boxes)
    }
}

impl Blocks for Talc {
    type Handle = NonNull<Block>;

    #[inline(always)]
    fn alloc(&mut self, value: Block) -> NonNull<Block> {
        let Some(block) = Heap::alloc(self, Layout::new::<Block>()) else { panic!("no memory is left") };
        let block = block.cast();
        // SAFETY: a block of this layout.
        unsafe { block.write(value) };
        block
    }

    #[inline(always)]
    fn free(&mut self, block: NonNull<Block>) -> u64 {
        // SAFETY: a block in use.
        let word = unsafe { block.as_ref() }[3];
        // SAFETY: it came from here with this layout, and its one handle is given up here.
        unsafe { Heap::free(self, block.cast(), Layout::new::<Block>()) };
        word
    }
}

struct TalcKind;

impl Kind for TalcKind {
    fn open<V: Visit>(_: usize, visit: V) -> Sample {
        visit.visit(<Talc as Heap>::new())
    }
}

/// The order in which blocks are freed.
trait Order {
    fn empty<B: Blocks>(blocks: &mut B, handles: &mut Vec<B::Handle>) -> u64;
}

/// Last in, first out.
struct Lifo;

impl Order for Lifo {
    #[inline(always)]
    fn empty<B: Blocks>(blocks: &mut B, handles: &mut Vec<B::Handle>) -> u64 {
        let mut sum = 0u64;
        while let Some(handle) = handles.pop() {
            sum = sum.wrapping_mul(3).wrapping_add(blocks.free(handle));
        }
        sum
    }
}

/// First in, first out.
struct Fifo;

impl Order for Fifo {
    #[inline(always)]
    fn empty<B: Blocks>(blocks: &mut B, handles: &mut Vec<B::Handle>) -> u64 {
        let mut sum = 0u64;
        for handle in handles.drain(..) {
            sum = sum.wrapping_mul(3).wrapping_add(blocks.free(handle));
        }
        sum
    }
}

/// Any order, the same each time.
struct Random;

impl Order for Random {
    #[inline(always)]
    fn empty<B: Blocks>(blocks: &mut B, handles: &mut Vec<B::Handle>) -> u64 {
        let mut sum = 0u64;
        let mut random = 1u32;
        while !handles.is_empty() {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (u64::from(random) * handles.len() as u64) >> 32;
            sum = sum.wrapping_mul(3).wrapping_add(blocks.free(handles.swap_remove(at as usize)));
        }
        sum
    }
}

#[inline(never)]
fn turns<B: Blocks, O: Order>(blocks: &mut B, handles: &mut Vec<B::Handle>, live: u64, iterations: u32) -> u64 {
    repeat(iterations, || {
        for i in 0..black_box(live) {
            handles.push(blocks.alloc([i; 8]));
        }
        O::empty(blocks, handles)
    })
}

struct Churn<'j, O> {
    job: &'j Job,
    claims: Claims,
    live: usize,
    order: PhantomData<O>,
}

impl<O: Order> Visit for Churn<'_, O> {
    fn visit(self, mut blocks: impl Blocks) -> Sample {
        let mut handles = Vec::with_capacity(self.live);
        let claims = self.claims.without(size_of_val(handles.spare_capacity_mut()));
        let live = self.live as u64;
        turns::<_, O>(&mut blocks, &mut handles, live, if self.live == LARGE { SETTLED } else { 1 });
        self.job.timed(&claims, |iterations| turns::<_, O>(&mut blocks, &mut handles, live, iterations))
    }
}

fn churned<K: Kind, O: Order, const LIVE: usize>(job: &Job) -> Sample {
    job.placed(|job| {
        let claims = job.claims();
        K::open(LIVE, Churn { job, claims, live: LIVE, order: PhantomData::<O> })
    })
}

const SMALL: usize = 1_000;
const LARGE: usize = 100_000;

/// So many turns go before the one that is timed where that is a single one. The memory of one contender is more than the caches of a core, and
/// others have had these since: the first turns take longer, by a quarter and more, and those count less who have gone through their memory
/// before, to link it, or keep it from one sample to the next.
const SETTLED: u32 = 8;

fn row<O: Order, const LIVE: usize>(name: &str) -> Row {
    Row {
        group: "Pools",
        name: name.to_owned(),
        operations: LIVE,
        // Each takes as many instructions as with few.
        counted: if LIVE == LARGE { 0 } else { LIVE },
        bytes: LIVE * size_of::<Block>(),
        nature: if LIVE == LARGE { Nature::Large } else { Nature::Plain },
        contenders: vec![
            Contender::limit("limit", churned::<LimitList, O, LIVE>),
            Contender::ours("freehold Pool", churned::<FreeholdPool, O, LIVE>),
            Contender::ours("freehold BlockPool", churned::<FreeholdBlocks, O, LIVE>),
            Contender::peer("slab", churned::<SlabKind, O, LIVE>),
            Contender::peer("slotmap", churned::<SlotMapKind, O, LIVE>),
            Contender::peer("heapless", churned::<Heapless, O, LIVE>),
            Contender::peer("Box", churned::<Boxes, O, LIVE>),
            Contender::peer("talc", churned::<TalcKind, O, LIVE>),
        ],
    }
}

pub fn rows() -> Vec<Row> {
    vec![
        row::<Lifo, SMALL>("last in first out, 1e3 live"),
        row::<Fifo, SMALL>("first in first out, 1e3 live"),
        row::<Random, SMALL>("any order, 1e3 live"),
        row::<Lifo, LARGE>("last in first out, 1e5 live"),
        row::<Fifo, LARGE>("first in first out, 1e5 live"),
        row::<Random, LARGE>("any order, 1e5 live"),
    ]
}
