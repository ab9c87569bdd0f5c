//! Linear memory.

use core::mem::MaybeUninit;

#[cfg(target_arch = "wasm32")]
pub(super) use core::arch::wasm32 as arch;
#[cfg(target_arch = "wasm64")]
pub(super) use core::arch::wasm64 as arch;

use super::Landmark;

// What wasm-ld defines for every module but those that are position-independent, which have no stack and no data at addresses of their
// own. Only their addresses mean anything. What leads here is `#[inline]`, all the way from what users call: so it is compiled into who
// uses it, and into nobody else. A linker that exports all symbols keeps what is in this crate's own objects, and wants what that wants.
unsafe extern "C" {
    static __stack_low: u8;
    static __stack_high: u8;
    static __global_base: u8;
    static __data_end: u8;
    static __heap_base: u8;
    static __heap_end: u8;
}

// What a linker defines that knows of pages of other sizes: the first page's end, and so its size. Older ones lack it, and a reference that
// may find nothing can't be had on a stable compiler; so it stands only in a module that is known to be linked by such a one.
#[cfg(freehold_page_size)]
unsafe extern "C" {
    static __wasm_first_page_end: u8;
}

/// Bytes of a page of linear memory, in which `memory.grow` counts: 65,536, unless the module is linked for others
/// (`-Clink-arg=--page-size=1`). [Targets](crate::docs::targets#pages-of-a-byte) says what that takes.
///
/// On hosts it is what `Hosted` asks for at a time, 65,536 too.
#[inline(always)]
pub fn page_size() -> usize {
    // After linking it is a constant either way. (No linker puts it at 0, so the compiler may know that it is not there.)
    #[cfg(freehold_page_size)]
    return (&raw const __wasm_first_page_end).addr();
    #[cfg(not(freehold_page_size))]
    crate::layout::USUAL_PAGE
}

/// Bytes of linear memory now, whoever grew it: while the number stays, JavaScript's views stay attached.
pub fn memory_size() -> usize {
    // All pages that there can be are one byte more than a usize holds; the last byte is never handed out anyway.
    arch::memory_size::<0>().saturating_mul(page_size())
}

/// Has this thread see memory as large as it is.
#[cfg(target_feature = "atomics")]
pub(super) fn renew() {
    arch::memory_grow::<0>(0);
}

/// A pointer to `addr`. Linear memory is one allocation whose provenance is exposed to everyone, the host included.
pub(crate) fn at(addr: usize) -> *mut u8 {
    core::ptr::with_exposed_provenance_mut(addr)
}

/// The address of a linker symbol. The compiler may not look through it: it takes for granted that nothing is at address 0,
/// where the stack begins in most modules.
#[inline]
fn symbol(at: *const u8) -> usize {
    core::hint::black_box(at).addr()
}

/// `[__heap_base, __heap_end)`.
#[inline]
pub(crate) fn heap_tail() -> (usize, usize) {
    (symbol(&raw const __heap_base), symbol(&raw const __heap_end))
}

/// What the map calls the memory behind stack and data. Where there is a libc with a heap of its own that is there; on Emscripten all that was
/// grown since, too.
const TAIL: &str = if cfg!(all(any(target_os = "emscripten", target_os = "wasi"), not(feature = "malloc"))) {
    "(libc)"
} else {
    "heap tail"
};

/// The stack, the program's data and the heap tail.
#[inline]
pub(crate) fn landmarks() -> [Option<Landmark>; 3] {
    let (base, end) = heap_tail();
    let stack = ("stack", symbol(&raw const __stack_low), symbol(&raw const __stack_high));
    let data = ("data", symbol(&raw const __global_base), symbol(&raw const __data_end));
    let end = if cfg!(target_os = "emscripten") { super::memory_size() } else { end };
    let tail = (TAIL, base, end);
    let marks = if data.1 < stack.1 { [data, stack, tail] } else { [stack, data, tail] };
    marks.map(|(name, start, end)| Some(Landmark { name, start, end }))
}

/// So many calls deep, each with so many bytes in linear memory: more than anything in this crate goes.
pub(super) const DEPTH: usize = 64;
/// Calls that take more than one function does which calls none but one that calls none.
pub(super) const LEAVES: usize = 8;
const FRAME: usize = size_of::<[usize; 16]>();

/// Uses stack, and nothing else.
#[inline(never)]
pub(super) fn go_deep(levels: usize) {
    let mut frame = [const { MaybeUninit::<u8>::uninit() }; FRAME];
    // Its lowest address: where there is no stack any more, this traps.
    frame[0].write(0);
    core::hint::black_box(&mut frame);
    if levels > 0 {
        go_deep(levels - 1);
    }
    // The frame must last until here, so this is a call and no loop.
    core::hint::black_box(&mut frame);
}
