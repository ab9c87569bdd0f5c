//! What is filled where arenas and pools have done with memory, in programs with debug assertions.

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use freehold::{Alloc, Arena, BlockPool, DefaultBacking, Ledger, TypedArena};

const LEN: usize = 100;
/// More than a chunk has.
const MANY: usize = if cfg!(miri) { 600 } else { 20_000 };

/// Whether the places of a new allocation, at the place of one that is gone, are filled: what a stale pointer from JavaScript would read.
fn is_filled(place: *const MaybeUninit<u8>) -> bool {
    (0..LEN).all(|index| {
        // SAFETY: so many bytes were allocated there, and written by the one who had them before.
        let byte = unsafe { place.add(index) };
        // SAFETY: as above.
        unsafe { byte.cast::<u8>().read() == 0xdd }
    })
}

/// The end of a scope shows when the next one is opened; so do a reset, another arena in the same memory, a typed arena that is cleared, a block that
/// is freed. What lives is as it was. (In a program without debug assertions nothing is filled.)
pub fn what_is_done_with_is_filled() {
    if !cfg!(debug_assertions) {
        return;
    }
    let ledger = Ledger::new(DefaultBacking::new());
    let mut arena = Arena::new_in(&ledger, "arena");
    let start = arena.alloc([0_u8; 8]).as_ptr().addr();
    for round in 0..3 {
        let mut outer = arena.scope();
        let kept = outer.alloc([7_u8; LEN]);
        for _ in 0..3 {
            let inner = outer.scope();
            let place = inner.alloc_uninit_slice::<u8>(LEN).as_ptr();
            assert!(round == 0 || is_filled(place));
            inner.alloc_slice_fill(MANY, 1_u8);
            inner.alloc_slice_fill(MANY, 1_u8);
            let again = inner.alloc_uninit_slice::<u8>(LEN);
            again.fill(MaybeUninit::new(1));
        }
        assert_eq!(*kept, [7; LEN]);
    }
    arena.reset();
    let first = arena.alloc_uninit_slice::<u8>(LEN).as_ptr();
    assert!(first.addr() == start && is_filled(first));
    let block = NonNull::from(arena.alloc([1_u8; LEN]));
    arena.reset_keeping(0);
    // Who claims it next finds what the arena has left, but for what the ledger keeps in free memory.
    let claim = ledger.claim("next", Layout::new::<[u8; 8192]>()).expect("room");
    let at = block.addr().get().checked_sub(claim.as_ptr().addr().get());
    let Some(at) = at.filter(|at| at + LEN < claim.len()) else { panic!("another place") };
    // SAFETY: inside the claim.
    let old = unsafe { claim.as_ptr().add(at) };
    assert!(is_filled(old.as_ptr().cast()));

    let mut typed = TypedArena::<[u8; LEN]>::new_in(&ledger, "typed");
    let first = typed.alloc([1; LEN]).as_ptr().addr();
    typed.clear();
    let again = typed.alloc_with(|| [2; LEN]);
    assert_eq!((again.as_ptr().addr(), *again), (first, [2; LEN]));

    let pool = BlockPool::new_in(&ledger, "pool", Layout::new::<[u8; 2 * LEN]>());
    let block = pool.alloc();
    // SAFETY: the block is as long.
    unsafe { block.write_bytes(1, 2 * LEN) };
    // SAFETY: it came from there.
    unsafe { pool.free(block) };
    assert_eq!(pool.alloc(), block);
    // SAFETY: inside the block. The first word was the pool's link.
    let rest = unsafe { block.add(size_of::<usize>()) };
    assert!(is_filled(rest.as_ptr().cast()));
}
