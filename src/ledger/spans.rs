//! What goes between a ledger and those who claim from it, whatever its backing: a want, and how it was met.

use core::num::NonZero;
use core::ptr::NonNull;

use crate::error::Obstacle;
use crate::layout::GRAIN;
use crate::platform::Packed;
use crate::sharing::Everywhere;
use crate::span::Span;

/// What an arena, a pool or a heap asks for.
#[derive(Clone, Copy)]
pub(crate) struct Want {
    /// Bytes that the asker puts in front, at the start of the payload.
    pub prefix: usize,
    /// Bytes after them, and their alignment: room for these must be there.
    pub size: usize,
    pub align: usize,
    /// Bytes that the claim should have altogether, the ledger's own header included, if they are to be had; with 0 it gets no more
    /// than it needs.
    pub prefer: usize,
    /// Set iff memory, when it must grow, should grow by a part of all that is claimed, so that it grows seldom.
    pub ahead: bool,
    /// The payload of a claim that would rather grow at its end than have a new one beside it. It has iff what is placed begins where it does, as it
    /// is held.
    pub grow: Option<NonNull<u8>>,
    /// Bytes that it needs more, not 0; and that it would like more.
    pub missing: usize,
    pub liked: usize,
    /// Set iff it is for a heap: a loan that does not begin where it fits is of no use, and what a claim that can't grow holds is copied, so it may
    /// go where it can go on growing.
    pub block: bool,
}

impl Want {
    /// Room for so many bytes at that alignment, and no more.
    pub const fn of(size: usize, align: usize) -> Want {
        Want { prefix: 0, size, align, prefer: 0, ahead: false, grow: None, missing: 0, liked: 0, block: false }
    }
}

/// How a want was met: by a new claim, or one that has grown.
#[derive(Clone, Copy)]
pub(crate) struct Placed {
    /// What the asker may use: the payload, of which all is new, or what lies behind the end that it had.
    pub payload: Span,
    /// What of it lies at this address or above was never used and is zero.
    pub zero_from: usize,
}

impl Placed {
    /// The payload's start, and the address from which on it is zero.
    #[inline(always)]
    pub fn packed(self) -> Packed {
        // Never 0: what is zero from there on is zero from a byte further up as well.
        let (base, zero_from) = (self.payload.base(), NonZero::<usize>::MIN | self.zero_from);
        Packed::new((base, base.with_addr(zero_from)))
    }
}

/// Whoever keeps memory that nobody uses, to have it at hand: a heap's free blocks.
pub(crate) trait Keeper: Sync {
    /// Gives the ledger back what nobody uses: claims as they are, or `all`, also what must be looked for. It is called before
    /// memory grows, while nothing of the ledger's is held.
    fn let_go(&self, all: bool);
}

/// A ledger, whatever its backing.
///
/// # Safety
///
/// The implementor owes: a payload that `place` returned is the caller's alone until it is given back, and at least as
/// large as was wanted. It begins where that in `want.grow` does iff that has grown; a want without it gets a new one.
pub(crate) unsafe trait Spans: Everywhere {
    /// Makes room for `want`, under the owner's name. On `Err` nothing has changed.
    ///
    /// # Safety
    ///
    /// The caller owes: the payload in `want.grow` is one of this ledger's that it holds.
    unsafe fn place(&self, owner: &'static str, want: &Want) -> Result<Placed, Obstacle>;

    /// Room for `size` bytes, aligned to the grain, if that much is free: nothing is asked of the backing.
    #[cfg(any(
        all(any(unix, windows), not(target_family = "wasm")),
        all(target_family = "wasm", target_feature = "atomics")
    ))]
    fn place_free(&self, owner: &'static str, size: usize) -> Option<NonNull<u8>> {
        let _ = (owner, size);
        None
    }

    /// Takes a claim back.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is one that this ledger handed out, still held, and nobody uses it any more.
    unsafe fn give_back(&self, payload: NonNull<u8>);

    /// Lets the host have the pages of a claim, if they are its own and many. Nothing is locked meanwhile.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is one that this ledger handed out, still held, and nobody wants what is in it.
    #[cfg(all(any(unix, windows), not(target_family = "wasm")))]
    unsafe fn vacate(&self, payload: NonNull<u8>) {
        let _ = payload;
    }

    /// Whether this is a claim under that name that has not ended, as far as can be seen there.
    #[cfg(debug_assertions)]
    fn has(&self, payload: NonNull<u8>, owner: &'static str) -> bool {
        let _ = (payload, owner);
        true
    }

    /// Bytes of each claim that are not payload.
    fn header(&self) -> usize {
        GRAIN
    }
}

/// `Spans::place_free`, which is there where crowds may be.
pub(crate) fn place_free(spans: &dyn Spans, owner: &'static str, size: usize) -> Option<NonNull<u8>> {
    #[cfg(any(
        all(any(unix, windows), not(target_family = "wasm")),
        all(target_family = "wasm", target_feature = "atomics")
    ))]
    return spans.place_free(owner, size);
    #[cfg(not(any(
        all(any(unix, windows), not(target_family = "wasm")),
        all(target_family = "wasm", target_feature = "atomics")
    )))]
    {
        let _ = (spans, owner, size);
        None
    }
}

/// A ledger that may keep memories apart, for who must have one of them.
pub(super) trait SpansIn: Spans {
    /// [`place`](Spans::place), in the memory that has this name, or suits this purpose.
    ///
    /// # Safety
    ///
    /// As there.
    unsafe fn place_in(&self, region: &'static str, owner: &'static str, want: &Want) -> Result<Placed, Obstacle>;
}
