//! Blocks, and whose they are.

use alloc::alloc::{alloc, alloc_zeroed, dealloc, realloc};
use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;
use core::hint::black_box;
use core::ptr::NonNull;

use freehold::{Claim, PoolBox, SharedPool, SmallHeap, ledger};

use crate::bytes::{Bytes, not_zero};

mod c {
    use core::ffi::c_void;

    unsafe extern "C" {
        pub fn malloc(len: usize) -> *mut c_void;
        pub fn calloc(count: usize, len: usize) -> *mut c_void;
        pub fn realloc(block: *mut c_void, len: usize) -> *mut c_void;
        pub fn free(block: *mut c_void);
    }
}

/// A block of libc's heap.
pub struct Malloc {
    start: NonNull<u8>,
}

impl Malloc {
    /// `None` if libc has no room. The optimiser may not do away with it.
    pub fn new(len: usize) -> Option<Malloc> {
        // SAFETY: any size may be asked for.
        Malloc::from(unsafe { c::malloc(len) })
    }

    /// The same, of zeros.
    pub fn zeroed(len: usize) -> Option<Malloc> {
        // SAFETY: any size may be asked for.
        Malloc::from(unsafe { c::calloc(1, len) })
    }

    fn from(block: *mut c_void) -> Option<Malloc> {
        Some(Malloc { start: NonNull::new(black_box(block).cast())? })
    }

    /// With another length; as it was if libc has no room.
    fn resize(&mut self, len: usize) -> bool {
        // SAFETY: the block is one of libc's, not freed; the old address is not used again if there is a new one.
        let moved = Malloc::from(unsafe { c::realloc(self.start.as_ptr().cast(), len) });
        let done = moved.is_some();
        if let Some(moved) = moved {
            core::mem::forget(core::mem::replace(self, moved));
        }
        done
    }

    /// Where it is.
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }
}

impl Drop for Malloc {
    fn drop(&mut self) {
        // SAFETY: the block was allocated by `new` or `zeroed`, and its holder is done with it.
        unsafe { c::free(self.start.as_ptr().cast()) };
    }
}

/// Rust's heap, whichever it is.
struct Rusts;

// SAFETY: each call is passed on as it is.
unsafe impl GlobalAlloc for Rusts {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { realloc(block, layout, len) }
    }
}

static RUSTS: Rusts = Rusts;
/// On pages of its own, beside all others.
static SMALL: SmallHeap = SmallHeap::new();
/// On the module's ledger, and for all of its threads.
static SHARED: SharedPool<'static, Value> = SharedPool::shared_in(ledger(), "shared pool");

/// What lies in the shared pool.
type Value = [u64; 90];

/// A block of a heap with Rust's calls.
struct Alloc<H: GlobalAlloc + 'static> {
    heap: &'static H,
    start: NonNull<u8>,
    layout: Layout,
}

impl<H: GlobalAlloc> Alloc<H> {
    fn new(heap: &'static H, layout: Layout, zeroed: bool) -> Option<Self> {
        let start = if zeroed {
            // SAFETY: no block has length 0.
            unsafe { heap.alloc_zeroed(layout) }
        } else {
            // SAFETY: as above.
            unsafe { heap.alloc(layout) }
        };
        Some(Alloc { heap, start: NonNull::new(start)?, layout })
    }

    fn resize(&mut self, len: usize) -> bool {
        let Ok(layout) = Layout::from_size_align(len, self.layout.align()) else {
            return false;
        };
        // SAFETY: the block was allocated with this layout, and the new length is one of a layout, and not 0.
        let moved = NonNull::new(unsafe { self.heap.realloc(self.start.as_ptr(), self.layout, len) });
        if let Some(start) = moved {
            (self.start, self.layout) = (start, layout);
        }
        moved.is_some()
    }
}

impl<H: GlobalAlloc> Drop for Alloc<H> {
    fn drop(&mut self) {
        // SAFETY: the block was allocated with this layout, and its holder is done with it.
        unsafe { self.heap.dealloc(self.start.as_ptr(), self.layout) };
    }
}

