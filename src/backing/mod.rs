//! Where fresh memory comes from.

use crate::error::Obstacle;
use crate::layout::{Fit, GRAIN, HEADROOM, LAST_END, padding, usable};
use crate::span::Span;

#[cfg(target_family = "wasm")]
mod heap_tail;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
mod hosted;
#[cfg(any(unix, target_os = "wasi"))]
mod libc;
#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
mod memory_grow;
#[cfg(target_os = "emscripten")]
mod no_memory_grow;
#[cfg(feature = "allocator-api2")]
mod over;
mod region;
mod then;

#[cfg(target_family = "wasm")]
pub use heap_tail::HeapTail;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub use hosted::Hosted;
#[cfg(any(unix, target_os = "wasi"))]
pub use libc::Libc;
#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
pub use memory_grow::MemoryGrow;
#[cfg(target_os = "emscripten")]
pub use no_memory_grow::MemoryGrow;
#[cfg(feature = "allocator-api2")]
pub use over::Over;
pub use region::Region;
pub use then::Then;

/// The backing that is right on this target when nothing else is said: `MemoryGrow` on wasm, WASI included, `Libc` on Emscripten,
/// `Hosted` on hosts. Bare metal has none: there a [`Region`] must be given.
#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
pub type DefaultBacking = MemoryGrow;
/// The backing that is right on this target when nothing else is said: `MemoryGrow` on wasm, WASI included, `Libc` on Emscripten,
/// `Hosted` on hosts. Bare metal has none: there a [`Region`] must be given.
#[cfg(target_os = "emscripten")]
pub type DefaultBacking = Libc;
/// The backing that is right on this target when nothing else is said: `MemoryGrow` on wasm, WASI included, `Libc` on Emscripten,
/// `Hosted` on hosts. Bare metal has none: there a [`Region`] must be given.
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub type DefaultBacking = Hosted;

/// A source of memory that nobody had. A [`Ledger`](crate::Ledger) asks it when nothing that was given back fits.
///
/// It is asked rarely, and only ever by the ledger that owns it, one request at a time. The example `own_backing` shows
/// one in fifteen lines.
///
/// # Safety
///
/// The implementor owes:
/// - every byte of a grant may be read and written through its pointer for as long as the ledger lives (a loan or a lot: until
///   it is given back), and belongs to no one else in that time: not to an earlier grant, not to another heap;
/// - a grant made with [`Grant::linear`] may touch another such grant of the same ledger only where a pointer into the
///   one may be used to reach the other: the ledger merges them;
/// - on `Err` nothing was taken;
/// - it doesn't use the ledger that owns it, and doesn't unwind.
///
/// The caller (the ledger) owes: [`give_back`](Backing::give_back) gets each loan at most once, and nobody uses it then.
///
/// A grant that overlaps what the ledger holds, or is shorter than asked, is found out and refused: that much is checked. A loan or a
/// lot that is short goes back; one that overlaps does not, as what is held might go with it.
#[cfg_attr(
    target_os = "emscripten",
    diagnostic::on_unimplemented(
        message = "`{Self}` is no source of memory on Emscripten",
        note = "on Emscripten all of memory is libc's, pages that others have grown too: take `freehold::Libc`, or \
                `freehold::DefaultBacking`, which is right on every target"
    )
)]
pub unsafe trait Backing: Send {
    /// Unset where no grant is ever a loan or a lot: then the ledger has no code for them.
    #[doc(hidden)]
    const LENDS: bool = true;

    /// Its name, as errors and maps show it.
    fn name(&self) -> &'static str;

    /// Hands out fresh memory for `request`: at least [`Request::len`] bytes, or, where it knows at which address the
    /// grant will start, at least [`Request::len_at`] of that address. More is welcome: the ledger keeps the rest.
    ///
    /// # Errors
    ///
    /// What stood in the way; then nothing was taken.
    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle>;

    /// Takes a loan back. Only called for grants made with [`Grant::loan`] and [`Grant::lot`].
    ///
    /// # Safety
    ///
    /// The caller owes: the loan came from this backing, was not given back before, and nobody uses it any more.
    unsafe fn give_back(&mut self, loan: Loan) {
        let _ = loan;
    }
}

/// How much a ledger needs, for a [`Backing`] to read.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    fit: Fit,
    least: Fit,
    reach: Option<Reach>,
}

/// Where free memory, or the claim that wants to grow, ends: a grant that starts there has to bring less.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub end: usize,
    pub missing: usize,
}

impl Request {
    pub(crate) const fn new(fit: Fit, least: Fit, reach: Option<Reach>) -> Request {
        Request { fit, least, reach }
    }

    /// Bytes that are enough wherever the grant starts, ends that aren't on the ledger's grain included.
    ///
    /// # Errors
    ///
    /// [`Obstacle::TooLarge`] if no span can hold the request.
    #[allow(clippy::len_without_is_empty)] // nobody asks for nothing
    pub fn len(&self) -> Result<usize, Obstacle> {
        let len = self.fit.anywhere().ok_or(Obstacle::TooLarge)?;
        len.checked_add(2 * GRAIN).ok_or(Obstacle::TooLarge)
    }

