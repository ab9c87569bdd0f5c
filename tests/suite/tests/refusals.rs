//! Who is told of a refusal: `on_refusal`. It is one for the program, so these are a test binary of their own, and one test.

// Not in Miri with strict provenance: a heap on a ledger makes pointers of integers.
#![cfg(panic = "unwind")]
#![cfg(not(any(target_family = "wasm", miri)))]

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
use std::sync::Mutex;

use allocator_api2::alloc::Allocator;
use freehold::c::{self, Of, Sheets};
use freehold::tags::Tagged;
use freehold::{Alloc, Arena, Heap, Ledger, Region, SharedPool, on_refusal};

static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

const LEN: usize = 16384;
static mut RAM: [MaybeUninit<u8>; LEN] = [MaybeUninit::uninit(); 16384];
const START: *mut u8 = (&raw mut RAM).cast();
// SAFETY: nothing else names RAM.
static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(START, LEN) });
static HEAP: Heap = Heap::new_in(&LEDGER, "words");

fn told() -> Vec<String> {
    core::mem::take(&mut *TOLD.lock().unwrap())
}

/// A request that nothing meets.
fn refused() -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { HEAP.alloc(Layout::new::<[u64; 4000]>()) }
}

#[test]
fn who_is_told_hears_of_what_would_be_lost() {
    // Nobody is told yet.
    assert!(refused().is_null());
    on_refusal(|error| TOLD.lock().unwrap().push(error.to_string()));

    // Null: its reason would be lost.
    assert!(refused().is_null());
    let said = told();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("`words` asked for 32000 bytes aligned to 8: region has "), "{said:?}");
    // SAFETY: the size is not 0.
    assert!(unsafe { HEAP.alloc_zeroed(Layout::new::<[u64; 4000]>()) }.is_null());
    let layout = Layout::new::<[u64; 4]>();
    // SAFETY: as above.
    let block = unsafe { HEAP.alloc(layout) };
    // SAFETY: the block was just allocated with this layout.
    assert!(unsafe { HEAP.realloc(block, layout, 32_000) }.is_null());
    assert_eq!(told().len(), 2);

    // From whichever list a block would have come: for each size the heap is filled, then asked once more.
    for size in [16, 200, 600, 1500, 5000] {
        let layout = Layout::from_size_align(size, 8).unwrap();
        // SAFETY: the size is not 0.
        let blocks: Vec<_> =
            core::iter::repeat_with(|| unsafe { HEAP.alloc(layout) }).take_while(|block| !block.is_null()).collect();
        let said = told();
        assert!(said.len() == 1 && said[0].starts_with(&format!("`words` asked for {size} bytes")), "{size}: {said:?}");
        for block in blocks {
            // SAFETY: the block was just allocated with this layout.
            unsafe { HEAP.dealloc(block, layout) };
        }
    }

    // C's names: of each null, once; and not where there was no room to write down what a block is, but another block, or the same one.
    let ledger: &Ledger<_> =
        Box::leak(Box::new(Ledger::new(Region::new(Vec::leak(vec![MaybeUninit::uninit(); 400 << 10])))));
    let (heap, sheets) = (Heap::new_in(ledger, "holes"), Sheets::new());
    let heap = &Of(&heap).blocks(&sheets);
    let fill = |size| core::iter::repeat_with(move || c::allocate(heap, 1, size)).take_while(|block| !block.is_null());
    let blocks: Vec<_> = fill(64).collect();
    assert_eq!(told().len(), 1);
    for block in blocks.iter().step_by(2) {
        // SAFETY: it was allocated there.
        unsafe { c::release(heap, *block) };
    }
    assert!(fill(16).count() * 3 > blocks.len());
    let said = told();
    assert!(said.len() == 1 && said[0].starts_with("`holes` asked for 16 bytes"), "{} times", said.len());
    for block in blocks.iter().skip(1).step_by(2) {
        // SAFETY: it was allocated there, and is not used any more.
        assert!(!unsafe { c::reallocate(heap, *block, 10) }.is_null());
    }
    assert_eq!(told().len(), 0);

    // A panic's text: it may go nowhere.
    let arena = Arena::new_in(&LEDGER, "frames");
    let pool = SharedPool::<[u64; 4000]>::shared_in(&LEDGER, "packets");
    let in_arena = || {
        arena.alloc([0_u64; 4000]);
    };
    let in_pool = || drop(pool.alloc([0; 4000]));
    for verb in [&in_arena as &dyn Fn(), &in_pool] {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(verb)).unwrap_err();
    }
    let said = told();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("`frames`") && said[1].starts_with("`packets`"), "{said:?}");

    // An error that somebody has is not told to somebody else.
    arena.try_alloc([0_u64; 4000]).unwrap_err();
    assert!(told().is_empty());

    // A collection's own error says nothing.
    (&arena).allocate(Layout::new::<[u64; 4000]>()).unwrap_err();
    assert_eq!(told().len(), 1);

    // A tag's limit: the tag, and its numbers.
    let tagged: Tagged<std::alloc::System> = Tagged::new(std::alloc::System);
    let tenant = tagged.tag("tenant");
    tenant.set_limit(300);
    let in_it = tenant.enter();
    let layout = Layout::new::<[u64; 25]>();
    // SAFETY: the layout has bytes.
    let blocks = [(); 2].map(|()| unsafe { tagged.alloc(layout) });
    assert_eq!(blocks.map(|block| block.is_null()), [false, true]);
    assert_eq!(told(), ["`tenant` asked for 200 bytes aligned to 8: the budget `tenant` of 300 bytes has 200 in use"]);
    // SAFETY: it was allocated with this layout.
    unsafe { tagged.dealloc(blocks[0], layout) };
    drop(in_it);

    // It may allocate, and be refused itself: of that it is not told, or it would never end.
    on_refusal(|error| {
        assert!(refused().is_null());
        TOLD.lock().unwrap().push(error.to_string());
    });
    for _ in 0..2 {
        assert!(refused().is_null());
        assert_eq!(told().len(), 1);
    }

    // Nor if it has named another, or itself, right before: that one is told of the next.
    fn names_itself(error: &freehold::AllocError) {
        on_refusal(names_itself);
        if TOLD.lock().unwrap().len() < 5 {
            TOLD.lock().unwrap().push(error.to_string());
            assert!(refused().is_null());
        }
    }
    on_refusal(names_itself);
    for _ in 0..2 {
        assert!(refused().is_null());
        assert_eq!(told().len(), 1);
    }
}
