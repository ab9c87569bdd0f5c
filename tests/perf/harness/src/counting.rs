//! A global allocator that counts bytes. Counting costs time, so nothing is timed in a program that has it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// From here on the peak counts. Returns how many bytes there are.
pub fn start() -> usize {
    let now = NOW.load(Relaxed);
    PEAK.store(now, Relaxed);
    now
}

/// How many bytes there are; 0 in a program that does not count.
pub fn now() -> usize {
    NOW.load(Relaxed)
}

/// The most there were at once since the start; 0 in a program that does not count.
pub fn peak() -> usize {
    PEAK.load(Relaxed)
}

/// Rust's default allocator, counted.
pub struct Counting {
    /// What a block of so many bytes counts for.
    footprint: fn(usize) -> usize,
}

impl Counting {
    /// Counts a block of `size` bytes as `footprint(size)`.
    pub const fn new(footprint: fn(usize) -> usize) -> Self {
        Self { footprint }
    }

    fn add(&self, size: usize) {
        let now = NOW.load(Relaxed) + (self.footprint)(size);
        NOW.store(now, Relaxed);
        PEAK.store(PEAK.load(Relaxed).max(now), Relaxed);
    }

    fn remove(&self, size: usize) {
        NOW.store(NOW.load(Relaxed) - (self.footprint)(size), Relaxed);
    }
}

// SAFETY: all is the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.add(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.remove(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }

    /// A block that is resized counts once: a good allocator has one at a time of it.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.remove(layout.size());
        self.add(size);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }
}
