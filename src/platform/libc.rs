//! libc's allocator, by its own prototypes.

use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null_mut};

#[cfg_attr(target_os = "wasi", link(name = "c"))]
unsafe extern "C" {
    #[cfg(all(target_os = "wasi", not(feature = "malloc")))]
    pub(super) fn malloc(len: usize) -> *mut c_void;
    fn posix_memalign(out: *mut *mut c_void, align: usize, len: usize) -> c_int;
    pub(super) fn free(block: *mut c_void);
}

/// A block of `len` bytes, not 0, at a multiple of `align`, which is a power of two and no less than a pointer's size.
pub(crate) fn lend(align: usize, len: usize) -> Option<NonNull<u8>> {
    let mut block = null_mut();
    // SAFETY: `block` is writable, and the alignment is one.
    let failed = unsafe { posix_memalign(&mut block, align, len) };
    let block = NonNull::new(block.cast::<u8>()).filter(|_| failed == 0)?;
    // Near 4 GiB mimalloc of Emscripten 3.1.69 hands out blocks that end past the end of memory. Such a one is left where it is: to
    // free it would be to write there.
    #[cfg(target_family = "wasm")]
    if block.addr().get().checked_add(len).is_none_or(|end| end > super::memory_size()) {
        return None;
    }
    Some(block)
}

/// Frees a block.
///
/// # Safety
///
/// The caller owes: it came from [`lend`], was not freed before, and nobody uses it any more.
pub(crate) unsafe fn take_back(block: NonNull<u8>) {
    // SAFETY: the caller's promise.
    unsafe { free(block.as_ptr().cast()) };
}
