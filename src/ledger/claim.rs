//! [`Claim`]: raw memory in somebody's hands.

use core::marker::PhantomData;
use core::ptr::NonNull;

use super::Spans;
use crate::layout::padding;
#[cfg(debug_assertions)]
use crate::mistake::Mistake;
use crate::span::Span;

/// Raw memory that has a name in the map, for what none of the other types is: claimed from a [`Ledger`](crate::Ledger), and given back when it is dropped.
///
/// ```
/// use core::alloc::Layout;
///
/// let claim = freehold::ledger().claim("samples", Layout::new::<[f32; 1000]>())?;
/// let samples = claim.as_ptr().cast::<f32>(); // aligned, and nobody else's until `claim` is dropped
/// // SAFETY: the claim has room for a thousand.
/// unsafe { samples.write(0.5) };
/// assert_eq!(freehold::ledger().snapshot().claimed_by("samples") / 4000, 1);
/// # Ok::<(), freehold::AllocError>(())
/// ```
#[must_use = "dropping a claim gives it back"]
pub struct Claim<'l> {
    ledger: &'l dyn Spans,
    pub(super) payload: Span,
    /// The payload from where it is aligned as asked.
    data: Span,
    owner: &'static str,
    // Its bytes are plain memory; whether it may be sent is said below.
    plain: PhantomData<*mut u8>,
}

// SAFETY: a claim is bound to no thread, where its ledger is not, and its bytes are its own.
unsafe impl Send for Claim<'_> where for<'a> &'a dyn Spans: Send {}
// SAFETY: through a shared claim nothing can be changed but the bytes, and for that `unsafe` is needed.
unsafe impl Sync for Claim<'_> {}

impl<'l> Claim<'l> {
    /// A claim of `ledger`'s.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is one that `ledger` handed out under this name, to this claim alone, with room for its padding up to `align`.
    pub(super) unsafe fn new(ledger: &'l dyn Spans, owner: &'static str, payload: Span, align: usize) -> Claim<'l> {
        let pad = padding(payload.addr(), align);
        // SAFETY: the caller's promise.
        let data = unsafe { payload.base().add(pad) };
        // SAFETY: the rest of a payload that this claim holds alone.
        let data = unsafe { Span::new(data, payload.len() - pad) };
        Claim { ledger, payload, data, owner, plain: PhantomData }
    }
}

impl Claim<'_> {
    /// The start of the memory, aligned as asked. It is not initialised.
    pub fn as_ptr(&self) -> NonNull<u8> {
        self.data.base()
    }

    /// Its length in bytes: what was asked for, and what rounding left beyond it.
    #[allow(clippy::len_without_is_empty)] // a claim always has bytes
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// The name it was claimed under.
    pub fn owner(&self) -> &'static str {
        self.owner
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        #[cfg(debug_assertions)]
        if !self.ledger.has(self.payload.base(), self.owner) {
            return Mistake::ClaimFreedTwice { owner: self.owner, address: self.data.addr() }.tell();
        }
        // SAFETY: the payload is this claim's, given back once, and nobody may use it after the claim.
        unsafe { self.ledger.give_back(self.payload.base()) };
    }
}

// Where there is a lock for its ledger: see the end of `lib.rs`.
#[cfg(not(freehold_no_lock))]
static_assertions::assert_impl_all!(Claim<'static>: Send, Sync);
