//! The crate knows how large pages are.

use core::alloc::{GlobalAlloc, Layout};
use core::mem::forget;
use core::ptr::{NonNull, with_exposed_provenance_mut};

use freehold::backing::GRAIN;
use freehold::{
    Alloc, Arena, Heap, HeapTail, Ledger, MemoryGrow, Obstacle, SharedPool, SmallHeap, memory_size, page_size,
};
use freehold_guest::{memory_grow, memory_pages, say};

/// What `build.rs` says.
const MOST: usize = 4 << 20;
/// What stands in memory that others have grown.
const OTHERS: u8 = 0xee;

static LEDGER: Ledger<MemoryGrow> = Ledger::new(MemoryGrow::new());
static HEAP: Heap = Heap::new_in(&LEDGER, "heap");
static SMALL: SmallHeap = SmallHeap::new();
static POOL: SharedPool<'static, [u8; 300]> = SharedPool::shared_in(&LEDGER, "pool");

fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size, 1).expect("a layout")
}

/// A byte is a page, and memory is as large as it is.
#[unsafe(no_mangle)]
extern "C" fn h15_the_page_size_is_read() {
    assert_eq!(page_size(), 1);
    assert_eq!(memory_size(), memory_pages());
    assert!(memory_size() > 1000 && memory_size() < MOST);
}

/// Whoever asks for little takes little.
#[unsafe(no_mangle)]
extern "C" fn h15_no_more_is_grown_than_is_missing() {
    let before = memory_size();
    let claim = LEDGER.claim("claim", bytes(100)).expect("memory can grow");
    // Its header, and up to the grain at both ends.
    assert!((100..100 + 4 * GRAIN).contains(&(memory_size() - before)), "{} bytes", memory_size() - before);
    assert!(claim.as_ptr().addr().get() + claim.len() <= memory_size());
    // What is grown next touches it.
    let before = memory_size();
    let next = LEDGER.claim("claim", bytes(100)).expect("memory can grow");
    assert_eq!(next.as_ptr().addr().get(), claim.as_ptr().addr().get() + claim.len() + GRAIN);
    assert_eq!(memory_size() - before, claim.len() + GRAIN);
    let arena = Arena::new_in(&LEDGER, "arena");
    arena.alloc([1_u8; 10]);
    assert!(memory_size() - before < 1200, "{} bytes", memory_size() - before);
    say(LEDGER.snapshot());
}

/// A heap without a ledger has blocks at multiples of 16 bytes, wherever memory ended, and does not grow for each of them.
#[unsafe(no_mangle)]
extern "C" fn h15_a_small_heap_on_small_pages() {
    let mut end = 0;
    let mut growths = 0;
    for number in 0..200_usize {
        if number % 20 == 0 {
            assert_ne!(memory_grow(1 + number / 20), usize::MAX);
        }
        let before = memory_size();
        let layout = bytes(1 + number % 50);
        // SAFETY: the size is not 0.
        let block = unsafe { SMALL.alloc(layout) };
        assert!(!block.is_null() && block.addr().is_multiple_of(16), "{block:?}");
        // As no block is freed, each lies above those before it.
        assert!(block.addr() >= end, "{block:?} is below {end:#x}");
        end = block.addr() + layout.size();
        assert!(end <= memory_size());
        // SAFETY: so long is the block.
        unsafe { block.write_bytes(number as u8, layout.size()) };
        growths += usize::from(memory_size() > before);
    }
    assert!((1..=30).contains(&growths), "{growths} growths");
}

