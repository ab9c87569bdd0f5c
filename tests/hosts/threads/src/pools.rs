//! Pools that all workers fill at once, and an arena that goes from hand to hand: what one has grown another writes to, with `memory.fill`,
//! before its engine may have told it.

use alloc::boxed::Box;
use core::alloc::Layout;
use core::hint::spin_loop;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use freehold::sharing::Needed;
use freehold::{Alloc, Arena, BlockPool, DefaultBacking, Growth, Ledger, SharedPool};
use freehold_guest::PAGE;

use crate::WORKER;

const SIZE: usize = 4000;
/// Memory grows for each chunk.
const GROWTH: Growth = Growth::fixed(PAGE);

static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
static POOL: SharedPool<'static, [u8; SIZE]> = SharedPool::shared_in(&LEDGER, "pool").with_growth(GROWTH);
static BLOCKS: BlockPool<'static, Needed> =
    BlockPool::shared_in(&LEDGER, "blocks", Layout::new::<[u8; SIZE]>()).with_growth(GROWTH);
/// Null while somebody has it.
static ARENA: AtomicPtr<Arena<'static>> = AtomicPtr::new(ptr::null_mut());

/// For the script: before the workers share it.
#[unsafe(no_mangle)]
extern "C" fn share_arena() {
    let arena = Arena::new_in(&LEDGER, "arena").with_growth(GROWTH);
    ARENA.store(Box::into_raw(Box::new(arena)), Ordering::Release);
}

/// For the script: when they are done.
#[unsafe(no_mangle)]
extern "C" fn drop_arena() {
    // SAFETY: it comes from `Box::into_raw`, and nobody has it.
    drop(unsafe { Box::from_raw(ARENA.swap(ptr::null_mut(), Ordering::Acquire)) });
}

/// Fills so many values of a pool, blocks of another, and slices of the arena. What pools have handed out stays.
#[unsafe(no_mangle)]
extern "C" fn fill(count: usize) {
    let mark = WORKER.0.get() as u8;
    for _ in 0..count {
        core::mem::forget(POOL.alloc([mark; SIZE]));
    }
    for _ in 0..count {
        let block = BLOCKS.alloc();
        // SAFETY: a block of that size.
        unsafe { block.write_bytes(mark, SIZE) };
    }
    for _ in 0..count {
        let arena = loop {
            let arena = ARENA.swap(ptr::null_mut(), Ordering::Acquire);
            if !arena.is_null() {
                break arena;
            }
            spin_loop();
        };
        // SAFETY: it comes from `Box::into_raw`, and the swap has made it this worker's alone.
        unsafe { &*arena }.alloc_slice_fill(SIZE, mark);
        ARENA.store(arena, Ordering::Release);
    }
}
