//! C's names for a heap: `malloc` and its like over any global allocator.
//!
//! C doesn't say at `free` how long a block is. So each has 16 bytes or, if it is aligned to more, as many as that in front, and
//! the last two words of these are its size and its alignment.

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_int;
use core::ptr;

use crate::platform::{self, sanitizer};

/// musl's numbers.
const ENOMEM: c_int = 12;
const EINVAL: c_int = 22;

/// The least alignment: that of C's `max_align_t`, and room for two words.
const ALIGN: usize = 16;

const _: () = assert!(2 * size_of::<usize>() <= ALIGN);

/// So many bytes of a block may be read though it may be free, without a sanitizer's report: the C library looks there whether it is.
#[inline(always)]
pub fn look_at(start: ptr::NonNull<u8>, len: usize) {
    sanitizer::unpoison(start, 0..len);
}

/// What stands before a block.
#[derive(Clone, Copy)]
#[repr(C)]
struct BlockHeader {
    size: usize,
    /// Also the bytes from the start of the memory to the block.
    align: usize,
}

impl BlockHeader {
    /// Of the memory, the header and what is before it included.
    fn layout(self) -> Option<Layout> {
        Layout::from_size_align(self.size.checked_add(self.align)?, self.align).ok()
    }

    /// The block in `memory`, with its header written; null for null.
    ///
    /// # Safety
    ///
    /// The caller owes: `memory` is null or was allocated with this header's layout.
    unsafe fn open(self, memory: *mut u8) -> *mut u8 {
        if memory.is_null() {
            return memory;
        }
        // SAFETY: the memory has `align` bytes in front of the block's own.
        let block = unsafe { memory.add(self.align) };
        // SAFETY: a header is no longer than these.
        let header = unsafe { block.cast::<BlockHeader>().sub(1) };
        // SAFETY: as above; a block is aligned for words.
        unsafe { header.write(self) };
        block
    }

    /// # Safety
    ///
    /// The caller owes: `block` was allocated by a function of this module and not freed.
    unsafe fn of(block: *mut u8) -> BlockHeader {
        // SAFETY: a header stands in front of such a block.
        let header = unsafe { block.cast::<BlockHeader>().sub(1) };
        // SAFETY: as above.
        unsafe { header.read() }
    }

    /// # Safety
    ///
    /// The caller owes: this is the header of `block`.
    unsafe fn memory(self, block: *mut u8) -> *mut u8 {
        // SAFETY: the memory starts so many bytes before the block.
        unsafe { block.sub(self.align) }
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
pub fn allocate(heap: &impl GlobalAlloc, align: usize, size: usize) -> *mut u8 {
    // A small alignment that is none would be lost in the larger one.
    if align.is_power_of_two() { told(aligned(heap, align, size)) } else { refuse(EINVAL) }
}

/// A block, or null. The alignment is a power of two.
fn aligned(heap: &impl GlobalAlloc, align: usize, size: usize) -> *mut u8 {
    let header = BlockHeader { size, align: align.max(ALIGN) };
    let Some(layout) = header.layout() else {
        return ptr::null_mut();
    };
    // SAFETY: at least 16 bytes are asked for.
    let memory = unsafe { heap.alloc(layout) };
    // SAFETY: it was just allocated, or is null.
    unsafe { header.open(memory) }
}

/// `calloc`.
#[doc(hidden)]
pub fn allocate_zeroed(heap: &impl GlobalAlloc, count: usize, size: usize) -> *mut u8 {
    let header = count.checked_mul(size).map(|size| BlockHeader { size, align: ALIGN });
    let Some((header, layout)) = header.and_then(|header| Some((header, header.layout()?))) else {
        return refuse(ENOMEM);
    };
    // SAFETY: at least 16 bytes are asked for.
    let memory = unsafe { heap.alloc_zeroed(layout) };
    // SAFETY: it was just allocated, or is null.
    told(unsafe { header.open(memory) })
}

/// `realloc`.
///
/// # Safety
///
/// The caller owes: `block` is null, or was allocated by a function of this module from this heap and not freed; it is not used
/// any more unless null is returned.
#[doc(hidden)]
pub unsafe fn reallocate(heap: &impl GlobalAlloc, block: *mut u8, size: usize) -> *mut u8 {
    if block.is_null() {
        return allocate(heap, ALIGN, size);
    }
    // SAFETY: the caller's promise.
    let old = unsafe { BlockHeader::of(block) };
    let new = BlockHeader { size, ..old };
    let (Some(layout), Some(wanted)) = (old.layout(), new.layout()) else {
        return refuse(ENOMEM);
    };
    // SAFETY: the caller's promise.
    let memory = unsafe { old.memory(block) };
    // SAFETY: it was allocated with this layout; the new size is one of a layout, and not 0.
    let memory = unsafe { heap.realloc(memory, layout, wanted.size()) };
    // SAFETY: it was just allocated, or is null.
    told(unsafe { new.open(memory) })
}

/// `reallocarray`.
///
/// # Safety
///
/// As of `realloc`.
#[doc(hidden)]
pub unsafe fn reallocate_array(heap: &impl GlobalAlloc, block: *mut u8, count: usize, size: usize) -> *mut u8 {
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
pub unsafe fn release(heap: &impl GlobalAlloc, block: *mut u8) {
    if block.is_null() {
        return;
    }
    // SAFETY: the caller's promise.
    let header = unsafe { BlockHeader::of(block) };
    if let Some(layout) = header.layout() {
        // SAFETY: the caller's promise.
        let memory = unsafe { header.memory(block) };
        // SAFETY: it was allocated with this layout.
        unsafe { heap.dealloc(memory, layout) };
    }
}

/// `malloc_usable_size`.
///
/// # Safety
///
/// The caller owes: `block` is null, or was allocated by a function of this module and not freed.
#[doc(hidden)]
pub unsafe fn usable_size(block: *mut u8) -> usize {
    if block.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    unsafe { BlockHeader::of(block) }.size
}

/// `posix_memalign`: 0, or what stood in the way, and then nothing is written.
///
/// # Safety
///
/// The caller owes: `out` may be written.
#[doc(hidden)]
pub unsafe fn allocate_into(heap: &impl GlobalAlloc, out: *mut *mut u8, align: usize, size: usize) -> c_int {
    if !align.is_power_of_two() || align < size_of::<usize>() {
        return EINVAL;
    }
    let block = aligned(heap, align, size);
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
/// A block costs 16 bytes more than its size, or its alignment if that is larger. Blocks of C's must be freed by C's `free`: Rust's
/// `dealloc` knows nothing of what stands before them. All follow the C standard; memory is aligned to 16 bytes; `malloc(0)` is a
/// block of no bytes; errors are musl's numbers, `EINVAL` 22 and `ENOMEM` 12. Where there is a libc `errno` is set.
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
                unsafe { $crate::c::usable_size(block) }
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

/// A function `$name` that returns the heap at `$heap`: a `static`, the same in each call. A `const`, a function or an expression does not
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
/// let allocator: &'static dyn std::alloc::GlobalAlloc = heap();
/// assert!(std::ptr::addr_eq(allocator, &HEAP));
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __static_heap {
    ($name:ident, $heap:path) => {
        #[inline(always)]
        fn $name() -> &'static impl ::core::alloc::GlobalAlloc {
            // Only what has a place of its own has an address that can be taken so: a `static`.
            let _ = &raw const $heap;
            &$heap
        }
    };
}
