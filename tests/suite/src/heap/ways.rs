//! Other ways to a heap's blocks: C's names, and the trait `Allocator`. Each heap goes through the same suites by each of them.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::Backing;
use freehold::c::{AnyHeap as _, Headed, Headless, Malloc, Of, Sheets};
use freehold::sharing::Needed;
use freehold::{DefaultBacking, Ledger, c};

use super::alone::{h11_overflowing_requests, program};
use super::bench::Bench;
use super::blocks::Blocks;
use super::conformance::every_request_again;
use super::subject::{Around, Subject, Via};
use super::{on_simulated, with_heap};
use crate::STEPS;
use crate::backings::Manner;
use crate::choices::Seeded;

/// C's `malloc`, `calloc`, `aligned_alloc`, `realloc` and `free` on a heap.
pub struct ByC<M>(pub M);

// SAFETY: the blocks are the heap's, and as aligned as is asked for.
unsafe impl<M: Malloc> GlobalAlloc for ByC<M> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = c::allocate(&self.0, layout.align(), layout.size());
        // SAFETY: it was just allocated, or is null.
        let usable = unsafe { c::usable_size(&self.0, block) };
        assert!(block.is_null() || usable >= layout.size());
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // C has no name for zeroed blocks of large alignment.
        if layout.align() <= 16 {
            return c::allocate_zeroed(&self.0, layout.size(), 1);
        }
        // SAFETY: the caller's promise.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: so many bytes were just allocated.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the caller's promise.
        unsafe { c::release(&self.0, block) };
    }

    unsafe fn realloc(&self, block: *mut u8, _: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { c::reallocate(&self.0, block, size) }
    }
}

/// A heap by its `Allocator`.
#[cfg(feature = "collections")]
pub struct ByAllocator<A>(pub A);

#[cfg(feature = "collections")]
mod by_allocator {
    use core::ptr::{NonNull, null_mut};

    use allocator_api2::alloc::{AllocError, Allocator};

    use super::{ByAllocator, GlobalAlloc, Layout};

    fn place(block: Result<NonNull<[u8]>, AllocError>) -> *mut u8 {
        block.map_or(null_mut(), |block| block.cast().as_ptr())
    }

    /// # Safety
    ///
    /// The caller owes: the block was allocated here.
    unsafe fn given(block: *mut u8) -> NonNull<u8> {
        // SAFETY: what was allocated is not null.
        unsafe { NonNull::new_unchecked(block) }
    }

    // SAFETY: the blocks are the heap's.
    unsafe impl<A: Allocator> GlobalAlloc for ByAllocator<A> {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            place(self.0.allocate(layout))
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            place(self.0.allocate_zeroed(layout))
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: the caller's promise.
            let block = unsafe { given(block) };
            // SAFETY: the caller's promise.
            unsafe { self.0.deallocate(block, layout) };
        }

        unsafe fn realloc(&self, block: *mut u8, old: Layout, size: usize) -> *mut u8 {
            let new = Layout::from_size_align(size, old.align()).expect("a layout");
            // SAFETY: the caller's promise.
            let block = unsafe { given(block) };
            place(if size >= old.size() {
                // SAFETY: the caller's promise; the new size is no smaller.
                unsafe { self.0.grow(block, old, new) }
            } else {
                // SAFETY: the caller's promise; the new size is smaller.
                unsafe { self.0.shrink(block, old, new) }
            })
        }
    }
}

const SEEDS: u32 = if cfg!(miri) { 1 } else { 4 };
const ROOM: usize = if cfg!(miri) { 256 << 10 } else { 4 << 20 };

