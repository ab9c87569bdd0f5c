//! C's names for a heap: `malloc` and its like over any global allocator.
//!
//! C doesn't say at `free` how long a block is. Of a [`Heap`](crate::Heap) a block's address says it (`headless.rs`); on any other allocator it
//! stands in front of each (`headed.rs`). Which of the two it is the heap's type says ([`Of`]).

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_int;
use core::ptr::{self, NonNull};

use crate::platform::{self, sanitizer};

mod headed;
#[cfg(any(unix, windows, target_family = "wasm"))]
mod headless;
#[cfg(any(unix, windows, target_family = "wasm"))]
mod of;
#[cfg(any(unix, windows, target_family = "wasm"))]
mod sheets;
// As with the heap's own: pointers from integers.
#[cfg(all(test, any(unix, windows, target_family = "wasm"), not(miri)))]
mod tests;

pub use headed::Headed;
#[cfg(any(unix, windows, target_family = "wasm"))]
pub use headless::Headless;
#[cfg(any(unix, windows, target_family = "wasm"))]
pub use of::{AnyHeap, Of};
#[cfg(any(unix, windows, target_family = "wasm"))]
pub use sheets::Sheets;

/// musl's numbers.
const ENOMEM: c_int = 12;
const EINVAL: c_int = 22;

/// The least alignment: that of C's `max_align_t`, and room for two words.
const ALIGN: usize = 16;

/// So many bytes of a block may be read though it may be free, without a sanitizer's report: the C library looks there whether it is.
#[inline(always)]
pub fn look_at(start: NonNull<u8>, len: usize) {
    sanitizer::unpoison(start, 0..len);
}

/// Blocks of which only the address comes back: what C's functions are made of.
///
/// # Safety
///
/// The implementor owes: a block is the caller's alone until it is freed, as long and as aligned as it is said to be, and zero where that is
/// said. Nothing unwinds.
#[doc(hidden)]
pub unsafe trait Malloc {
    /// A block of so many bytes, aligned to `align`, which is a power of two, and to 16; all zero if `zero` says so. Null if there is no room.
    fn alloc(&self, align: usize, size: usize, zero: bool) -> *mut u8;

    /// The same block with another size, or another one with what it held. Null if there is no room, and then it is as it was.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` was allocated here and not freed; it is not used any more unless null is returned.
    unsafe fn realloc(&self, block: NonNull<u8>, size: usize) -> *mut u8;

    /// # Safety
    ///
    /// The caller owes: `block` was allocated here, not freed, and is not used any more.
    unsafe fn free(&self, block: NonNull<u8>);

    /// Bytes that may be used of a block.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` was allocated here and not freed.
    unsafe fn usable(&self, block: NonNull<u8>) -> usize;
}

// SAFETY: they are the other one's.
unsafe impl<M: Malloc> Malloc for &M {
    fn alloc(&self, align: usize, size: usize, zero: bool) -> *mut u8 {
        (**self).alloc(align, size, zero)
    }

    unsafe fn realloc(&self, block: NonNull<u8>, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { (**self).realloc(block, size) }
    }

    unsafe fn free(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise.
        unsafe { (**self).free(block) }
    }

    unsafe fn usable(&self, block: NonNull<u8>) -> usize {
        // SAFETY: the caller's promise.
        unsafe { (**self).usable(block) }
    }
}

/// Memory of the heap's, all zero if `zero` says so; null if there is no room.
///
/// # Safety
///
/// The caller owes: the layout has a size.
#[inline(always)]
unsafe fn ask(heap: &impl GlobalAlloc, layout: Layout, zero: bool) -> *mut u8 {
    if zero {
        // SAFETY: the caller's promise.
        unsafe { heap.alloc_zeroed(layout) }
    } else {
        // SAFETY: as above.
        unsafe { heap.alloc(layout) }
    }
}

/// What is returned to C, and `errno` set if that is null.
fn told(block: *mut u8) -> *mut u8 {
    if block.is_null() { refuse(ENOMEM) } else { block }
}

/// Null, and why.
#[cold]
fn refuse(why: c_int) -> *mut u8 {
    platform::set_errno(why);
    ptr::null_mut()
}

