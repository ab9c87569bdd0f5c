//! Memory that is touched when it is nobody's.

use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;
use std::mem::MaybeUninit;

use allocator_api2::vec::Vec as VecIn;
use freehold::{
    Alloc, Arena, BlockPool, BoundedHeap, DefaultBacking, Heap, Ledger, Pool, Region, SmallHeap, TypedArena, ledger,
};

use crate::Fault::{self, LeftOut, Made};
use crate::Program;

const fn program(name: &'static str, run: fn(Fault)) -> Program {
    Program { name, by: &["address"], says: "AddressSanitizer: use-after-poison", run }
}

/// All of them.
pub const PROGRAMS: &[Program] = &[
    program("arena_after_reset", arena_after_reset),
    program("arena_after_trim", arena_after_trim),
    program("arena_after_its_end", arena_after_its_end),
    // Where the byte's neighbours are in use, the report has no better name.
    Program { says: "AddressSanitizer: unknown-crash", ..program("arena_one_byte_too_far", arena_one_byte_too_far) },
    program("arena_one_byte_too_far_unaligned", arena_one_byte_too_far_unaligned),
    program("arena_one_byte_too_far_after_growth", arena_one_byte_too_far_after_growth),
    program("arena_list_that_is_gone", arena_list_that_is_gone),
    program("arena_list_that_moved", arena_list_that_moved),
    program("scope_before_the_next", scope_before_the_next),
    program("scope_before_an_allocation_outside", scope_before_an_allocation_outside),
    program("scope_in_the_next_chunk", scope_in_later_chunks::<0, 8>),
    program("scope_in_the_last_chunk", scope_in_later_chunks::<1, 8>),
    program("scope_in_a_chunk_that_is_passed_over", scope_in_later_chunks::<0, 100_000>),
    program("scope_one_byte_too_far_where_another_was", scope_one_byte_too_far_where_another_was),
    program("typed_arena_after_clear", typed_arena_after_clear),
    program("typed_arena_past_the_last", typed_arena_past_the_last),
    program("pool_after_free", pool_after_free),
    program("pool_before_alloc", pool_before_alloc),
    program("block_pool_after_free", block_pool_after_free),
    program("claim_after_its_end", claim_after_its_end),
    program("claim_never_made", claim_never_made),
    program("heap_block_after_free", heap_block_after_free),
    program("heap_block_one_byte_too_far", heap_block_one_byte_too_far),
    program("heap_block_one_byte_too_far_after_shrinking", heap_block_one_byte_too_far_after_shrinking),
    program("heap_span_after_free", heap_span_after_free),
    program("heap_span_one_byte_too_far", heap_span_one_byte_too_far),
    program("heap_large_after_free", heap_large_after_free),
    program("heap_large_one_byte_too_far", heap_large_one_byte_too_far),
    program("heap_large_after_shrinking", heap_large_after_shrinking),
    program("heap_large_one_byte_too_far_after_growth", heap_large_one_byte_too_far_after_growth),
    program("heap_large_one_byte_too_far_after_a_move", heap_large_one_byte_too_far_after_a_move),
    program("heap_span_after_it_moved", heap_span_after_it_moved),
    program("bounded_after_free", bounded_after_free),
    // So here, where the next byte is a piece's.
    Program {
        says: "AddressSanitizer: unknown-crash",
        ..program("bounded_one_byte_too_far", bounded_one_byte_too_far)
    },
    program("small_after_free", small_after_free),
    program("small_one_byte_too_far", small_one_byte_too_far),
    program("region_while_lent", region_while_lent),
];

/// Reads a byte that may be nobody's: with the sanitizer that is the program's end.
fn read(at: *const u8) {
    // SAFETY: memory of the process, at least; whose it is, is what the sanitizer is asked.
    black_box(unsafe { black_box(at).read_volatile() });
}

/// Where the byte after a slice is.
fn after(bytes: &[u8]) -> *const u8 {
    bytes.as_ptr_range().end
}

/// The byte that lies so far from a place.
fn off<T>(place: *const T, by: usize) -> *const u8 {
    place.cast::<u8>().wrapping_add(by)
}

fn arena_after_reset(fault: Fault) {
    let mut arena = Arena::new();
    let value: *const u64 = arena.alloc(7);
    if fault == LeftOut {
        return read(value.cast());
    }
    arena.reset();
    read(value.cast());
}

