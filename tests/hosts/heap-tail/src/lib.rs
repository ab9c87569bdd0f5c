//! The statically reserved region, alone and beside Rust's own heap.

#![cfg(target_family = "wasm")]
#![cfg_attr(not(feature = "std"), no_std)]

use core::alloc::{GlobalAlloc, Layout};
use core::mem::forget;
use core::ptr::NonNull;

use freehold::backing::{Backing, Then};
use freehold::{AllocError, Claim, Heap, HeapTail, Ledger, MemoryGrow, Obstacle, SharedPool, SmallHeap};
use freehold_guest::{PAGE, memory_pages, say, show};

unsafe extern "C" {
    static __heap_base: u8;
    static __heap_end: u8;
}

/// What `HeapTail` wants, as the linker says it.
fn tail() -> (usize, usize) {
    ((&raw const __heap_base).addr(), (&raw const __heap_end).addr())
}

/// For the script.
#[unsafe(no_mangle)]
extern "C" fn tail_start() -> usize {
    tail().0
}

/// For the script.
#[unsafe(no_mangle)]
extern "C" fn tail_end() -> usize {
    tail().1
}

// SAFETY: nothing in this module starts a heap at `__heap_base` but Rust's global allocator, where there is one; with the
// feature `std` the crate is told to ask it. (The control below does, in modules in which this ledger is never used.)
static TAIL: Ledger<HeapTail> = Ledger::new(unsafe { HeapTail::new() });
// SAFETY: as above; the two ask each other.
static OTHER: Ledger<HeapTail> = Ledger::new(unsafe { HeapTail::new() });
// SAFETY: as above.
static BOTH: Ledger<Then<HeapTail, MemoryGrow>> = Ledger::new(Then::new(unsafe { HeapTail::new() }, MemoryGrow::new()));

/// For the script.
#[unsafe(no_mangle)]
extern "C" fn show_spans() {
    show(&TAIL.snapshot());
}

const SIZE: usize = 500_000;
const OURS: u8 = 0xAB;

