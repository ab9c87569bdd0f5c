//! A backing in a user's hands around another: it counts each byte once, and can say when it is enough.

use core::alloc::Layout;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use freehold::backing::{Backing, GRAIN, Grant, Loan, PartGrant, Request, Then};
use freehold::{Claim, Ledger, Obstacle, Ram, Region, Regions};

use crate::STEPS;
use crate::backings::{Control, Manner, Memory, Simulated};
use crate::choices::{Choices, Seeded};

/// What a [`Limited`] backing counts, and up to where it goes.
struct Count {
    taken: AtomicUsize,
    most: AtomicUsize,
    limit: usize,
}

impl Count {
    const fn up_to(limit: usize) -> Count {
        Count { taken: AtomicUsize::new(0), most: AtomicUsize::new(0), limit }
    }

    fn add(&self, bytes: usize) {
        let taken = self.taken.fetch_add(bytes, Relaxed) + bytes;
        self.most.fetch_max(taken, Relaxed);
    }
}

/// The one of the docs of `Backing`.
struct Limited<'c, B> {
    inner: B,
    count: &'c Count,
}

// SAFETY: grants, parts and loans are the inner backing's, as they are; a request is refused before anything is taken.
unsafe impl<B: Backing> Backing for Limited<'_, B> {
    const LENDS: bool = B::LENDS;
    const PARTS: bool = B::PARTS;
    const DEPTH: u32 = B::DEPTH;

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let left = self.count.limit.saturating_sub(self.count.taken.load(Relaxed));
        let grant = self.inner.claim(&request.at_most(left)).map_err(|why| match request.anywhere() {
            Ok(need) if need.least > left => Obstacle::Exhausted { backing: self.inner.name(), left },
            _ => why,
        })?;
        self.count.add(grant.span().len());
        Ok(grant)
    }

    fn part(&mut self) -> Result<Option<PartGrant>, Obstacle> {
        let part = self.inner.part()?;
        self.count.add(part.map_or(0, |part| part.span().len()));
        Ok(part)
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        self.count.taken.fetch_sub(loan.span.len(), Relaxed);
        // SAFETY: the inner backing made this loan; the caller's promise.
        unsafe { self.inner.give_back(loan) };
    }
}

/// Claims and gives back in any order, and holds what was counted against what the ledger says that it has.
fn counted_exactly(inner: impl Backing, seed: u32) -> usize {
    let count = Count::up_to(usize::MAX);
    let ledger = Ledger::new(Limited { inner, count: &count });
    let mut choices = Seeded::new(seed, STEPS);
    let mut claims: [Option<Claim<'_>>; 12] = [const { None }; 12];
    for _ in 0..STEPS / 4 {
        let layout =
            Layout::from_size_align(1 + choices.below(3000) as usize, 1 << choices.below(9)).expect("a layout");
        let slot = choices.below(12) as usize;
        claims[slot] = match claims[slot].take() {
            None => ledger.claim("claim", layout).ok(),
            Some(_) => None,
        };
        assert_eq!(count.taken.load(Relaxed), ledger.snapshot().granted);
    }
    assert!(count.most.load(Relaxed) > 0);
    drop(claims);
    assert_eq!(count.taken.load(Relaxed), ledger.snapshot().granted);
    count.taken.load(Relaxed)
}

/// Whatever the inner one gives: what it takes and what comes back is seen, to the byte.
pub fn a_backing_around_another_counts_every_byte() {
    const LEN: usize = 256 << 10;
    let manners = [Manner::Exact, Manner::Falling, Manner::Steps(4096), Manner::Islands, Manner::Lots, Manner::Loans];
    for (seed, manner) in (1..).zip(manners) {
        let (mut memory, control) = (Memory::new(LEN), Control::new());
        let left = counted_exactly(Simulated::new(&mut memory, &control, manner), seed);
        let lends = matches!(manner, Manner::Lots | Manner::Loans);
        assert_eq!((left == 0, control.lent.load(Relaxed)), (lends, 0), "{manner:?}");
        // What it lends finds its way back through others.
        let (mut small, mut memory, control) = (Memory::new(4096), Memory::new(LEN), Control::new());
        let (first, unused) = (Control::new(), Manner::Exact);
        let then = Then::new(Simulated::new(&mut small, &first, unused), Simulated::new(&mut memory, &control, manner));
        counted_exactly(then, seed);
        assert_eq!(control.lent.load(Relaxed), 0, "{manner:?}");
    }
    // Memories that are kept apart are still: they come as parts.
    let memory = [16 << 10, 24 << 10].map(Memory::new);
    // SAFETY: the memory is nobody else's while the ledger is in use.
    let region = |index: usize, len| unsafe { Region::from_raw(memory[index].start().as_ptr(), len) };
    let regions = Regions::new([Ram::new("tcm", region(0, 16 << 10)), Ram::new("sram", region(1, 24 << 10))]);
    assert_eq!(counted_exactly(regions, 7), 40 << 10);
}

/// What a limit refuses is as if memory had ended; what comes back counts no more.
pub fn a_limit_around_a_backing_is_kept() {
    const LIMIT: usize = 20_000;
    let (mut memory, control) = (Memory::new(1 << 20), Control::new());
    let count = Count::up_to(LIMIT);
    let ledger = Ledger::new(Limited { inner: Simulated::new(&mut memory, &control, Manner::Loans), count: &count });
    let layout = Layout::from_size_align(3000, 8).expect("a layout");
    for _ in 0..3 {
        let mut claims = [const { None }; 16];
        let mut held = 0;
        let refused = loop {
            match ledger.claim("claim", layout) {
                Ok(claim) => {
                    claims[held] = Some(claim);
                    held += 1;
                }
                Err(error) => break error,
            }
        };
        assert_eq!(held, LIMIT / 3200);
        assert!(matches!(refused.obstacle, Obstacle::Exhausted { backing: "simulated", left } if left < 3200));
        assert!(count.most.load(Relaxed) <= LIMIT);
        drop(claims);
        assert_eq!((count.taken.load(Relaxed), control.lent.load(Relaxed)), (0, 0));
    }
}

/// What touches memory that the ledger has already takes of a limit what is missing.
pub fn what_grows_takes_of_a_limit_what_is_added() {
    const LIMIT: usize = 20 << 10;
    let (mut memory, control) = (Memory::new(1 << 20), Control::new());
    let count = Count::up_to(LIMIT);
    let ledger = Ledger::new(Limited { inner: Simulated::new(&mut memory, &control, Manner::Exact), count: &count });
    let layout = |bytes| Layout::from_size_align(bytes, 8).expect("a layout");
    // What comes back is free, and most of what is wanted next.
    drop(ledger.claim("claim", layout(12_000)).expect("room"));
    assert!(ledger.claim("claim", layout(LIMIT - GRAIN)).is_ok());
    assert!(count.most.load(Relaxed) <= LIMIT);
    let refused = ledger.claim("claim", layout(LIMIT)).expect_err("there is a limit");
    assert!(matches!(refused.obstacle, Obstacle::Exhausted { backing: "simulated", .. }), "{refused}");
}
