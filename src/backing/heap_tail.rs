//! The statically reserved region: what the linker left between the program's data and the end of its initial memory.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};

use super::{Backing, Grant, Request};
use crate::error::Obstacle;
use crate::layout::usable;
use crate::platform;
use crate::span::Span;

/// Set iff this copy of the crate has handed the heap tail out.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// `[__heap_base, __heap_end)`, enlarged by the linker's `--initial-heap` or `--initial-memory`: memory that a module has
/// from its first instruction on, without any `memory.grow`.
///
/// The whole tail goes to the ledger with the first request that fits it. That is refused, with an error that names the
/// other, when somebody lives there:
/// - libc's `malloc`, on WASI and Emscripten, where the tail is always its own;
/// - a `HeapTail` of this crate that has taken it already, in whatever ledger;
/// - Rust's global allocator (with the feature `alloc`, which lets the crate ask it: one byte is allocated, and must not
///   come from the tail);
/// - whoever has left a byte there that is not zero, as any heap does with its first block; another copy or version of
///   this crate too.
///
/// Asking the global allocator may make it take memory of its own, as its first block always would. The check reads the whole
/// tail once. A request that doesn't fit changes nothing: the tail can still be claimed.
#[derive(Debug)]
pub struct HeapTail(());

impl HeapTail {
    /// The backing. It takes nothing before it is asked.
    ///
    /// # Safety
    ///
    /// The caller owes: nothing else in this module takes memory from `__heap_base` upward by itself, now or later, unless
    /// it has done so, visibly to the checks above, before the first claim. The heap of a C library that brings its own
    /// does; so does a Rust global allocator that starts at `__heap_base` (std's own from dlmalloc 0.2.13 on) where the feature
    /// `alloc` is off and it has not allocated yet.
    pub const unsafe fn new() -> HeapTail {
        HeapTail(())
    }
}

fn occupied(by: &'static str, at: usize) -> Obstacle {
    Obstacle::Occupied { backing: "heap tail", by, at }
}

/// Asks Rust's global allocator where it lives. One that starts at the heap tail does so with its first block.
#[cfg(feature = "alloc")]
fn ask_global_allocator(start: usize, end: usize) -> Result<(), Obstacle> {
    use alloc::alloc::{alloc, dealloc};
    const PROBE: core::alloc::Layout = core::alloc::Layout::new::<u8>();
    // SAFETY: the layout has a size. The optimiser may not do away with the block: its address is what is asked for.
    let block = core::hint::black_box(unsafe { alloc(PROBE) });
    if !block.is_null() {
        // SAFETY: allocated above with this layout.
        unsafe { dealloc(block, PROBE) };
    }
    if (start..end).contains(&block.addr()) {
        return Err(occupied("Rust's global allocator", block.addr()));
    }
    Ok(())
}

#[cfg(not(feature = "alloc"))]
fn ask_global_allocator(_: usize, _: usize) -> Result<(), Obstacle> {
    Ok(())
}

// SAFETY: the tail belongs to nobody but who constructs a `HeapTail` (contract of `new`), goes out once (`TAKEN`), and is
// part of linear memory, one allocation whose provenance is exposed, so it merges with the pages that touch it.
unsafe impl Backing for HeapTail {
    const LENDS: bool = false;

    fn name(&self) -> &'static str {
        "heap tail"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let (start, end) = platform::heap_tail();
        if let Some(owner) = platform::TAIL_OWNER {
            return Err(occupied(owner, start));
        }
        if TAKEN.load(Ordering::Relaxed) {
            return Err(occupied("a HeapTail of this program", start));
        }
        let (_, left) = usable(start, end.saturating_sub(start));
        if end <= start || request.least_at(start)? > end - start {
            return Err(Obstacle::Exhausted { backing: self.name(), left });
        }
        ask_global_allocator(start, end)?;
        let base = NonNull::new(platform::at(start)).ok_or(Obstacle::TooLarge)?;
        for offset in 0..end - start {
            // SAFETY: the offset is less than the tail's length.
            let byte = unsafe { base.add(offset) };
            // SAFETY: the tail lies in the module's initial memory, whose bytes are all there to read.
            if unsafe { byte.read() } != 0 {
                return Err(occupied("somebody who has written there", start + offset));
            }
        }
        if TAKEN.swap(true, Ordering::Relaxed) {
            return Err(occupied("a HeapTail of this program", start));
        }
        // SAFETY: the range is memory of this module, and by the contract of `new` and the checks above nobody else's.
        Ok(Grant::linear(unsafe { Span::new(base, end - start) }))
    }
}
