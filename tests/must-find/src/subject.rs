//! What the rows of heaps act on: a heap with the layer, or the heap alone; and the steps of which they are made.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicPtr};

use freehold::Region;
use freehold::debug::Checked;

use crate::Below;
use crate::blocks::{Row, WRITTEN};
use crate::hands::Hands;

/// A heap that may hand out what it has handed out.
pub struct Repeats<'h> {
    heap: &'h Below,
    repeat: AtomicBool,
    last: AtomicPtr<u8>,
}

impl<'h> Repeats<'h> {
    pub fn new(heap: &'h Below) -> Self {
        Repeats { heap, repeat: AtomicBool::new(false), last: AtomicPtr::new(ptr::null_mut()) }
    }
}

// SAFETY: the heap's own; that it is not when it repeats itself is the point.
unsafe impl GlobalAlloc for Repeats<'_> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let block = unsafe { self.heap.alloc(layout) };
        if self.repeat.load(Relaxed) {
            self.repeat.store(false, Relaxed);
            // SAFETY: allocated just now.
            unsafe { self.heap.dealloc(block, layout) };
            return self.last.load(Relaxed);
        }
        self.last.store(block, Relaxed);
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let block = unsafe { self.heap.alloc_zeroed(layout) };
        self.last.store(block, Relaxed);
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.heap.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.heap.realloc(block, layout, size) }
    }
}

/// A heap with the layer around it.
pub type Watched<'h> = Checked<Repeats<'h>, Region<'static>>;

/// What a row acts on.
pub trait Subject: GlobalAlloc {
    /// Whether somebody looks.
    const WATCHED: bool;

    /// Has it hand out the same block again next time.
    fn repeat(&self);

    /// Has it looked at: so much is wrong.
    fn check(&self) -> usize {
        0
    }

    /// Has what waits go back.
    fn trim(&self) {}

    /// Has it refuse the `n`th allocation from now on.
    fn fail_at(&self, n: usize) {
        let _ = n;
    }

    /// Has it refuse what goes beyond that.
    fn limit(&self, bytes: usize) {
        let _ = bytes;
    }
}

impl Subject for Watched<'_> {
    const WATCHED: bool = true;

    fn repeat(&self) {
        self.heap().repeat.store(true, Relaxed);
    }

    fn check(&self) -> usize {
        Checked::check(self)
    }

    fn trim(&self) {
        Checked::trim(self);
    }

    fn fail_at(&self, n: usize) {
        Checked::fail_at(self, n);
    }

    fn limit(&self, bytes: usize) {
        Checked::limit(self, bytes);
    }
}

/// Without it.
impl Subject for Repeats<'_> {
    const WATCHED: bool = false;

    fn repeat(&self) {
        self.repeat.store(true, Relaxed);
    }
}

/// A subject, and who does something with it.
pub struct By<'a, S> {
    pub row: Row,
    pub heap: &'a S,
    pub hands: &'a dyn Hands,
}

impl<S: Subject> By<'_, S> {
    pub fn try_take(&self, who: usize, layout: Layout) -> *mut u8 {
        self.hands.by(who, || {
            // SAFETY: the size is not 0.
            let block = unsafe { self.heap.alloc(layout) };
            if !block.is_null() {
                // SAFETY: so many bytes were allocated.
                unsafe { block.write_bytes(1, layout.size()) };
            }
            block
        })
    }

    pub fn take(&self, who: usize, layout: Layout) -> *mut u8 {
        let block = self.try_take(who, layout);
        assert!(!block.is_null());
        block
    }

    /// One that is to be zero, and must be.
    pub fn take_zeroed(&self, who: usize, layout: Layout) -> *mut u8 {
        self.hands.by(who, || {
            // SAFETY: the size is not 0.
            let block = unsafe { self.heap.alloc_zeroed(layout) };
            assert!(!block.is_null());
            let is_zero = |at: usize| {
                // SAFETY: the block has as many bytes, all of them written.
                let byte = unsafe { block.add(at) };
                // SAFETY: as above.
                (unsafe { byte.read() }) == 0
            };
            self.expect((0..layout.size()).all(is_zero));
            block
        })
    }

    pub fn give(&self, who: usize, block: *mut u8, given: Layout) {
        // SAFETY: it is one of the heap's with this layout, or this is a mistake on purpose, at which the layer does nothing.
        self.hands.by(who, || unsafe { self.heap.dealloc(block, given) });
    }

    pub fn resize(&self, who: usize, block: *mut u8, given: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        self.hands.by(who, || unsafe { self.heap.realloc(block, given, size) })
    }

    /// Writes a byte so far from the start, in the block or in what the layer keeps beside it.
    pub fn poke(&self, block: *mut u8, offset: isize) {
        self.hands.by(4, || {
            // SAFETY: the layer has as much on each side, and lets the block's pointer reach it.
            let place = unsafe { block.offset(offset) };
            // SAFETY: as above.
            unsafe { place.write(WRITTEN) };
        });
    }

    /// What must be so if somebody looks.
    #[track_caller]
    pub fn expect(&self, so: bool) {
        assert!(!S::WATCHED || so, "{:?}", self.row);
    }
}
