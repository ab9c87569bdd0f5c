//! The one place that knows who holds which bytes.

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::backing::{Backing, DEEPEST, Need, Request};
use crate::error::{AllocError, Obstacle};
#[cfg(doc)]
use crate::layout::PAGE;
use crate::layout::{Fit, GRAIN, MAX_SPAN, padding};
use crate::platform;
use crate::sharing::{Access, Everywhere, Kind, Needed, Shareable};
use crate::span::Span;

mod bins;
mod book;
#[cfg(test)]
mod every_kind;
mod node;
mod part;
mod records;
mod snapshot;
#[cfg(test)]
mod tests;
mod within;

use book::Book;
pub(crate) use book::Totals;
use node::At;
pub(crate) use part::Wish;
use records::Kept;
pub(crate) use records::{Read, Records};
pub use snapshot::{Snapshot, SpanInfo};
pub use within::Within;

/// Every span that was ever taken from a [`Backing`], and who holds it now.
///
/// Arenas and pools claim spans here under an owner's name; what they give back merges with its neighbours and is handed
/// out again, to any of them, before the backing is asked for more. No span is handed out twice: what a backing gives is
/// checked against all that the ledger holds.
///
/// It keeps its records inside the spans, [`GRAIN`] bytes at the head of each, and needs no memory of its own. A claim from
/// free memory, and its end, take a bounded number of steps, however many spans there are: each search looks at 34 free spans at most. (If
/// a claim is aligned to more than the grain, at 98, and at 32 more for each doubling from its length to a larger alignment. It may miss
/// a free span that would hold it, where very many of that length lie wrong for it. A heap's slabs miss none.) Fresh memory takes steps that
/// grow with the logarithm of the number of separate stretches of it.
///
/// It may be shared between threads: `L`'s lock is held for those steps, which is the one that the target [needs](Needed) unless another is
/// named. An interrupt handler may use it, and what stands on it, if that lock keeps interrupts off: with the feature `critical-section` on
/// bare metal it does, else see [`Locked`](crate::sharing::Locked). A spin lock doesn't: the handler would wait for the claim that it interrupted.
pub struct Ledger<B, L = Needed> {
    records: Records<L>,
    /// Used only while the records are locked.
    backing: UnsafeCell<B>,
}

// SAFETY: one thread at a time uses the backing, which may be sent from one to another.
unsafe impl<B: Send, L: Shareable> Sync for Ledger<B, L> {}

/// Free spans of so many bytes are always used before memory grows.
const FAIR: usize = 4096;

/// The part of all that is claimed by which memory grows at least when asked to grow ahead.
const AHEAD: usize = 64;

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
    /// Where it is to lie.
    pub wish: Wish,
}

impl Want {
    /// Room for so many bytes at that alignment, and no more; from anywhere.
    pub const fn of(size: usize, align: usize) -> Want {
        Want { prefix: 0, size, align, prefer: 0, ahead: false, grow: None, wish: Wish::Anywhere }
    }
}

/// A claim that would rather grow at its end than have a new one beside it.
#[derive(Clone, Copy)]
pub(crate) struct GrowInPlace {
    pub payload: NonNull<u8>,
    /// Bytes that it needs more: not 0.
    pub missing: usize,
    /// Bytes that it would like more.
    pub prefer: usize,
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
    /// Gives the ledger back what nobody uses: claims as they are, or `all`, also what must be looked for. It is called before
    /// memory grows, while nothing of the ledger's is held.
    fn let_go(&self, all: bool);
}

/// A ledger, whatever its backing.
///
/// # Safety
///
/// The implementor owes: a payload that `place` returned is the caller's alone until it is given back, and at least as
/// large as was wanted.
pub(crate) unsafe trait Spans: Everywhere {
    /// Makes room for `want`, under the owner's name. On `Err` nothing has changed.
    ///
    /// # Safety
    ///
    /// The caller owes: the payload in `want.grow` is one of this ledger's that it holds.
    unsafe fn place(&self, owner: &'static str, want: &Want) -> Result<Placed, Obstacle>;

    /// Takes a claim back.
    ///
    /// # Safety
    ///
    /// The caller owes: `payload` is one that this ledger handed out, still held, and nobody uses it any more.
    unsafe fn give_back(&self, payload: NonNull<u8>);

    /// Bytes of each claim that are not payload.
    fn header(&self) -> usize {
        GRAIN
    }
}

impl<B: Backing> Ledger<B> {
    /// An empty ledger over `backing`, shared as the target [needs](Needed). Nothing is taken before the first claim.
    pub const fn new(backing: B) -> Ledger<B> {
        Ledger::over(backing)
    }
}

impl<B: Backing, L: Shareable> Ledger<B, L> {
    /// An empty ledger over `backing`, shared as its type says: `static LEDGER: Ledger<Region, Locked<R>> = Ledger::with_lock(region);`, or
    /// `Ledger::<_, Locked<R>>::with_lock(backing)`. Nothing is taken before the first claim.
    pub const fn with_lock(backing: B) -> Ledger<B, L> {
        Ledger::over(backing)
    }
}

impl<B: Backing, L: Access> Ledger<B, L> {
    // It stays private: on most targets no ledger may be `Local`, as what stands on it may go to another thread.
    const fn over(backing: B) -> Ledger<B, L> {
        const {
            assert!(
                B::DEPTH <= DEEPEST,
                "at most 16 backings can lie behind one another with `Then` where one of them lends"
            )
        };
        Ledger { records: Records::new(B::LENDS), backing: UnsafeCell::new(backing) }
    }

