//! The statically reserved region: what the linker left between the program's data and the end of its initial memory.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

use super::{Backing, Grant, Request};
use crate::error::Obstacle;
use crate::layout::usable;
use crate::platform;
use crate::span::Span;

/// The upper half of the tail's first word where a copy of this crate has taken the tail. The same in all versions, for ever:
/// a module may hold several, and a `static` of one tells the others nothing.
const MARK: u64 = u32::from_le_bytes(*b"frhd") as u64;

/// Bytes of the word, and of those in which the tail is read.
const WORD: usize = size_of::<AtomicU64>();

/// Nothing but its address, the lower half of the word, which tells this copy from others.
static COPY: u8 = 0;

fn mark() -> u64 {
    // Of 64 bits the lower half does as well: no module has so much data that two statics of it differ by 4 GiB and no more.
    MARK << 32 | u64::from((&raw const COPY).addr() as u32)
}

/// `[__heap_base, __heap_end)`, enlarged by the linker's `--initial-heap` or `--initial-memory`: memory that a module has
/// from its first instruction on, without any `memory.grow`.
///
/// The whole tail goes to the ledger with the first request that fits it. That is refused, with an error that names the
/// other, when somebody lives there:
/// - libc's `malloc`, on WASI and Emscripten, where the tail is always its own;
/// - a `HeapTail` that has taken it already, in whatever ledger, of this copy of the crate or of another: a module may hold two
///   versions of it, each a library's own;
/// - Rust's global allocator (with the feature `alloc`, which lets the crate ask it: one byte is allocated, and must not
///   come from the tail);
/// - whoever has left a byte there that is not zero, as any heap does with its first block.
///
/// Who wants the tail first marks its first eight bytes, where these are zero, then looks at the rest, and wipes the mark if somebody
/// lives there. These eight bytes are not handed out. So of several copies that ask at the same time, in whichever threads, one has the
/// tail, until the module ends.
///
/// Asking the global allocator may make it take memory of its own, as its first block always would. (So with the feature `alloc` no
/// heap that is the program's global allocator can be on a ledger with a `HeapTail`: it would be asked while it claims.) The check
/// reads the whole tail once. A request that doesn't fit changes nothing: the tail can still be claimed.
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

const SOMEBODY: &str = "somebody who has written there";

fn occupied(by: &'static str, at: usize) -> Obstacle {
    Obstacle::Occupied { backing: "heap tail", by, at }
}

/// Refused if this, the tail's first word, is a copy's mark.
fn unmarked(word: u64, at: usize) -> Result<(), Obstacle> {
    match word {
        word if word == mark() => Err(occupied("a HeapTail of this program", at)),
        word if word >> 32 == MARK => Err(occupied("another copy of freehold in this module", at)),
        _ => Ok(()),
    }
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

// SAFETY: the tail belongs to nobody but who constructs a `HeapTail` (contract of `new`), goes out once (its first word is marked
// from then on), and is part of linear memory, one allocation whose provenance is exposed, so it merges with
// the pages that touch it.
unsafe impl Backing for HeapTail {
    // The global allocator that it asks is foreign code.
    const COMES_BACK: bool = cfg!(feature = "alloc");
    const WHOLE: bool = true;

    fn name(&self) -> &'static str {
        "heap tail"
    }

    // Compiled into who uses it, and into nobody else: it wants the linker's symbols.
    #[inline]
    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let (base, end) = platform::heap_tail();
        if let Some(owner) = platform::TAIL_OWNER {
            return Err(occupied(owner, base));
        }
        let at = base.next_multiple_of(WORD);
        let start = at + WORD;
        let (_, left) = usable(start, end.saturating_sub(start));
        let exhausted = Obstacle::Exhausted { backing: self.name(), left };
        if end <= start {
            return Err(exhausted);
        }
        // SAFETY: aligned, and in the module's initial memory; what copies of this crate do with it, they do atomically.
        let word = unsafe { AtomicU64::from_ptr(platform::at(at).cast()) };
        unmarked(word.load(Ordering::Relaxed), at)?;
        if request.at(start)?.least > end - start {
            return Err(exhausted);
        }
        ask_global_allocator(base, end)?;
        // The mark comes before the look: from here on no other copy takes the tail, and writes there, while this one reads.
        if let Err(found) = word.compare_exchange(0, mark(), Ordering::Relaxed, Ordering::Relaxed) {
            unmarked(found, at)?;
            return Err(occupied(SOMEBODY, at));
        }
        // What is left after the last whole word is no grain, and goes to nobody.
        for addr in (start..end & !(WORD - 1)).step_by(WORD) {
            // SAFETY: the tail lies in the module's initial memory, whose bytes are all there to read; the address is a word's.
            let found = unsafe { platform::at(addr).cast::<u64>().read_volatile() };
            if found != 0 {
                // As it was.
                word.store(0, Ordering::Relaxed);
                return Err(occupied(SOMEBODY, addr + found.trailing_zeros() as usize / 8));
            }
        }
        let start = NonNull::new(platform::at(start)).ok_or(Obstacle::TooLarge)?;
        // SAFETY: the range is memory of this module, and by the contract of `new` and the checks above nobody else's.
        Ok(Grant::linear(unsafe { Span::new(start, end - start.addr().get()) }))
    }
}
