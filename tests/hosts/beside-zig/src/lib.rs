//! The Rust part of a module whose other part is Zig's. The library brings the functions of `freehold.h` along: so both parts have one copy of
//! the crate, and one ledger.

#![no_std]

extern crate alloc;

use alloc::boxed::Box;
#[cfg(target_family = "wasm")]
use core::alloc::Layout;

use freehold::{Alloc, Arena, Heap, ledger};
#[cfg(target_family = "wasm")]
use freehold::{HeapTail, Ledger};
// Its functions are for Zig; and it has the panic handler.
use freehold_c as _;

// That of `freehold.h` is `heap`: with the same name its blocks would be counted as these.
#[global_allocator]
static HEAP: Heap = Heap::new_in(ledger(), "heap of Rust's");

/// What the Rust part has: a block of its heap, and an arena.
struct Part {
    text: Box<[u8]>,
    arena: Arena<'static>,
}

/// How many bytes this owner has.
///
/// # Safety
///
/// The caller owes: so many bytes from `owner` on are a text.
#[unsafe(no_mangle)]
unsafe extern "C" fn rust_bytes_of(owner: *const u8, len: usize) -> usize {
    // SAFETY: the caller's promise.
    let owner = unsafe { core::slice::from_raw_parts(owner, len) };
    let map = ledger().snapshot();
    map.spans().filter(|span| span.owner.is_some_and(|name| name.as_bytes() == owner)).map(|span| span.len).sum()
}

/// How many bytes of the Rust part's heap are in use.
#[unsafe(no_mangle)]
extern "C" fn rust_in_use() -> usize {
    HEAP.stats().in_use
}

#[unsafe(no_mangle)]
extern "C" fn rust_open() -> *mut Part {
    let arena = Arena::new_in(ledger(), "an arena of the Rust part, whose name is longer than freehold.h tells");
    arena.alloc_slice_fill(50_000, 7_u8);
    Box::into_raw(Box::new(Part { text: [8; 3000].into(), arena }))
}

/// # Safety
///
/// The caller owes: `part` is from [`rust_open`], and is handed over.
#[unsafe(no_mangle)]
unsafe extern "C" fn rust_close(part: *mut Part) {
    // SAFETY: the caller's promise.
    let Part { text, mut arena } = *unsafe { Box::from_raw(part) };
    assert!(text.iter().all(|byte| *byte == 8));
    arena.reset();
}

// SAFETY: no other heap of the module's starts at `__heap_base`: Zig's take grown pages.
#[cfg(target_family = "wasm")]
static TAIL: Ledger<HeapTail> = Ledger::new(unsafe { HeapTail::new() });

/// So many bytes of the heap tail, for good; null if somebody else lives there.
#[cfg(target_family = "wasm")]
#[unsafe(no_mangle)]
extern "C" fn rust_tail(len: usize) -> *mut u8 {
    let claim = Layout::from_size_align(len, 1).ok().and_then(|layout| TAIL.claim("tail", layout).ok());
    claim.map_or(core::ptr::null_mut(), |claim| {
        let start = claim.as_ptr().as_ptr();
        core::mem::forget(claim);
        start
    })
}
