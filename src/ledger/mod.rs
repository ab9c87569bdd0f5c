//! The one place that knows who holds which bytes.

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::iter;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
use crate::backing::Origin;
use crate::backing::{Backing, DEEPEST, Grant, Region};
use crate::error::{AllocError, Obstacle, Rejected};
#[cfg(doc)]
use crate::layout::GRAIN;
use crate::platform;
use crate::sharing::{Access, Kind, Needed, Shareable};

mod bins;
mod book;
mod budget;
mod claim;
#[cfg(test)]
mod every_kind;
mod header;
mod news;
mod owners;
mod part;
mod plan;
mod records;
mod snapshot;
mod spans;
mod spare;
#[cfg(test)]
mod tests;
mod within;

use book::Met;
pub(crate) use book::Totals;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
use book::{LARGE, whole_pages};
pub use claim::Claim;
use header::Entry;
#[cfg(any(unix, windows, target_family = "wasm"))]
pub(crate) use header::UNUSED;
pub(crate) use header::payload_len;
#[cfg(feature = "javascript")]
pub use news::Grown;
#[cfg(feature = "javascript")]
use news::Listener;
pub use owners::Owners;
use part::Wish;
use plan::Plan;
use records::Guarded;
pub(crate) use records::Records;
pub(crate) use snapshot::Amount;
pub use snapshot::{Snapshot, SpanInfo};
use spans::SpansIn;
pub(crate) use spans::{Keeper, Placed, Spans, Want, place_free};
pub use spare::Spare;
pub use within::Within;

/// Make one where memory is to be shared out that is not the module's own, or where the map should show one part of a program by itself: it
/// knows every span that was ever taken from a [`Backing`], and who holds it now.
///
/// Arenas and pools claim spans here under an owner's name; what they give back merges with its neighbours and is handed
/// out again, to any of them, before the backing is asked for more (but for a heap's large block that grows). No span is handed out twice: what a backing gives is
/// checked against all that the ledger holds.
///
/// It keeps its records inside the spans, [`GRAIN`] bytes at the head of each, and needs no memory of its own. A claim from
/// free memory, and its end, take a bounded number of steps, however many spans there are: each search looks at 34 free spans at most. (If
/// a claim is aligned to more than the grain, at 66, and at 32 more for each doubling from its length to a larger alignment. It may miss
/// a free span that would hold it, where very many of that length lie wrong for it. A heap's slabs miss none.) Fresh memory takes steps that
/// grow with the logarithm of the number of separate stretches of it.
///
/// It may be shared between threads: `L`'s lock is held for those steps, which is the one that the target [needs](Needed) unless another is
/// named. An interrupt handler may use it, and what stands on it, if that lock keeps interrupts off: with the feature `critical-section` on
/// bare metal it does, else see [`Locked`](crate::sharing::Locked). A spin lock doesn't: the handler would wait for the claim that it interrupted.
///
/// ```
/// use core::mem::MaybeUninit;
/// use freehold::{Alloc, Arena, Ledger, Pool, Region};
///
/// let mut buffer = [MaybeUninit::uninit(); 8192];
/// let ledger = Ledger::new(Region::new(&mut buffer));
///
/// let texts = Arena::new_in(&ledger, "texts");
/// let packets = Pool::new_in(&ledger, "packets");
/// let text = texts.alloc_str("both in one buffer");
/// let packet = packets.alloc([0_u8; 100]);
///
/// let snapshot = ledger.snapshot();
/// assert!(snapshot.claimed_by("texts") > text.len() && snapshot.claimed_by("packets") > packet.len());
/// drop(packet);
/// drop(packets); // and what it had can be had by others
/// assert_eq!(ledger.snapshot().claimed_by("packets"), 0);
/// ```
pub struct Ledger<B, L = Needed> {
    records: Records<L>,
    /// Used only while the records are locked.
    backing: UnsafeCell<B>,
}

