//! No arena: each value in a block of its own from a general allocator, kept in a list until the scope is over.

use std::alloc::{GlobalAlloc, Layout, handle_alloc_error};
use std::cell::RefCell;
use std::ptr::NonNull;

use talc::cell::TalcCell;
use talc::source::GlobalAllocSource;

use crate::place::{Arena, Nest, Nested, Place, Work};

pub struct Boxes<A> {
    allocator: A,
    blocks: RefCell<Vec<(NonNull<u8>, Layout)>>,
}

/// A general allocator.
///
/// # Safety
///
/// The implementor owes: what `alloc` returns is a block of that layout, nobody else's until `free` gets it.
pub unsafe trait Heap {
    fn new() -> Self;
    fn alloc(&self, layout: Layout) -> Option<NonNull<u8>>;
    /// # Safety
    ///
    /// The caller owes: the block came from here with this layout, and nobody uses it any more.
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout);
}

/// Rust's default allocator: glibc's malloc on Linux, dlmalloc on wasm. What `Box` uses.
#[derive(Debug)]
pub struct Global;

// SAFETY: all is the allocator's.
unsafe impl Heap for Global {
    #[inline(always)]
    fn new() -> Self {
        Global
    }

    #[inline(always)]
    fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: nothing that the rows allocate is empty.
        NonNull::new(unsafe { std::alloc::alloc(layout) })
    }

    #[inline(always)]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { std::alloc::dealloc(block.as_ptr(), layout) };
    }
}

// SAFETY: all is the allocator's. (`System` as a source would go past the counting.)
unsafe impl GlobalAlloc for Global {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { std::alloc::alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { std::alloc::dealloc(block, layout) };
    }
}

#[cfg(target_arch = "wasm32")]
type Binning = talc::wasm::WasmBinning;
#[cfg(not(target_arch = "wasm32"))]
type Binning = talc::DefaultBinning;

/// talc for one thread, on blocks of the default allocator.
pub type Talc = TalcCell<GlobalAllocSource<Global>, Binning>;

// SAFETY: all is the allocator's.
unsafe impl Heap for Talc {
    fn new() -> Self {
        TalcCell::new(GlobalAllocSource::new(Global))
    }

    #[inline(always)]
    fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: nothing that the rows allocate is empty.
        NonNull::new(unsafe { GlobalAlloc::alloc(self, layout) })
    }

    #[inline(always)]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { GlobalAlloc::dealloc(self, block.as_ptr(), layout) };
    }
}

impl<A: Heap> Boxes<A> {
    #[inline(always)]
    fn block(&self, layout: Layout) -> NonNull<u8> {
        let Some(block) = self.allocator.alloc(layout) else { handle_alloc_error(layout) };
        self.blocks.borrow_mut().push((block, layout));
        block
    }

    /// Frees the blocks of the scope that began when there were `len`.
    #[inline(always)]
    fn leave(&mut self, len: usize) {
        for (block, layout) in self.blocks.get_mut().drain(len..) {
            // SAFETY: each block leaves the list once, and its value was borrowed for as long as the scope at most.
            unsafe { self.allocator.free(block, layout) };
        }
    }
}

impl<A: Heap> Place for Boxes<A> {
    #[inline(always)]
    fn value<T: Copy>(&self, value: T) -> &T {
        let block = self.block(Layout::new::<T>()).cast::<T>();
        // SAFETY: a block for a `T`.
        unsafe { block.write(value) };
        // SAFETY: it was just written, and is nobody else's.
        unsafe { block.as_ref() }
    }

    #[inline(always)]
    fn bytes(&self, bytes: &[u8]) -> &[u8] {
        let block = self.block(Layout::for_value(bytes));
        // SAFETY: a block for that many bytes.
        unsafe { block.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        // SAFETY: they were just written, and are nobody else's.
        unsafe { std::slice::from_raw_parts(block.as_ptr(), bytes.len()) }
    }

    #[inline(always)]
    fn text(&self, text: &str) -> &str {
        let bytes = self.bytes(text.as_bytes());
        // SAFETY: the bytes of a `str`.
        unsafe { str::from_utf8_unchecked(bytes) }
    }
}

impl<A: Heap> Arena for Boxes<A> {
    #[inline(always)]
    fn new(_: usize) -> Self {
        Boxes { allocator: A::new(), blocks: RefCell::default() }
    }

    #[inline(always)]
    fn scope<W: Work>(&mut self) -> u64 {
        let result = W::run(self);
        self.leave(0);
        result
    }
}

impl<A: Heap> Nest for Boxes<A> {
    #[inline(always)]
    fn nest<W: Nested>(&mut self) -> u64 {
        let len = self.blocks.get_mut().len();
        let result = W::run(self);
        self.leave(len);
        result
    }
}
