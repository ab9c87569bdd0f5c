//! The protection taken out.

use core::arch::wasm32;
use core::ptr::NonNull;

use freehold::{Backing, Grant, Obstacle, Request, Span};

use crate::PAGE;

/// Pages by a raw `memory.grow`, whatever libc thinks of them.
pub struct Raw;

// SAFETY: each page is fresh when it is granted. That libc may hand it out again is what the controls are there to show: nothing
// but bytes without meaning is kept there.
unsafe impl Backing for Raw {
    fn name(&self) -> &'static str {
        "raw memory.grow"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let have = wasm32::memory_size::<0>() * PAGE;
        let pages = request.len()?.div_ceil(PAGE);
        let base = match wasm32::memory_grow::<0>(pages) {
            usize::MAX => return Err(Obstacle::Refused { backing: self.name(), asked: pages * PAGE, have }),
            old => NonNull::new(core::ptr::with_exposed_provenance_mut(old * PAGE)).expect("not the null page"),
        };
        // SAFETY: the host has just given these pages.
        Ok(Grant::linear(unsafe { Span::new(base, pages * PAGE) }))
    }
}