/// `aligned_alloc`; with a power of two up to 16, `malloc`.
#[doc(hidden)]
pub fn allocate(heap: impl Malloc, align: usize, size: usize) -> *mut u8 {
    // A small alignment that is none would be lost in the larger one.
    if align.is_power_of_two() { told(heap.alloc(align, size, false)) } else { refuse(EINVAL) }
}

/// `calloc`.
#[doc(hidden)]
pub fn allocate_zeroed(heap: impl Malloc, count: usize, size: usize) -> *mut u8 {
    match count.checked_mul(size) {
        Some(size) => told(heap.alloc(ALIGN, size, true)),
        None => refuse(ENOMEM),
    }
}

/// `realloc`.
///
/// # Safety
///
/// The caller owes: `block` is null, or was allocated by a function of this module from this heap and not freed; it is not used
/// any more unless null is returned.
#[doc(hidden)]
pub unsafe fn reallocate(heap: impl Malloc, block: *mut u8, size: usize) -> *mut u8 {
    match NonNull::new(block) {
        None => allocate(heap, ALIGN, size),
        // SAFETY: the caller's promise.
        Some(block) => told(unsafe { heap.realloc(block, size) }),
    }
}

/// `reallocarray`.
///
/// # Safety
///
/// As of `realloc`.
#[doc(hidden)]
pub unsafe fn reallocate_array(heap: impl Malloc, block: *mut u8, count: usize, size: usize) -> *mut u8 {
    let Some(size) = count.checked_mul(size) else {
        return refuse(ENOMEM);
    };
    // SAFETY: the caller's promise.
    unsafe { reallocate(heap, block, size) }
}

/// `free`.
///
/// # Safety
///
/// The caller owes: `block` is null, or was allocated by a function of this module from this heap, not freed, and is not used
/// any more.
#[doc(hidden)]
pub unsafe fn release(heap: impl Malloc, block: *mut u8) {
    if let Some(block) = NonNull::new(block) {
        // SAFETY: the caller's promise.
        unsafe { heap.free(block) };
    }
}

/// `malloc_usable_size`.
///
/// # Safety
///
/// The caller owes: `block` is null, or was allocated by a function of this module from this heap and not freed.
#[doc(hidden)]
pub unsafe fn usable_size(heap: impl Malloc, block: *mut u8) -> usize {
    // SAFETY: the caller's promise.
    NonNull::new(block).map_or(0, |block| unsafe { heap.usable(block) })
}

/// `posix_memalign`: 0, or what stood in the way, and then nothing is written.
///
/// # Safety
///
/// The caller owes: `out` may be written.
#[doc(hidden)]
pub unsafe fn allocate_into(heap: impl Malloc, out: *mut *mut u8, align: usize, size: usize) -> c_int {
    if !align.is_power_of_two() || align < size_of::<usize>() {
        return EINVAL;
    }
    let block = heap.alloc(align, size, false);
    if block.is_null() {
        return ENOMEM;
    }
    // SAFETY: the caller's promise.
    unsafe { out.write(block) };
    0
}

