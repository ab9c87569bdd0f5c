//! libc's allocator, by its own prototypes.

use core::ffi::c_void;

#[cfg_attr(target_os = "wasi", link(name = "c"))]
unsafe extern "C" {
    pub(super) fn malloc(len: usize) -> *mut c_void;
    pub(super) fn free(block: *mut c_void);
}