fn arena_after_trim(fault: Fault) {
    let mut arena = Arena::new();
    arena.alloc(7u64);
    let mut scope = arena.scope();
    let far: *const u8 = scope.scope().alloc_uninit_slice::<u8>(1 << 20).as_ptr().cast();
    scope.alloc(8u64);
    let _ = scope;
    if fault == Made {
        arena.trim();
        read(off(far, 100));
    }
    assert_eq!(*arena.alloc(9u64), 9);
}

fn arena_after_its_end(fault: Fault) {
    let arena = Arena::new();
    let value: *const u64 = arena.alloc(7);
    if fault == LeftOut {
        read(value.cast());
    }
    drop(arena);
    if fault == Made {
        read(value.cast());
    }
}

fn arena_one_byte_too_far(fault: Fault) {
    let arena = Arena::new();
    let bytes = arena.alloc_slice_copy(&[1u8; 13]);
    let next = arena.alloc(7u64);
    read(&raw const bytes[12]);
    if fault == Made {
        read(after(bytes));
    }
    *next = 8;
}

fn arena_one_byte_too_far_unaligned(fault: Fault) {
    let arena = Arena::new().with_min_align::<1>();
    let texts = ["a", "bc", "", "def"].map(|text| &*arena.alloc_str(text));
    assert_eq!(texts.concat(), "abcdef");
    read(texts[3].as_bytes().last().unwrap());
    if fault == Made {
        read(after(texts[3].as_bytes()));
    }
}

fn arena_one_byte_too_far_after_growth(fault: Fault) {
    let arena = Arena::new();
    // In one chunk that grows in place, in pieces.
    let bytes = arena.alloc_from_iter((0..100_001u32).filter(|number| *number != 7).map(|number| number as u8));
    assert_eq!(bytes.len(), 100_000);
    read(bytes.last().unwrap());
    let bytes = &bytes[..99_999];
    let last = arena.alloc_slice_copy(&[1u8; 3]);
    read(after(bytes));
    if fault == Made {
        read(after(last));
    }
}

fn arena_list_that_is_gone(fault: Fault) {
    let arena = Arena::new();
    let mut list = VecIn::new_in(&arena);
    list.extend(0..10u64);
    let first = list.as_ptr();
    // Not the last one any more.
    arena.alloc(7u64);
    if fault == Made {
        drop(list);
    }
    read(first.cast());
}

fn arena_list_that_moved(fault: Fault) {
    let arena = Arena::new();
    let mut list = VecIn::with_capacity_in(4, &arena);
    list.extend(0..4u64);
    let first = list.as_ptr();
    if fault == Made {
        arena.alloc(7u64);
    }
    list.extend(0..4u64);
    assert!(list.iter().copied().eq((0..4).chain(0..4)));
    // Without the other value the list grew where it was.
    read(first.cast());
}

fn scope_before_the_next(fault: Fault) {
    let mut arena = Arena::new();
    let value: *const u64 = arena.scope().alloc(7);
    // Nobody hears of a scope's end, but of the beginning of the next.
    read(value.cast());
    let scope = arena.scope();
    if fault == Made {
        read(value.cast());
    }
    scope.alloc(8u64);
}

fn scope_before_an_allocation_outside(fault: Fault) {
    let mut arena = Arena::new();
    let mut outer = arena.scope();
    let inner: *const u64 = {
        let scope = outer.scope();
        scope.alloc(7u64);
        scope.alloc_slice_copy(&[1u64; 20]).as_ptr()
    };
    outer.alloc(8u64);
    if fault == Made {
        read(off(inner, 100));
    }
    outer.alloc_slice_copy(&[1u64; 20]);
    read(off(inner, 100));
}

fn scope_in_later_chunks<const CHUNK: usize, const OUTSIDE: usize>(fault: Fault) {
    let ledger = Ledger::new(DefaultBacking::new());
    let mut arena = Arena::new_in(&ledger, "arena");
    let mut outer = arena.scope();
    outer.alloc(7u64);
    let later: [*const u8; 2] = {
        let scope = outer.scope();
        // In other chunks, as the one before can't grow.
        [10_000, 1 << 20].map(|bytes| {
            std::mem::forget(ledger.claim("in the way", Layout::new::<u64>()));
            scope.alloc_uninit_slice::<u8>(bytes).as_ptr().cast()
        })
    };
    later.iter().for_each(|inner| read(off(*inner, 100)));
    outer.alloc_uninit_slice::<u8>(OUTSIDE);
    if fault == Made {
        read(off(later[CHUNK], 100));
    }
}

fn scope_one_byte_too_far_where_another_was(fault: Fault) {
    let mut arena = Arena::new();
    let mut outer = arena.scope();
    outer.scope().alloc_slice_copy(&[1u8; 200]);
    let bytes = outer.alloc_slice_copy(&[1u8; 24]);
    if fault == Made {
        read(after(bytes));
    }
}