    /// What it has written down.
    pub(crate) const fn records(&self) -> &Records<L> {
        &self.records
    }
}

impl<B: Backing, L: Kind> Ledger<B, L> {
    /// Claims at least `layout.size()` bytes at that alignment, to use as raw memory, under the name `owner`.
    ///
    /// # Errors
    ///
    /// When neither free spans nor the backing have room. Nothing has changed then, except that heaps on this ledger have given back what
    /// they kept at hand.
    pub fn claim(&self, owner: &'static str, layout: Layout) -> Result<Claim<'_>, AllocError> {
        let align = layout.align();
        let want = Want::of(layout.size().max(1), align);
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
        let Totals { granted, claimed, peak, growths } = self.records.totals();
        Snapshot { claimed, free: granted - claimed, peak, granted, growths, records: &self.records }
    }

    /// Offers the host what is free: `host` is called with the start and the length in bytes of every stretch of whole pages
    /// ([`PAGE`] bytes each, at multiples of that) that nobody uses. Returns their bytes.
    ///
    /// The host may take the memory behind them away for now, as long as it is there again, with whatever in it, when it is next
    /// written to: `memory.discard` of WebAssembly's memory-control proposal where an embedder has it, `MADV_DONTNEED` on
    /// Linux. The ledger doesn't care what becomes of the bytes. Call [`Heap::trim`](crate::Heap::trim) before, so that what
    /// the heap keeps is free too.
    ///
    /// On wasm as it is, there is nothing to call: memory never shrinks, and pages that are free only wait for the next claim.
    ///
    /// Nothing is locked while `host` runs: it may use the ledger, print and allocate. What it is told of is a claim meanwhile, under the
    /// name `offered`, so nobody else gets it. The claim ends when `host` returns, or panics. In all it takes a step for each span, with the
    /// ledger locked from one stretch to the next.
    pub fn discard(&self, mut host: impl FnMut(NonNull<u8>, usize)) -> usize {
        let (mut bytes, mut from) = (0, 0);
        while let Some((claim, pages)) = self.records.offer(self, from) {
            from = claim.payload.end();
            host(pages.base(), pages.len());
            bytes += pages.len();
        }
        bytes
    }

    /// How often the backing was asked for memory and gave it. While the number stays, this ledger has not grown memory.
    pub fn growths(&self) -> usize {
        self.records.totals().growths
    }
}

impl<B: Backing, L: Kind> Ledger<B, L> {
    /// Runs `f` with the book and the backing to itself. The backing is the one piece of foreign code that runs under the lock.
    fn with<R>(&self, f: impl FnOnce(&mut Book, &mut B) -> R) -> R {
        self.records.with_backing(B::COMES_BACK, |Kept { book, .. }| {
            // SAFETY: the records are locked, so no other reference to the backing is alive.
            f(book, unsafe { &mut *self.backing.get() })
        })
    }

