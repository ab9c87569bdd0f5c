//! Every way in which a thread can get memory that another thread has grown: out of what threads share. Here one that is added must be
//! added too.
//!
//! An engine may tell a thread late of what another has grown: until then `memory.fill` and `memory.copy` trap there (V8).

use alloc::alloc::{alloc, alloc_zeroed, realloc};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::hint::black_box;
use core::mem::forget;
use core::ptr::{self, NonNull, with_exposed_provenance_mut};
use core::sync::atomic::{AtomicBool, Ordering};

use freehold::sharing::{Locked, Needed, RawMutex, Shareable};
use freehold::{
    Alloc, AllocError, Arena, BlockPool, DefaultBacking, Growth, Heap, Ledger, PoolBox, SharedPool, SmallHeap, ledger,
};
use freehold_guest::{PAGE, say};

use crate::{Own, room};

/// Bytes of a block: four of them to a page, so that memory grows all the time.
const BLOCK: usize = 16_000;
/// How many of them are written, the last ones: more than what is copied without a call.
const WRITTEN: usize = 100;
const LAYOUT: Layout = Layout::new::<[u8; BLOCK]>();
/// How many bytes a thread writes before it takes one.
const BUSY: usize = 1 << 17;
/// How many there are in a pool of fixed capacity; then it is time for the next one.
const FIXED: usize = 8;

/// A way to blocks of so many bytes, for good.
struct Way {
    name: &'static str,
    /// Takes so many, and writes to each.
    take: fn(usize),
}

static WAYS: &[Way] = &[
    Way { name: "Heap, a late lock", take: |count| take(count, late_global) },
    Way { name: "SmallHeap, a late lock", take: |count| take(count, late_small) },
    Way { name: "BlockPool, a late lock", take: |count| take(count, late_block_pool) },
    Way { name: "SharedPool, a late lock", take: |count| take(count, late_shared_pool) },
    Way { name: "Heap::alloc", take: |count| take(count, global) },
    Way { name: "Heap::alloc_zeroed", take: |count| take(count, global_zeroed) },
    Way { name: "Heap::realloc", take: |count| take(count, global_resized) },
    Way { name: "Heap, small blocks", take: |count| take(count, global_small) },
    Way { name: "SmallHeap::alloc", take: |count| take(count, small) },
    Way { name: "SmallHeap::alloc_zeroed", take: |count| take(count, small_zeroed) },
    Way { name: "SmallHeap::realloc", take: |count| take(count, small_resized) },
    Way { name: "malloc", take: |count| take(count, c_malloc) },
    Way { name: "Ledger::claim", take: |count| take(count, claim) },
    Way { name: "Arena", take: |count| take(count, arena) },
    Way { name: "BlockPool::shared_in", take: |count| take(count, block_pool) },
    Way { name: "BlockPool::shared_fixed_in", take: |count| take(count, block_pool_fixed) },
    Way { name: "BlockPool behind a lock of the user's", take: |count| take(count, block_pool_behind_lock) },
    Way { name: "SharedPool", take: |count| take(count, shared_pool) },
];

/// By no more than must be, so that others come upon what was just grown.
const GROWTH: Growth = Growth::fixed(PAGE);

static SMALL: SmallHeap = SmallHeap::new();
/// Behind a late lock, as all that is late on it.
static OURS: Ledger<DefaultBacking, Locked<Late>> = Ledger::with_lock(DefaultBacking::new());
static BLOCKS: BlockPool<'static, Needed> = BlockPool::shared_in(ledger(), "blocks", LAYOUT).with_growth(GROWTH);
static FIXED_BLOCKS: Behind<Option<BlockPool<'static, Needed>>> = Behind::new(None);
static BEHIND: Behind<BlockPool<'static>> =
    Behind::new(BlockPool::new_in(ledger(), "behind", LAYOUT).with_growth(GROWTH));
static BOXES: SharedPool<'static, [u8; BLOCK]> = SharedPool::shared_in(ledger(), "boxes").with_growth(GROWTH);

/// How a user may share what is bound to no thread, but not shared either: a lock that knows nothing of this crate.
struct Behind<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time gets at the value.
unsafe impl<T: Send> Sync for Behind<T> {}

