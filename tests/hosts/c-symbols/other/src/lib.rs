//! A heap of C's beside ours, as a libc brings one: with `malloc`, and with a function that only it has. A module that uses the
//! latter gets both, and must not link.

#![no_std]
#![cfg(target_family = "wasm")]

/// A `malloc` that nobody should get.
#[unsafe(no_mangle)]
extern "C" fn malloc(_size: usize) -> *mut u8 {
    core::ptr::null_mut()
}

/// What brings it in.
#[inline(never)]
pub fn malloc_stats() -> usize {
    core::hint::black_box(malloc as *const () as usize)
}