fn typed_arena_after_clear(fault: Fault) {
    let mut arena = TypedArena::new();
    // They are whole when their destructors run.
    let texts: Vec<*const String> = (0..100).map(|n| &raw const *arena.alloc(format!("text {n}"))).collect();
    if fault == LeftOut {
        read(texts[99].cast());
    }
    arena.clear();
    if fault == Made {
        read(texts[99].cast());
    }
    assert_eq!(arena.alloc("another".to_owned()), "another");
}

fn typed_arena_past_the_last(fault: Fault) {
    let arena = TypedArena::new();
    let value: *const [u8; 20] = arena.alloc([1u8; 20]);
    read(off(value, 19));
    if fault == Made {
        read(off(value, 20));
    }
}

fn pool_after_free(fault: Fault) {
    let pool = Pool::new();
    let boxed = pool.alloc([7u8; 100]);
    let value: *const [u8; 100] = &raw const *boxed;
    drop(boxed);
    let again = (fault == LeftOut).then(|| pool.alloc([8u8; 100]));
    // The first word of a free block is the pool's own.
    read(off(value, 50));
    drop(again);
}

fn pool_before_alloc(fault: Fault) {
    let pool = Pool::new();
    let boxed = pool.alloc([7u8; 128]);
    let next = (fault == LeftOut).then(|| pool.alloc([8u8; 128]));
    read(off(&raw const *boxed, 128));
    drop(next);
}

fn block_pool_after_free(fault: Fault) {
    static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
    let pool = BlockPool::fixed_in(&LEDGER, "blocks", Layout::new::<[u64; 4]>(), 10).unwrap();
    let blocks: Vec<_> = (0..10).map(|_| pool.alloc()).collect();
    for block in &blocks {
        // SAFETY: a block of this pool's, freed once.
        unsafe { pool.free(*block) };
    }
    if fault == LeftOut {
        (0..10).for_each(|_| assert!(pool.try_alloc().is_ok()));
    }
    read(off(blocks[5].as_ptr(), 31));
}

fn claim_after_its_end(fault: Fault) {
    let claim = ledger().claim("claim", Layout::new::<[u8; 1000]>()).unwrap();
    let at = claim.as_ptr().as_ptr();
    if fault == Made {
        drop(claim);
    }
    read(off(at, 500));
}

fn claim_never_made(fault: Fault) {
    static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
    let claim = || LEDGER.claim("claim", Layout::new::<[u8; 1000]>()).unwrap();
    let first = claim();
    let second = (fault == LeftOut).then(claim);
    // Right behind it there is a header, which the ledger reads itself.
    read(off(first.as_ptr().as_ptr(), first.len() + 100));
    drop(second);
}

/// Reads in a block of so many bytes before or after it is freed.
fn after_free(heap: &impl GlobalAlloc, layout: Layout, fault: Fault) {
    // SAFETY: the layout has a size.
    let block = unsafe { heap.alloc(layout) };
    let read = || read(off(block, layout.size() / 2));
    if fault == LeftOut {
        read();
    }
    // SAFETY: allocated above.
    unsafe { heap.dealloc(block, layout) };
    if fault == Made {
        read();
    }
}

/// Reads the last byte of a block of so many bytes, or the one after it.
fn too_far(heap: &impl GlobalAlloc, layout: Layout, fault: Fault) {
    // SAFETY: the layout has a size.
    let block = unsafe { heap.alloc(layout) };
    let by = if fault == Made { layout.size() } else { layout.size() - 1 };
    read(off(block, by));
    // SAFETY: allocated above.
    unsafe { heap.dealloc(block, layout) };
}

fn heap_block_after_free(fault: Fault) {
    after_free(&crate::HEAP, Layout::new::<[u8; 100]>(), fault);
}

fn heap_block_one_byte_too_far(fault: Fault) {
    too_far(&crate::HEAP, Layout::new::<[u8; 100]>(), fault);
}

fn heap_block_one_byte_too_far_after_shrinking(fault: Fault) {
    let mut bytes = Vec::<u8>::with_capacity(110);
    bytes.extend([1; 100]);
    // Of the same class.
    bytes.shrink_to_fit();
    let by = if fault == Made { 100 } else { 99 };
    read(off(bytes.as_ptr(), by));
    bytes.reserve_exact(8);
    assert_eq!(bytes.capacity(), 108);
    read(off(bytes.as_ptr(), 107));
}

fn heap_span_after_free(fault: Fault) {
    after_free(&crate::HEAP, Layout::new::<[u8; 10_000]>(), fault);
}

