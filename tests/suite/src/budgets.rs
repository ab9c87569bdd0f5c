//! Budgets: a part of a ledger's memory for a part of the program, which all that stands on it shares; and what is kept for the end.

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::GRAIN;
use freehold::{
    Alloc, AllocError, Arena, BlockPool, Budget, DefaultBacking, Heap, KeyedPool, Ledger, Obstacle, Pool, Region,
    Spare, TypedArena, Within,
};

use crate::backings::{Control, Manner, Memory, Simulated};
use crate::conformance::again;
use crate::heap::conformance::everything;
use crate::heap::with_heap;

/// A budget that is large enough is a ledger like any other, and gives all of it back; so is one around a whole ledger's backing. (Miri sees all that it
/// does to pointers in what it is around.)
pub fn conformance() {
    if cfg!(miri) {
        return;
    }
    let (mut memory, mut other) = (Memory::new(ROOM), Memory::new(ROOM));
    let control = Control::new();
    let below = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    again(&Ledger::budget(&below, "budget", ROOM / 2), true);
    assert_eq!(below.snapshot().claimed, 0, "what was taken has gone back");
    let control = Control::new();
    let lots = Simulated::new(&mut other, &control, Manner::Lots);
    again(&Ledger::new(Budget::new("all", ROOM, lots)), true);
    assert_eq!(control.lent.load(Relaxed), 0, "loans that did not come back");
}

/// Enough for everything the suite asks.
const ROOM: usize = 32 << 20;

/// The same for heaps; where it is small, what doesn't fit is refused and changes nothing. Not in Miri, which calls a heap's record a leak.
pub fn heap_conformance() {
    if cfg!(miri) {
        return;
    }
    static BELOW: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
    for bytes in [50_000, 64 << 20] {
        with_heap(Ledger::budget(&BELOW, "program", bytes), |heap, ledger| {
            everything(heap, ledger, false, bytes > 1 << 20);
            assert!(ledger.snapshot().granted <= bytes);
        });
    }
}

/// What a request is refused for: the budget, with its numbers.
fn is_budget(error: &AllocError, limit: usize) -> bool {
    match error.obstacle {
        Obstacle::Budget { budget, bytes, used } => budget == "parser" && bytes == limit && used <= limit,
        _ => false,
    }
}

/// What it is filled with, if not by claims.
const SIZE: usize = if cfg!(miri) { 500 } else { 100 };