    /// Meets a plan with fresh memory, as free memory could not.
    #[cold]
    #[inline(never)]
    fn place_fresh(&self, plan: &Plan, ahead: bool) -> Result<Placed, Obstacle> {
        self.with(|book, backing| {
            let mut obstacle = Obstacle::TooLarge;
            if B::PARTS {
                while let Some(part) = backing.part()? {
                    book.enter_part(backing.name(), &part)?;
                }
                if let Some(placed) = plan.meet(book, plan.prefer).or_else(|| plan.meet(book, plan.least)) {
                    return Ok(placed);
                }
            }
            if let Wish::Only(region) = plan.wish {
                let backing = book.knows(plan.wish).ok_or(Obstacle::Unknown { region })?;
                return Err(Obstacle::Exhausted { backing, left: plan.fit.room_in(book.longest(plan.wish)) });
            }
            // Fresh memory: as much as is preferred, and where that is refused as much as is needed.
            let ahead = if ahead { book.totals.claimed / AHEAD } else { 0 };
            let liked = plan.prefer.saturating_add(ahead).min(MAX_SPAN.max(plan.least));
            for (len, spacious) in [(liked, true), (plan.least, false)] {
                // More than once only if the backing gave less than asked, as `memory.grow` may beside other threads.
                for _ in 0..4 {
                    let fresh = match book.take(backing, plan.owner, plan.request(book, len, spacious)) {
                        Ok(loan) if !loan.is_free() => return Ok(handed_out(book, loan)),
                        Ok(fresh) => fresh,
                        Err(reason) => {
                            obstacle = reason;
                            break;
                        }
                    };
                    obstacle = Obstacle::Short { backing: backing.name() };
                    if let Some(placed) = plan.meet_from(book, fresh) {
                        return Ok(placed);
                    }
                }
                // What is free may hold what is needed, though not what is preferred.
                if let Some(placed) = plan.meet(book, plan.least) {
                    return Ok(placed);
                }
                if len == plan.least && plan.grow.is_none() {
                    break;
                }
            }
            // What the backing has given already counts as well; what headers and alignment would take of it does not.
            Err(match obstacle {
                Obstacle::Exhausted { backing, left } => {
                    Obstacle::Exhausted { backing, left: plan.fit.room_in(left.max(book.longest(plan.wish))) }
                }
                other => other,
            })
        })
    }
}

/// How a want is to be met.
struct Plan {
    owner: &'static str,
    fit: Fit,
    /// Bytes that the claim needs and would like, both without what it takes to be aligned to more than the grain.
    least: usize,
    prefer: usize,
    grow: Option<Grow>,
    wish: Wish,
}

/// A claim that would rather grow: by so many bytes that it needs, and that it would like; on the grain.
struct Grow {
    at: At,
    missing: usize,
    liked: usize,
}

impl Plan {
    /// The plan for a want; `None` if no span can meet it.
    ///
    /// # Safety
    ///
    /// The caller owes: the payload in `want.grow` is one of this ledger's that it holds.
    unsafe fn new(owner: &'static str, want: &Want) -> Option<Plan> {
        let fit = Fit { head: GRAIN + want.prefix, size: want.size, align: want.align };
        let align = if fit.align <= GRAIN { fit.align } else { 1 };
        let least = Fit { align, ..fit }.anywhere()?;
        let prefer = want.prefer.clamp(least, MAX_SPAN.max(least));
        let grow = want.grow.filter(|grow| grow.missing <= MAX_SPAN).map(|grow| {
            let missing = grow.missing.next_multiple_of(GRAIN);
            // SAFETY: the caller's promise.
            let at = unsafe { header_of(grow.payload) };
            Grow { at, missing, liked: missing.max(grow.prefer.min(MAX_SPAN) & !(GRAIN - 1)) }
        });
        Some(Plan { owner, fit, least, prefer, grow, wish: want.wish })
    }

    /// What is wanted, if the claim is to be `len` bytes long, or as long as it must.
    fn fit_of(&self, len: usize) -> Fit {
        Fit { size: self.fit.size.saturating_add(len.saturating_sub(self.least)), ..self.fit }
    }

    /// Has the claim that would rather grow do so.
    fn grow(&self, book: &mut Book) -> Option<Placed> {
        let grow = self.grow.as_ref().filter(|grow| book.suits(grow.at, self.wish))?;
        book.extend(grow.at, grow.missing, grow.liked).then(|| Placed::Grown(reached(payload(grow.at))))
    }

    /// Meets the want from fresh memory, which is in this span.
    fn meet_from(&self, book: &mut Book, fresh: At) -> Option<Placed> {
        if let Some(grown) = self.grow(book) {
            return Some(grown);
        }
        let at = book.carve_from(self.owner, fresh, &self.fit, self.prefer.saturating_sub(self.least))?;
        Some(handed_out(book, at))
    }

    /// Meets the want from free memory, with a claim of at least `len` bytes, up to what is preferred.
    #[inline(never)]
    fn meet(&self, book: &mut Book, len: usize) -> Option<Placed> {
        if let Some(grown) = self.grow(book) {
            return Some(grown);
        }
        let len = len.max(self.least);
        let at = if self.fit.align <= GRAIN {
            book.carve_len(self.owner, len, self.prefer, self.wish)?
        } else {
            book.carve(self.owner, &self.fit_of(len), self.prefer.saturating_sub(len), self.wish)?
        };
        Some(handed_out(book, at))
    }

    /// Meets the want from free memory: from a span that has the room preferred, else from one that has a fair part of it. Smaller ones are
    /// left until no more is to be had: an arena that goes through crumbs in each turn of a hot loop is a slow one.
    fn meet_fairly(&self, book: &mut Book) -> Option<Placed> {
        let fair = || FAIR.min(self.prefer / 4);
        self.meet(book, self.prefer).or_else(|| if self.prefer > self.least { self.meet(book, fair()) } else { None })
    }