fn heap_span_one_byte_too_far(fault: Fault) {
    too_far(&crate::HEAP, Layout::new::<[u8; 10_001]>(), fault);
}

fn heap_large_after_free(fault: Fault) {
    after_free(&crate::HEAP, Layout::new::<[u8; 1_000_000]>(), fault);
}

fn heap_large_one_byte_too_far(fault: Fault) {
    too_far(&crate::HEAP, Layout::new::<[u8; 1_000_001]>(), fault);
}

fn heap_large_after_shrinking(fault: Fault) {
    let mut bytes = vec![1u8; 1_000_000];
    let at = bytes.as_ptr();
    bytes.truncate(500_000);
    bytes.shrink_to_fit();
    assert_eq!(bytes.as_ptr(), at);
    if fault == LeftOut {
        bytes.resize(1_000_000, 2);
        assert!(bytes[..500_000].iter().all(|byte| *byte == 1));
        return read(off(bytes.as_ptr(), 700_000));
    }
    read(off(at, 700_000));
}

fn heap_large_one_byte_too_far_after_growth(fault: Fault) {
    static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
    static HEAP: Heap = Heap::new_in(&LEDGER, "heap");
    let layout = Layout::new::<[u8; 100_001]>();
    // SAFETY: the layout has a size.
    let block = unsafe { HEAP.alloc(layout) };
    // SAFETY: allocated above.
    let grown = unsafe { HEAP.realloc(block, layout, 200_001) };
    assert_eq!(grown, block);
    // Where the rounding of the shorter one was.
    read(off(grown, 100_010));
    read(off(grown, if fault == Made { 200_001 } else { 200_000 }));
}

/// A block of `size` bytes that has moved, as it grew to so many and something lay behind it: where it was, and where it is.
fn moved(size: usize, grown: usize) -> [*mut u8; 2] {
    static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
    static HEAP: Heap = Heap::new_in(&LEDGER, "heap");
    // With so much in use, and small ones too, a heap keeps free blocks for itself.
    let in_use = [Layout::new::<[u8; 1_000_000]>(); 4].into_iter().chain([Layout::new::<[u8; 100]>()]);
    // SAFETY: the layout has a size.
    in_use.for_each(|layout| assert!(!unsafe { HEAP.alloc(layout) }.is_null()));
    let layout = Layout::array::<u8>(size).expect("small");
    // SAFETY: as above.
    let [block, _behind] = [(); 2].map(|()| unsafe { HEAP.alloc(layout) });
    // SAFETY: allocated above.
    let grown = unsafe { HEAP.realloc(block, layout, grown) };
    assert_ne!(grown, block);
    [block, grown]
}

fn heap_large_one_byte_too_far_after_a_move(fault: Fault) {
    let [_, grown] = moved(100_001, 2_000_001);
    read(off(grown, if fault == Made { 2_000_001 } else { 2_000_000 }));
}

fn heap_span_after_it_moved(fault: Fault) {
    let [block, grown] = moved(10_000, 30_000);
    read(off(if fault == Made { block } else { grown }, 5_000));
}

/// Runs `work` with a heap on a region.
fn on_bounded(work: impl FnOnce(&BoundedHeap)) {
    let heap: BoundedHeap = BoundedHeap::empty();
    assert!(heap.lend(Region::new(Box::leak(Box::new_uninit_slice(10_000)))).is_ok());
    work(&heap);
}

fn bounded_after_free(fault: Fault) {
    on_bounded(|heap| after_free(heap, Layout::new::<[u8; 100]>(), fault));
}

fn bounded_one_byte_too_far(fault: Fault) {
    on_bounded(|heap| too_far(heap, Layout::new::<[u8; 100]>(), fault));
}

static SMALL: SmallHeap = SmallHeap::new();

fn small_after_free(fault: Fault) {
    after_free(&SMALL, Layout::new::<[u8; 100]>(), fault);
}

fn small_one_byte_too_far(fault: Fault) {
    too_far(&SMALL, Layout::new::<[u8; 100]>(), fault);
}

fn region_while_lent(fault: Fault) {
    let mut memory = vec![MaybeUninit::<u8>::uninit(); 10_000];
    let at: *const u8 = memory.as_ptr().cast();
    {
        let ledger = Ledger::new(Region::new(&mut memory));
        let arena = Arena::new_in(&ledger, "arena");
        arena.alloc(7u64);
        if fault == Made {
            read(off(at, 5000));
        }
    }
    // It is the owner's again.
    memory.fill(MaybeUninit::new(1));
    read(off(at, 5000));
}
