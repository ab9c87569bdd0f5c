//! What the crate needs from below, on one screen. Only this folder knows targets and turns integers into pointers.
//!
//! | primitive | promise | where |
//! |---|---|---|
//! | [`memory_size`] | bytes of memory now: the whole linear memory on wasm, what `Hosted` has taken on hosts | wasm, hosts |
//! | `settle()` | nobody will take pages that are grown later for its own; `false` if that is not certain | wasm but Emscripten |
//! | `grow(pages)` | once settled, the address of that many fresh zeroed pages, or `None` and nothing changed | wasm but Emscripten |
//! | `fresh(pages)` | a pointer to that many pages for good, at an address that is not 0; or `None` and nothing changed | wasm, hosts |
//! | `at(addr)` | a pointer to that address, good for any linear memory that was granted | wasm |
//! | `heap_tail()` | `[__heap_base, __heap_end)`, as the linker left it | wasm |
//! | `TAIL_OWNER` | who takes that by itself on this target, if anybody | wasm |
//! | [`landmarks`] | what lies in memory beside the heap, in address order: stack, data, heap tail | everywhere (empty but on wasm) |
//! | `reserve`, `commit`, `unreserve` | address space; the memory behind a part of it; all of it back | hosts |
//! | `lend(align, len)`, `take_back` | a block of libc's heap; the same back | where libc is |
//! | [`reach`] | memory up to there may be used by this thread, whoever grew it | everywhere (a no-op but on wasm with threads) |
//! | [`owned`] | an address as the owner of the memory may use it | everywhere |
//! | [`sanitizer`] | a sanitizer knows what is in use, and what leads to other memory | everywhere (nothing but in programs built with one) |
//! | [`Packed`] | a pair of pointers, or none, in what a function can return in registers | everywhere |

use core::ptr::NonNull;

#[cfg(target_family = "wasm")]
mod wasm;
#[cfg(target_family = "wasm")]
pub use wasm::memory_size;
#[cfg(target_family = "wasm")]
pub(crate) use wasm::{at, heap_tail, landmarks};

#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
mod grown;
#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
pub(crate) use grown::{fresh, grow};

#[cfg(target_os = "emscripten")]
mod emscripten;
#[cfg(target_os = "emscripten")]
pub(crate) use emscripten::{TAIL_OWNER, fresh};

#[cfg(all(target_family = "wasm", any(target_os = "unknown", target_os = "none")))]
mod alone;
#[cfg(all(target_family = "wasm", any(target_os = "unknown", target_os = "none")))]
pub(crate) use alone::{TAIL_OWNER, settle};

#[cfg(target_os = "wasi")]
mod wasi;
#[cfg(target_os = "wasi")]
pub(crate) use wasi::{TAIL_OWNER, settle};

#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
mod hosted;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub use hosted::memory_size;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub(crate) use hosted::{commit, fresh, landmarks, reserve, unreserve};

#[cfg(not(any(unix, windows, target_family = "wasm")))]
mod bare;
#[cfg(not(any(unix, windows, target_family = "wasm")))]
pub(crate) use bare::landmarks;

#[cfg(any(unix, target_os = "wasi"))]
mod libc;
#[cfg(any(unix, target_os = "wasi"))]
pub(crate) use libc::{lend, take_back};

mod packed;
pub(crate) use packed::Packed;

pub(crate) mod sanitizer;

/// The same address, as whoever owns the memory may use it, not as its last holder could: a `Box` gives back a pointer that
/// reaches its value only.
///
/// The owner must have exposed the provenance of the memory.
#[inline(always)]
pub(crate) fn owned(pointer: NonNull<u8>) -> NonNull<u8> {
    NonNull::with_exposed_provenance(pointer.addr())
}

/// Makes sure that this thread may use memory up to `end`, which another thread may have grown.
///
/// An engine may tell the other threads of a grown memory late: until then their `memory.fill` and `memory.copy` trap beyond
/// what they know of (V8 does that). What this thread knows is what `memory.size` says, and growing by nothing renews it.
#[inline(always)]
pub(crate) fn reach(end: usize) {
    #[cfg(all(target_family = "wasm", target_feature = "atomics"))]
    if end > memory_size() {
        wasm::renew();
    }
    #[cfg(not(all(target_family = "wasm", target_feature = "atomics")))]
    let _ = end;
}

/// A stretch of memory that is no heap of ours, with the name that a person would write beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Landmark {
    pub name: &'static str,
    pub start: usize,
    pub end: usize,
}
