//! A libc whose `malloc` is this crate's, by `c_symbols!`.

use core::ffi::c_int;

unsafe extern "C" {
    /// Defined where the heap is named. Whoever takes memory from beneath libc's heap calls it, so that a module in which that is another one
    /// doesn't link: `duplicate symbol: malloc`, if libc's came first; `undefined symbol`, if nobody named a heap. (Rust has the linker import
    /// functions that are nowhere: then the module doesn't start, as nobody has that.)
    safe fn __freehold_is_malloc();
}

/// Sees to it, when the module is linked, that its `malloc` is this crate's.
#[inline]
pub(super) fn is_malloc() {
    __freehold_is_malloc();
}

/// What C finds in `errno`.
pub(crate) fn set_errno(number: c_int) {
    // SAFETY: where this thread's number lies.
    unsafe { place().write(number) };
}

// wasi-libc of 2022 has the variable, and no function that returns its address.
#[cfg(all(target_os = "wasi", not(target_feature = "atomics")))]
fn place() -> *mut c_int {
    unsafe extern "C" {
        static mut errno: c_int;
    }
    &raw mut errno
}

#[cfg(not(all(target_os = "wasi", not(target_feature = "atomics"))))]
fn place() -> *mut c_int {
    unsafe extern "C" {
        safe fn __errno_location() -> *mut c_int;
    }
    __errno_location()
}
