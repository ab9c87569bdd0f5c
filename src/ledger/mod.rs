//! The one place that knows who holds which bytes.

use core::alloc::Layout;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::backing::{Backing, Grant, Kind, Loan, Reach, Request};
use crate::error::{AllocError, Obstacle};
use crate::layout::{Fit, GRAIN, MAX_SPAN, padding};
use crate::lock::Lock;
use crate::span::Span;

mod snapshot;
#[cfg(test)]
mod tests;
mod tree;

pub use snapshot::{Snapshot, SpanInfo};
use tree::{At, Tree};

/// Every span that was ever taken from a [`Backing`], and who holds it now.
///
/// Arenas and pools claim spans here under an owner's name; what they give back merges with its neighbours and is handed
/// out again, to any of them, before the backing is asked for more. No span is handed out twice: what a backing gives is
/// checked against all that the ledger holds.
///
/// It keeps its records inside the spans, [`GRAIN`] bytes at the head of each, and needs no memory of its own. A claim
/// takes a number of steps that grows with the logarithm of the number of spans. It may be shared between threads: a spin
/// lock is held for those steps (none on single-threaded wasm). Don't claim in an interrupt handler: it would wait for
/// the claim that it interrupted.
pub struct Ledger<B> {
    state: Lock<State<B>>,
}

struct State<B> {
    backing: B,
    book: Book,
    /// The heap that was opened last on this ledger; it knows those before it.
    keeper: Option<&'static dyn Keeper>,
}

/// The spans and the sums over them.
struct Book {
    // Every span that was granted and not given back, claimed or free; they never overlap, and two free ones that touch
    // and may merge are one.
    tree: Tree,
    /// The claim that was given back last, if it has not been made free yet: it is in the tree as a claim still. A loop that makes
    /// an arena in each turn gets it back at once. Whoever looks for free memory, or at the spans, settles it first.
    spare: Option<At>,
    totals: Totals,
    /// Where what was ever claimed, or never was zero, ends. What is free from here on is zero, but for a free span's header that may
    /// stand at just this address.
    touched: usize,
    /// The same before the last claim.
    was_touched: usize,
}

// SAFETY: a `Book` owns its spans, headers included, and is bound to no thread.
unsafe impl Send for Book {}

/// Sums: bytes, but for the growths.
#[derive(Clone, Copy)]
struct Totals {
    granted: usize,
    claimed: usize,
    peak: usize,
    growths: usize,
}

/// Free spans of so many bytes are always used before memory grows.
const FAIR: usize = 4096;

/// The part of all that is claimed by which memory grows at least when asked to grow ahead.
const AHEAD: usize = 32;

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
    /// The claim that would rather grow in place.
    pub grow: Option<GrowInPlace>,
}

/// A claim that would rather grow at its end than have a new one beside it.
#[derive(Clone, Copy)]
pub(crate) struct GrowInPlace {
    pub payload: NonNull<u8>,
    /// Bytes that it needs more.
    pub missing: usize,
    /// Bytes that it would like more.
    pub prefer: usize,
}

/// Where room may come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sources {
    /// From what is free.
    Free,
    /// From the backing too.
    All,
}

/// How a want was met. The span is the payload: what the asker may use.
pub(crate) enum Placed {
    /// The claim that wanted to grow did, at its end.
    Grown(Span),
    /// A new claim. What lies at this address or above was never used and is zero.
    New(Span, usize),
}

/// Whoever keeps memory that nobody uses, to have it at hand: a heap's free blocks.
pub(crate) trait Keeper: Sync {
    /// Gives the ledger back all that nobody uses. It is called before memory grows, while nothing of the ledger's is held.
    fn let_go(&self);
}

