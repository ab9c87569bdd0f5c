//! The protection taken out: backings that hand out what is not theirs, or may be somebody else's soon. All that is kept there is bytes
//! without meaning, and the ledger's records.

#[cfg(target_arch = "wasm32")]
use core::arch::wasm32 as arch;
#[cfg(target_arch = "wasm64")]
use core::arch::wasm64 as arch;
use core::ptr::{NonNull, with_exposed_provenance_mut};

use freehold::Obstacle;
use freehold::backing::{Backing, Grant, Request, Span};

use crate::PAGE;

/// Pages by a raw `memory.grow`, whatever libc thinks of them (h01, h02).
pub struct Raw;

// SAFETY: each page is fresh when it is granted. That libc may hand it out again is what the controls are there to show.
unsafe impl Backing for Raw {
    fn name(&self) -> &'static str {
        "raw memory.grow"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let (base, len) = grow(self.name(), request)?;
        // SAFETY: the host has just given these pages.
        Ok(Grant::linear(unsafe { Span::new(base, len) }))
    }
}

/// Pages by `memory.grow`, each taken for the one after that which it got last (h05).
#[derive(Default)]
pub struct Contiguous {
    /// Where the next one is believed to be: 0 before the first.
    end: usize,
}

impl Contiguous {
    /// The backing.
    pub const fn new() -> Contiguous {
        Contiguous { end: 0 }
    }
}

// SAFETY: what is granted lies in memory, as that is at least so much longer. That it is somebody else's is what the control is there
// to show.
unsafe impl Backing for Contiguous {
    fn name(&self) -> &'static str {
        "contiguous memory.grow"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let (grown, len) = grow(self.name(), request)?;
        let base = if self.end == 0 { grown.addr().get() } else { self.end };
        self.end = base + len;
        let base = NonNull::new(with_exposed_provenance_mut(base)).expect("not the null page");
        // SAFETY: as above.
        Ok(Grant::linear(unsafe { Span::new(base, len) }))
    }
}

/// The heap tail, whoever has it already (h03).
pub struct Tail;

// SAFETY: memory from there on exists. That it is libc's is what the control is there to show.
unsafe impl Backing for Tail {
    fn name(&self) -> &'static str {
        "heap tail by hand"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let (start, end) = (heap_base(), arch::memory_size::<0>() * PAGE);
        let (len, asked) = (end - start, request.anywhere()?.liked);
        if len < asked {
            return Err(Obstacle::Refused { backing: self.name(), asked, have: end });
        }
        let base = NonNull::new(with_exposed_provenance_mut(start)).expect("not the null page");
        // SAFETY: as above.
        Ok(Grant::linear(unsafe { Span::new(base, len) }))
    }
}

/// Where what the linker has laid out ends.
pub fn heap_base() -> usize {
    unsafe extern "C" {
        static __heap_base: u8;
    }
    core::hint::black_box(&raw const __heap_base).addr()
}

/// Tells Emscripten's JavaScript that memory has grown: its views are detached, so it would print nothing of what the control says, and
/// fail at the first large copy. (That is a hazard of its own, h28.)
fn notify() {
    #[cfg(target_os = "emscripten")]
    {
        unsafe extern "C" {
            safe fn emscripten_notify_memory_growth(memory: usize);
        }
        emscripten_notify_memory_growth(0);
    }
}

/// Grows by enough pages for the request.
fn grow(name: &'static str, request: &Request) -> Result<(NonNull<u8>, usize), Obstacle> {
    let have = arch::memory_size::<0>() * PAGE;
    let pages = request.anywhere()?.liked.div_ceil(PAGE);
    match arch::memory_grow::<0>(pages) {
        usize::MAX => Err(Obstacle::Refused { backing: name, asked: pages * PAGE, have }),
        old => {
            notify();
            let base = NonNull::new(with_exposed_provenance_mut(old * PAGE)).expect("not the null page");
            Ok((base, pages * PAGE))
        }
    }
}
