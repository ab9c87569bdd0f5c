//! A module with a global allocator and nothing else: what it exports is all that its users need of one. Or one with an arena.

#![cfg(target_family = "wasm")]
#![no_std]

#[cfg(not(feature = "arena"))]
extern crate alloc as heap;
// With Rust's default allocator come std, and its panics.
#[cfg(feature = "std")]
extern crate std;

#[cfg(not(feature = "arena"))]
use core::alloc::Layout;

#[cfg(feature = "dlmalloc")]
use freehold_perf_allocators::dlmalloc as chosen;
#[cfg(feature = "freehold")]
use freehold_perf_allocators::freehold as chosen;
#[cfg(feature = "freehold_small")]
use freehold_perf_allocators::freehold_small as chosen;
#[cfg(feature = "limit")]
use freehold_perf_allocators::limit as chosen;
#[cfg(feature = "lol_alloc")]
use freehold_perf_allocators::lol_alloc as chosen;
#[cfg(feature = "rlsf")]
use freehold_perf_allocators::rlsf as chosen;
#[cfg(feature = "rlsf_small")]
use freehold_perf_allocators::rlsf_small as chosen;
#[cfg(feature = "talc")]
use freehold_perf_allocators::talc as chosen;
#[cfg(feature = "wasi_libc")]
use freehold_perf_allocators::wasi_libc as chosen;
#[cfg(feature = "wee_alloc")]
use freehold_perf_allocators::wee_alloc as chosen;
#[cfg(feature = "zig")]
use freehold_perf_allocators::zig as chosen;

#[cfg(not(any(feature = "std", feature = "arena")))]
#[global_allocator]
static HEAP: chosen::Heap = chosen::heap();

#[cfg(not(feature = "arena"))]
/// # Safety
///
/// That of [`core::alloc::GlobalAlloc::alloc`].
#[unsafe(no_mangle)]
unsafe extern "C" fn allocate(size: usize, align: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
    // SAFETY: the caller's promise.
    unsafe { heap::alloc::alloc(layout) }
}

#[cfg(not(feature = "arena"))]
/// # Safety
///
/// That of [`core::alloc::GlobalAlloc::dealloc`].
#[unsafe(no_mangle)]
unsafe extern "C" fn deallocate(block: *mut u8, size: usize, align: usize) {
    // SAFETY: the caller's promise.
    let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
    // SAFETY: the caller's promise.
    unsafe { heap::alloc::dealloc(block, layout) };
}

#[cfg(not(feature = "arena"))]
/// # Safety
///
/// That of [`core::alloc::GlobalAlloc::realloc`].
#[unsafe(no_mangle)]
unsafe extern "C" fn reallocate(block: *mut u8, size: usize, align: usize, wanted: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
    // SAFETY: the caller's promise.
    unsafe { heap::alloc::realloc(block, layout, wanted) }
}

/// Slices in the scopes of an arena.
#[cfg(feature = "arena")]
#[unsafe(no_mangle)]
extern "C" fn work(turns: usize) -> usize {
    use freehold::Alloc;
    let mut arena = freehold::Arena::new();
    let slices = (0..turns).map(|turn| {
        let scope = arena.scope();
        scope.alloc_uninit_slice::<u32>(turn).as_ptr().addr()
    });
    slices.fold(0, usize::wrapping_add)
}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// No allocator: no memory.
#[cfg(feature = "none")]
mod chosen {
    use core::alloc::{GlobalAlloc, Layout};

    pub struct Heap;

    pub const fn heap() -> Heap {
        Heap
    }

    // SAFETY: it never has a block.
    unsafe impl GlobalAlloc for Heap {
        unsafe fn alloc(&self, _: Layout) -> *mut u8 {
            core::ptr::null_mut()
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

        unsafe fn realloc(&self, _: *mut u8, _: Layout, _: usize) -> *mut u8 {
            core::ptr::null_mut()
        }
    }
}
