//! Memory that the caller owns and hands over.

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::{Backing, Grant, Request};
use crate::error::Obstacle;
use crate::layout::usable;
use crate::platform::sanitizer;
use crate::span::Span;

/// A range that the caller owns: a buffer on the stack, a static, a linker section, external RAM.
///
/// Of any size and alignment; up to two grains ([`GRAIN`](crate::GRAIN)) are lost where its ends are not on the grain.
/// The whole range goes to the ledger with the first request that fits it; a request that doesn't fit changes nothing. A
/// [`Bounded`](crate::Bounded) heap is lent it without a ledger, and loses a word at most at each end.
#[derive(Debug)]
pub struct Region<'r> {
    span: Option<Span>,
    _lent: sanitizer::Borrowed,
    owner: PhantomData<&'r mut [MaybeUninit<u8>]>,
}

// SAFETY: it is the exclusive borrow of plain bytes, which may be sent.
unsafe impl Send for Region<'_> {}

impl<'r> Region<'r> {
    /// The bytes of `memory`, for as long as they are borrowed.
    pub const fn new(memory: &'r mut [MaybeUninit<u8>]) -> Region<'r> {
        let len = memory.len();
        // SAFETY: the exclusive borrow reaches all its bytes, for 'r; a slice never wraps nor exceeds isize::MAX.
        unsafe { Region::from_raw(memory.as_mut_ptr().cast(), len) }
    }

    /// The `len` bytes at `base`: a linker section, external RAM, a `static mut`.
    ///
    /// A null `base` or a `len` of 0 is an empty region: every claim is refused.
    ///
    /// # Safety
    ///
    /// The caller owes: for as long as the region and every ledger or heap it goes to are in use, these bytes may be read and
    /// written through `base`, and nobody else uses them.
    pub const unsafe fn from_raw(base: *mut u8, len: usize) -> Region<'r> {
        let len = if len > isize::MAX as usize { isize::MAX as usize } else { len };
        let span = match NonNull::new(base) {
            // SAFETY: the caller owes just this; the length is cut to what a span can be.
            Some(base) => Some(unsafe { Span::new(base, len) }),
            None => None,
        };
        Region { span, _lent: sanitizer::Borrowed::new(span), owner: PhantomData }
    }

    /// Its bytes, for who keeps the region as long as it uses them.
    pub(crate) const fn span(&self) -> Option<Span> {
        self.span
    }
}

// SAFETY: the bytes are the caller's to give (contract of `from_raw`, borrow in `new`) and go out once.
unsafe impl Backing for Region<'_> {
    const COMES_BACK: bool = false;

    fn name(&self) -> &'static str {
        "region"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let Some(span) = self.span else {
            return Err(Obstacle::Exhausted { backing: self.name(), left: 0 });
        };
        // `from_raw` can't know whether the end wraps: `usable` does.
        let (skip, left) = usable(span.addr(), span.len());
        if request.at(span.addr())?.least > skip + left {
            return Err(Obstacle::Exhausted { backing: self.name(), left });
        }
        self.span = None;
        Ok(Grant::island(span))
    }
}
