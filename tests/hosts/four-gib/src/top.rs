//! Every allocator of the crate in the last pages of the address space: what it hands out lies there, apart, up to the last refusal, and
//! nothing else is touched.

use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};

use freehold::sharing::Needed;
use freehold::{
    Alloc, Arena, BlockPool, BoundedHeap, Growth, Heap, Ledger, MemoryGrow, Pool, PoolBox, Region, Scope, SharedPool,
    SmallHeap, TypedArena,
};
use freehold_guest::{PAGE, memory_grow, memory_pages, say};

use crate::every_page::ALL;

/// Pages that are left when a test begins.
const LEFT: usize = 40;
/// What others hold: these bytes, in the page before those and among the program's statics.
const OTHERS: u8 = 0xa5;
/// From large to small: each is asked for until it is refused. The first is one of whole pages (h29).
const SIZES: [usize; 5] = [65_536, 20_000, 4_000, 300, Link::LEAST];
/// What a pool's block and a typed arena's value has.
type Value = [u8; 2_000];

static LEDGER: Ledger<MemoryGrow> = Ledger::new(MemoryGrow::new());
static HEAP: Heap = Heap::new_in(&LEDGER, "heap");
static SMALL: SmallHeap = SmallHeap::new();
static STATICS: [MaybeUninit<u8>; 1 << 16] = [MaybeUninit::new(OTHERS); 1 << 16];

/// What stands at the head of a block that was handed out.
#[derive(Clone, Copy)]
#[repr(C)]
struct Link {
    before: *mut Link,
    len: usize,
    /// What is in the rest of it.
    byte: usize,
}

impl Link {
    /// The smallest block that has room for one.
    const LEAST: usize = 16;
}

/// What was handed out, each block leading to the one before it and full of a byte of its own.
struct Chain {
    last: *mut Link,
    count: usize,
    bytes: usize,
    /// Where the pages begin that were left.
    floor: usize,
}

impl Chain {
    /// Takes all pages but [`LEFT`] of them, as another allocator would.
    fn begin() -> Chain {
        let missing = ALL - LEFT - memory_pages();
        let first = memory_grow(missing) * PAGE;
        let floor = first + missing * PAGE;
        let last_page: *mut u8 = ptr::with_exposed_provenance_mut(floor - PAGE);
        // SAFETY: that page was grown just now.
        unsafe { last_page.write_bytes(OTHERS, PAGE) };
        Chain { last: ptr::null_mut(), count: 0, bytes: 0, floor }
    }

    /// A block that was handed out.
    ///
    /// # Safety
    ///
    /// The caller owes: it has so many bytes, at least [`Link::LEAST`], at an address for words, and nobody else uses them.
    unsafe fn add(&mut self, block: NonNull<u8>, len: usize) {
        let at = block.addr().get();
        assert!(at >= self.floor, "{at:#x} is not in the pages that were left, which begin at {:#x}", self.floor);
        assert!(at.checked_add(len).is_some(), "{len} bytes at {at:#x} wrap");
        let link = Link { before: self.last, len, byte: self.count % 251 };
        // SAFETY: the caller's promise.
        unsafe { block.write_bytes(link.byte as u8, len) };
        // SAFETY: the caller's promise.
        unsafe { block.cast::<Link>().write(link) };
        self.last = block.as_ptr().cast();
        self.count += 1;
        self.bytes += len;
    }

    /// Fills what is left with blocks of each size in turn. In the end each is refused, however often it is asked for, and memory does
    /// not grow any more.
    fn fill(&mut self, mut take: impl FnMut(Layout) -> Option<NonNull<u8>>) {
        for size in SIZES {
            let layout = Layout::from_size_align(size, 8).expect("a layout");
            while let Some(block) = take(layout) {
                // SAFETY: what is handed out is the caller's, with this layout.
                unsafe { self.add(block, size) };
            }
        }
        assert_eq!(memory_pages(), ALL, "pages are left that nobody asked for");
        for size in SIZES.into_iter().cycle().take(100) {
            assert!(take(Layout::from_size_align(size, 8).expect("a layout")).is_none());
        }
    }

