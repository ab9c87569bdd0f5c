//! Where fresh memory comes from.

use crate::error::Obstacle;
use crate::layout::{Fit, HEADROOM, LAST_END, MAX_SPAN, padding, usable};

pub(crate) mod budget;
// What a program names when it says where its memory comes from is at the crate's root; here is what a writer of a backing needs.
// Those of other targets are in each target's documentation.
#[cfg(any(target_family = "wasm", doc))]
pub(crate) mod heap_tail;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub(crate) mod hosted;
#[cfg(any(unix, target_os = "wasi"))]
pub(crate) mod libc;
#[cfg_attr(target_os = "emscripten", path = "no_memory_grow.rs")]
#[cfg(any(target_family = "wasm", doc))]
pub(crate) mod memory_grow;
#[cfg(feature = "allocator-api2")]
mod over;
pub(crate) mod region;
pub(crate) mod regions;
#[cfg(any(all(feature = "malloc", target_os = "emscripten"), doc))]
pub(crate) mod sbrk;
#[cfg(test)]
mod tests;
mod then;

pub use crate::layout::{GRAIN, USUAL_PAGE};
pub use crate::span::Span;
pub(crate) use budget::Budget;
#[cfg(feature = "allocator-api2")]
pub use over::Over;
pub(crate) use region::Region;
pub(crate) use regions::LEAST_PART;
pub use regions::PartGrant;
pub(crate) use then::DEEPEST;
pub use then::Then;

