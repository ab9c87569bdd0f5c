//! Allocators that are not Rust's, on wasm. `cargo perf` has them compiled and linked where their tools are installed.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

/// wasi-libc's malloc, which is its own dlmalloc over its own `sbrk`.
#[cfg(feature = "wasi_libc")]
pub mod wasi_libc {
    use core::alloc::{GlobalAlloc, Layout};

    unsafe extern "C" {
        fn malloc(size: usize) -> *mut u8;
        fn calloc(count: usize, size: usize) -> *mut u8;
        fn realloc(memory: *mut u8, size: usize) -> *mut u8;
        fn aligned_alloc(align: usize, size: usize) -> *mut u8;
        fn free(memory: *mut u8);
    }

    pub struct Heap;

    pub const fn heap() -> Heap {
        Heap
    }

    /// The alignment that `malloc` gives to any block.
    const ALIGN: usize = 16;

    // SAFETY: C's allocator keeps the same promises; what asks for more alignment goes to `aligned_alloc`, and `free` takes both.
    unsafe impl GlobalAlloc for Heap {
        #[inline]
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if layout.align() <= ALIGN {
                // SAFETY: any size will do.
                return unsafe { malloc(layout.size()) };
            }
            // SAFETY: a power of two, and a size that is a multiple of it.
            unsafe { aligned_alloc(layout.align(), layout.pad_to_align().size()) }
        }

        #[inline]
        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            if layout.align() <= ALIGN {
                // SAFETY: any size will do.
                return unsafe { calloc(1, layout.size()) };
            }
            // SAFETY: the caller's promise.
            let memory = unsafe { self.alloc(layout) };
            if !memory.is_null() {
                // SAFETY: just allocated, that long.
                unsafe { memory.write_bytes(0, layout.size()) };
            }
            memory
        }

        #[inline]
        unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
            // SAFETY: it came from one of the two.
            unsafe { free(memory) };
        }

        #[inline]
        unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
            if layout.align() <= ALIGN {
                // SAFETY: it came from `malloc`.
                return unsafe { realloc(memory, new_size) };
            }
            // SAFETY: the caller's promise.
            unsafe { super::moved(self, memory, layout, new_size) }
        }
    }
}

/// Zig's, whichever is linked: `zig_wasm.zig` with powers of two, or one of those that look for mistakes.
#[cfg(feature = "zig")]
pub mod zig {
    use core::alloc::{GlobalAlloc, Layout};

    // `zig_calls.zig`.
    unsafe extern "C" {
        fn zig_alloc(len: usize, log2: u8) -> *mut u8;
        fn zig_free(memory: *mut u8, len: usize, log2: u8);
        fn zig_remap(memory: *mut u8, len: usize, log2: u8, new: usize) -> *mut u8;
    }

    pub struct Heap;

    pub const fn heap() -> Heap {
        Heap
    }

    fn log2(layout: Layout) -> u8 {
        layout.align().trailing_zeros() as u8
    }

    // SAFETY: Zig's allocator gives each block to one caller, aligned as asked.
    unsafe impl GlobalAlloc for Heap {
        #[inline]
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the size is not 0.
            unsafe { zig_alloc(layout.size(), log2(layout)) }
        }

        #[inline]
        unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
            // SAFETY: it was allocated with this size and alignment.
            unsafe { zig_free(memory, layout.size(), log2(layout)) };
        }

        #[inline]
        unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
            // SAFETY: it was allocated with this size and alignment.
            let stayed = unsafe { zig_remap(memory, layout.size(), log2(layout), new_size) };
            if !stayed.is_null() {
                return stayed;
            }
            // SAFETY: the caller's promise.
            unsafe { super::moved(self, memory, layout, new_size) }
        }
    }
}

/// Memory for `new_size` bytes elsewhere, with what `memory` holds.
///
/// # Safety
///
/// That of [`GlobalAlloc::realloc`].
unsafe fn moved(heap: &impl GlobalAlloc, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
    // SAFETY: the caller owes that the size, rounded up to the alignment, does not overflow.
    let new = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
    // SAFETY: the caller's promise.
    let moved = unsafe { heap.alloc(new) };
    if !moved.is_null() {
        // SAFETY: two blocks, both that long.
        unsafe { ptr::copy_nonoverlapping(memory, moved, layout.size().min(new_size)) };
        // SAFETY: the caller's promise.
        unsafe { heap.dealloc(memory, layout) };
    }
    moved
}