    /// Everything is as it was written: every block, the statics, the page of others.
    fn check(&self, part: usize) {
        let mut next = self.last;
        for _ in 0..self.count {
            // SAFETY: a block that was handed out and begins with its link.
            let link = unsafe { next.read() };
            // SAFETY: a block of that length, written by `add`; if it was overwritten since, this is still linear memory.
            let bytes = unsafe { core::slice::from_raw_parts(next.cast::<u8>(), link.len) };
            assert!(
                bytes[size_of::<Link>()..].iter().all(|byte| usize::from(*byte) == link.byte),
                "overwritten: {next:?}"
            );
            next = link.before;
        }
        assert!(next.is_null());
        let page: *const u8 = ptr::with_exposed_provenance(self.floor - PAGE);
        for offset in 0..PAGE {
            // SAFETY: inside that page, which `begin` wrote.
            let byte = unsafe { page.add(offset) };
            // SAFETY: as above.
            assert_eq!(unsafe { byte.read_volatile() }, OTHERS, "others' page was overwritten");
        }
        for place in black_box(&STATICS) {
            // SAFETY: a static that is initialised; whoever else writes there is found out here.
            let byte = unsafe { ptr::from_ref(place).cast::<u8>().read_volatile() };
            assert_eq!(byte, OTHERS, "a static was overwritten");
        }
        let (bytes, of) = (self.bytes, LEFT * PAGE);
        say(format_args!("{} blocks, {bytes} of {of} bytes", self.count));
        assert!(bytes >= of / 8 * part, "{bytes} of {of} bytes were had");
    }

    /// Hands every block back.
    fn free(&mut self, mut give: impl FnMut(NonNull<u8>, Layout)) {
        while let Some(block) = NonNull::new(self.last) {
            // SAFETY: a block that was handed out and begins with its link.
            let link = unsafe { block.read() };
            self.last = link.before;
            give(block.cast(), Layout::from_size_align(link.len, 8).expect("a layout"));
        }
        (self.count, self.bytes) = (0, 0);
    }
}

/// A heap: filled, emptied and filled again.
fn heap(heap: &impl GlobalAlloc) {
    let mut chain = Chain::begin();
    let mut counts = [0; 3];
    for count in &mut counts {
        // SAFETY: the layout has bytes.
        chain.fill(|layout| NonNull::new(unsafe { heap.alloc(layout) }));
        chain.check(7);
        *count = chain.count;
        // SAFETY: each block is the heap's, with its layout, and not used any more.
        chain.free(|block, layout| unsafe { heap.dealloc(block.as_ptr(), layout) });
    }
    assert!(counts.iter().all(|count| *count >= counts[0] / 8 * 7), "{counts:?}");
}

/// A block that grows and shrinks while there is less and less memory: moved or refused, it is whole.
fn grown(heap: &impl GlobalAlloc) {
    let mut chain = Chain::begin();
    let mut layout = Layout::new::<[u64; 3]>();
    // SAFETY: the layout has bytes.
    let mut block = NonNull::new(unsafe { heap.alloc_zeroed(layout) }).expect("there are pages");
    let mut refused = 0;
    for size in (1..400).map(|turn| 24 + turn * 7_001 % 300_000) {
        // SAFETY: the block is the heap's, with this layout.
        match NonNull::new(unsafe { heap.realloc(block.as_ptr(), layout, size) }) {
            Some(moved) => (block, layout) = (moved, Layout::from_size_align(size, 8).expect("a layout")),
            None => refused += 1,
        }
        // SAFETY: three words were zeroed, and have been copied since.
        assert_eq!(unsafe { block.cast::<[u64; 3]>().read() }, [0; 3]);
        let other = Layout::from_size_align(size, 16).expect("a layout");
        // SAFETY: the layout has bytes.
        if let Some(zeroed) = NonNull::new(unsafe { heap.alloc_zeroed(other) }) {
            // SAFETY: so many bytes, which are zero.
            let bytes = unsafe { core::slice::from_raw_parts(zeroed.as_ptr(), size) };
            assert!(bytes.iter().all(|byte| *byte == 0), "{size} bytes are not zero");
            // SAFETY: a block that was handed out, with that layout.
            unsafe { chain.add(zeroed, size) };
        }
    }
    assert!(refused > 0, "memory was never used up");
    chain.check(0);
}

/// A heap that is on no ledger, and hands out whole pages (h29).
#[unsafe(no_mangle)]
extern "C" fn top_small() {
    let stack = black_box([OTHERS; 1_000]);
    heap(&SMALL);
    assert!(black_box(stack).iter().all(|byte| *byte == OTHERS), "the stack was overwritten");
}

#[unsafe(no_mangle)]
extern "C" fn top_small_grown() {
    grown(&SMALL);
}

/// A heap that is lent all pages that are left with the first request.
struct Last(BoundedHeap);

// SAFETY: all is the heap's own.
unsafe impl GlobalAlloc for Last {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let left = ALL - memory_pages();
        if left > 0 {
            let start = memory_grow(left) * PAGE;
            // SAFETY: these pages were grown just now, for this alone.
            let region = unsafe { Region::from_raw(ptr::with_exposed_provenance_mut(start), left * PAGE) };
            assert!(self.0.lend(region).is_ok());
        }
        // SAFETY: the caller's promise.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(memory, layout) };
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.0.realloc(memory, layout, size) }
    }
}