    /// What to ask the backing for, to have a claim of `len` bytes, or one that grows by what it likes, if there is space.
    fn request(&self, book: &Book, len: usize, spacious: bool) -> Request {
        let fit = self.fit_of(len);
        let grow = self.grow.as_ref().map(|&Grow { at, missing, liked }| {
            (at, Need { least: missing, liked: if spacious { liked } else { missing } })
        });
        Request::new(fit, self.fit, book.reach(grow, [&self.fit, &fit]))
    }
}

// SAFETY: `place` hands out a span only after `Book` has it under the owner's name, and `Book` never holds two spans that
// overlap; the lock makes each call one step.
unsafe impl<B: Backing, L: Kind> Spans for Ledger<B, L> {
    unsafe fn place(&self, owner: &'static str, want: &Want) -> Result<Placed, Obstacle> {
        if let Wish::Rather(region) = want.wish {
            // SAFETY: the caller's promise.
            return match unsafe { self.place(owner, &Want { wish: Wish::Only(region), ..*want }) } {
                // SAFETY: as above.
                Err(Obstacle::Exhausted { .. }) => unsafe {
                    self.place(owner, &Want { wish: Wish::Anywhere, ..*want })
                },
                placed => placed,
            };
        }
        // SAFETY: the caller's promise.
        let plan = unsafe { Plan::new(owner, want) }.ok_or(Obstacle::TooLarge)?;
        let meet = |kept: &mut Kept| plan.meet_fairly(&mut kept.book).ok_or(kept.keeper);
        let keeper = match self.records.with(meet) {
            Ok(placed) => return Ok(placed),
            Err(keeper) => keeper,
        };
        platform::stack_ahead();
        if let Some(keeper) = keeper {
            for all in [false, true] {
                keeper.let_go(all);
                if let Ok(placed) = self.records.with(meet) {
                    return Ok(placed);
                }
            }
        }
        self.place_fresh(&plan, want.ahead)
    }

    unsafe fn give_back(&self, payload: NonNull<u8>) {
        if !B::LENDS {
            // SAFETY: the caller's promise.
            return unsafe { self.records.take_back(payload) };
        }
        self.with(|book, backing| {
            // SAFETY: the caller's promise.
            let at = unsafe { header_of(payload) };
            if let Some(loan) = book.release(at, true) {
                // SAFETY: the span was lent by this backing under this route, has left the book, and its holder is done.
                unsafe { backing.give_back(loan) };
            }
        });
    }
}

/// # Safety
///
/// The caller owes: `payload` is the payload of a claim.
unsafe fn header_of(payload: NonNull<u8>) -> At {
    // SAFETY: the header stands one grain before the payload, in the same span.
    let base = unsafe { payload.sub(GRAIN) };
    // SAFETY: a span starts there (the caller's promise), and payloads derive from their headers' pointers.
    unsafe { At::of(base) }
}

/// Bytes of a claim's payload.
///
/// # Safety
///
/// The caller owes: `payload` is one that a ledger handed out, still held.
pub(crate) unsafe fn payload_len(payload: NonNull<u8>) -> usize {
    // SAFETY: the caller's promise. A claim's length changes at its holder's wish only, so no lock is needed.
    unsafe { header_of(payload) }.len.get() - GRAIN
}

/// A payload that goes out.
fn reached(payload: Span) -> Span {
    platform::reach(payload.end());
    payload
}

/// A span without its header: what its holder may use, or nobody does.
fn payload(at: At) -> Span {
    // SAFETY: a span is at least as long as its header.
    let base = unsafe { at.base().add(GRAIN) };
    // SAFETY: the rest of the span, which `at` may reach.
    unsafe { Span::new(base, at.len.get() - GRAIN) }
}

/// The claim that was made last.
fn handed_out(book: &Book, at: At) -> Placed {
    Placed::New(reached(payload(at)), book.zero_from())
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

// SAFETY: a claim is bound to no thread, where its ledger is not, and its bytes are its own.
unsafe impl Send for Claim<'_> where for<'a> &'a dyn Spans: Send {}
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

static_assertions::assert_impl_all!(Ledger<crate::backing::Region<'static>>: Send);
// Where there is a lock for it: see the end of `lib.rs`.
#[cfg(any(target_has_atomic = "ptr", feature = "critical-section"))]
static_assertions::assert_impl_all!(Ledger<crate::backing::Region<'static>>: Sync);
#[cfg(any(target_has_atomic = "ptr", feature = "critical-section"))]
static_assertions::assert_impl_all!(Claim<'static>: Send, Sync);
