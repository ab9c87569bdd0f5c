//! What the crate needs from below, on one screen. Only this folder calls the host, and turns integers into pointers that are followed.
//! Elsewhere a target decides which items there are, and never what one of them does.
//!
//! | primitive | promise | where |
//! |---|---|---|
//! | [`memory_size`] | bytes of memory now: the whole linear memory on wasm, what `Hosted` has taken on hosts | wasm, hosts |
//! | [`page_size`] | bytes of a page, which is what is grown by | wasm, hosts |
//! | `settle()` | nobody will take pages that are grown later for its own; `false` if that is not certain | wasm but Emscripten |
//! | `program_break()`, `move_break(len)` | where memory ends that libc's `sbrk` has handed out; so many bytes more of it | Emscripten |
//! | `is_malloc()` | the module doesn't link unless its `malloc` is this crate's | WASI and Emscripten, feature `malloc` |
//! | `set_errno(number)` | what C finds in `errno` | everywhere (nothing but where this crate is a libc's `malloc`) |
//! | `grow(pages)` | once settled, the address of that many fresh zeroed pages, or `None` and nothing changed | wasm but Emscripten |
//! | `fresh(pages)` | a pointer to that many pages for good, at an address that is not 0; or `None` and nothing changed | wasm, hosts |
//! | `FRESH_JOINS` | whether fresh pages that touch earlier ones are one with them: a pointer into the ones reaches the others | wasm, hosts |
//! | `at(addr)` | a pointer to that address, good for any linear memory that was granted | wasm |
//! | `heap_tail()` | `[__heap_base, __heap_end)`, as the linker left it | wasm |
//! | `TAIL_OWNER` | who takes that by itself on this target, if anybody | wasm |
//! | [`landmarks`] | what lies in memory beside the heap, in address order: stack, data, heap tail | everywhere (empty but on wasm) |
//! | `reserve`, `commit`, `unreserve` | address space; the memory behind a part of it; all of it back | hosts |
//! | `reservable` | how much address space may be reserved ahead of need | hosts |
//! | `empty(pages)` | the host may have the memory behind them, until they are written to; what was in them is lost | hosts (a no-op but on Linux) |
//! | `lend(align, len)`, `take_back` | a block of libc's heap; the same back | where libc is |
//! | [`reach`] | memory up to there may be used by this thread, whoever grew it | everywhere (a no-op but on wasm with threads) |
//! | [`stack_ahead`] | what is called next finds stack enough | everywhere (a no-op but on wasm) |
//! | [`give_way`], [`PATIENCE`] | another thread may run, where there is a host to be told; how often a thread gives way before a lock counts as lost | everywhere |
//! | `word`, `set_word`, `HAS_WORD` | a word of this thread's own, 0 at first; whether there is one where there are threads | everywhere (one for all where there are none) |
//! | [`watch`], [`Whole`], [`Link`] | a lock is held while the process forks, so that the child finds whole what it guards | everywhere (a no-op but on hosts that fork) |
//! | `function` | a function, of the pointer that it was stored as | everywhere |
//! | [`owned`] | an address as the owner of the memory may use it | everywhere |
//! | [`sanitizer`] | a sanitizer knows what is in use, and what leads to other memory | everywhere (nothing but in programs built with one) |
//! | [`Packed`] | a pair of pointers, or none, in what a function can return in registers | everywhere |

use core::ptr::NonNull;

#[cfg(target_family = "wasm")]
mod wasm;
#[cfg(target_family = "wasm")]
pub(crate) use wasm::{at, heap_tail, landmarks};
#[cfg(target_family = "wasm")]
pub use wasm::{memory_size, page_size};

#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
mod grown;
#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
pub(crate) use grown::{FRESH_JOINS, fresh, grow};

#[cfg(target_os = "emscripten")]
mod emscripten;
#[cfg(target_os = "emscripten")]
pub(crate) use emscripten::{FRESH_JOINS, TAIL_OWNER, fresh};