impl<T> Behind<T> {
    const fn new(value: T) -> Behind<T> {
        Behind { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        while self.taken.swap(true, Ordering::Acquire) {
            core::hint::spin_loop();
        }
        // SAFETY: no other thread is in here.
        let result = work(unsafe { &mut *self.value.get() });
        self.taken.store(false, Ordering::Release);
        result
    }
}

/// A lock that is late: whoever comes for it is at something first. So others have grown memory since this thread has last heard of it,
/// wherever in the crate a lock of the user's choice is taken.
struct Late(AtomicBool);

// SAFETY: one holder at a time sees the flag unset.
unsafe impl RawMutex for Late {
    const INIT: Late = Late(AtomicBool::new(false));
    type GuardMarker = ();

    #[inline(always)]
    fn lock(&self) {
        be_busy(BUSY_AT.0.get());
        while self.0.swap(true, Ordering::Acquire) {
            core::hint::spin_loop();
        }
    }

    #[inline(always)]
    fn try_lock(&self) -> bool {
        !self.0.swap(true, Ordering::Acquire)
    }

    #[inline(always)]
    unsafe fn unlock(&self) {
        self.0.store(false, Ordering::Release);
    }
}

static LATE_GLOBAL: Heap<Locked<Late>> = Heap::new_in(&OURS, "late");
static LATE_SMALL: SmallHeap<Locked<Late>> = SmallHeap::new();
static LATE_BLOCKS: BlockPool<'static, Locked<Late>> = BlockPool::shared_in(&OURS, "late", LAYOUT).with_growth(GROWTH);
static LATE_BOXES: SharedPool<'static, [u8; BLOCK], Locked<Late>> =
    SharedPool::shared_in(&OURS, "late").with_growth(GROWTH);

/// Where this thread writes when it is busy.
#[cfg_attr(target_feature = "atomics", thread_local)]
static BUSY_AT: Own<Cell<usize>> = Own(Cell::new(0));

/// A while without a call, and without a loop of the module's: a thread hears of what others have grown when it comes to the next of these.
#[inline(always)]
fn be_busy(at: usize) {
    if at != 0 {
        // SAFETY: so many bytes, this thread's own for good.
        unsafe { with_exposed_provenance_mut::<u8>(at).write_bytes(3, black_box(BUSY)) };
    }
}

/// Blocks of lists, one after the other; and one to return.
fn late_global() -> *mut u8 {
    const SIZE: usize = 256;
    for _ in 0..8 {
        // SAFETY: the size is not 0.
        let block = unsafe { LATE_GLOBAL.alloc(Layout::new::<[u8; SIZE]>()) };
        if block.is_null() {
            return block;
        }
        // SAFETY: so many bytes, which were just allocated.
        unsafe { block.write_bytes(1, black_box(SIZE)) };
    }
    global()
}

fn late_small() -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { LATE_SMALL.alloc(LAYOUT) }
}

fn late_block_pool() -> *mut u8 {
    had(LATE_BLOCKS.try_alloc())
}

fn late_shared_pool() -> *mut u8 {
    leaked(LATE_BOXES.try_alloc([0; BLOCK]).ok())
}

fn had(block: Result<NonNull<u8>, AllocError>) -> *mut u8 {
    block.map_or(ptr::null_mut(), NonNull::as_ptr)
}

fn global() -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { alloc(LAYOUT) }
}

fn global_zeroed() -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { alloc_zeroed(LAYOUT) }
}

/// Half of the block first, filled, then all of it: where it is, or somewhere else.
fn resized(half: *mut u8, realloc: impl FnOnce(*mut u8, Layout) -> *mut u8) -> *mut u8 {
    if half.is_null() {
        return half;
    }
    // SAFETY: so many bytes, which were just allocated.
    unsafe { half.write_bytes(1, BLOCK / 2) };
    realloc(half, Layout::new::<[u8; BLOCK / 2]>())
}

fn global_resized() -> *mut u8 {
    // SAFETY: the size is not 0.
    let half = unsafe { alloc(Layout::new::<[u8; BLOCK / 2]>()) };
    // SAFETY: a block of that layout.
    resized(half, |half, layout| unsafe { realloc(half, layout, BLOCK) })
}