enum Holder {
    Malloc(Malloc),
    Alloc(Alloc<Rusts>),
    Small(Alloc<SmallHeap>),
    Claim(Claim<'static>),
    Shared(PoolBox<Value, &'static SharedPool<'static, Value>>),
}

impl Holder {
    fn start(&self) -> NonNull<u8> {
        match self {
            Holder::Malloc(block) => block.start,
            Holder::Alloc(block) => block.start,
            Holder::Small(block) => block.start,
            Holder::Claim(claim) => claim.as_ptr(),
            Holder::Shared(value) => NonNull::from_ref(&**value).cast(),
        }
    }
}

/// A block that somebody handed out, filled with its holder's pattern. Dropped, it goes back.
pub struct Block {
    holder: Holder,
    bytes: Bytes,
}

// SAFETY: the memory is the block's alone; every heap, and every ledger, takes it back from any thread.
unsafe impl Send for Block {}

impl Block {
    /// From libc; with how many of its bytes should have been zero, and were not.
    pub fn malloc(len: usize, zeroed: bool, mark: u64) -> Option<(Block, usize)> {
        let block = if zeroed { Malloc::zeroed(len)? } else { Malloc::new(len)? };
        Some(Block::fill(Holder::Malloc(block), len, zeroed, mark))
    }

    /// The same from Rust's heap.
    pub fn alloc(layout: Layout, zeroed: bool, mark: u64) -> Option<(Block, usize)> {
        Some(Block::fill(Holder::Alloc(Alloc::new(&RUSTS, layout, zeroed)?), layout.size(), zeroed, mark))
    }

    /// The same from `SmallHeap`.
    pub fn small(layout: Layout, zeroed: bool, mark: u64) -> Option<(Block, usize)> {
        Some(Block::fill(Holder::Small(Alloc::new(&SMALL, layout, zeroed)?), layout.size(), zeroed, mark))
    }

    /// A value of a pool that all threads share.
    pub fn shared(mark: u64) -> Option<(Block, usize)> {
        let value = SHARED.try_alloc([0; 90]).ok()?;
        Some(Block::fill(Holder::Shared(value), size_of::<Value>(), true, mark))
    }

    /// A claim of so many bytes.
    pub fn claim(claim: Claim<'static>, len: usize, mark: u64) -> (Block, usize) {
        assert!(len <= claim.len());
        Block::fill(Holder::Claim(claim), len, false, mark)
    }

    fn fill(holder: Holder, len: usize, zeroed: bool, mark: u64) -> (Block, usize) {
        let start = holder.start();
        // SAFETY: the holder's, who was asked for so many bytes.
        let foreign = if zeroed { unsafe { not_zero(start, len) } } else { 0 };
        // SAFETY: as above; it is held for as long as the block.
        let bytes = unsafe { Bytes::new(start, len, mark) };
        (Block { holder, bytes }, foreign)
    }

    /// Gives it another length and another pattern, if its heap can do that and has room; with how many bytes were lost on the way.
    pub fn resize(&mut self, len: usize, mark: u64) -> Option<usize> {
        let done = match &mut self.holder {
            Holder::Malloc(block) => block.resize(len),
            Holder::Alloc(block) => block.resize(len),
            Holder::Small(block) => block.resize(len),
            Holder::Claim(_) | Holder::Shared(_) => false,
        };
        if !done {
            return None;
        }
        let start = self.holder.start();
        // SAFETY: what both lengths have was copied.
        let lost = unsafe { self.bytes.lost_at(start, len) };
        // SAFETY: the holder was asked for so many bytes; they are held for as long as the block.
        self.bytes = unsafe { Bytes::new(start, len, mark) };
        Some(lost)
    }

    /// How many of its bytes somebody else has written to.
    pub fn lost(&self) -> usize {
        self.bytes.lost()
    }

    /// Whether they have a byte in common.
    pub fn overlaps(&self, other: &Block) -> bool {
        let [one, other] = [&self.bytes, &other.bytes].map(|bytes| (bytes.start().addr().get(), bytes.len()));
        one.0 < other.0 + other.1 && other.0 < one.0 + one.1
    }

    /// Whose it is.
    pub fn of(&self) -> &'static str {
        match self.holder {
            Holder::Malloc(_) => "libc",
            Holder::Alloc(_) => "Rust's heap",
            Holder::Small(_) => "Small",
            Holder::Claim(_) => "a claim",
            Holder::Shared(_) => "a shared pool",
        }
    }
}