#[cfg(all(feature = "malloc", target_os = "emscripten"))]
pub(crate) use emscripten::{move_break, program_break};

#[cfg(all(target_family = "wasm", any(target_os = "unknown", target_os = "none")))]
mod alone;
#[cfg(all(target_family = "wasm", any(target_os = "unknown", target_os = "none")))]
pub(crate) use alone::{TAIL_OWNER, settle};

#[cfg(target_os = "wasi")]
mod wasi;
#[cfg(target_os = "wasi")]
pub(crate) use wasi::{TAIL_OWNER, settle};

#[cfg(all(feature = "malloc", any(target_os = "wasi", target_os = "emscripten")))]
mod beneath;
#[cfg(all(feature = "malloc", any(target_os = "wasi", target_os = "emscripten")))]
pub(crate) use beneath::set_errno;
#[cfg(not(all(feature = "malloc", any(target_os = "wasi", target_os = "emscripten"))))]
pub(crate) fn set_errno(_: core::ffi::c_int) {}

#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
mod hosted;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub(crate) use hosted::{FRESH_JOINS, commit, empty, fresh, landmarks, reservable, reserve, unreserve};
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub use hosted::{memory_size, page_size};

#[cfg(all(miri, any(unix, windows), not(target_family = "wasm")))]
mod miri;
#[cfg(all(unix, not(any(miri, target_family = "wasm"))))]
mod unix;
#[cfg(all(windows, not(miri)))]
mod windows;

#[cfg(not(any(unix, windows, target_family = "wasm")))]
mod bare;
#[cfg(not(any(unix, windows, target_family = "wasm")))]
pub(crate) use bare::landmarks;

#[cfg(any(unix, target_os = "wasi"))]
mod libc;
#[cfg(any(unix, target_os = "wasi"))]
pub(crate) use libc::{lend, take_back};

// Where threads are the C library's, those of Windows, and where there is one or nobody can tell them apart.
#[cfg_attr(
    any(
        all(unix, not(target_family = "wasm")),
        all(any(unix, target_os = "wasi"), target_family = "wasm", target_feature = "atomics")
    ),
    path = "word.rs"
)]
#[cfg_attr(windows, path = "windows_word.rs")]
#[cfg_attr(
    not(any(
        windows,
        all(unix, not(target_family = "wasm")),
        all(any(unix, target_os = "wasi"), target_family = "wasm", target_feature = "atomics")
    )),
    path = "one_word.rs"
)]
mod word;
pub(crate) use word::{HAS_WORD, set_word, word};

// Who waits for a lock: a core without compare-and-swap has none to wait for.
#[cfg(target_has_atomic = "ptr")]
mod turn;
#[cfg(target_has_atomic = "ptr")]
pub(crate) use turn::{PATIENCE, give_way};

#[cfg(all(unix, not(any(miri, target_family = "wasm", target_os = "l4re"))))]
mod fork;
#[cfg(all(test, not(miri), all(unix, not(any(miri, target_family = "wasm", target_os = "l4re")))))]
pub(crate) use fork::place_of;
#[cfg(all(unix, not(any(miri, target_family = "wasm", target_os = "l4re"))))]
pub(crate) use fork::{Link, watch};
#[cfg(not(all(unix, not(any(miri, target_family = "wasm", target_os = "l4re")))))]
mod no_fork;
#[cfg(not(all(unix, not(any(miri, target_family = "wasm", target_os = "l4re")))))]
pub(crate) use no_fork::{Link, watch};

/// Whether threads run at the same time, and may stand in each other's way.
pub(crate) const CROWDS: bool = cfg!(any(
    all(any(unix, windows), not(target_family = "wasm")),
    all(target_family = "wasm", target_feature = "atomics")
));

/// Whether memory may be pages of the host's that it can have back for a while.
pub(crate) const PAGES: bool = cfg!(all(any(unix, windows), not(target_family = "wasm")));