    /// Bytes that are enough if the grant starts at address `start`: fewer than [`len`](Request::len) where it would
    /// touch free memory that the ledger already has, or where alignment happens to fall well.
    ///
    /// # Errors
    ///
    /// [`Obstacle::TooLarge`] if no span that starts there can hold the request.
    pub fn len_at(&self, start: usize) -> Result<usize, Obstacle> {
        match self.reach {
            Some(reach) if reach.end == start => spared(start, reach.missing),
            _ => len_of(&self.fit, start),
        }
    }

    /// Bytes that just do if the grant starts at address `start`: without what the asker would like to have in reserve. For
    /// backings that have one piece to give, and no more.
    ///
    /// # Errors
    ///
    /// [`Obstacle::TooLarge`] if no span that starts there can hold the request.
    pub fn least_at(&self, start: usize) -> Result<usize, Obstacle> {
        len_of(&self.least, start)
    }

    pub(crate) const fn fit(&self) -> &Fit {
        &self.fit
    }
}

/// Bytes of a grant from `start` on that hold `fit`.
fn len_of(fit: &Fit, start: usize) -> Result<usize, Obstacle> {
    // What `usable` will cut off at the front.
    let skip = padding(start, GRAIN) + if start == 0 { GRAIN } else { 0 };
    let (gap, len) = start.checked_add(skip).and_then(|start| fit.at(start)).ok_or(Obstacle::TooLarge)?;
    let len = skip.checked_add(gap).and_then(|skip| skip.checked_add(len)).ok_or(Obstacle::TooLarge)?;
    spared(start, len)
}

/// `len`, and more where the grant would end with the address space: the last bytes of that are never used.
fn spared(start: usize, len: usize) -> Result<usize, Obstacle> {
    let spare = if start.checked_add(len).is_none_or(|end| end > LAST_END) { HEADROOM } else { 0 };
    len.checked_add(spare).ok_or(Obstacle::TooLarge)
}

/// How the ledger may treat a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Part of one linear memory: cut, and merged with touching grants of the same kind.
    Linear,
    /// Stands alone: cut, and its pieces merged with each other only.
    Island,
    /// Borrowed: neither cut nor merged, and given back whole when the claim ends.
    Loan,
    /// Borrowed for many claims: cut, its pieces merged with each other only, and given back whole when none of it is claimed.
    Lot,
}

/// Fresh memory on its way from a [`Backing`] to the ledger.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
    // For loans and lots: which way through nested `Then`s leads back to the backing that made it; one bit a level.
    pub(crate) route: u16,
    pub(crate) zeroed: bool,
}

impl Grant {
    /// Memory of one linear space: it stays with the ledger, is cut as needed, and merges with other linear grants that
    /// it touches (see the [trait's contract](Backing#safety)).
    pub const fn linear(span: Span) -> Grant {
        Grant { span, kind: Kind::Linear, route: 0, zeroed: false }
    }

    /// Memory that stands alone: it stays with the ledger, is cut as needed, and never merges with what it touches.
    pub const fn island(span: Span) -> Grant {
        Grant { span, kind: Kind::Island, route: 0, zeroed: false }
    }

    /// Memory that is borrowed for one claim, and given back when that claim ends. Its address and its length must be
    /// multiples of [`GRAIN`].
    pub const fn loan(span: Span) -> Grant {
        Grant { span, kind: Kind::Loan, route: 0, zeroed: false }
    }

    /// Memory that is borrowed for any number of claims: cut as needed, never merged with what it touches, and given back when
    /// nothing in it is claimed any more. Its address and its length must be multiples of [`GRAIN`].
    pub const fn lot(span: Span) -> Grant {
        Grant { span, kind: Kind::Lot, route: 0, zeroed: false }
    }

    /// The same grant, whose bytes are all zero: a heap need not clear them for `alloc_zeroed`.
    ///
    /// # Safety
    ///
    /// The caller owes: every byte of the span is zero.
    pub const unsafe fn zeroed(self) -> Grant {
        Grant { zeroed: true, ..self }
    }

    /// The part of it that a ledger can keep.
    pub(crate) fn usable(&self) -> Option<Span> {
        let (skip, len) = usable(self.span.addr(), self.span.len());
        if len == 0 {
            return None;
        }
        // SAFETY: `skip` is less than the span's length.
        let base = unsafe { self.span.base().add(skip) };
        // SAFETY: `[base, base + len)` lies inside the granted span.
        Some(unsafe { Span::new(base, len) })
    }
}

/// A loan or a lot on its way back.
#[derive(Clone, Copy, Debug)]
pub struct Loan {
    /// The span, just as it was granted.
    pub span: Span,
    pub(crate) route: u16,
}
