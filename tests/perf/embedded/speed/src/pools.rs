//! Pools and arenas: freehold's on 64 KiB, and heapless's pool. A million random operations on each, as with the heaps, with blocks of 64
//! bytes.

use core::alloc::Layout;
use core::hint::black_box;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use freehold::{Alloc, Arena, BlockPool, FixedPool, Ledger, Region, SharedPool};
use freehold_board::{End, end, start};
use freehold_perf_embedded::heaps::none;
use freehold_perf_embedded::{Place, ram};
use heapless::pool::boxed::BoxBlock;

use crate::dice::Dice;
use crate::meter::{Meter, Tally};

type Block = [u32; 16];
const LEN: usize = 64 << 10;
const OPERATIONS: usize = 1_000_000;
const SLOTS: usize = 320;

// SAFETY: nothing else uses the memory.
static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(ram(), LEN) });

heapless::box_pool!(HEAPLESS: Block);

// One of the peers that are linked knows of collections.
#[global_allocator]
static HEAP: Place<none::Chosen> = Place::new();

fn main() -> ! {
    let meter = Meter::new();
    {
        let pool = BlockPool::fixed_in(&LEDGER, "blocks", Layout::new::<Block>(), SLOTS).expect("room");
        random(
            "BlockPool",
            &meter,
            || pool.try_alloc().ok(),
            // SAFETY: allocated there.
            |block: NonNull<u8>| unsafe { pool.free(block) },
        );
    }
    {
        let pool: SharedPool<Block> = SharedPool::shared_fixed_in(&LEDGER, "shared", SLOTS).expect("room");
        random("SharedPool", &meter, || pool.try_alloc([7; 16]).ok(), drop);
    }
    {
        static POOL: FixedPool<Block, SLOTS> = FixedPool::new();
        random("FixedPool", &meter, || POOL.try_alloc([7; 16]).ok(), drop);
    }
    {
        #[allow(clippy::declare_interior_mutable_const)] // as its documentation has it
        const BLOCK: BoxBlock<Block> = BoxBlock::new();
        static mut MEMORY: [BoxBlock<Block>; SLOTS] = [BLOCK; SLOTS];
        let memory = &raw mut MEMORY;
        // SAFETY: this runs once, and nothing else names it.
        for block in unsafe { &mut *memory } {
            HEAPLESS.manage(block);
        }
        random("heapless", &meter, || HEAPLESS.alloc([7; 16]).ok(), drop);
    }
    arena(&meter);
    end(End::Well)
}

fn random<T>(name: &str, meter: &Meter, take: impl Fn() -> Option<T>, give: impl Fn(T)) {
    let mut slots: [MaybeUninit<T>; SLOTS] = [const { MaybeUninit::uninit() }; SLOTS];
    let mut full = [false; SLOTS];
    let mut dice = Dice::new(1);
    let (mut taking, mut giving) = (Tally::default(), Tally::default());
    for _ in 0..OPERATIONS {
        let at = dice.below(SLOTS);
        full[at] = !full[at];
        if full[at] {
            let (block, count) = meter.count(&take);
            taking.add(count);
            slots[at].write(block.expect("room"));
        } else {
            // SAFETY: written when the slot became full.
            let block = unsafe { slots[at].assume_init_read() };
            giving.add(meter.count(|| give(block)).1);
        }
    }
    // What is left in the slots is leaked.
    taking.say(name, "alloc");
    giving.say(name, "free");
}

/// A hundred thousand scopes of ten blocks, and an empty one before each.
fn arena(meter: &Meter) {
    let mut arena = Arena::new_in(&LEDGER, "arena");
    let (mut taking, mut scopes) = (Tally::default(), Tally::default());
    for _ in 0..OPERATIONS / 10 {
        scopes.add(meter.count(|| _ = black_box(&mut arena).scope()).1);
        let scope = arena.scope();
        for _ in 0..10 {
            let (block, count) = meter.count(|| scope.try_alloc([7; 16]).is_ok());
            assert!(block);
            taking.add(count);
        }
    }
    taking.say("Arena", "alloc");
    scopes.say("Arena", "free");
}

start!(main);
