//! WASI: linear memory is shared with libc, whose heap starts at `__heap_base`; unless this crate is that heap.

#[cfg(not(feature = "malloc"))]
use core::hint::black_box;
#[cfg(not(feature = "malloc"))]
use core::sync::atomic::{AtomicBool, Ordering};

#[cfg(not(feature = "malloc"))]
use super::libc::{free, malloc};

pub(crate) const TAIL_OWNER: Option<&str> = if cfg!(feature = "malloc") { None } else { Some("libc's malloc") };

/// No heap of libc's is there to be woken.
#[cfg(feature = "malloc")]
#[inline(always)]
pub(crate) fn settle() -> bool {
    super::beneath::is_malloc();
    true
}

/// Set once libc's heap has seen where its own memory ends.
#[cfg(not(feature = "malloc"))]
static AWAKE: AtomicBool = AtomicBool::new(false);

/// Wakes libc's heap, by a block that it gives and gets back: wasi-libc of 2022 and older takes all memory there is on its first
/// `malloc`, pages that others have grown before included. After that, and in later versions, pages are whose grown they are.
///
/// `false` if libc has no byte to give: then it may still be asleep.
#[cfg(not(feature = "malloc"))]
pub(crate) fn settle() -> bool {
    if AWAKE.load(Ordering::Acquire) {
        return true;
    }
    // SAFETY: any size may be asked for. The optimiser knows `malloc`, and would do away with a block that nobody looks at.
    let block = black_box(unsafe { malloc(1) });
    // SAFETY: it was just allocated, or is null.
    unsafe { free(block) };
    AWAKE.store(!block.is_null(), Ordering::Release);
    !block.is_null()
}
