//! Memory beneath libc's heap.

use core::ptr::NonNull;

use super::{Backing, Grant, Request};
use crate::error::Obstacle;
use crate::layout::{GRAIN, USUAL_PAGE};
use crate::platform;
use crate::span::Span;

/// What Emscripten's libc hands out by `sbrk`, beneath any heap: the default there with the feature `malloc`, where this crate is the module's
/// heap.
///
/// All of memory from `__heap_base` on comes that way, what was there from the start first. It grows by whole pages ([`USUAL_PAGE`]), or at the end
/// of what can be had by as much as is needed. What others take by `sbrk` in between is a gap that this crate never touches.
///
/// In memory that doesn't grow link with `-sABORTING_MALLOC=0`: else Emscripten ends the program where it is to refuse.
#[derive(Debug, Default)]
pub struct Sbrk(());

impl Sbrk {
    /// The backing. It takes nothing before it is asked.
    pub const fn new() -> Sbrk {
        Sbrk(())
    }
}

// SAFETY: `sbrk` gives each byte once (to lower its end again is for who raised it last, and nobody here does); linear memory is one
// allocation whose provenance is exposed, so a pointer into one grant reaches any other that touches it.
unsafe impl Backing for Sbrk {
    const COMES_BACK: bool = false;
    const ENDS: bool = false;

    fn name(&self) -> &'static str {
        "sbrk"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let start = platform::program_break();
        let need = request.at(start)?;
        // It ends on a multiple of `unit`, so that the next one touches it: `__heap_base` need not lie on the grain.
        let take = |len: usize, unit: usize| {
            let len = start.checked_add(len)?.checked_next_multiple_of(unit)? - start;
            Some((platform::move_break(len)?, len))
        };
        let refused = Obstacle::Refused { backing: self.name(), asked: need.least, have: platform::memory_size() };
        let (start, len) = take(need.liked, USUAL_PAGE).or_else(|| take(need.least, GRAIN)).ok_or(refused)?;
        // SAFETY: `__heap_base` comes after the program's data, so it is not 0, nor is what follows it.
        let base = unsafe { NonNull::new_unchecked(platform::at(start)) };
        // Another thread may have taken memory since: then this lies further up, and the ledger asks again if that made a difference.
        // SAFETY: `sbrk` has just given these bytes to this call and to nobody else.
        Ok(Grant::linear(unsafe { Span::new(base, len) }))
    }
}