#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
pub(crate) use hosted::Hosted as Usual;
#[cfg(all(target_os = "emscripten", not(feature = "malloc")))]
pub(crate) use libc::Libc as Usual;
#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
pub(crate) use memory_grow::MemoryGrow as Usual;
#[cfg(all(target_os = "emscripten", feature = "malloc"))]
pub(crate) use sbrk::Sbrk as Usual;

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
/// - it doesn't unwind, and uses neither the ledger that owns it nor anything that lives on that ledger, such as a heap or a pool: it is the
///   only foreign code that runs while a ledger is locked, so it would wait for itself.
///
/// The caller (the ledger) owes: [`give_back`](Backing::give_back) gets each loan at most once, and nobody uses it then.
///
/// # Around another backing
///
/// ([`Budget`] is one, with a limit.) A backing that counts, limits or logs what another gives hands on everything that the other says of
/// itself: `LENDS`, `PARTS` and `DEPTH`, its grants and its parts as they are, and what comes back. Then the ledger does with it all that it does
/// with the other, and each byte is counted once: [`Grant::span`] says how long a grant is, and what is lent comes back as long as it was.
///
/// ```
/// use freehold::backing::{Backing, Grant, Loan, PartGrant, Request};
/// use freehold::{Arena, Alloc, DefaultBacking, Ledger, Obstacle};
///
/// /// Another backing, which is asked for no more once so many bytes of it are out.
/// struct Limited<B> {
///     inner: B,
///     taken: usize,
///     limit: usize,
/// }
///
/// // SAFETY: grants, parts and loans are the inner backing's, as they are; a request is refused before anything is taken.
/// unsafe impl<B: Backing> Backing for Limited<B> {
///     const LENDS: bool = B::LENDS;
///     const PARTS: bool = B::PARTS;
///     const DEPTH: u32 = B::DEPTH;
///
///     fn name(&self) -> &'static str {
///         self.inner.name()
///     }
///
///     fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
///         let left = self.limit.saturating_sub(self.taken);
///         // It may be more all the same: whole pages.
///         let grant = self.inner.claim(&request.at_most(left)).map_err(|why| match request.anywhere() {
///             Ok(need) if need.least > left => Obstacle::Exhausted { backing: self.inner.name(), left },
///             _ => why,
///         })?;
///         self.taken += grant.span().len();
///         Ok(grant)
///     }
///
///     fn part(&mut self) -> Result<Option<PartGrant>, Obstacle> {
///         let part = self.inner.part()?;
///         self.taken += part.map_or(0, |part| part.span().len());
///         Ok(part)
///     }
///
///     unsafe fn give_back(&mut self, loan: Loan) {
///         self.taken -= loan.span.len();
///         // SAFETY: the inner backing made this loan; the caller's promise.
///         unsafe { self.inner.give_back(loan) }
///     }
/// }
///
/// let ledger = Ledger::new(Limited { inner: DefaultBacking::new(), taken: 0, limit: 1 << 20 });
/// let arena = Arena::new_in(&ledger, "frames");
/// assert!(arena.try_alloc_uninit_slice::<u8>(500_000).is_ok());
/// assert!(arena.try_alloc_uninit_slice::<u8>(600_000).is_err());
/// ```
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
    /// Set by a backing that makes [loans](Grant::loan) or [lots](Grant::lot), and so has a
    /// [`give_back`](Backing::give_back). Where it isn't set the ledger has no code for them and claims end in fewer steps; what is
    /// lent all the same stays with the ledger for good, as an [island](Grant::island).
    const LENDS: bool = false;

    /// Unset where this crate knows that it never uses the ledger it is for: then nobody need look whether it does.
    #[doc(hidden)]
    const COMES_BACK: bool = true;

    /// Unset where this crate knows that it is never [`Exhausted`](Obstacle::Exhausted), so that nobody need look what is left.
    #[doc(hidden)]
    const ENDS: bool = true;

    /// Unset where this crate knows that no grant is shorter than it was asked for, so that nobody need ask again.
    #[doc(hidden)]
    const FALLS_SHORT: bool = true;

    /// Set where each linear grant lies above all that were before it.
    #[doc(hidden)]
    const RISES: bool = false;

    /// Set where linear grants are pages of the host's own, which it may have back for a while when nobody wants what is in them.
    #[doc(hidden)]
    const PAGES: bool = false;

    /// Set where there is address space for [`claim_apart`](Backing::claim_apart).
    #[doc(hidden)]
    const APART: bool = false;

    /// Set where a grant is all there is, however little is asked for: nobody around such a backing can say how much it gives.
    #[doc(hidden)]
    const WHOLE: bool = false;

    /// Bytes that each grant takes from its source beside its own: a [`Budget`](crate::Budget) counts them.
    #[doc(hidden)]
    const BESIDE: usize = 0;

    /// Lets the host have these pages until somebody writes there. Only called where [`PAGES`](Backing::PAGES) is set.
    ///
    /// # Safety
    ///
    /// The caller owes: they are whole pages of a linear grant of such a backing, and nobody wants what is in them.
    #[doc(hidden)]
    unsafe fn empty(pages: Span) {
        let _ = pages;
    }

    /// Set by a backing that has [parts](Backing::part), as [`Regions`](crate::Regions) has, and by one around such a backing.
    const PARTS: bool = false;

    /// How many [`Then`]s lie one in another here, where loans must find their way back through them: for a backing around another it is
    /// the other's, else none.
    const DEPTH: u32 = 0;

    /// Its name, as errors and maps show it.
    fn name(&self) -> &'static str;

    /// Hands out fresh memory for `request`: as [`Request::anywhere`] says or, where it knows at which address the grant will
    /// start, as [`Request::at`] says of that address. More is welcome: the ledger keeps the rest.
    ///
    /// # Errors
    ///
    /// What stood in the way; then nothing was taken.
    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle>;

    /// [`claim`](Backing::claim), for a large block that grows: behind it, or where it can go on growing, with nobody right behind it. Only
    /// called where [`APART`](Backing::APART) is set; who refuses is asked by `claim` next.
    #[doc(hidden)]
    fn claim_apart(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let _ = request;
        Err(Obstacle::Short { backing: self.name() })
    }

    /// The next memory that the ledger is to keep apart from all others, and from what is claimed here; `None` if it has them all. Its bytes are
    /// owed as those of a grant. Only asked for where [`PARTS`](Backing::PARTS) is set. This crate makes them; a backing around another hands
    /// them on.
    ///
    /// # Errors
    ///
    /// What stood in the way; then nothing was taken.
    fn part(&mut self) -> Result<Option<PartGrant>, Obstacle> {
        Ok(None)
    }

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
    /// Bytes of the claim that it is for.
    len: Need,
    touching: Option<Touching>,
    /// What nobody may give more than.
    most: usize,
}

/// How long a grant should be, in bytes, and what just does: never more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Without what the asker would like to have in reserve. For backings that have one piece to give, and no more.
    pub least: usize,
    /// With it.
    pub liked: usize,
}

/// Where free memory, or the claim that wants to grow, ends: a grant that starts there has to bring less.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touching {
    pub end: usize,
    pub missing: Need,
}

