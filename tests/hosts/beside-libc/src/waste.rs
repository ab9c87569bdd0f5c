//! What large claims cost libc's heap, and what they would cost by other ways of having memory from libc.

use core::alloc::Layout;
use core::ffi::c_void;
use core::mem::forget;

use freehold::backing::GRAIN;
use freehold::{Ledger, Libc};
use freehold_soak::Malloc;

use crate::libc::say;

static LENT: Ledger<Libc> = Ledger::new(Libc::new());

unsafe extern "C" {
    fn aligned_alloc(align: usize, len: usize) -> *mut c_void;
}

/// Says, for claims of several sizes, how many bytes libc was asked for in this way for each byte claimed, and how many its heap grew
/// by, both in thousandths. Nothing is given back, so that each begins afresh.
pub fn of(way: &str) {
    for kib in [1024, 1500, 4096, 10_240] {
        let (size, count) = (kib << 10, (30 << 10) / kib);
        let (before, granted) = (heap_end(), LENT.snapshot().granted);
        // What a claim needs, with the ledger's header.
        let span = (size + GRAIN).next_multiple_of(GRAIN);
        let asked = (0..count).map(|_| take(way, size, span)).sum::<usize>() + LENT.snapshot().granted - granted;
        let grown = heap_end() - before;
        let thousandths = |bytes: usize| bytes as u64 * 1000 / (size * count) as u64;
        say(format_args!("{kib} KiB x {count}: taken {}, libc grown {}", thousandths(asked), thousandths(grown)));
    }
}

/// Takes a span in this way, and returns how many bytes libc was asked for, but for those that the ledger counts.
fn take(way: &str, size: usize, span: usize) -> usize {
    let block = match way {
        "claims" => {
            let layout = Layout::from_size_align(size, 16).expect("a layout");
            forget(LENT.claim("ours", layout).expect("libc has room"));
            return 0;
        }
        "malloc" => {
            // The grain's alignment is up to the caller.
            let block = Malloc::new(span + GRAIN).expect("libc has room");
            forget(block);
            return span + GRAIN;
        }
        // SAFETY: any size may be asked for at this alignment, a multiple of which it is.
        "aligned_alloc" => unsafe { aligned_alloc(GRAIN, span) },
        #[cfg(target_os = "emscripten")]
        "sbrk" => emscripten::by_sbrk(span),
        #[cfg(target_os = "emscripten")]
        "mmap" => emscripten::by_mmap(span),
        _ => panic!("no such way: {way}"),
    };
    assert!(!core::hint::black_box(block).is_null(), "libc has room");
    if way == "mmap" { span.next_multiple_of(freehold::backing::USUAL_PAGE) } else { span }
}

/// Where libc's heap ends.
fn heap_end() -> usize {
    #[cfg(target_os = "emscripten")]
    return emscripten::by_sbrk(0).addr();
    #[cfg(not(target_os = "emscripten"))]
    return freehold::memory_size();
}

#[cfg(target_os = "emscripten")]
mod emscripten {
    use core::ffi::{c_int, c_void};
    use core::ptr::null_mut;

    use freehold::backing::GRAIN;

    unsafe extern "C" {
        fn sbrk(bytes: isize) -> *mut c_void;
        fn mmap(
            wanted: *mut c_void,
            len: usize,
            protection: c_int,
            flags: c_int,
            file: c_int,
            offset: i64,
        ) -> *mut c_void;
    }

    /// What is added to the break is the caller's; null if there is no more.
    pub fn by_sbrk(bytes: usize) -> *mut c_void {
        // SAFETY: nothing is given back.
        let start = unsafe { sbrk(bytes.next_multiple_of(GRAIN).cast_signed()) };
        if start.addr() == usize::MAX { null_mut() } else { start }
    }

    /// Nobody's file, for reading and writing; null if there is no room.
    pub fn by_mmap(bytes: usize) -> *mut c_void {
        const READ_WRITE: c_int = 3;
        const PRIVATE_ANONYMOUS: c_int = 0x22;
        // SAFETY: a fresh mapping, anywhere.
        let start = unsafe { mmap(null_mut(), bytes, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0) };
        if start.addr() == usize::MAX { null_mut() } else { start }
    }
}