/// The step of a test: what fills a budget, and says what stood in the way in the end.
type Fill = fn(&Ledger<Budget<Within<'_>>>) -> AllocError;

fn arena(ledger: &Ledger<Budget<Within<'_>>>) -> AllocError {
    let arena = Arena::new_in(ledger, "arena");
    (0..).find_map(|byte| arena.try_alloc([byte as u8; SIZE]).err()).expect("it ends").error
}

fn typed_arena(ledger: &Ledger<Budget<Within<'_>>>) -> AllocError {
    let arena = TypedArena::new_in(ledger, "typed arena");
    (0..).find_map(|byte| arena.try_alloc([byte as u8; SIZE]).err()).expect("it ends").error
}

fn keyed_pool(ledger: &Ledger<Budget<Within<'_>>>) -> AllocError {
    let mut pool = KeyedPool::new_in(ledger, "keyed pool");
    (0..).find_map(|byte| pool.try_insert([byte as u8; SIZE]).err()).expect("it ends").error
}

fn block_pool(ledger: &Ledger<Budget<Within<'_>>>) -> AllocError {
    let pool = BlockPool::new_in(ledger, "pool", Layout::new::<[u8; SIZE]>());
    (0..).find_map(|_| pool.try_alloc().err()).expect("it ends")
}

fn claims(ledger: &Ledger<Budget<Within<'_>>>) -> AllocError {
    let mut claims = [const { None }; 256];
    for place in &mut claims {
        match ledger.claim("claim", Layout::new::<[u8; 1000]>()) {
            Ok(claim) => *place = Some(claim),
            Err(error) => return error,
        }
    }
    unreachable!("a hundred of them are too many")
}

/// Each kind of holder has what the budget has, and no more; what it had goes back when it is gone, and others don't feel it. A refusal changes
/// nothing (h12).
pub fn h12_a_budget_is_kept_by_all_that_stand_on_it() {
    const BYTES: usize = if cfg!(miri) { 20_000 } else { 100_000 };
    const THIRD: usize = BYTES / 10 * 3;
    let below = Ledger::new(DefaultBacking::new());
    let fills: [Fill; 5] = [arena, typed_arena, keyed_pool, block_pool, claims];
    let parser = Ledger::budget(&below, "parser", BYTES);
    for (index, fill) in fills.into_iter().enumerate() {
        let error = fill(&parser);
        assert!(is_budget(&error, BYTES), "{index}: {error}");
        let (held, most) = (parser.snapshot(), below.snapshot());
        assert_eq!((held.claimed, held.granted, most.claimed), (0, 0, 0), "{index}: what was held has gone back");
        assert!(
            held.peak > BYTES / 10 * 7 && most.peak > BYTES / 10 * 9 && most.peak <= BYTES,
            "{index}: {held:?} {most:?}"
        );
    }
    // Two that share it.
    let (first, second) = (Arena::new_in(&parser, "first"), Pool::new_in(&parser, "second"));
    first.alloc_slice_fill(2 * THIRD, 1_u8);
    let boxed = second.try_alloc([2_u8; THIRD]).expect("there is room for that");
    assert!(is_budget(&second.try_alloc([2_u8; THIRD]).unwrap_err().error, BYTES));
    let (before, below_before) = (parser.snapshot().granted, below.snapshot().claimed);
    let error = first.try_alloc_slice_fill(THIRD, 0_u8).unwrap_err();
    assert!(is_budget(&error, BYTES), "{error}");
    assert_eq!((parser.snapshot().granted, below.snapshot().claimed), (before, below_before));
    assert!(matches!(error.obstacle, Obstacle::Budget { used, .. } if used == below.snapshot().claimed_by("parser")));
    // Others have memory.
    assert!(Arena::new_in(&below, "others").try_alloc_slice_fill(THIRD, 0_u8).is_ok());
    // With more of a budget it goes on, with less it keeps what it has.
    parser.set_limit(BYTES + BYTES / 2);
    assert_eq!(first.try_alloc_slice_fill(THIRD, 3_u8).map(|bytes| bytes[7]).ok(), Some(3));
    parser.set_limit(10);
    let error = first.try_alloc_slice_fill(BYTES, 0_u8).unwrap_err();
    assert!(matches!(error.obstacle, Obstacle::Budget { bytes: 10, used: BYTES.., .. }), "{error}");
    assert_eq!((boxed[THIRD - 1], parser.limit()), (2, 10));
    drop(boxed);
    drop((first, second));
    assert_eq!(below.snapshot().claimed, 0);
}

/// What is kept for the end is there in the end, and serves whoever comes then (h37).
pub fn h37_a_spare_is_let_go() {
    const LEN: usize = 32 << 10;
    static mut RAM: [MaybeUninit<u8>; LEN] = [MaybeUninit::uninit(); LEN];
    const START: *mut u8 = (&raw mut RAM).cast();
    // SAFETY: nothing else names RAM.
    static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(START, LEN) });
    static SPARE: Spare = Spare::new();
    assert!(!SPARE.let_go() && SPARE.is_empty());
    SPARE.fill(&LEDGER, 4096).expect("there is room");
    assert!(SPARE.len() >= 4096 && LEDGER.snapshot().claimed_by("spare") == 4096 + GRAIN);
    // More can't be kept than there is: then it keeps what it has.
    for bytes in [LEN, isize::MAX as usize, usize::MAX] {
        SPARE.fill(&LEDGER, bytes).unwrap_err();
        assert!(SPARE.len() >= 4096 && SPARE.len() < LEN);
    }
    let arena = Arena::new_in(&LEDGER, "arena");
    while arena.try_alloc([0_u8; 64]).is_ok() {}
    let last_words = Arena::new_in(&LEDGER, "last words");
    assert!(last_words.try_alloc_slice_fill(3000, 0_u8).is_err());
    assert!(SPARE.let_go() && !SPARE.let_go());
    assert!(last_words.try_alloc_slice_fill(3000, 0_u8).is_ok());
    drop((arena, last_words));
    // In place of what is kept; that goes back.
    SPARE.fill(&LEDGER, 1000).expect("there is room");
    SPARE.fill(&LEDGER, 2000).expect("there is room");
    assert_eq!(LEDGER.snapshot().spans().filter(|span| span.owner == Some("spare")).count(), 1);
    assert!(SPARE.let_go());
    assert_eq!(LEDGER.snapshot().claimed, 0);
}