/// Blocks that come from lists, one of which is returned: they are filled here.
fn global_small() -> *mut u8 {
    const SIZE: usize = 200;
    for _ in 0..BLOCK / SIZE {
        // SAFETY: the size is not 0.
        let block = unsafe { alloc(Layout::new::<[u8; SIZE]>()) };
        if block.is_null() {
            return block;
        }
        // SAFETY: so many bytes, which were just allocated.
        unsafe { block.write_bytes(1, black_box(SIZE)) };
    }
    global()
}

fn small() -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { SMALL.alloc(LAYOUT) }
}

fn small_zeroed() -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { SMALL.alloc_zeroed(LAYOUT) }
}

fn small_resized() -> *mut u8 {
    // SAFETY: the size is not 0.
    let half = unsafe { SMALL.alloc(Layout::new::<[u8; BLOCK / 2]>()) };
    // SAFETY: a block of that layout.
    resized(half, |half, layout| unsafe { SMALL.realloc(half, layout, BLOCK) })
}

unsafe extern "C" {
    safe fn malloc(len: usize) -> *mut c_void;
}

fn c_malloc() -> *mut u8 {
    malloc(BLOCK).cast()
}

fn claim() -> *mut u8 {
    OURS.claim("claim", LAYOUT).map_or(ptr::null_mut(), |claim| {
        let start = claim.as_ptr();
        forget(claim);
        start.as_ptr()
    })
}

/// Of this thread's own, on a ledger that all share.
fn arena() -> *mut u8 {
    let arena = Arena::new_in(&OURS, "arena");
    let block = had(arena.try_alloc_layout(LAYOUT));
    forget(arena);
    block
}

fn block_pool() -> *mut u8 {
    had(BLOCKS.try_alloc())
}

/// A pool claims its memory when it is made, by one thread, for all.
fn block_pool_fixed() -> *mut u8 {
    FIXED_BLOCKS.with(|pool| {
        let block = pool.as_ref().and_then(|pool| pool.try_alloc().ok());
        let block = block.or_else(|| {
            forget(pool.replace(BlockPool::shared_fixed_in(ledger(), "fixed", LAYOUT, FIXED).ok()?));
            pool.as_ref()?.try_alloc().ok()
        });
        block.map_or(ptr::null_mut(), NonNull::as_ptr)
    })
}

fn block_pool_behind_lock() -> *mut u8 {
    BEHIND.with(|pool| had(pool.try_alloc()))
}

fn shared_pool() -> *mut u8 {
    leaked(BOXES.try_alloc([0; BLOCK]).ok())
}

/// A box of a pool that threads share.
type Shared<L> = PoolBox<[u8; BLOCK], &'static SharedPool<'static, [u8; BLOCK], L>>;

fn leaked<L: Shareable>(boxed: Option<Shared<L>>) -> *mut u8 {
    boxed.map_or(ptr::null_mut(), |value| {
        let start = NonNull::from_ref(&*value).as_ptr().cast();
        forget(value);
        start
    })
}

/// Takes so many blocks, and writes to each of them at once by both instructions that know where memory ends.
#[inline(always)]
fn take(count: usize, block: impl Fn() -> *mut u8) {
    if BUSY_AT.0.get() == 0 {
        BUSY_AT.0.set(room(BUSY, 1));
    }
    let busy = BUSY_AT.0.get();
    let mut last = ptr::null_mut::<u8>();
    for _ in 0..count {
        be_busy(busy);
        let block = block();
        assert!(!block.is_null(), "there is memory");
        // SAFETY: so many bytes, this thread's own for good.
        let end = unsafe { block.add(BLOCK - WRITTEN) };
        // SAFETY: as above.
        unsafe { end.write_bytes(7, black_box(WRITTEN)) };
        if !last.is_null() {
            // SAFETY: two blocks of so many bytes, both this thread's own.
            unsafe { last.copy_to_nonoverlapping(end, black_box(WRITTEN)) };
        }
        last = end;
    }
}

/// For the script: how many ways there are.
#[unsafe(no_mangle)]
extern "C" fn ways() -> usize {
    WAYS.len()
}

/// For the script: says what this one is called.
#[unsafe(no_mangle)]
extern "C" fn name_way(way: usize) {
    say(WAYS[way].name);
}

/// Takes so many blocks this way.
#[unsafe(no_mangle)]
extern "C" fn take_this_way(way: usize, count: usize) {
    (WAYS[way].take)(count);
}
