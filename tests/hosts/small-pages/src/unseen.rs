//! The crate does not know how large pages are, as nobody has told: it takes them for the usual ones.

use core::alloc::{GlobalAlloc, Layout};

use freehold::{Alloc, Arena, Heap, Ledger, MemoryGrow, Obstacle, SmallHeap, page_size};
use freehold_guest::{memory_grow, memory_pages, say};

static LEDGER: Ledger<MemoryGrow> = Ledger::new(MemoryGrow::new());
static HEAP: Heap = Heap::new_in(&LEDGER, "heap");
static SMALL: SmallHeap = SmallHeap::new();

/// The lowest address above the stack: data begins there.
const DATA: usize = 1 << 20;

/// Nothing is handed out that is somebody else's: each request is refused.
#[unsafe(no_mangle)]
extern "C" fn h15_unseen_small_pages_are_refused() {
    assert_eq!(page_size(), 1 << 16);
    assert!(memory_pages() > DATA);
    // As if by chance: what is grown next begins at a number that, taken for one of usual pages, is the address where the data begins.
    let next = (2 << 20) + DATA / page_size();
    assert_ne!(memory_grow(next - memory_pages()), usize::MAX);
    assert_eq!(memory_pages().wrapping_mul(page_size()), DATA);
    let layout = Layout::new::<[u8; 100]>();
    // SAFETY: the size is not 0.
    assert!(unsafe { SMALL.alloc(layout) }.is_null());
    for _ in 0..20 {
        let error = LEDGER.claim("claim", layout).expect_err("pages are not what they are taken for");
        assert!(matches!(error.obstacle, Obstacle::Refused { backing: "memory.grow", .. }), "{error}");
        say(error);
        assert!(Arena::new_in(&LEDGER, "arena").try_alloc(1_u8).is_err());
        // SAFETY: the size is not 0.
        let blocks = [unsafe { HEAP.alloc(layout) }, unsafe { SMALL.alloc(layout) }];
        assert!(blocks.iter().all(|block| block.is_null()));
    }
    assert_eq!((LEDGER.snapshot().granted, LEDGER.growths()), (0, 0));
}