#[unsafe(no_mangle)]
extern "C" fn top_bounded() {
    heap(&Last(BoundedHeap::empty()));
}

#[unsafe(no_mangle)]
extern "C" fn top_bounded_grown() {
    grown(&Last(BoundedHeap::empty()));
}

#[unsafe(no_mangle)]
extern "C" fn top_global() {
    heap(&HEAP);
}

#[unsafe(no_mangle)]
extern "C" fn top_global_grown() {
    grown(&HEAP);
}

#[unsafe(no_mangle)]
extern "C" fn top_arena() {
    let mut chain = Chain::begin();
    let mut arena = Arena::new_in(&LEDGER, "arena").with_growth(Growth::fixed(0));
    for _ in 0..2 {
        chain.fill(|layout| arena.try_alloc_layout(layout).ok());
        chain.check(7);
        chain.free(|_, _| {});
        arena.reset();
    }
}

#[unsafe(no_mangle)]
extern "C" fn top_scope() {
    let mut chain = Chain::begin();
    let mut arena = Arena::new_in(&LEDGER, "arena");
    for _ in 0..2 {
        let mut scope: Scope<'_> = arena.scope();
        let inner = scope.scope();
        chain.fill(|layout| inner.try_alloc_layout(layout).ok());
        chain.check(7);
        chain.free(|_, _| {});
    }
}

#[unsafe(no_mangle)]
extern "C" fn top_typed_arena() {
    let mut chain = Chain::begin();
    let mut arena = TypedArena::<Aligned>::new_in(&LEDGER, "typed arena").with_growth(Growth::fixed(0));
    for _ in 0..2 {
        while let Ok(value) = arena.try_alloc(Aligned([0; 2_000])) {
            // SAFETY: the value is nobody else's while the arena stays as it is.
            unsafe { chain.add(NonNull::from(value).cast(), size_of::<Value>()) };
        }
        assert_eq!((memory_pages(), arena.len()), (ALL, chain.count));
        chain.check(7);
        chain.free(|_, _| {});
        arena.clear();
    }
}

/// A value that lies where words may.
#[repr(align(8))]
struct Aligned(#[expect(dead_code, reason = "its bytes are written and read in place")] Value);

/// The boxes are never dropped: their places are freed by hand.
#[unsafe(no_mangle)]
extern "C" fn top_pool() {
    values(&Pool::new_in(&LEDGER, "pool").with_growth(Growth::fixed(0)));
}

#[unsafe(no_mangle)]
extern "C" fn top_shared_pool() {
    let pool: SharedPool<'_, Aligned> = SharedPool::shared_in(&LEDGER, "shared pool");
    values(&pool.with_growth(Growth::fixed(0)));
}

fn values<L: freehold::sharing::Access>(pool: &Pool<'_, Aligned, L>) {
    let mut chain = Chain::begin();
    while let Ok(mut boxed) = pool.try_alloc(Aligned([0; 2_000])) {
        // SAFETY: the box's value is the caller's, for good once the box is forgotten.
        unsafe { chain.add(NonNull::from(&mut *boxed).cast(), size_of::<Value>()) };
        core::mem::forget::<PoolBox<Aligned, &Pool<'_, Aligned, L>>>(boxed);
    }
    assert_eq!((memory_pages(), pool.len()), (ALL, chain.count));
    chain.check(7);
}

#[unsafe(no_mangle)]
extern "C" fn top_block_pool() {
    blocks(&BlockPool::new_in(&LEDGER, "block pool", Layout::new::<Aligned>()).with_growth(Growth::fixed(0)));
}

#[unsafe(no_mangle)]
extern "C" fn top_shared_block_pool() {
    let pool = BlockPool::<Needed>::shared_in(&LEDGER, "shared block pool", Layout::new::<Aligned>());
    blocks(&pool.with_growth(Growth::fixed(0)));
}

fn blocks<L: freehold::sharing::Access>(pool: &BlockPool<'_, L>) {
    let mut chain = Chain::begin();
    for _ in 0..2 {
        while let Ok(block) = pool.try_alloc() {
            // SAFETY: a block is the caller's until it is freed.
            unsafe { chain.add(block, size_of::<Value>()) };
        }
        assert_eq!((memory_pages(), pool.len()), (ALL, chain.count));
        chain.check(7);
        // SAFETY: each came from this pool, and is not used any more.
        chain.free(|block, _| unsafe { pool.free(block) });
    }
}