/// A heap whose budget is used up returns null, and goes on when it has more.
pub fn a_heap_in_a_budget() {
    if cfg!(miri) {
        return;
    }
    static BELOW: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
    static TENANT: Ledger<Budget<Within<'static>>> = Ledger::budget(&BELOW, "tenant", 200_000);
    static HEAP: Heap = Heap::new_in(&TENANT, "heap");
    let layout = Layout::new::<[u8; 10_000]>();
    let mut blocks = [core::ptr::null_mut(); 32];
    // SAFETY: the layout has bytes.
    let alloc = || unsafe { HEAP.alloc(layout) };
    let mut count = 0;
    loop {
        let block = alloc();
        if block.is_null() {
            break;
        }
        blocks[count] = block;
        count += 1;
    }
    assert!((15..20).contains(&count), "{count}");
    assert!(BELOW.snapshot().claimed_by("tenant") <= 200_000);
    TENANT.set_limit(220_000);
    let one_more = alloc();
    assert!(!one_more.is_null());
    for block in blocks.into_iter().take(count).chain([one_more]) {
        // SAFETY: it was allocated above, with this layout.
        unsafe { HEAP.dealloc(block, layout) };
    }
    HEAP.trim();
    assert!(BELOW.snapshot().claimed_by("tenant") < 20_000);
}

/// What grows where it is takes of a budget what it grows by, so all of the budget can be had in small steps.
pub fn what_grows_takes_of_a_budget_what_is_added() {
    const BYTES: usize = if cfg!(miri) { 8 << 10 } else { 64 << 10 };
    type Filled = fn(&Ledger<Budget<Simulated<'_>>>) -> (AllocError, usize);
    let fills: [Filled; 3] = [
        |ledger| {
            let arena = Arena::new_in(ledger, "arena");
            let error = (0..).find_map(|byte| arena.try_alloc([byte as u8; 64]).err()).expect("it ends").error;
            (error, ledger.snapshot().granted)
        },
        |ledger| {
            let arena = TypedArena::new_in(ledger, "typed arena");
            let error = (0..).find_map(|byte| arena.try_alloc([byte as u8; 64]).err()).expect("it ends").error;
            (error, ledger.snapshot().granted)
        },
        |ledger| {
            let pool = BlockPool::new_in(ledger, "pool", Layout::new::<[u8; 64]>());
            let error = (0..).find_map(|_| pool.try_alloc().err()).expect("it ends");
            (error, ledger.snapshot().granted)
        },
    ];
    for (index, fill) in fills.into_iter().enumerate() {
        let (mut memory, control) = (Memory::new(2 * BYTES), Control::new());
        let inner = Simulated::new(&mut memory, &control, Manner::Exact);
        let ledger = Ledger::new(Budget::new("parser", BYTES, inner));
        let (error, granted) = fill(&ledger);
        assert!(is_budget(&error, BYTES), "{index}: {error}");
        assert!(granted <= BYTES && granted + 64 > BYTES, "{index}: {granted}");
    }
}

/// The same for a block of a heap's: what it is to be longer by is free in the budget, so it need not be there twice.
pub fn a_block_grows_within_a_budget() {
    if cfg!(miri) {
        return;
    }
    const BYTES: usize = 1 << 20;
    let (mut memory, control) = (Memory::new(4 * BYTES), Control::new());
    // SAFETY: memory and control outlive the ledger that the backing goes into, which `with_heap` drops.
    let inner = unsafe { Simulated::lasting(&mut memory, &control, Manner::Exact) };
    with_heap(Ledger::new(Budget::new("parser", BYTES, inner)), |heap, ledger| {
        let layout = |bytes| Layout::from_size_align(bytes, 8).expect("a layout");
        // What the heap has for itself comes first.
        // SAFETY: the layout has bytes.
        let first = unsafe { heap.alloc(layout(16)) };
        let mut len = BYTES / 2;
        // SAFETY: as above.
        let mut block = unsafe { heap.alloc(layout(len)) };
        assert!(!first.is_null() && !block.is_null());
        for more in [BYTES / 4, BYTES / 8] {
            // SAFETY: allocated above for so many bytes; it goes on with what is returned.
            let longer = unsafe { heap.realloc(block, layout(len), len + more) };
            assert_eq!(longer, block, "{}", ledger.snapshot());
            (len, block) = (len + more, longer);
        }
        // What is more than the budget is refused, and the block is as it was.
        // SAFETY: as above.
        assert!(unsafe { heap.realloc(block, layout(len), BYTES) }.is_null());
        assert!(ledger.snapshot().granted <= BYTES);
        // SAFETY: all so many bytes are there.
        unsafe { block.write_bytes(1, len) };
        for (block, len) in [(first, 16), (block, len)] {
            // SAFETY: allocated above for so many bytes.
            unsafe { heap.dealloc(block, layout(len)) };
        }
    });
}