/// Gives a wasm module the C functions `malloc`, `calloc`, `realloc`, `free`, `aligned_alloc`, `memalign`, `posix_memalign`, `reallocarray` and
/// `malloc_usable_size` over its global allocator, so that C that is linked into it shares one heap with Rust. Once in a module.
///
/// ```
/// #[global_allocator]
/// static HEAP: freehold::Heap = freehold::Heap::new();
///
/// # #[cfg(all(target_family = "wasm", target_os = "unknown"))]
/// freehold::c_symbols!(HEAP);
/// ```
///
/// All follow the C standard; memory is aligned to 16 bytes; `malloc(0)` is a block of no bytes; errors are musl's numbers, `EINVAL` 22 and `ENOMEM`
/// 12. Where there is a libc `errno` is set. Blocks of C's must be freed by C's `free`: Rust's `dealloc` knows nothing of what is known of them, nor
/// C's of Rust's.
///
/// # What a block costs
///
/// | on a `static` of type | a block costs |
/// |---|---|
/// | [`Heap`](crate::Heap) | what one of Rust's of that size does: its address says how long it is. What is known of all of them takes half a kilobyte, one more for each half of a megabyte that has any, and where memory is small or short up to 256 bytes for each 4 KiB |
/// | any other global allocator, [`SmallHeap`](crate::SmallHeap), [`BoundedHeap`](crate::BoundedHeap), [`Checked`](crate::debug::Checked) and [`Tagged`](crate::tags::Tagged) around a `Heap` among them | 16 bytes more than its size, or its alignment if that is larger |
///
/// It is the type of the `static` that decides, so a wrapper of yours around a `Heap` is one of the others.
///
/// # Where there is a libc
///
/// On WASI and Emscripten libc has a heap, and its other functions rest on that. With the crate's feature `malloc` it has this one: the
/// macro defines what libc calls inside as well (`__libc_malloc`, `emscripten_builtin_malloc` and their like), so libc's own heap is not linked
/// at all, and memory comes from beneath it. Without the feature the macro doesn't compile there; with the feature, and without the macro, the
/// module doesn't link, or it imports `__freehold_is_malloc`, which nobody has, and doesn't start.
///
/// A module that is linked with another `malloc` all the same, one that came before this on the linker's command line, is refused by the
/// linker (`duplicate symbol: malloc`).
///
/// It takes the path of a `static`. A `const` would be another heap in each call, one that does not know the block that is freed.
///
/// ```compile_fail,E0745
/// const HEAP: freehold::Heap = freehold::Heap::new();
/// freehold::c_symbols!(HEAP);
/// ```
#[macro_export]
macro_rules! c_symbols {
    ($heap:path) => {
        const _: () = {
            $crate::__may_be_malloc!();
            $crate::__static_heap!(freehold_heap, $heap);
            $crate::__c_symbol!(freehold_heap, malloc, malloc);
            $crate::__c_symbol!(freehold_heap, calloc, calloc);
            $crate::__c_symbol!(freehold_heap, realloc, realloc);
            $crate::__c_symbol!(freehold_heap, free, free);
            $crate::__c_symbol!(freehold_heap, memalign, aligned_alloc);
            $crate::__c_symbol!(freehold_heap, memalign, memalign);
            #[unsafe(no_mangle)]
            unsafe extern "C" fn reallocarray(block: *mut u8, count: usize, size: usize) -> *mut u8 {
                // SAFETY: C's caller owes it.
                unsafe { $crate::c::reallocate_array(freehold_heap(), block, count, size) }
            }
            #[unsafe(no_mangle)]
            unsafe extern "C" fn malloc_usable_size(block: *mut u8) -> usize {
                // SAFETY: C's caller owes it.
                unsafe { $crate::c::usable_size(freehold_heap(), block) }
            }
            #[unsafe(no_mangle)]
            unsafe extern "C" fn posix_memalign(out: *mut *mut u8, align: usize, size: usize) -> ::core::ffi::c_int {
                // SAFETY: C's caller owes it.
                unsafe { $crate::c::allocate_into(freehold_heap(), out, align, size) }
            }
            #[cfg(any(target_os = "wasi", target_os = "emscripten"))]
            $crate::__libc_symbols!(freehold_heap);
            #[cfg(target_os = "emscripten")]
            $crate::__emscripten_symbols!(freehold_heap);
        };
    };
}

/// What musl's and wasi-libc's own functions call, and what says that it is there.
#[doc(hidden)]
#[macro_export]
macro_rules! __libc_symbols {
    ($heap:ident) => {
        $crate::__c_symbol!($heap, malloc, __libc_malloc);
        $crate::__c_symbol!($heap, calloc, __libc_calloc);
        $crate::__c_symbol!($heap, realloc, __libc_realloc);
        $crate::__c_symbol!($heap, free, __libc_free);
        $crate::__c_symbol!($heap, memalign, __libc_memalign);
        #[unsafe(no_mangle)]
        extern "C" fn __freehold_is_malloc() {}
    };
}

