//! Backings that behave badly on purpose, over a stretch of memory.

use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[cfg(not(target_family = "wasm"))]
use freehold::Ledger;
use freehold::backing::{Backing, GRAIN, Grant, Loan, Request, Span};
use freehold::{Claim, Obstacle};

/// How a [`Simulated`] backing gives what it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Not a byte more than is needed, each grant after the last.
    Exact,
    /// The same from the memory's end downwards, each grant before the last.
    Falling,
    /// In steps of so many bytes.
    Steps(usize),
    /// From odd addresses, with odd lengths.
    Odd,
    /// Standing alone, each after the last.
    Islands,
    /// Each for one claim, to be given back.
    Loans,
    /// With a little more than is needed, for any claims, to be given back when there are none.
    Lots,
    /// The same, but so many bytes further up, and so many shorter.
    BadLoans(usize, usize),
    /// Half of what is needed.
    Short,
    /// Of the right length, but always from the same address.
    Overlapping,
    /// The same, lent.
    OverlappingLots,
}

/// Every manner of giving what is good, and what others take between two grants: for random programs.
pub const MANNERS: &[(Manner, usize)] = &[
    (Manner::Exact, 0),
    (Manner::Falling, 0),
    (Manner::Steps(640), 0),
    (Manner::Odd, 0),
    (Manner::Islands, GRAIN),
    (Manner::Loans, 0),
    (Manner::Lots, 0),
    (Manner::Exact, 1000),
    (Manner::Steps(4096), 3),
];

/// What a test sets and reads while a [`Simulated`] backing is in its ledger's hands.
#[derive(Debug, Default)]
pub struct Control {
    /// How often it was asked.
    pub asked: AtomicUsize,
    /// The request that it refuses, counted from 1; 0 for none.
    pub refuse: AtomicUsize,
    /// Bytes that others take between two of its grants.
    pub gap: AtomicUsize,
    /// Bytes it has given away: where its next grant starts, counted from the start of its memory (or ends, from its end).
    pub used: AtomicUsize,
    /// Loans that are out.
    pub lent: AtomicUsize,
}

impl Control {
    /// Nothing is refused and nobody else takes memory.
    pub const fn new() -> Control {
        Control {
            asked: AtomicUsize::new(0),
            refuse: AtomicUsize::new(0),
            gap: AtomicUsize::new(0),
            used: AtomicUsize::new(0),
            lent: AtomicUsize::new(0),
        }
    }
}

/// The length of a lot is a multiple of this.
pub const LOT: usize = 2048;

/// What others write into the memory they took.
const FOREIGN: u8 = 0xa5;

/// Memory that a [`Simulated`] backing gives away.
pub struct Memory {
    start: NonNull<u8>,
    len: usize,
    _source: Source,
}

/// On hosts, pages that go back with the memory. (What a heap has exposed of it stays exposed as long as there is memory, and slows Miri down.)
#[cfg(not(target_family = "wasm"))]
type Source = Ledger<freehold::DefaultBacking>;
/// In wasm, where pages never go back, a claim on the module's own ledger.
#[cfg(target_family = "wasm")]
type Source = Claim<'static>;

impl Memory {
    /// So many bytes, at the start of a page.
    pub fn new(bytes: usize) -> Memory {
        let layout = Layout::from_size_align(bytes, 4096).expect("a layout");
        let claimed = |claim: &Claim<'_>| (claim.as_ptr(), claim.len());
        #[cfg(not(target_family = "wasm"))]
        let (_source, (start, len)) = {
            let source = Ledger::new(freehold::DefaultBacking::new());
            let claim = source.claim("simulated memory", layout).expect("memory for a test");
            let claimed = claimed(&claim);
            // It is never given back: it goes with its ledger.
            core::mem::forget(claim);
            (source, claimed)
        };
        #[cfg(target_family = "wasm")]
        let (_source, (start, len)) = {
            let claim = freehold::ledger().claim("simulated memory", layout).expect("memory for a test");
            let claimed = claimed(&claim);
            (claim, claimed)
        };
        // SAFETY: the claim holds so many bytes.
        unsafe { start.write_bytes(FOREIGN, bytes) };
        Memory { start, len, _source }
    }

    /// Where it starts.
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// How many of its bytes still hold what others wrote.
    pub fn foreign_bytes(&self, from: usize, to: usize) -> usize {
        let is_foreign = |offset: &usize| {
            // SAFETY: inside the claim.
            let byte = unsafe { self.start().add(*offset) };
            // SAFETY: written by `new`; the backing that wrote there since is gone, or leaves this stretch alone.
            unsafe { byte.read() == FOREIGN }
        };
        (from..to).filter(is_foreign).count()
    }
}