/// Whether a cursor that lies in memory is compared by the room that is left, and not by where it would go. That is an instruction more, but V8
/// then keeps a loop's variables in better places.
pub(crate) const COMPARES_ROOM: bool = cfg!(target_family = "wasm");

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

/// A function, of the pointer that it was stored as.
///
/// # Safety
///
/// The caller owes: the pointer was made of such a function.
pub(crate) unsafe fn function<A>(pointer: *mut ()) -> fn(&A) {
    // SAFETY: the caller's promise.
    unsafe { core::mem::transmute::<*mut (), fn(&A)>(pointer) }
}

/// Makes sure that this thread may use memory up to `end`, which another thread may have grown.
///
/// An engine may tell the other threads of a grown memory late: until then their `memory.fill`, `memory.copy` and atomic accesses trap beyond
/// what they know of (V8 does that). What this thread knows is what `memory.size` says, and growing by nothing renews it.
#[inline(always)]
pub(crate) fn reach(end: usize) {
    #[cfg(test)]
    reached::note(end);
    #[cfg(all(target_family = "wasm", target_feature = "atomics"))]
    if end > memory_size() {
        wasm::renew();
    }
    #[cfg(not(all(target_family = "wasm", target_feature = "atomics")))]
    let _ = end;
}

/// Ends here, and not in what is called next, if there is hardly any stack left.
///
/// On wasm a stack that overflows ends the call from JavaScript, which may catch that and call again: so it had better happen before
/// anything is half changed. There are two stacks, the engine's own and the one in linear memory; engines look at the first when a
/// function begins. This takes a hundred nanoseconds or so.
#[inline(always)]
pub(crate) fn stack_ahead() {
    #[cfg(target_family = "wasm")]
    wasm::go_deep(wasm::DEPTH);
}

/// The same for what is called next and calls nothing itself, or hardly anything: in some nanoseconds.
#[inline(always)]
pub(crate) fn stack_for_leaves() {
    #[cfg(target_family = "wasm")]
    wasm::go_deep(wasm::LEAVES);
}

/// A number below `end`, which is mostly the same in one thread and another in another: it says where the stack is. `end` is at most 2¹⁶.
#[inline(always)]
pub(crate) fn near_here(end: usize) -> usize {
    let here = 0u8;
    let addr = core::hint::black_box(&raw const here).addr();
    // Stacks lie a megabyte or some apart. This makes numbers that lie far apart of those at equal distances.
    let spread = ((addr >> 20) as u32).wrapping_mul(0x9E37_79B9);
    ((spread >> 16) as usize * end) >> 16
}

/// What must be whole in both processes after a fork: the lock's part of it.
///
/// # Safety
///
/// The implementor owes: once `hold` has said `true`, no other thread changes what is guarded until `release`.
#[cfg_attr(not(all(unix, not(any(miri, target_family = "wasm", target_os = "l4re")))), expect(dead_code))]
pub(crate) unsafe trait Whole: Sync {
    /// Takes the lock, if nobody has it, or who has it leaves soon. It does not wait for longer, so that what others hold can be let go first.
    fn hold(&self) -> bool;

    /// Gives it back.
    ///
    /// # Safety
    ///
    /// The caller owes: it holds the lock, by [`hold`](Whole::hold).
    unsafe fn release(&self);

    /// Its place in the list of all that are watched.
    fn link(&self) -> &Link;
}

/// What [`reach`] was asked for: no engine can be made to be late when a test wants it.
#[cfg(test)]
pub(crate) mod reached {
    use core::cell::Cell;

    std::thread_local! {
        static FURTHEST: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn note(end: usize) {
        // A heap may be the one that thread-local values are freed to.
        let _ = FURTHEST.try_with(|furthest| furthest.set(furthest.get().max(end)));
    }

    /// The furthest address that this thread was to reach since this was called last.
    pub(crate) fn take() -> usize {
        FURTHEST.take()
    }
}

/// A stretch of memory that is no heap of ours, with the name that a person would write beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Landmark {
    pub name: &'static str,
    pub start: usize,
    pub end: usize,
}
