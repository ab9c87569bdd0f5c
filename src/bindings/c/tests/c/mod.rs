//! What `freehold.h` declares, for Rust that calls the library as C does. Handles are numbers, errors references; so all but names,
//! regions, blocks and buffers are safe to give.

use core::ffi::{c_char, c_int};

/// `freehold_arena *` and its like.
pub type Handle = usize;

/// `freehold_error`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Error {
    /// How a call went.
    pub code: c_int,
    /// The same as a text, which ends with a null.
    pub text: [u8; 252],
}

impl Error {
    /// One that no call has written to yet.
    pub const NONE: Error = Error { code: -1, text: [1; 252] };
}

/// `freehold_stats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
#[allow(missing_docs)]
pub struct Stats {
    pub claimed: usize,
    pub free: usize,
    pub peak: usize,
    pub granted: usize,
    pub growths: usize,
}

/// `freehold_span`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs)]
pub struct Span {
    pub start: usize,
    pub length: usize,
    pub owner: [u8; 32],
}

#[allow(dead_code, missing_docs)]
unsafe extern "C" {
    pub safe fn freehold_text(code: c_int) -> *const c_char;
    pub safe fn freehold_ledger_default(error: &mut Error) -> Handle;
    pub fn freehold_ledger_over(region: *mut u8, length: usize, error: &mut Error) -> Handle;
    pub safe fn freehold_ledger_close(ledger: Handle, error: &mut Error) -> c_int;
    pub safe fn freehold_ledger_stats(ledger: Handle, stats: Option<&mut Stats>, error: &mut Error) -> c_int;
    pub safe fn freehold_ledger_next(ledger: Handle, span: Option<&mut Span>, error: &mut Error) -> c_int;
    pub fn freehold_ledger_draw(ledger: Handle, buffer: *mut u8, size: usize, error: &mut Error) -> usize;
    pub fn freehold_arena_open(ledger: Handle, name: *const c_char, error: &mut Error) -> Handle;
    pub safe fn freehold_arena_close(arena: Handle, error: &mut Error) -> c_int;
    pub safe fn freehold_arena_reset(arena: Handle, error: &mut Error) -> c_int;
    pub safe fn freehold_arena_trim(arena: Handle, error: &mut Error) -> c_int;
    pub safe fn freehold_alloc(arena: Handle, size: usize, align: usize, error: &mut Error) -> *mut u8;
    pub safe fn freehold_alloc_array(
        arena: Handle,
        count: usize,
        size: usize,
        align: usize,
        error: &mut Error,
    ) -> *mut u8;
    pub safe fn freehold_reserve(arena: Handle, bytes: usize, error: &mut Error) -> c_int;
    pub safe fn freehold_scope_open(arena: Handle, error: &mut Error) -> Handle;
    pub safe fn freehold_scope_close(scope: Handle, error: &mut Error) -> c_int;
    pub fn freehold_pool_open(
        ledger: Handle,
        name: *const c_char,
        size: usize,
        align: usize,
        capacity: usize,
        error: &mut Error,
    ) -> Handle;
    pub safe fn freehold_pool_close(pool: Handle, error: &mut Error) -> c_int;
    pub safe fn freehold_pool_alloc(pool: Handle, error: &mut Error) -> *mut u8;
    pub fn freehold_pool_free(pool: Handle, block: *mut u8, error: &mut Error) -> c_int;
    pub safe fn freehold_pool_in_use(pool: Handle, error: &mut Error) -> usize;
    pub safe fn freehold_heap_alloc(size: usize, align: usize, error: &mut Error) -> *mut u8;
    pub fn freehold_heap_resize(block: *mut u8, size: usize, align: usize, new_size: usize, error: &mut Error)
    -> c_int;
    pub fn freehold_heap_realloc(
        block: *mut u8,
        size: usize,
        align: usize,
        new_size: usize,
        error: &mut Error,
    ) -> *mut u8;
    pub fn freehold_heap_free(block: *mut u8, size: usize, align: usize, error: &mut Error) -> c_int;
}