/// Others grow memory by odd numbers of bytes, between all that we hand out: each keeps its own.
#[unsafe(no_mangle)]
extern "C" fn h05_h15_others_grow_by_single_bytes() {
    const ROUNDS: usize = 60;
    let mut others = [(0, 0); ROUNDS];
    let mut ours = [const { None::<(NonNull<u8>, usize)> }; 4 * ROUNDS];
    for (round, foreign) in others.iter_mut().enumerate() {
        let len = 1 + round * 7 % 90;
        let at = memory_grow(len);
        assert_ne!(at, usize::MAX);
        // SAFETY: grown just now, by nobody else.
        unsafe { with_exposed_provenance_mut::<u8>(at).write_bytes(OTHERS, len) };
        *foreign = (at, len);
        let size = 1 + round * 31 % 700;
        let claim = LEDGER.claim("claim", bytes(size)).expect("memory can grow");
        let claimed = claim.as_ptr();
        forget(claim);
        let boxed = POOL.alloc([0; 300]);
        let place = NonNull::from_ref(&*boxed).cast();
        forget(boxed);
        // SAFETY: the size is not 0.
        let [block, small] = [unsafe { HEAP.alloc(bytes(size)) }, unsafe { SMALL.alloc(bytes(size)) }];
        let blocks = [block, small].map(|block| NonNull::new(block).expect("memory can grow"));
        let held = [(claimed, size), (place, 300), (blocks[0], size), (blocks[1], size)];
        for (index, (start, len)) in held.into_iter().enumerate() {
            let number = 4 * round + index;
            // SAFETY: it has so many bytes, for good.
            unsafe { start.write_bytes(number as u8, len) };
            ours[number] = Some((start, len));
        }
    }
    let holds = |at: *const u8, len: usize, byte: u8| {
        // SAFETY: in linear memory, and initialised.
        let bytes = unsafe { core::slice::from_raw_parts(at, len) };
        assert!(bytes.iter().all(|found| *found == byte), "{len} bytes at {at:?}");
    };
    others.into_iter().for_each(|(at, len)| holds(with_exposed_provenance_mut(at), len, OTHERS));
    for (number, (start, len)) in ours.into_iter().flatten().enumerate() {
        holds(start.as_ptr(), len, number as u8);
    }
}

/// Up to the last bytes that memory may have; then each is refused, with the right numbers, and nothing changes (h12).
#[unsafe(no_mangle)]
extern "C" fn h12_h15_refused_at_the_last_byte() {
    let mut size = 1 << 20;
    while size > 16 {
        match LEDGER.claim("all", bytes(size)) {
            Ok(claim) => forget(claim),
            Err(error) => {
                let Obstacle::Refused { asked, have, .. } = error.obstacle else { panic!("{error}") };
                assert_eq!(have, memory_size(), "{error}");
                assert!(asked > MOST - have && asked <= size + 4 * GRAIN, "{error}");
                size /= 2;
            }
        }
    }
    assert!(MOST - memory_size() < 4 * GRAIN, "{} bytes were not had", MOST - memory_size());
    let (memory, claimed) = (memory_size(), LEDGER.snapshot().claimed);
    assert!(LEDGER.claim("more", bytes(1000)).is_err());
    // SAFETY: the size is not 0.
    assert!(unsafe { SMALL.alloc(bytes(1000)) }.is_null());
    assert_eq!((memory_size(), LEDGER.snapshot().claimed), (memory, claimed));
}

/// The map ends where memory does, and so does the tail, which is no rest of a page here.
#[unsafe(no_mangle)]
extern "C" fn h15_the_map_of_small_pages() {
    // SAFETY: nobody else in this module takes the tail.
    static TAIL: Ledger<HeapTail> = Ledger::new(unsafe { HeapTail::new() });
    let error = TAIL.claim("tail", bytes(1000)).expect_err("there is none");
    assert!(matches!(error.obstacle, Obstacle::Exhausted { left: ..1000, .. }), "{error}");
    forget(LEDGER.claim("claim", bytes(5000)).expect("memory can grow"));
    let last = LEDGER.snapshot().spans().last().expect("a claim");
    assert!(memory_size() - (last.base + last.len) < GRAIN, "{last:?}, {:#x}", memory_size());
    say(LEDGER.snapshot());
}

/// Whoever takes these pages for the usual ones writes outside of memory, or where somebody lives.
#[unsafe(no_mangle)]
extern "C" fn control_usual_pages() {
    let page: *mut u8 = with_exposed_provenance_mut(memory_grow(1).wrapping_mul(1 << 16));
    // SAFETY: it is not. That it ends here is what this is there to show.
    unsafe { page.write_volatile(1) };
}