/// A backing over a [`Memory`].
#[derive(Debug)]
pub struct Simulated<'m> {
    base: NonNull<u8>,
    len: usize,
    control: &'m Control,
    manner: Manner,
}

// SAFETY: it alone uses the parts of its memory that it gives away.
unsafe impl Send for Simulated<'_> {}

impl<'m> Simulated<'m> {
    /// Gives `memory` away in that manner.
    pub fn new(memory: &'m mut Memory, control: &'m Control, manner: Manner) -> Simulated<'m> {
        Simulated { base: memory.start(), len: memory.len, control, manner }
    }

    /// [`new`](Simulated::new), for a ledger that is to stay for ever.
    ///
    /// # Safety
    ///
    /// The caller owes: memory and control stay for as long as the backing is used, or anything that it gave.
    pub unsafe fn lasting(memory: &mut Memory, control: &Control, manner: Manner) -> Simulated<'static> {
        let Simulated { base, len, .. } = Simulated::new(memory, control, manner);
        // SAFETY: the caller's promise.
        let control = unsafe { &*core::ptr::from_ref(control) };
        Simulated { base, len, control, manner }
    }

    /// Two that take turns: where the one's grant ends, the other's next begins.
    pub fn two(memory: &'m mut Memory, control: &'m Control, manner: Manner) -> [Simulated<'m>; 2] {
        // The one control says what both have used, so no byte goes out twice.
        [(); 2].map(|()| Simulated { base: memory.start(), len: memory.len, control, manner })
    }
}

// SAFETY: each byte of the memory, which is borrowed for as long as the backing lives, goes out once, as `used` only rises (two
// that share it are asked in turns, by one thread); all grants derive from one pointer. (The overlapping manner breaks that on purpose; the ledger refuses those grants, so nobody uses them.)
unsafe impl Backing for Simulated<'_> {
    const LENDS: bool = true;

    fn name(&self) -> &'static str {
        "simulated"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let Control { asked, refuse, gap, used, lent } = self.control;
        let turn = asked.fetch_add(1, Relaxed) + 1;
        let mut offset = used.load(Relaxed);
        offset += match self.manner {
            Manner::Odd => 13,
            Manner::BadLoans(skew, _) => skew,
            _ => 0,
        };
        let start = self.base.addr().get() + offset;
        let len = match self.manner {
            Manner::Exact | Manner::Islands | Manner::Overlapping => request.at(start)?.liked,
            Manner::Steps(step) => request.at(start)?.liked.checked_next_multiple_of(step).ok_or(Obstacle::TooLarge)?,
            Manner::Odd => request.at(start)?.liked.checked_add(7).ok_or(Obstacle::TooLarge)?,
            Manner::Falling | Manner::Loans => {
                request.anywhere()?.liked.checked_next_multiple_of(GRAIN).ok_or(Obstacle::TooLarge)?
            }
            Manner::Lots | Manner::OverlappingLots => {
                request.anywhere()?.liked.checked_next_multiple_of(LOT).ok_or(Obstacle::TooLarge)?
            }
            Manner::BadLoans(_, cut) => request.anywhere()?.liked.next_multiple_of(GRAIN) - cut,
            Manner::Short => (request.anywhere()?.liked / 2).next_multiple_of(GRAIN),
        };
        if turn == refuse.load(Relaxed) {
            return Err(Obstacle::Refused { backing: self.name(), asked: len, have: offset });
        }
        let left = self.len.saturating_sub(offset);
        if len > left {
            return Err(Obstacle::Exhausted { backing: self.name(), left });
        }
        if !matches!(self.manner, Manner::Overlapping | Manner::OverlappingLots) {
            // Two lots that touch would not be one.
            let apart = if self.manner == Manner::Lots { GRAIN } else { 0 };
            used.store(offset + len + apart + gap.load(Relaxed), Relaxed);
        }
        if self.manner == Manner::Falling {
            offset = left - len;
        }
        // SAFETY: `offset` is less than the memory's length.
        let base = unsafe { self.base.add(offset) };
        // SAFETY: inside the memory, and handed out for the first time (see above for the manner that doesn't).
        let span = unsafe { Span::new(base, len) };
        Ok(match self.manner {
            Manner::Islands => Grant::island(span),
            Manner::Lots | Manner::OverlappingLots => {
                lent.fetch_add(1, Relaxed);
                Grant::lot(span)
            }
            Manner::Loans | Manner::BadLoans(..) => {
                lent.fetch_add(1, Relaxed);
                Grant::loan(span)
            }
            _ => Grant::linear(span),
        })
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        let whole = match self.manner {
            Manner::Lots => loan.span.len().is_multiple_of(LOT),
            Manner::Loans => loan.span.len().is_multiple_of(GRAIN),
            _ => true,
        };
        assert!(whole, "a loan came back cut");
        self.control.lent.fetch_sub(1, Relaxed);
    }
}