impl Request {
    pub(crate) const fn new(fit: Fit, len: Need, touching: Option<Touching>) -> Request {
        Request { fit, len, touching, most: usize::MAX }
    }

    /// The same request, for which a grant is to have so many bytes at most. If it would need more it is too large, where it is
    /// ([`at`](Request::at)) or wherever it may be ([`anywhere`](Request::anywhere)); and what would be liked is no more than that.
    ///
    /// For a backing around another that has a limit. The other one knows where its grant starts: what touches memory that the
    /// ledger has takes only what is missing of the limit.
    #[must_use]
    pub fn at_most(&self, bytes: usize) -> Request {
        Request { most: self.most.min(bytes), ..*self }
    }

    /// What is enough wherever the grant starts, ends that aren't on the ledger's grain included.
    ///
    /// # Errors
    ///
    /// [`Obstacle::TooLarge`] if no span can hold the request.
    pub fn anywhere(&self) -> Result<Need, Obstacle> {
        let anywhere =
            |len: usize| (self.fit.anywhere(len), self.within(self.fit.anywhere(len).saturating_add(2 * GRAIN)));
        need(anywhere(self.len.least), anywhere(self.len.liked))
    }

    /// What is enough if the grant starts at address `start`: less than [`anywhere`](Request::anywhere) where it would touch free
    /// memory that the ledger already has, or a claim that wants to grow, or where alignment happens to fall well.
    ///
    /// # Errors
    ///
    /// [`Obstacle::TooLarge`] if no span that starts there can hold the request.
    pub fn at(&self, start: usize) -> Result<Need, Obstacle> {
        let skip = skipped(start);
        need((self.len.least, self.least_at(start, skip)), (self.len.liked, self.liked_at(start, skip)))
    }

    /// Where a grant must start to touch what makes less of it do.
    #[cfg(all(any(unix, windows), not(target_family = "wasm")))]
    pub(crate) fn touched(&self) -> Option<usize> {
        self.touching.map(|touching| touching.end)
    }

    /// What just does of a grant that starts there, of which so many bytes are [skipped]: what nobody can have where no span holds it.
    #[inline]
    pub(crate) fn least_at(&self, start: usize, skip: usize) -> usize {
        let touching = self.touching.map(|touching| (touching.end, touching.missing.least));
        self.len_at(start, skip, self.len.least, touching)
    }

    /// What would be liked of it.
    #[inline]
    pub(crate) fn liked_at(&self, start: usize, skip: usize) -> usize {
        let touching = self.touching.map(|touching| (touching.end, touching.missing.liked));
        self.len_at(start, skip, self.len.liked, touching)
    }

    /// Bytes of a grant from `start` on that hold a claim of `len` bytes, or bring what is missing, as it says, to what ends there.
    #[inline(always)]
    fn len_at(&self, start: usize, skip: usize, len: usize, touching: Option<(usize, usize)>) -> usize {
        let len = match touching {
            Some((end, missing)) if end == start => missing,
            _ => self.fit.from(start.wrapping_add(skip), len).saturating_add(skip),
        };
        // More where it would end with the address space: the last bytes of that are never used.
        let spare = if len > LAST_END.saturating_sub(start) { HEADROOM } else { 0 };
        self.within(len.saturating_add(spare))
    }

    /// So many bytes of a grant, if it may have them: else more than there are.
    #[inline(always)]
    fn within(&self, bytes: usize) -> usize {
        if bytes > self.most { usize::MAX } else { bytes }
    }

    /// Bytes of a loan or a lot, which starts on the grain, that is as long as would be liked.
    #[cfg(any(unix, target_os = "wasi", feature = "allocator-api2"))]
    pub(crate) fn lent(&self) -> Option<usize> {
        Some(self.fit.anywhere(self.len.liked)).filter(|len| *len <= MAX_SPAN.min(self.most))
    }

    /// Whether what is wanted fits right at the start of a span there.
    #[inline]
    pub(crate) fn fits_at(&self, start: usize) -> bool {
        self.fit.gap(start) == 0
    }

    /// Bytes of a loan or a lot that just does.
    #[inline]
    pub(crate) fn least_lent(&self) -> usize {
        self.fit.anywhere(self.len.least)
    }
}

/// Bytes that [`usable`] will cut off at the front of what starts there.
#[inline(always)]
pub(crate) fn skipped(start: usize) -> usize {
    padding(start, GRAIN) + if start == 0 { GRAIN } else { 0 }
}

