//! The edges of an address space of 32 bits: every page of a 4 GiB memory, and life above 2 GiB. With addresses of 64 bits, life above 4 GiB.

#![cfg(target_family = "wasm")]
#![no_std]

#[cfg(target_pointer_width = "32")]
mod every_page;
#[cfg(target_pointer_width = "32")]
mod top;

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;

use freehold::{Alloc, Arena, Growth, Heap, Ledger, MemoryGrow, Pool, SmallHeap, TypedArena};
use freehold_guest::{PAGE, memory_pages, say, show};

fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size, 1).expect("less than half of all addresses")
}

static LEDGER: Ledger<MemoryGrow> = Ledger::new(MemoryGrow::new());

/// For the script.
#[unsafe(no_mangle)]
extern "C" fn show_spans() {
    show(&LEDGER.snapshot());
}

/// Takes memory up to `end`, for good.
fn fill_up_to(end: usize) {
    while memory_pages() * PAGE < end {
        let missing = (end - memory_pages() * PAGE).min(1 << 30);
        core::mem::forget(LEDGER.claim("filler", bytes(missing - PAGE / 2)).expect("the memory is large enough"));
    }
}

/// Everything that holds values, with its state checked.
fn work(low: usize) {
    let above = |addr: usize| assert!(addr >= low, "{addr:#x} is below {low:#x}");

    let mut arena = Arena::new_in(&LEDGER, "arena").with_growth(Growth::fixed(PAGE));
    let values = arena.alloc_from_iter((0..1_000_000u32).filter(|n| n % 2 == 1));
    above(values.as_ptr().addr());
    assert!(values.iter().zip((0..).map(|n| 2 * n + 1)).all(|(value, n)| *value == n));
    let text = arena.alloc_fmt(format_args!("{:>60000}", "end"));
    assert!(text.starts_with(' ') && text.ends_with("end"));
    // It grew in place: one span, though it has taken 2 MB by and by.
    assert_eq!(LEDGER.snapshot().spans().filter(|span| span.owner == Some("arena")).count(), 1);
    arena.reset();
    for round in 0..100u64 {
        let mut scope = arena.scope();
        let outer = scope.alloc([round; 3]);
        above(core::ptr::from_mut(outer).addr());
        let inner = scope.scope();
        assert_eq!(inner.alloc_slice_fill(1_000, round).iter().sum::<u64>(), round * 1_000);
        let aligned = inner.alloc_layout(Layout::from_size_align(64, 4096).expect("a power of two"));
        assert_eq!(aligned.addr().get() % 4096, 0);
        assert_eq!(*outer, [round; 3]);
    }

    let dropped = Cell::new(0);
    struct Counter<'a>(&'a Cell<usize>);
    impl Drop for Counter<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let mut typed = TypedArena::new_in(&LEDGER, "typed arena");
    for _ in 0..10_000 {
        above(core::ptr::from_mut(typed.alloc(Counter(&dropped))).addr());
    }
    assert_eq!(typed.iter_mut().count(), 10_000);
    drop(typed);
    assert_eq!(dropped.get(), 10_000);

    let pool = Pool::new_in(&LEDGER, "pool");
    let mut boxes: [_; 500] = core::array::from_fn(|n| pool.alloc([n; 20]));
    for n in (0..500).step_by(3) {
        boxes[n] = pool.alloc([n + 1_000; 20]);
    }
    for (n, boxed) in boxes.iter().enumerate() {
        above(core::ptr::from_ref(&**boxed).addr());
        assert_eq!(**boxed, [if n % 3 == 0 { n + 1_000 } else { n }; 20]);
    }
    drop(boxes);
    assert!(pool.is_empty() && pool.trim() > 0);
}

/// Where an address stops fitting into fewer bits: as a signed number of 32 bits it is negative from 2 GiB on, and none from 4 GiB on.
const LINE: usize = if usize::BITS == 32 { 1 << 31 } else { (u32::MAX as usize).wrapping_add(1) };