// SAFETY: one thread at a time uses the backing, which may be sent from one to another.
unsafe impl<B: Send, L: Shareable> Sync for Ledger<B, L> {}

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
        let placed = placed.map_err(|obstacle| AllocError::new(owner, layout.size(), align, obstacle))?;
        // SAFETY: the ledger made room for `size` bytes at this alignment, in a payload that is this claim's alone.
        Ok(unsafe { Claim::new(self, owner, placed.payload, align) })
    }

    /// Gives it more memory, for good and beside what its backing has: a second RAM that a driver has switched on, or what a boot loader needed
    /// until now.
    ///
    /// It is free memory like any other from now on, and never merges with what it touches. Where a ledger keeps memories
    /// [apart](crate::Regions), it belongs to none of them: who must have one of those doesn't get it.
    ///
    /// ```
    /// use core::mem::MaybeUninit;
    /// use freehold::{Alloc, Arena, Ledger, Region};
    ///
    /// static mut FIRST: [MaybeUninit<u8>; 4096] = [MaybeUninit::uninit(); 4096];
    /// static mut SECOND: [MaybeUninit<u8>; 8192] = [MaybeUninit::uninit(); 8192];
    /// // SAFETY: nothing else names this memory.
    /// static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw((&raw mut FIRST).cast(), 4096) });
    ///
    /// let arena = Arena::new_in(&LEDGER, "frames");
    /// assert!(arena.try_alloc_uninit_slice::<u8>(6000).is_err());
    /// // SAFETY: nothing else names this memory.
    /// LEDGER.lend(unsafe { Region::from_raw((&raw mut SECOND).cast(), 8192) })?;
    /// assert!(arena.try_alloc_uninit_slice::<u8>(6000).is_ok());
    /// # Ok::<(), freehold::Rejected<Region>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the region can't be used, as it ends before it begins or is too small for the ledger's header and a claim, or if it overlaps what the ledger has
    /// already. Nothing of it is used then, and it comes back.
    pub fn lend(&self, mut region: Region<'static>) -> Result<(), Rejected<Region<'static>>> {
        const NAME: &str = "lent region";
        let found = region.find().and_then(|span| span.ok_or("there is nothing of it"));
        let found = found.map_err(|why| Obstacle::Unfit { region: NAME, why });
        let size = found.as_ref().map_or(0, |span| span.len());
        let added = found.and_then(|span| {
            platform::stack_ahead();
            self.records.with(|Guarded { book, .. }| book.add(NAME, &Grant::island(span)))
        });
        match added {
            Ok(_) => {
                let _for_good = ManuallyDrop::new(region);
                Ok(())
            }
            Err(obstacle) => {
                let error = AllocError::new(NAME, size, 1, obstacle);
                Err(Rejected { value: region, error })
            }
        }
    }

    /// What it holds now, to read or to print.
    pub fn snapshot(&self) -> Snapshot<'_> {
        let Totals { granted, claimed, peak, growths } = self.records.totals();
        Snapshot { claimed, free: granted - claimed, peak, granted, growths, records: &self.records }
    }

    /// Offers the host what is free: `host` is called with the start and the length in bytes of every stretch of whole pages
    /// ([`USUAL_PAGE`](crate::backing::USUAL_PAGE) bytes each, at multiples of that) that nobody uses. Returns their bytes.
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

    /// Has `tell` called each time the backing was asked for memory and gave it: for whom that was, and how much. The last one given counts.
    ///
    /// The ledger is not locked then. But who asked is in the middle of its work, and may have locked what it is: a pool, a ledger
    /// [`within`](Ledger::within) this one. For JavaScript there is [`javascript!`](crate::javascript), which does all this safely.
    ///
    /// ```
    /// use core::sync::atomic::{AtomicUsize, Ordering};
    /// use freehold::{Alloc, Arena, Grown, ledger};
    ///
    /// static FOR_FRAMES: AtomicUsize = AtomicUsize::new(0);
    /// fn note(grown: Grown) {
    ///     if grown.owner == "frames" {
    ///         FOR_FRAMES.fetch_add(grown.bytes, Ordering::Relaxed);
    ///     }
    /// }
    ///
    /// // SAFETY: it only counts.
    /// unsafe { ledger().on_growth(note) };
    /// Arena::new_in(ledger(), "frames").alloc_slice_fill(100_000, 7_u8);
    /// assert!(FOR_FRAMES.load(Ordering::Relaxed) > 100_000);
    /// ```
    ///
    /// # Safety
    ///
    /// The caller owes: `tell` doesn't unwind, and uses neither this ledger nor what stands on it. So it doesn't allocate where the program's
    /// heap does.
    #[cfg(feature = "javascript")]
    pub unsafe fn on_growth(&self, tell: fn(Grown)) {
        self.records.with(|kept| kept.listener = Listener::new(tell));
    }

    /// How often the backing was asked for memory and gave it, and how often it was [lent](Ledger::lend) some. While the number stays, this ledger
    /// has not grown memory.
    pub fn growths(&self) -> usize {
        self.records.totals().growths
    }
}