/// A claim that stays, filled; or why not, said to the script.
fn claim<B: Backing>(ledger: &'static Ledger<B>, size: usize) -> Result<Claim<'static>, AllocError> {
    let claim = ledger.claim("ours", Layout::from_size_align(size, 1).expect("a size"));
    match &claim {
        Ok(claim) => {
            // SAFETY: the claim has `size` bytes at least.
            unsafe { claim.as_ptr().write_bytes(OURS, size) };
            assert!(holds(claim.as_ptr(), size, OURS));
        }
        Err(error) => say(error),
    }
    claim
}

fn holds(start: NonNull<u8>, len: usize, mark: u8) -> bool {
    // SAFETY: every caller owns `len` bytes there, all written, and nothing writes to them during this call.
    unsafe { core::slice::from_raw_parts(start.as_ptr(), len) }.iter().all(|byte| *byte == mark)
}

fn is_in_tail(addr: usize) -> bool {
    let (start, end) = tail();
    (start..end).contains(&addr)
}

/// 1 if the tail was claimed, 0 if it was refused, and nothing else has changed then.
#[unsafe(no_mangle)]
extern "C" fn claim_tail() -> u32 {
    let pages = memory_pages();
    match claim(&TAIL, SIZE) {
        Ok(claim) => {
            assert!(is_in_tail(claim.as_ptr().addr().get()));
            forget(claim);
            1
        }
        Err(error) => {
            assert!(matches!(error.obstacle, Obstacle::Occupied { backing: "heap tail", .. }), "{error}");
            let snapshot = TAIL.snapshot();
            assert_eq!((snapshot.granted, snapshot.claimed, snapshot.growths, memory_pages()), (0, 0, 0, pages));
            0
        }
    }
}

/// A first request that is too large takes nothing; the next one that fits has the tail.
#[unsafe(no_mangle)]
extern "C" fn too_large_then_fitting() {
    let (pages, len) = (memory_pages(), tail().1 - tail().0);
    for size in [len, len + 1, 1 << 30] {
        let error = claim(&TAIL, size).expect_err("the claim's header does not fit beside it");
        assert!(matches!(error.obstacle, Obstacle::Exhausted { backing: "heap tail", left } if left > len - 128));
        assert_eq!((TAIL.snapshot().granted, memory_pages()), (0, pages));
    }
    assert!(is_in_tail(claim(&TAIL, len - 256).expect("it is all there").as_ptr().addr().get()));
}

/// One tail, two ledgers.
#[unsafe(no_mangle)]
extern "C" fn claim_twice() {
    let held = claim(&TAIL, SIZE).expect("nobody has it");
    let error = claim(&OTHER, SIZE).expect_err("it is the first one's");
    assert!(matches!(error.obstacle, Obstacle::Occupied { by: "a HeapTail of this program", .. }), "{error}");
    assert_eq!(OTHER.snapshot().granted, 0);
    assert!(holds(held.as_ptr(), SIZE, OURS));
    // It stays the first one's, whether anything is claimed in it or not.
    drop(held);
    assert!(claim(&OTHER, SIZE).is_err());
    assert!(claim(&TAIL, SIZE).is_ok());
}

/// First the tail, then pages: they touch, and are one.
#[unsafe(no_mangle)]
extern "C" fn tail_then_pages() {
    let ((start, end), pages) = (tail(), memory_pages());
    drop(claim(&BOTH, 100).expect("nobody has the tail"));
    let across = claim(&BOTH, end - start + 2 * PAGE).expect("memory can grow");
    say(BOTH.snapshot());
    let at = across.as_ptr().addr().get();
    assert!(at - start < 128 && end < at + across.len(), "from {at:#x}");
    assert_eq!((memory_pages(), BOTH.growths()), (pages + 3, 2), "it grew by what the tail lacked");
}

/// A heap and a pool that have the tail, and `SmallHeap`, which has pages of its own, in turns.
#[unsafe(no_mangle)]
extern "C" fn heaps_in_and_beside_the_tail() {
    const LEN: usize = 20_000;
    static HEAP: Heap = Heap::new_in(&BOTH, "heap");
    static POOL: SharedPool<'static, [u8; LEN]> = SharedPool::shared_in(&BOTH, "pool");
    static SMALL: SmallHeap = SmallHeap::new();
    let filled = |heap: &dyn GlobalAlloc, mark| {
        // SAFETY: the size is not 0.
        let block = NonNull::new(unsafe { heap.alloc(Layout::new::<[u8; LEN]>()) }).expect("memory can grow");
        // SAFETY: so many bytes, for good.
        unsafe { block.write_bytes(mark, LEN) };
        block
    };
    let boxed = |mark| {
        let boxed = POOL.alloc([mark; LEN]);
        let start = NonNull::from_ref(&*boxed).cast();
        forget(boxed);
        start
    };
    let blocks = [(); 50].map(|()| [filled(&HEAP, 1), boxed(2), filled(&SMALL, 3)]);
    let in_tail = |which: usize| blocks.iter().filter(|blocks| is_in_tail(blocks[which].addr().get())).count();
    assert!(in_tail(0) > 0 && in_tail(1) > 0);
    assert!(in_tail(0) < blocks.len() && in_tail(1) < blocks.len(), "the tail is full, and memory grew");
    assert_eq!(in_tail(2), 0);
    assert!(blocks.iter().all(|blocks| blocks.iter().zip(1..).all(|(block, mark)| holds(*block, LEN, mark))));
}

/// All of the tail but what headers take, and pages in pieces after it, claimed for good and filled: how many bytes.
#[unsafe(no_mangle)]
extern "C" fn fill_tail_and_pages() -> usize {
    let (start, end) = tail();
    let sizes = [end - start - 256, 2 * PAGE, 5 * PAGE, PAGE / 2, 3 * PAGE];
    let claims = sizes.map(|size| claim(&BOTH, size).expect("memory can grow"));
    say(BOTH.snapshot());
    assert!(is_in_tail(claims[0].as_ptr().addr().get()));
    assert!(claims.iter().zip(sizes).all(|(claim, size)| holds(claim.as_ptr(), size, OURS)));
    forget(claims);
    sizes.iter().sum()
}

/// What wasm-bindgen wants to find: a function, and a heap that is not in the tail.
#[cfg(feature = "wasm-bindgen")]
mod bound {
    #[global_allocator]
    static HEAP: freehold::Heap = freehold::Heap::new();

    #[wasm_bindgen::prelude::wasm_bindgen]
    pub fn bound() {}
}

/// Rust's own heap, in the shape of a `Vec`.
#[cfg(feature = "std")]
mod beside_std {
    use super::*;

    const THEIRS: u8 = 0xCD;

    #[unsafe(no_mangle)]
    extern "C" fn hear_panics() {
        // A closure that captures nothing takes no memory: the heap is not woken by this.
        std::panic::set_hook(Box::new(|info| say(info)));
    }

    fn vec() -> Vec<u8> {
        vec![THEIRS; SIZE]
    }

    /// Where Rust's heap has its first block.
    #[unsafe(no_mangle)]
    extern "C" fn first_vec_is_in_tail() -> bool {
        is_in_tail(vec().as_ptr().addr())
    }

    /// Both at once, in either order; 1 if the tail was claimed.
    fn live_side_by_side(vec_first: bool) -> u32 {
        let early = vec_first.then(vec);
        let ours = claim(&TAIL, SIZE);
        let vecs: Vec<_> = early.into_iter().chain((0..4).map(|_| vec())).collect();
        assert!(vecs.iter().all(|vec| holds(NonNull::from(&vec[0]), SIZE, THEIRS)));
        match ours {
            Ok(claim) => {
                assert!(holds(claim.as_ptr(), SIZE, OURS));
                drop(vecs);
                assert!(holds(claim.as_ptr(), SIZE, OURS));
                1
            }
            Err(_) => 0,
        }
    }

    #[unsafe(no_mangle)]
    extern "C" fn claim_then_vec() -> u32 {
        live_side_by_side(false)
    }

    #[unsafe(no_mangle)]
    extern "C" fn vec_then_claim() -> u32 {
        live_side_by_side(true)
    }

    /// The tail taken by hand, with no look at who lives there: how many of its bytes Rust's heap has overrun after that.
    #[unsafe(no_mangle)]
    extern "C" fn control_by_hand() -> usize {
        let (start, end) = tail();
        let by_hand = NonNull::new(core::ptr::with_exposed_provenance_mut::<u8>(start)).expect("not the null page");
        // SAFETY: initial memory, and nobody has allocated in this instance. That Rust's heap will is what this is for.
        unsafe { by_hand.write_bytes(OURS, end - start) };
        let vec = core::hint::black_box(vec());
        let overrun = (0..end - start).filter(|offset| {
            // SAFETY: the offset is inside the tail.
            let byte = unsafe { by_hand.add(*offset) };
            // SAFETY: in bounds and written above; volatile, as somebody else may have written there too.
            unsafe { byte.read_volatile() != OURS }
        });
        let count = overrun.count();
        drop(vec);
        count
    }
}
