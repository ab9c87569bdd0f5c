//! A module that is not alone: JavaScript grows its memory, and so does other code in it.

#![cfg(target_family = "wasm")]
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::Cell;
use core::mem::forget;
use core::ptr::NonNull;

use freehold::{Alloc, Arena, Growth, Heap, Ledger, MemoryGrow, SharedPool, SmallHeap, memory_size};
use freehold_guest::{PAGE, Single, say, show};

static LEDGER: Ledger<MemoryGrow> = Ledger::new(MemoryGrow::new());
/// Grows by a page whenever it has to, so that foreign growth comes between.
static ARENA: Single<Cell<Option<Arena<'static>>>> = Single(Cell::new(None));

fn with_arena(work: impl FnOnce(&mut Arena<'static>)) {
    let mut arena = ARENA.0.take().unwrap_or_else(|| Arena::new_in(&LEDGER, "arena").with_growth(Growth::fixed(PAGE)));
    work(&mut arena);
    ARENA.0.set(Some(arena));
}

/// For the script.
#[unsafe(no_mangle)]
extern "C" fn show_spans() {
    show(&LEDGER.snapshot());
}

/// For the script.
#[unsafe(no_mangle)]
extern "C" fn draw() {
    say(LEDGER.snapshot());
}

/// Claims `size` bytes for good, fills them with `mark`, and returns where they are.
#[unsafe(no_mangle)]
extern "C" fn claim(size: usize, mark: u8) -> usize {
    let claim = LEDGER.claim("claim", Layout::from_size_align(size, 8).expect("small")).expect("there is memory");
    let start = claim.as_ptr();
    // SAFETY: the claim has `size` bytes at least, for good.
    unsafe { start.write_bytes(mark, size) };
    forget(claim);
    start.addr().get()
}

/// Another allocator in the same module: it grows memory by itself.
#[unsafe(no_mangle)]
extern "C" fn grow_by_itself(pages: usize) -> usize {
    wasm32::memory_grow::<0>(pages) * PAGE
}

/// Half a page of numbers in the arena: every second call needs memory.
#[unsafe(no_mangle)]
extern "C" fn push(number: u32) {
    with_arena(|arena| {
        arena.alloc_slice_fill(PAGE / 8, number);
    });
}

static SMALL: SmallHeap = SmallHeap::new();
static POOL: SharedPool<'static, [u8; PAGE / 3]> = SharedPool::shared_in(&LEDGER, "pool");
static HEAP: Heap = Heap::new_in(&LEDGER, "heap");

/// Every heap and pool that takes memory: a block of a third of a page each, filled with `mark`, for good.
static HEAPS: &[fn(u8) -> *mut u8] = &[
    |mark| filled(&SMALL, mark),
    |mark| filled(&HEAP, mark),
    |mark| {
        let boxed = POOL.alloc([mark; PAGE / 3]);
        let start = NonNull::from_ref(&*boxed).as_ptr().cast();
        forget(boxed);
        start
    },
];

fn filled(heap: &impl GlobalAlloc, mark: u8) -> *mut u8 {
    // SAFETY: the size is not 0.
    let block = unsafe { heap.alloc(Layout::new::<[u8; PAGE / 3]>()) };
    assert!(!block.is_null(), "there is memory");
    // SAFETY: so many bytes, for good.
    unsafe { block.write_bytes(mark, PAGE / 3) };
    block
}

/// For the script: how many heaps there are.
#[unsafe(no_mangle)]
extern "C" fn heaps() -> usize {
    HEAPS.len()
}

/// A block of this heap, filled with `mark`: where it is.
#[unsafe(no_mangle)]
extern "C" fn block(heap: usize, mark: u8) -> usize {
    HEAPS[heap](mark).addr()
}

/// Documents, one scope for each; how much each takes varies.
#[unsafe(no_mangle)]
extern "C" fn run(rounds: u32) {
    with_arena(|arena| {
        for round in 0..rounds {
            let scope = arena.scope();
            let values = scope.alloc_from_iter((0..1 + round * 97 % 20_000).map(|n| n ^ round));
            let text = scope.alloc_fmt(format_args!("{round}: {} values", values.len()));
            assert!(text.ends_with("values"));
        }
    });
}

/// Memory for a stretch of code that must not grow any.
#[unsafe(no_mangle)]
extern "C" fn reserve(bytes: usize) {
    with_arena(|arena| arena.reserve(bytes));
}

/// What the crate says.
#[unsafe(no_mangle)]
extern "C" fn size_of_memory() -> usize {
    memory_size()
}

/// How the allocators of the incidents do it: each grow is taken for a continuation of the last.
#[unsafe(no_mangle)]
extern "C" fn control_contiguous(size: usize, mark: u8) -> usize {
    /// The next free byte, and the end of what was grown.
    static HEAP: Single<Cell<(usize, usize)>> = Single(Cell::new((0, 0)));
    let (mut next, mut end) = HEAP.0.get();
    while size > end - next {
        let grown = wasm32::memory_grow::<0>(1) * PAGE;
        if next == 0 {
            (next, end) = (grown, grown);
        }
        end += PAGE;
    }
    HEAP.0.set((next + size, end));
    // SAFETY: the bytes are in bounds, and no Rust value lies there: only what JavaScript wrote, which this test is there to
    // see overrun.
    unsafe { core::ptr::with_exposed_provenance_mut::<u8>(next).write_bytes(mark, size) };
    next
}