/// Of so many free spans at most the host has the pages when memory grows.
const MOST_EMPTIED: usize = 8;

impl<B: Backing, L: Kind> Ledger<B, L> {
    /// Whether a claim that is given back is [set aside](book::Book::set_aside) for whoever wants as much next: where all memory is as good as any
    /// other, and none must go back at once.
    const SETS_ASIDE: bool = !B::LENDS && !B::PARTS;

    /// Runs `f` with what is kept and the backing to itself. The backing is the one piece of foreign code that runs under the lock.
    fn with<R>(&self, f: impl FnOnce(&mut Guarded, &mut B) -> R) -> R {
        self.records.with_backing(B::COMES_BACK, |kept| {
            // SAFETY: the records are locked, so no other reference to the backing is alive.
            f(kept, unsafe { &mut *self.backing.get() })
        })
    }

    /// [`place`](Spans::place), where there is such a wish.
    ///
    /// # Safety
    ///
    /// As there.
    unsafe fn place_where(&self, owner: &'static str, want: &Want, wish: Wish) -> Result<Placed, Obstacle> {
        // SAFETY: the caller's promise.
        let plan = unsafe { Plan::new(owner, want) };
        if !plan.is_possible() {
            return Err(Obstacle::TooLarge);
        }
        // A large block that grows, and can't where it is, goes where it can go on growing: if there is such a place, no other is looked for.
        if B::APART
            && wish.is_none()
            && plan.is_apart(want)
            && let Ok(met) = self.meet_fresh::<true>(&plan, false, None)
        {
            return Ok(met.placed());
        }
        let mut asked = 0;
        let met = loop {
            let keeper = match self.records.meet(&plan, wish) {
                Ok(met) => break met,
                Err(keeper) => keeper,
            };
            if asked == 0 {
                platform::stack_ahead();
            }
            // Claims that it keeps first, then all.
            let Some(keeper) = keeper.filter(|_| asked < 2) else {
                break self.meet_fresh::<false>(&plan, want.ahead, wish)?;
            };
            keeper.let_go(asked > 0);
            asked += 1;
        };
        Ok(met.placed())
    }

    /// Lets the host have the pages of large free spans, of a few at most: they were too short for what memory has grown for, so it will be a while
    /// before anybody uses them. So who frees and takes the same in turns never comes here. Nothing is locked while the host works.
    fn empty_large(&self) {
        let mut offered = [const { None }; MOST_EMPTIED];
        for (place, found) in offered.iter_mut().zip(iter::from_fn(|| self.records.offer_large(self))) {
            *place = Some(found);
        }
        for (_, pages) in offered.iter().flatten() {
            // SAFETY: whole pages of a linear grant, and a claim's, in which nobody has put anything.
            unsafe { B::empty(*pages) };
        }
    }