/// A ledger, whatever its backing.
///
/// # Safety
///
/// The implementor owes: a payload that `place` returned is the caller's alone until it is given back, and at least as
/// large as was wanted.
pub(crate) unsafe trait Spans: Sync {
    /// Makes room for `want`, under the owner's name. On `Err` nothing has changed.
    ///
    /// # Safety
    ///
    /// The caller owes: the payload in `want.grow` is one of this ledger's that it holds.
    unsafe fn place(&self, owner: &'static str, want: &Want) -> Result<Placed, Obstacle>;

    /// Cuts a claim's payload down to `len` bytes, or a little more; the rest is free then. A loan stays as it is.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is one that this ledger handed out, still held, and nobody uses more than the first `len`
    /// bytes of it.
    unsafe fn shorten(&self, payload: NonNull<u8>, len: usize);

    /// Has `keeper` asked to let go before memory grows, and returns the one that was asked until now.
    fn enlist(&self, keeper: &'static dyn Keeper) -> Option<&'static dyn Keeper>;

    /// The first span at `addr` or above.
    fn span_from(&self, addr: usize) -> Option<SpanInfo>;

    /// Takes a claim back.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is one that this ledger handed out, still held, and nobody uses it any more.
    unsafe fn give_back(&self, payload: NonNull<u8>);
}

impl<B: Backing> Ledger<B> {
    /// An empty ledger over `backing`. Nothing is taken before the first claim.
    pub const fn new(backing: B) -> Ledger<B> {
        let totals = Totals { granted: 0, claimed: 0, peak: 0, growths: 0 };
        let book = Book { tree: Tree::new(), spare: None, totals, touched: 0, was_touched: 0 };
        Ledger { state: Lock::new(State { backing, book, keeper: None }) }
    }

    /// Claims at least `layout.size()` bytes at that alignment, to use as raw memory, under the name `owner`.
    ///
    /// # Errors
    ///
    /// When neither free spans nor the backing have room. Nothing has changed then.
    pub fn claim(&self, owner: &'static str, layout: Layout) -> Result<Claim<'_>, AllocError> {
        let (size, align) = (layout.size().max(1), layout.align());
        let want = Want { prefix: 0, size, align, prefer: 0, ahead: false, grow: None };
        // SAFETY: no claim is to grow.
        let placed = unsafe { self.place(owner, &want) };
        let (Placed::Grown(payload) | Placed::New(payload, _)) =
            placed.map_err(|obstacle| AllocError::new(owner, layout.size(), align, obstacle))?;
        let pad = padding(payload.addr(), align);
        // SAFETY: the ledger made room for `size` bytes at this alignment.
        let data = unsafe { payload.base().add(pad) };
        // SAFETY: the rest of a payload that this claim holds alone.
        let data = unsafe { Span::new(data, payload.len() - pad) };
        Ok(Claim { ledger: self, payload, data, owner, plain: PhantomData })
    }

    /// What it holds now, to read or to print.
    pub fn snapshot(&self) -> Snapshot<'_> {
        let Totals { granted, claimed, peak, growths } = self.state.with(|state| state.book.totals);
        Snapshot { claimed, free: granted - claimed, peak, granted, growths, spans: self }
    }

    /// How often the backing was asked for memory and gave it. While the number stays, this ledger has not grown memory.
    pub fn growths(&self) -> usize {
        self.state.with(|state| state.book.totals.growths)
    }
}

impl<B: Backing> Ledger<B> {
    /// [`place`](Spans::place), from free memory only or from all there is.
    ///
    /// # Safety
    ///
    /// As there.
    unsafe fn place_from(&self, owner: &'static str, want: &Want, sources: Sources) -> Result<Placed, Obstacle> {
        let fit = Fit { head: GRAIN + want.prefix, size: want.size, align: want.align };
        // The lengths that a claim needs and would like, both without alignment.
        let least = Fit { align: 1, ..fit }.anywhere().ok_or(Obstacle::TooLarge)?;
        let prefer = want.prefer.clamp(least, MAX_SPAN.max(least));
        let roomy = |len: usize| Fit { size: want.size.saturating_add(len.saturating_sub(least)), ..fit };
        self.state.with(|State { backing, book, .. }| {
            let grow = want.grow.filter(|grow| grow.missing <= MAX_SPAN).map(|grow| {
                let missing = grow.missing.next_multiple_of(GRAIN);
                // SAFETY: the caller's promise.
                let at = unsafe { header_of(grow.payload) };
                (at, missing, missing.max(grow.prefer.min(MAX_SPAN) & !(GRAIN - 1)))
            });
            let reuse = |book: &mut Book| {
                if let Some((at, missing, liked)) = grow
                    && book.extend(at, missing, liked)
                {
                    return Some(Placed::Grown(payload(at)));
                }
                // A free span that has the room preferred; else one that has a fair part of it. Smaller ones are left until no more
                // is to be had: an arena that goes through crumbs in each turn of a hot loop is a slow one.
                [prefer, FAIR.min(prefer / 4)].into_iter().find_map(|len| {
                    let at = book.carve(owner, &roomy(len), &roomy(prefer))?;
                    Some(book.handed_out(at))
                })
            };
            // What is free may hold what is needed, though not what is preferred.
            let settle = |book: &mut Book| {
                if let Some((at, missing, _)) = grow
                    && book.extend(at, missing, missing)
                {
                    return Some(Placed::Grown(payload(at)));
                }
                book.carve(owner, &fit, &roomy(prefer)).map(|at| book.handed_out(at))
            };
            if grow.is_none()
                && let Some(at) = book.take_spare(owner, &roomy(prefer), want.prefer > 0)
            {
                return Ok(book.handed_out(at));
            }
            book.settle_spare();
            if let Some(placed) = reuse(book) {
                return Ok(placed);
            }
            let mut obstacle = Obstacle::TooLarge;
            if sources == Sources::Free {
                return Err(obstacle);
            }
            // Fresh memory: as much as is preferred, and where that is refused as much as is needed.
            for spacious in [true, false] {
                let ahead = if want.ahead { book.totals.claimed / AHEAD } else { 0 };
                let size = if spacious { prefer.saturating_add(ahead).min(MAX_SPAN.max(least)) } else { least };
                let longer = grow.map(|(at, missing, liked)| (at, if spacious { liked } else { missing }));
                // More than once only if the backing gave less than asked, as `memory.grow` may beside other threads.
                for _ in 0..4 {
                    let reach = book.reach(longer, &roomy(size));
                    match book.take(backing, owner, Request::new(roomy(size), fit, reach)) {
                        Ok(Some(loan)) => return Ok(book.handed_out(loan)),
                        Ok(None) => obstacle = Obstacle::Short { backing: backing.name() },
                        Err(reason) => {
                            obstacle = reason;
                            break;
                        }
                    }
                    if let Some(placed) = reuse(book).or_else(|| settle(book)) {
                        return Ok(placed);
                    }
                }
                if let Some(placed) = settle(book) {
                    return Ok(placed);
                }
                if size == least && grow.is_none() {
                    break;
                }
            }
            // What the backing has given already counts as well.
            Err(match obstacle {
                Obstacle::Exhausted { backing, left } => {
                    Obstacle::Exhausted { backing, left: left.max(book.tree.roomiest()) }
                }
                other => other,
            })
        })
    }
}

// SAFETY: `place` hands out a span only after `Book` has it under the owner's name, and `Book` never holds two spans that
// overlap; the lock makes each call one step.
unsafe impl<B: Backing> Spans for Ledger<B> {
    unsafe fn place(&self, owner: &'static str, want: &Want) -> Result<Placed, Obstacle> {
        if let Some(keeper) = self.state.with(|state| state.keeper) {
            // SAFETY: the caller's promise.
            let placed = unsafe { self.place_from(owner, want, Sources::Free) };
            if placed.is_ok() {
                return placed;
            }
            keeper.let_go();
        }
        // SAFETY: the caller's promise.
        unsafe { self.place_from(owner, want, Sources::All) }
    }

    unsafe fn shorten(&self, payload: NonNull<u8>, len: usize) {
        self.state.with(|State { book, .. }| {
            // SAFETY: the caller's promise.
            let at = unsafe { header_of(payload) };
            book.shorten(at, len.saturating_add(GRAIN));
        });
    }

    fn enlist(&self, keeper: &'static dyn Keeper) -> Option<&'static dyn Keeper> {
        self.state.with(|state| state.keeper.replace(keeper))
    }

    fn span_from(&self, addr: usize) -> Option<SpanInfo> {
        self.state.with(|state| {
            state.book.settle_spare();
            let at = state.book.tree.at_or_above(addr)?;
            Some(SpanInfo { base: at.addr(), len: at.len.get(), owner: at.owner.get() })
        })
    }

    unsafe fn give_back(&self, payload: NonNull<u8>) {
        self.state.with(|State { backing, book, .. }| {
            // SAFETY: the caller's promise.
            let at = unsafe { header_of(payload) };
            if let Some(loan) = book.release(at) {
                // SAFETY: the span was lent by this backing under this route, has left the book, and its holder is done.
                unsafe { backing.give_back(loan) };
            }
        });
    }
}

/// # Safety
///
/// The caller owes: `payload` is the payload of a claim in the tree.
unsafe fn header_of(payload: NonNull<u8>) -> At {
    // SAFETY: the header stands one grain before the payload, in the same span.
    let base = unsafe { payload.sub(GRAIN) };
    // SAFETY: a span of the tree starts there (the caller's promise), and payloads derive from their headers' pointers.
    unsafe { At::of(base) }
}

/// What the holder of a span may use: all but the header.
fn payload(at: At) -> Span {
    // SAFETY: a claimed span is longer than its header.
    let base = unsafe { at.base().add(GRAIN) };
    // SAFETY: the rest of the span, which `at` may reach.
    unsafe { Span::new(base, at.len.get() - GRAIN) }
}

impl Book {
    /// Asks the backing for fresh memory and enters what it gives. A loan comes back as a claim of the owner's.
    fn take(
        &mut self,
        backing: &mut impl Backing,
        owner: &'static str,
        request: Request,
    ) -> Result<Option<At>, Obstacle> {
        let grant = backing.claim(&request)?;
        let name = backing.name();
        let refuse = |backing: &mut _, obstacle| {
            if grant.kind == Kind::Loan {
                // SAFETY: the loan was just made, and nobody has used it.
                unsafe { Backing::give_back(backing, Loan { span: grant.span, route: grant.route }) };
            }
            Err(obstacle)
        };
        let short = Obstacle::Short { backing: name };
        let Some(span) = grant.usable() else {
            return refuse(backing, short);
        };
        if grant.kind == Kind::Loan
            && (span != grant.span || span.len() < request.fit().anywhere().unwrap_or(usize::MAX))
        {
            return refuse(backing, short);
        }
        let before = self.tree.at_or_below(span.addr());
        let after = self.tree.at_or_above(span.addr());
        for other in [before, after].into_iter().flatten() {
            if other.addr() < span.end() && span.addr() < other.end() {
                let at = other.addr().max(span.addr());
                let with = other.owner.get().unwrap_or("free memory");
                return refuse(backing, Obstacle::Overlap { backing: name, with, at });
            }
        }
        Ok(self.enter(&grant, span, owner, before, after))
    }

    /// Writes a grant down: as free memory, or, if it is a loan, as a claim of the owner's.
    fn enter(
        &mut self,
        grant: &Grant,
        span: Span,
        owner: &'static str,
        before: Option<At>,
        after: Option<At>,
    ) -> Option<At> {
        let linear = |at: At| grant.kind == Kind::Linear && at.kind.get() == Kind::Linear;
        let first = !before.is_some_and(|before| before.end() == span.addr() && linear(before));
        // SAFETY: the backing has granted these bytes for the ledger's own, they overlap no span of the tree, and `usable`
        // put both ends on the grain.
        let at = unsafe { At::write(span.base(), span.len(), grant.kind, first) };
        at.route.set(grant.route);
        self.totals.granted += span.len();
        self.totals.growths += 1;
        if !grant.zeroed {
            self.touch(at);
        }
        if let Some(after) = after
            && after.addr() == span.end()
            && linear(after)
        {
            after.first.set(false);
        }
        if grant.kind == Kind::Loan {
            at.owner.set(Some(owner));
            self.tree.insert(at);
            self.count_claimed(at, span.len());
            Some(at)
        } else {
            self.insert_free(at, before);
            None
        }
    }

    /// Makes a free span one with the free one after it. It is not, or not yet rightly, in the tree.
    fn absorb_after(&mut self, at: At) {
        if let Some(after) = self.tree.at_or_above(at.end())
            && may_merge(at, after)
        {
            self.tree.remove(after);
            at.len.set(at.len.get() + after.end_header());
        }
    }

    /// Puts a free span into the tree, or into the free ones that it touches.
    fn insert_free(&mut self, at: At, before: Option<At>) {
        self.absorb_after(at);
        match before.filter(|before| before.is_free() && may_merge(*before, at)) {
            Some(before) => {
                before.len.set(before.len.get() + at.end_header());
                self.tree.renew(before);
            }
            None => self.tree.insert(at),
        }
    }

    /// Where fresh memory would touch something that makes a smaller grant do: the claim that wants to grow, or the last
    /// free span.
    fn reach(&self, grow: Option<(At, usize)>, fit: &Fit) -> Option<Reach> {
        if let Some((at, missing)) = grow {
            let free = self.free_after(at).map_or(0, |free| free.len.get());
            let is_last = self.tree.at_or_above(at.end() + free.max(1)).is_none();
            if is_last && at.kind.get() == Kind::Linear && free < missing && at.len.get() <= MAX_SPAN - missing {
                return Some(Reach { end: at.end() + free, missing: missing - free });
            }
        }
        let last =
            self.tree.at_or_below(usize::MAX).filter(|last| last.is_free() && last.kind.get() == Kind::Linear)?;
        let (gap, len) = fit.at(last.addr())?;
        let needed = gap.checked_add(len).filter(|needed| *needed <= MAX_SPAN)?;
        // What is free and long enough has been found already; it only looks short here when alignment cut it.
        let missing = needed.checked_sub(last.len.get())?;
        Some(Reach { end: last.end(), missing: missing.max(GRAIN) })
    }

    /// The free span right after `at`, if the two could be one.
    fn free_after(&self, at: At) -> Option<At> {
        let after = self.tree.at_or_above(at.end())?;
        (after.is_free() && after.addr() == at.end() && !after.first.get()).then_some(after)
    }

    /// Lengthens a claim in place by `least` bytes or more, up to `most`, from the free span that it touches.
    fn extend(&mut self, at: At, least: usize, most: usize) -> bool {
        let Some(free) = self.free_after(at).filter(|free| free.len.get() >= least) else {
            return false;
        };
        let bytes = free.len.get().min(most);
        if at.len.get() > MAX_SPAN - bytes {
            return false;
        }
        self.cut(free, bytes);
        self.tree.remove(free);
        at.len.set(at.len.get() + bytes);
        self.tree.renew(at);
        self.count_claimed(at, bytes);
        true
    }

    /// Claims a free span that has room for `fit`, and as much of it as `most` takes.
    fn carve(&mut self, owner: &'static str, fit: &Fit, most: &Fit) -> Option<At> {
        let free = self.tree.first_fit(fit)?;
        let (gap, least) = fit.at(free.addr())?;
        let at = if gap > 0 { self.cut(free, gap)? } else { free };
        let len = most.at(at.addr()).map_or(least, |(_, len)| len).max(least);
        self.cut(at, len);
        at.owner.set(Some(owner));
        self.tree.renew(at);
        self.count_claimed(at, at.len.get());
        Some(at)
    }

    /// Frees what a claim has beyond `len` bytes.
    fn shorten(&mut self, at: At, len: usize) {
        let len = len.next_multiple_of(GRAIN);
        let Some(bytes) = at.len.get().checked_sub(len).filter(|bytes| *bytes > 0) else {
            return;
        };
        if at.kind.get() == Kind::Loan {
            return;
        }
        // SAFETY: `len` is less than the span's length.
        let base = unsafe { at.base().add(len) };
        // SAFETY: the end of a claim, on the grain, which its holder has done with and `at` may reach.
        let rest = unsafe { At::write(base, bytes, at.kind.get(), false) };
        at.len.set(len);
        self.tree.renew(at);
        self.totals.claimed -= bytes;
        self.insert_free(rest, None);
    }

    /// Cuts a free span after `len` bytes (on the grain), if it is longer; the rest becomes a free span of its own.
    fn cut(&mut self, at: At, len: usize) -> Option<At> {
        let rest = at.len.get().checked_sub(len).filter(|rest| *rest > 0)?;
        // SAFETY: `len` is less than the span's length.
        let base = unsafe { at.base().add(len) };
        // SAFETY: the rest of a free span, on the grain, which nobody uses and `at` may reach.
        let rest = unsafe { At::write(base, rest, at.kind.get(), false) };
        at.len.set(len);
        self.tree.renew(at);
        self.tree.insert(rest);
        Some(rest)
    }

    /// Ends a claim: its span is spare from now on, or, if it was a loan, returned to be given back.
    fn release(&mut self, at: At) -> Option<Loan> {
        let len = at.len.get();
        self.totals.claimed -= len;
        if at.kind.get() == Kind::Loan {
            self.tree.remove(at);
            self.totals.granted -= len;
            // SAFETY: the span that was lent, whole; `at` may reach all of it.
            let span = unsafe { Span::new(at.base(), len) };
            return Some(Loan { span, route: at.route.get() });
        }
        self.settle_spare();
        self.spare = Some(at);
        None
    }

    /// Claims the spare span, if that is what `fit` needs, or if `more` is welcome and it is not more than twice as much.
    fn take_spare(&mut self, owner: &'static str, fit: &Fit, more: bool) -> Option<At> {
        let at = self.spare?;
        let (gap, len) = fit.at(at.addr())?;
        let most = if more { len.saturating_mul(2) } else { len };
        if gap > 0 || !(len..=most).contains(&at.len.get()) {
            return None;
        }
        self.spare = None;
        at.owner.set(Some(owner));
        self.count_claimed(at, at.len.get());
        Some(at)
    }

    /// Makes the spare span free, together with the free ones that it touches.
    fn settle_spare(&mut self) {
        let Some(at) = self.spare.take() else {
            return;
        };
        at.owner.set(None);
        self.absorb_after(at);
        let before = self.tree.at_or_below(at.addr() - 1).filter(|before| may_merge(*before, at));
        if let Some(before) = before {
            self.tree.remove(at);
            before.len.set(before.len.get() + at.end_header());
            self.tree.renew(before);
        } else {
            self.tree.renew(at);
        }
    }

    /// Counts `bytes` more that are claimed, at the end of `at`.
    fn count_claimed(&mut self, at: At, bytes: usize) {
        self.totals.claimed += bytes;
        self.totals.peak = self.totals.peak.max(self.totals.claimed);
        self.touch(at);
    }

    fn touch(&mut self, at: At) {
        self.was_touched = self.touched;
        self.touched = self.touched.max(at.end());
    }

    /// The claim that was made last.
    fn handed_out(&self, at: At) -> Placed {
        Placed::New(payload(at), self.was_touched.saturating_add(GRAIN))
    }
}

/// Whether two free spans, `after` the next one up, are to be one.
fn may_merge(at: At, after: At) -> bool {
    let touch = at.end() == after.addr() && !after.first.get();
    touch && at.is_free() && after.is_free() && at.len.get() <= MAX_SPAN - after.len.get()
}

/// Raw memory claimed from a [`Ledger`]; dropping it gives the memory back.
#[must_use = "dropping a claim gives it back"]
pub struct Claim<'l> {
    ledger: &'l dyn Spans,
    payload: Span,
    data: Span,
    owner: &'static str,
    // Its bytes are plain memory; whether it may be sent is said below.
    plain: PhantomData<*mut u8>,
}

// SAFETY: a claim is bound to no thread: its ledger may be shared, and its bytes are its own.
unsafe impl Send for Claim<'_> {}
// SAFETY: through a shared claim nothing can be changed but the bytes, and for that `unsafe` is needed.
unsafe impl Sync for Claim<'_> {}

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
        // SAFETY: the payload is this claim's, given back once, and nobody may use it after the claim.
        unsafe { self.ledger.give_back(self.payload.base()) };
    }
}

static_assertions::assert_impl_all!(Ledger<crate::backing::Region<'static>>: Send, Sync);
static_assertions::assert_impl_all!(Claim<'static>: Send, Sync);