/// What Emscripten's functions call.
#[doc(hidden)]
#[macro_export]
macro_rules! __emscripten_symbols {
    ($heap:ident) => {
        $crate::__c_symbol!($heap, malloc, emscripten_builtin_malloc);
        $crate::__c_symbol!($heap, calloc, emscripten_builtin_calloc);
        $crate::__c_symbol!($heap, realloc, emscripten_builtin_realloc);
        $crate::__c_symbol!($heap, free, emscripten_builtin_free);
        $crate::__c_symbol!($heap, memalign, emscripten_builtin_memalign);
    };
}

/// On this heap, one of C's functions, under a name of C's.
#[doc(hidden)]
#[macro_export]
macro_rules! __c_symbol {
    ($heap:ident, malloc, $name:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $name(size: usize) -> *mut u8 {
            $crate::c::allocate($heap(), 1, size)
        }
    };
    ($heap:ident, calloc, $name:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $name(count: usize, size: usize) -> *mut u8 {
            $crate::c::allocate_zeroed($heap(), count, size)
        }
    };
    ($heap:ident, realloc, $name:ident) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(block: *mut u8, size: usize) -> *mut u8 {
            // SAFETY: C's caller owes it.
            unsafe { $crate::c::reallocate($heap(), block, size) }
        }
    };
    ($heap:ident, free, $name:ident) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(block: *mut u8) {
            // SAFETY: C's caller owes it.
            unsafe { $crate::c::release($heap(), block) }
        }
    };
    ($heap:ident, memalign, $name:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $name(align: usize, size: usize) -> *mut u8 {
            $crate::c::allocate($heap(), align, size)
        }
    };
}

/// Compiles where a module's `malloc` may be this crate's.
#[cfg(any(
    all(target_family = "wasm", any(target_os = "unknown", target_os = "none")),
    all(feature = "malloc", any(target_os = "wasi", target_os = "emscripten")),
))]
#[doc(hidden)]
#[macro_export]
macro_rules! __may_be_malloc {
    () => {};
}

/// Compiles where a module's `malloc` may be this crate's.
#[cfg(not(any(
    all(target_family = "wasm", any(target_os = "unknown", target_os = "none")),
    all(feature = "malloc", any(target_os = "wasi", target_os = "emscripten")),
)))]
#[doc(hidden)]
#[macro_export]
macro_rules! __may_be_malloc {
    () => {
        compile_error!(
            "freehold::c_symbols!: this target has a libc with a heap of its own, which its other functions use; \
             on WASI and Emscripten freehold's feature `malloc` puts this heap in its place, elsewhere call that `malloc`"
        );
    };
}

/// A function `$name` that returns C's view of the heap at `$heap`: a `static`, the same in each call. A `const`, a function or an expression does not
/// compile.
///
/// ```compile_fail,E0745
/// const HEAP: freehold::Heap = freehold::Heap::new();
/// freehold::__static_heap!(heap, HEAP);
/// ```
/// ```compile_fail,E0745
/// static HEAP: freehold::Heap = freehold::Heap::new();
/// const SAME: &freehold::Heap = &HEAP;
/// freehold::__static_heap!(heap, SAME);
/// ```
/// ```compile_fail,E0133
/// static mut HEAP: freehold::Heap = freehold::Heap::new();
/// freehold::__static_heap!(heap, HEAP);
/// ```
/// ```compile_fail
/// freehold::__static_heap!(heap, freehold::Heap::new());
/// ```
/// ```
/// static HEAP: freehold::Heap = freehold::Heap::new();
/// freehold::__static_heap!(heap, HEAP);
/// let block = freehold::c::allocate(heap(), 1, 100);
/// assert!(HEAP.stats().in_use >= 100);
/// // SAFETY: it was allocated there.
/// unsafe { freehold::c::release(heap(), block) };
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __static_heap {
    ($name:ident, $heap:path) => {
        #[inline(always)]
        fn $name() -> impl $crate::c::Malloc {
            // For all heaps but one type, whose own method comes first.
            #[allow(unused_imports)]
            use $crate::c::AnyHeap as _;
            static SHEETS: $crate::c::Sheets = $crate::c::Sheets::new();
            // Only what has a place of its own has an address that can be taken so: a `static`.
            let _ = &raw const $heap;
            $crate::c::Of(&$heap).blocks(&SHEETS)
        }
    };
}