    /// Meets a plan with fresh memory, as free memory could not; or one of a claim that is to lie [apart](Plan::meet_apart).
    #[cold]
    #[cfg_attr(freehold_for_size, inline(always))]
    #[cfg_attr(not(freehold_for_size), inline(never))]
    fn meet_fresh<const APART: bool>(&self, plan: &Plan, ahead: bool, wish: Wish) -> Result<Met, Obstacle> {
        let mut why = Obstacle::TooLarge;
        let (met, keeper, listener, bytes) = self.with(|Guarded { book, keeper, listener, .. }, backing| {
            let had = book.totals.granted;
            let met = if APART {
                plan.meet_apart(book, backing, &mut why)
            } else {
                plan.meet_fresh(book, backing, ahead, wish, &mut why)
            };
            (met.map(|at| book.met(at)), *keeper, *listener, book.totals.granted - had)
        });
        if B::PAGES && bytes > 0 {
            // For what lies apart nobody has let go yet.
            if APART && let Some(keeper) = keeper {
                keeper.let_go(false);
            }
            self.empty_large();
        }
        listener.hear(plan.owner, bytes);
        met.ok_or(why)
    }
}

// SAFETY: `place` hands out a span only after `Book` has it under the owner's name, and `Book` never holds two spans that
// overlap; the lock makes each call one step.
unsafe impl<B: Backing, L: Kind> Spans for Ledger<B, L> {
    unsafe fn place(&self, owner: &'static str, want: &Want) -> Result<Placed, Obstacle> {
        // SAFETY: the caller's promise.
        unsafe { self.place_where(owner, want, None) }
    }

    #[cfg(any(
        all(any(unix, windows), not(target_family = "wasm")),
        all(target_family = "wasm", target_feature = "atomics")
    ))]
    fn place_free(&self, owner: &'static str, size: usize) -> Option<NonNull<u8>> {
        self.records.place(owner, size).first()
    }

    #[cfg(all(any(unix, windows), not(target_family = "wasm")))]
    unsafe fn vacate(&self, payload: NonNull<u8>) {
        // SAFETY: the caller's promise.
        let at = unsafe { Entry::of_payload(payload) };
        if B::PAGES
            && self.records.with_aside(|_| at.is_claim())
            && at.len.get() >= LARGE
            && at.origin.get() == Origin::Linear
            && let Some(pages) = whole_pages(at)
        {
            // SAFETY: whole pages of a linear grant, and of a claim whose holder is done with what is in it.
            unsafe { B::empty(pages) };
        }
    }

    #[cfg(debug_assertions)]
    fn has(&self, payload: NonNull<u8>, owner: &'static str) -> bool {
        // SAFETY: a claim's header stood there, and the memory is the ledger's still; or it went back to a lender that somebody may have had it from,
        // and so would what the caller wants to end.
        let at = unsafe { Entry::of_payload(payload) };
        self.records.with_aside(|Guarded { book, .. }| !book.has_aside(at) && at.is_held_by(owner))
    }

    unsafe fn give_back(&self, payload: NonNull<u8>) {
        if Self::SETS_ASIDE {
            // SAFETY: the caller's promise.
            return unsafe { self.records.set_aside(payload) };
        }
        if !B::LENDS {
            // SAFETY: the caller's promise.
            return unsafe { self.records.take_back(payload) };
        }
        self.with(|Guarded { book, .. }, backing| {
            // SAFETY: the caller's promise.
            let at = unsafe { Entry::of_payload(payload) };
            if at.is_claim()
                && let Some(loan) = book.end_lent(at)
            {
                // SAFETY: the span was lent by this backing under this route, has left the book, and its holder is done.
                unsafe { backing.give_back(loan) };
            }
        });
    }
}

impl<B: Backing, L: Kind> SpansIn for Ledger<B, L> {
    unsafe fn place_in(&self, region: &'static str, owner: &'static str, want: &Want) -> Result<Placed, Obstacle> {
        if !B::PARTS {
            return Err(Obstacle::Unknown { region });
        }
        // SAFETY: the caller's promise.
        unsafe { self.place_where(owner, want, Some(region)) }
    }
}

static_assertions::assert_impl_all!(Ledger<crate::backing::Region<'static>>: Send);
// Where there is a lock for it: see the end of `lib.rs`.
#[cfg(not(freehold_no_lock))]
static_assertions::assert_impl_all!(Ledger<crate::backing::Region<'static>>: Sync);