/// A heap with each claim of its backing's refused once, in one run after the other (h12).
pub fn each_claim_fails_once(run: impl Fn(&Bench<'_, super::OnSimulated>, u32)) {
    for seed in 0..SEEDS {
        let mut refuse = 1;
        let asked = |refuse| {
            on_simulated(ROOM, Manner::Exact, 0, |heap, ledger, control| {
                control.refuse.store(refuse, Relaxed);
                run(&Bench { heap, ledger, roomy: false }, seed);
                control.asked.load(Relaxed)
            })
        };
        while asked(refuse) >= refuse {
            refuse += if cfg!(miri) { 6 } else { 1 };
        }
    }
}

/// C's functions over a heap that must be told.
pub fn c_over<'s, S: Subject>(below: &'s S) -> Via<'s, S, ByC<Headed<'s, S::Heap>>> {
    static NOTHING: Sheets = Sheets::new();
    Via { below, way: ByC(Of(below.heap()).blocks(&NOTHING)), plain: false }
}

/// C's functions over a `Heap`, which can tell how long its blocks are.
pub struct Telling<'s, B> {
    below: &'s Bench<'s, B>,
    way: ByC<Headless<'s, Needed>>,
}

impl<'s, B> Telling<'s, B> {
    fn new(below: &'s Bench<'s, B>, sheets: &'s Sheets) -> Telling<'s, B> {
        Telling { below, way: ByC(Of(below.heap).blocks(sheets)) }
    }
}

impl<'s, B: Backing> Around for Telling<'s, B> {
    type Below = Bench<'s, B>;
    type Outer = ByC<Headless<'s, Needed>>;

    fn below(&self) -> &Bench<'s, B> {
        self.below
    }

    fn outer(&self) -> &Self::Outer {
        &self.way
    }

    // What C knows of its blocks is in blocks too.
    fn count_outer(&self, _: &Blocks<'_, impl GlobalAlloc>) {}

    fn idle_outer(&self) {
        // SAFETY: no block is in use.
        unsafe { self.way.0.end() };
        self.below.trim();
    }
}

/// C's functions: every request.
pub fn c_conformance() {
    with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| {
        every_request_again(&Telling::new(&Bench { heap, ledger, roomy: true }, &Sheets::new()));
    });
}

/// C's functions: random programs.
pub fn c_model() {
    for seed in 0..SEEDS {
        with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| {
            let bench = Bench { heap, ledger, roomy: true };
            program(&Telling::new(&bench, &Sheets::new()), &mut Seeded::new(seed, STEPS));
            program(&c_over(&bench), &mut Seeded::new(seed, STEPS / 4));
        });
    }
}

/// C's functions: requests that can't be met.
pub fn c_h12_each_claim_fails_once() {
    each_claim_fails_once(|bench, seed| {
        _ = program(&Telling::new(bench, &Sheets::new()), &mut Seeded::new(seed, STEPS / 4));
    });
    on_simulated(1 << 18, Manner::Exact, 0, |heap, ledger, _| {
        h11_overflowing_requests(&Telling::new(&Bench { heap, ledger, roomy: false }, &Sheets::new()));
    });
}

#[cfg(feature = "collections")]
fn allocator_of<'s, B: freehold::backing::Backing>(
    below: &'s Bench<'s, B>,
) -> Via<'s, Bench<'s, B>, ByAllocator<&'s freehold::Heap>> {
    Via { below, way: ByAllocator(below.heap), plain: true }
}

/// `Allocator`: every request.
#[cfg(feature = "collections")]
pub fn allocator_conformance() {
    with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| {
        every_request_again(&allocator_of(&Bench { heap, ledger, roomy: true }));
    });
}

/// `Allocator`: random programs.
#[cfg(feature = "collections")]
pub fn allocator_model() {
    for seed in 0..SEEDS {
        with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| {
            program(&allocator_of(&Bench { heap, ledger, roomy: true }), &mut Seeded::new(seed, STEPS));
        });
    }
}

/// `Allocator`: requests that can't be met.
#[cfg(feature = "collections")]
pub fn allocator_h12_each_claim_fails_once() {
    each_claim_fails_once(|bench, seed| _ = program(&allocator_of(bench), &mut Seeded::new(seed, STEPS / 4)));
    on_simulated(1 << 18, Manner::Exact, 0, |heap, ledger, _| {
        h11_overflowing_requests(&allocator_of(&Bench { heap, ledger, roomy: false }));
    });
}