/// What just does and what is liked: for spans of so many bytes, so many of a grant. The spans may be longer than there can be.
fn need((span, least): (usize, usize), (liked_span, liked): (usize, usize)) -> Result<Need, Obstacle> {
    if span > MAX_SPAN || least == usize::MAX {
        return Err(Obstacle::TooLarge);
    }
    // What would be liked may be more than any span holds: then what just does is all that can be liked.
    let liked = if liked_span > MAX_SPAN || liked == usize::MAX { least } else { liked };
    Ok(Need { least, liked: liked.max(least) })
}

/// How the ledger may treat a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
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
    pub(crate) origin: Origin,
    // For loans and lots: which way through nested `Then`s leads back to the backing that made it; one bit a level.
    pub(crate) route: u16,
    /// Whose it is, where the backing that made it stands behind others.
    pub(crate) maker: Option<&'static str>,
    pub(crate) zeroed: bool,
    /// Set iff a ledger can keep all of it.
    trimmed: bool,
}

impl Grant {
    const fn new(span: Span, origin: Origin) -> Grant {
        Grant { span, origin, route: 0, maker: None, zeroed: false, trimmed: false }
    }

    /// Memory of one linear space: it stays with the ledger, is cut as needed, and merges with other linear grants that
    /// it touches (see the [trait's contract](Backing#safety)).
    pub const fn linear(span: Span) -> Grant {
        Grant::new(span, Origin::Linear)
    }

    /// Memory that stands alone: it stays with the ledger, is cut as needed, and never merges with what it touches.
    pub const fn island(span: Span) -> Grant {
        Grant::new(span, Origin::Island)
    }

    /// Memory that is borrowed for one claim, and given back when that claim ends. Until then it is that claim's, all of it, also if the claim
    /// gets shorter: it goes back whole, and for that waits for nobody else. Its address and its length must be multiples of [`GRAIN`]. For a backing with [`LENDS`](Backing::LENDS).
    pub const fn loan(span: Span) -> Grant {
        Grant::new(span, Origin::Loan)
    }

    /// Memory that is borrowed for any number of claims: cut as needed, never merged with what it touches, and given back when
    /// nothing in it is claimed any more. Its address and its length must be multiples of [`GRAIN`]. For a backing with
    /// [`LENDS`](Backing::LENDS).
    pub const fn lot(span: Span) -> Grant {
        Grant::new(span, Origin::Lot)
    }

    /// The same grant, whose bytes are all zero: a heap need not clear them for `alloc_zeroed`.
    ///
    /// # Safety
    ///
    /// The caller owes: every byte of the span is zero.
    pub const unsafe fn zeroed(self) -> Grant {
        Grant { zeroed: true, ..self }
    }

    /// The same grant, of which [`usable`](Grant::usable) need not look what of it is.
    ///
    /// # Safety
    ///
    /// The caller owes: the span is what [`usable`] leaves of it, or empty.
    #[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
    pub(crate) const unsafe fn trimmed(self) -> Grant {
        Grant { trimmed: true, ..self }
    }

    /// The bytes that it is of, as they were granted: the ledger leaves up to a [`GRAIN`] at each end where those are not on one.
    pub const fn span(&self) -> Span {
        self.span
    }

    /// The same as `B` may make it: what is lent by a backing that says that it never lends stays, as nobody would take it back.
    pub(crate) const fn made_by<B: Backing>(self) -> Grant {
        match self.origin {
            Origin::Loan | Origin::Lot if !B::LENDS => Grant { origin: Origin::Island, ..self },
            _ => self,
        }
    }

    /// The part of it that a ledger can keep: empty if there is none.
    pub(crate) fn usable(&self) -> Span {
        if self.trimmed {
            return self.span;
        }
        let (skip, len) = usable(self.span.addr(), self.span.len());
        // SAFETY: `skip` is no more than the span's length.
        let base = unsafe { self.span.base().add(skip) };
        // SAFETY: `[base, base + len)` lies inside the granted span.
        unsafe { Span::new(base, len) }
    }
}

/// A loan or a lot on its way back.
#[derive(Clone, Copy, Debug)]
pub struct Loan {
    /// The span, just as it was granted.
    pub span: Span,
    pub(crate) route: u16,
}