/// Takes all memory up to the line.
fn go_there() {
    fill_up_to(LINE);
    // The rest of the last filler's page would do for small things: it is taken too.
    while let Some(free) = LEDGER.snapshot().spans().find(|span| span.owner.is_none()) {
        core::mem::forget(LEDGER.claim("filler", bytes(free.len - freehold::backing::GRAIN)).expect("it is free"));
    }
}

/// A life beyond it.
#[unsafe(no_mangle)]
extern "C" fn beyond() {
    go_there();
    work(LINE);
    say(LEDGER.snapshot());
}

static HEAP: Heap = Heap::new_in(&LEDGER, "heap");
static SMALL: SmallHeap = SmallHeap::new();

/// Heaps beyond it: what they hand out lies there, apart, and comes back.
#[unsafe(no_mangle)]
extern "C" fn heaps_beyond() {
    const SIZES: [usize; 8] = [1, 16, 200, 257, 1024, 5000, 70_000, 3 << 20];
    go_there();
    let heaps: [&dyn GlobalAlloc; 2] = [&HEAP, &SMALL];
    for heap in heaps {
        for round in 0..3 {
            let blocks = SIZES.map(|size| {
                let layout = Layout::from_size_align(size, 16).expect("a layout");
                // SAFETY: the size is not 0.
                let block = unsafe { heap.alloc(layout) };
                assert!(block.addr() >= LINE && block.addr().is_multiple_of(16), "{size} bytes at {block:?}");
                // SAFETY: so long is the block.
                unsafe { block.write_bytes(size as u8 ^ round, size) };
                // Half of them move when they grow.
                let size = if size % 2 == 0 { size } else { 2 * size };
                // SAFETY: the block is the heap's, with this layout.
                let block = unsafe { heap.realloc(block, layout, size) };
                assert!(block.addr() >= LINE, "{size} bytes at {block:?}");
                (block, size)
            });
            for ((block, size), before) in blocks.into_iter().zip(SIZES) {
                // SAFETY: so much of the block was written, and it is not freed yet.
                let bytes = unsafe { core::slice::from_raw_parts(block, before) };
                assert!(bytes.iter().all(|byte| *byte == before as u8 ^ round), "{size} bytes at {block:?}");
                // SAFETY: the block is the heap's, with this layout.
                unsafe { heap.dealloc(block, Layout::from_size_align(size, 16).expect("a layout")) };
            }
        }
    }
}

/// One slice across the line.
#[unsafe(no_mangle)]
extern "C" fn slice_across() {
    fill_up_to(LINE - 2 * PAGE);
    let arena = Arena::new_in(&LEDGER, "across");
    let slice = arena.alloc_slice_fill_with(PAGE, |n| n as u32);
    let range = slice.as_ptr_range();
    assert!(range.start.addr() < LINE && range.end.addr() > LINE, "{range:?}");
    assert!((0..).zip(&*slice).all(|(n, value)| *value == n));
}

/// A chunk that grows across the line, while scopes inside run ahead of the values and come back.
#[unsafe(no_mangle)]
extern "C" fn chunk_across() {
    struct Node<'s> {
        number: u32,
        next: Option<&'s Node<'s>>,
    }
    fill_up_to(LINE - 2 * PAGE);
    let mut arena = Arena::new_in(&LEDGER, "across").with_growth(Growth::fixed(1 << 10));
    let mut scope = arena.scope();
    let mut list: Option<&Node<'_>> = None;
    let mut number = 0;
    while list.is_none_or(|last| core::ptr::from_ref(last).addr() < LINE + 2 * PAGE) {
        list = Some(scope.alloc(Node { number, next: list }));
        scope.scope().alloc_slice_fill(500, number);
        number += 1;
    }
    let numbers = core::iter::successors(list, |node| node.next).map(|node| node.number);
    assert!(numbers.eq((0..number).rev()));
    say(LEDGER.snapshot());
}
