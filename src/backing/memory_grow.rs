//! Pages by `memory.grow`.

use core::ptr::NonNull;

use super::{Backing, Grant, Request};
use crate::error::Obstacle;
use crate::layout::{GRAIN, padding, usable};
use crate::platform;
use crate::span::Span;

/// Pages from `memory.grow`: fresh at each call, so that they are nobody else's, whoever else grows memory too.
///
/// Pages that others grew in between are a gap that this crate never touches: the address that the grow returned
/// decides, not where the last one ended. Grows by no more than what is missing, in whole pages.
///
/// On WASI the first claim has libc allocate a byte and free it, before memory grows: old versions of wasi-libc take all of memory
/// on their first `malloc`, grown pages included.
#[derive(Debug, Default)]
pub struct MemoryGrow(());

impl MemoryGrow {
    /// The backing. It takes nothing before it is asked.
    pub const fn new() -> MemoryGrow {
        MemoryGrow(())
    }
}

// SAFETY: the host gives each page once, zeroed, and never takes it back; linear memory is one allocation whose
// provenance is exposed, so a pointer into one grant reaches any other that touches it.
unsafe impl Backing for MemoryGrow {
    const COMES_BACK: bool = false;
    const ENDS: bool = false;
    // Another thread may grow memory between a look at its end and the growth.
    const FALLS_SHORT: bool = cfg!(target_feature = "atomics");
    const RISES: bool = true;

    fn name(&self) -> &'static str {
        "memory.grow"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let (settled, page) = (platform::settle(), platform::page_size());
        let have = platform::memory_size();
        // Page 0 is not handed out: a module that starts with no memory at all grows by one page more.
        let null = if have == 0 { 1 } else { 0 };
        // Of a memory that is as large as can be the last page stands for what would come next: no host gives more.
        let start = (have + null * page) & !(page - 1);
        let pages = request.liked_at(start, padding(start, GRAIN)).div_ceil(page) + null;
        // If libc must take its own first, and can't get any, nothing is grown.
        let old = if settled { platform::grow(pages) } else { None };
        let Some(old) = old else {
            return Err(Obstacle::Refused { backing: self.name(), asked: pages.saturating_mul(page), have });
        };
        // Another thread may have grown memory since `have` was read: then `old` is further up, and the ledger asks again
        // if that made a difference.
        let (start, pages) = if old == 0 { (page, pages - 1) } else { (old, pages) };
        let (skip, len) = usable(start, pages * page);
        // SAFETY: there was memory before the pages, or the first of them is left out; and memory never shrinks.
        let base = unsafe { NonNull::new_unchecked(platform::at(start + skip)) };
        // SAFETY: the host has just given these pages to this call and to nobody else.
        let grant = Grant::linear(unsafe { Span::new(base, len) });
        // SAFETY: that is what is usable.
        let grant = unsafe { grant.trimmed() };
        // SAFETY: fresh pages are zero, and nobody else has had them.
        Ok(unsafe { grant.zeroed() })
    }
}
