//! Random programs over grants of every kind: linear ones that touch from above and from below, islands, lots and loans.

use core::ptr::NonNull;
use std::boxed::Box;
use std::vec::Vec;

use super::snapshot::Read;
use super::{Claim, Entry, Ledger, Placed, Spans, Want};
use crate::backing::{Backing, Grant, Loan, Origin, Request};
use crate::error::Obstacle;
use crate::layout::{GRAIN, padding, round_up};
use crate::span::Span;

struct Random(u32);

impl Random {
    /// A number below `end`, another each time.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % end
    }
}

/// Bytes that [`Odd`] keeps or gives as one.
const PIECE: usize = 4 * GRAIN;

/// A backing that gives its memory in order or in none, as whatever comes; with `LENDS`, also what must come back.
struct Odd<const LENDS: bool> {
    memory: *mut [[usize; 8]],
    base: NonNull<u8>,
    in_order: bool,
    /// Which pieces it has.
    has: Vec<bool>,
    /// Each grant that must come back: its first piece, and how many.
    lent: Vec<(usize, usize)>,
    random: Random,
}

// SAFETY: its memory is its own.
unsafe impl<const LENDS: bool> Send for Odd<LENDS> {}

impl<const LENDS: bool> Odd<LENDS> {
    fn new(pieces: usize, in_order: bool, seed: u32) -> Self {
        let memory =
            Box::into_raw(std::vec![[0; 8]; (pieces + 1) * PIECE / size_of::<[usize; 8]>()].into_boxed_slice());
        let base = NonNull::new(memory.cast::<u8>()).expect("it has an address");
        // SAFETY: there is a piece more than is used.
        let base = unsafe { base.add(padding(base.addr().get(), PIECE)) };
        Odd { memory, base, in_order, has: std::vec![true; pieces], lent: Vec::new(), random: Random(seed) }
    }
}

impl<const LENDS: bool> Drop for Odd<LENDS> {
    fn drop(&mut self) {
        // SAFETY: it was a box, and nobody uses it any more.
        drop(unsafe { Box::from_raw(self.memory) });
    }
}

// SAFETY: a piece is given once until it comes back. All is one allocation, so linear grants may be crossed.
unsafe impl<const LENDS: bool> Backing for Odd<LENDS> {
    const LENDS: bool = LENDS;

    fn name(&self) -> &'static str {
        "odd"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        type Make = fn(Span) -> Grant;
        const MAKE: [Make; 6] = [Grant::linear, Grant::linear, Grant::linear, Grant::island, Grant::lot, Grant::loan];
        let (number, pieces) = (self.random.below(if LENDS { MAKE.len() } else { 4 }), self.has.len());
        let (make, merges) = (MAKE[number], number < 3);
        let more = self.random.below(4) * self.random.below(4);
        let turn = if self.in_order { 0 } else { self.random.below(pieces) };
        let left = PIECE * self.has.iter().filter(|has| **has).count();
        let found = (0..pieces).map(|first| (first + turn) % pieces).find_map(|first| {
            // What stands alone does not touch what would make less of it do.
            let need = if merges { request.at(self.base.addr().get() + first * PIECE) } else { request.anywhere() };
            let least = need.ok()?.least;
            let count = round_up(least, PIECE)? / PIECE + more;
            self.has.get(first..first + count)?.iter().all(|has| *has).then_some((first, count))
        });
        let (first, count) = found.ok_or(Obstacle::Exhausted { backing: "odd", left })?;
        self.has[first..first + count].fill(false);
        // SAFETY: so many pieces are there.
        let base = unsafe { self.base.add(first * PIECE) };
        // SAFETY: as above; nobody has them.
        let grant = make(unsafe { Span::new(base, count * PIECE) });
        if matches!(grant.origin, Origin::Loan | Origin::Lot) {
            self.lent.push((first, count));
        }
        let zeroed = self.random.below(2) == 0;
        // SAFETY: nobody has them.
        unsafe { base.write_bytes(if zeroed { 0 } else { 0xee }, count * PIECE) };
        // SAFETY: written just now.
        Ok(if zeroed { unsafe { grant.zeroed() } } else { grant })
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        let lent = ((loan.span.addr() - self.base.addr().get()) / PIECE, loan.span.len() / PIECE);
        let at = self.lent.iter().position(|other| *other == lent).expect("as it was lent");
        let (first, count) = self.lent.swap_remove(at);
        self.has[first..first + count].fill(true);
    }
}

/// The names of claims; a claim knows its own by its address.
static CLAIM: &str = "claim";
static AGAIN: &str = "again";

/// A claim, all bytes of which are one.
struct Checked<'l> {
    claim: Claim<'l>,
    byte: u8,
}

impl<'l> Checked<'l> {
    fn new<const LENDS: bool>(ledger: &'l Ledger<Odd<LENDS>>, owner: &'static str, data: Span, byte: u8) -> Self {
        // SAFETY: the ledger's, for this one.
        let held = Checked { claim: unsafe { Claim::new(ledger, owner, data, 1) }, byte };
        held.fill();
        held
    }

    /// As long as it is now.
    fn payload(&self) -> Span {
        // SAFETY: a claim's payload, which is held.
        unsafe { Entry::of_payload(self.claim.payload.base()) }.payload()
    }

    fn fill(&self) {
        // SAFETY: the claim's own bytes.
        unsafe { self.payload().base().write_bytes(self.byte, self.payload().len()) };
    }

    fn check(&self) {
        // SAFETY: the claim's own bytes, all of which were written.
        let bytes = unsafe { core::slice::from_raw_parts(self.payload().base().as_ptr(), self.payload().len()) };
        // Each is as the one before it: compared at once, which takes Miri no longer than a byte.
        assert!(bytes[0] == self.byte && bytes[1..] == bytes[..bytes.len() - 1], "somebody else wrote here");
    }
}

/// Claims, gives back, cuts, lengthens, or has one grow.
fn change<'l, const LENDS: bool>(
    ledger: &'l Ledger<Odd<LENDS>>,
    claims: &mut [Option<Checked<'l>>],
    random: &mut Random,
) {
    let most = if random.below(4) == 0 && !cfg!(miri) { 6000 } else { 500 };
    let (bytes, byte) = (1 + random.below(most), 1 + random.below(250) as u8);
    let slot = random.below(claims.len());
    let Some(held) = &claims[slot] else {
        let prefer = bytes * 2 * usize::from(random.below(3) == 0);
        let want = Want { prefer, ..Want::of(bytes, 1 << random.below(10)) };
        // SAFETY: no claim is to grow.
        let Ok(Placed { payload, zero_from }) = (unsafe { ledger.place(CLAIM, &want) }) else { return };
        let used = zero_from.saturating_sub(payload.addr()).min(payload.len());
        // SAFETY: inside the claim.
        let fresh = unsafe { payload.base().add(used) };
        // SAFETY: the rest of the claim's bytes, which the backing has written.
        let fresh = unsafe { core::slice::from_raw_parts(fresh.as_ptr(), payload.len() - used) };
        assert!(*fresh == std::vec![0; fresh.len()], "from {used} bytes on, it is said to be zero");
        claims[slot] = Some(Checked::new(ledger, CLAIM, payload, byte));
        return;
    };
    let base = held.claim.payload.base();
    match random.below(5) {
        0 | 1 => {
            let len = held.payload().len();
            claims[slot] = None;
            if random.below(2) == 0 {
                // Just what was given back, as an arena that is made anew.
                let want = Want { prefix: 16, prefer: len + GRAIN, ..Want::of(1 + random.below(len), 8) };
                // SAFETY: no claim is to grow.
                if let Ok(placed) = unsafe { ledger.place(AGAIN, &want) } {
                    claims[slot] = Some(Checked::new(ledger, AGAIN, placed.payload, byte));
                }
            }
        }
        // SAFETY: a claim of this ledger's, of which only so many bytes are used.
        2 => unsafe { ledger.records.shorten(base, bytes) },
        3 => {
            // SAFETY: a claim of this ledger's.
            unsafe { ledger.records.lengthen(base, bytes, bytes) };
            held.fill();
        }
        _ => {
            let size = held.payload().len() + bytes;
            let liked = bytes * random.below(3);
            let want = Want { grow: Some(base), missing: bytes, liked, ..Want::of(size, 8) };
            // SAFETY: a claim of this ledger's.
            if let Ok(placed) = unsafe { ledger.place(CLAIM, &want) } {
                assert!(placed.payload.len() >= size);
                if placed.payload.base() == base {
                    held.fill();
                } else {
                    claims[slot] = Some(Checked::new(ledger, CLAIM, placed.payload, byte));
                }
            }
        }
    }
}

/// Whatever comes: what each span says of its neighbours stays right, the sums add up, what is said to be zero is, what somebody holds
/// stays as it is, and what was lent goes back. Who is offered free pages may claim and give back.
#[test]
fn spans_of_every_kind_know_their_neighbours() {
    each_seed::<true>();
}

/// The same where claims that end are set aside.
#[test]
fn what_is_set_aside_knows_its_neighbours() {
    each_seed::<false>();
}

fn each_seed<const LENDS: bool>() {
    const STEPS: usize = if cfg!(miri) { 25 } else { 1000 };
    const CLAIMS: usize = if cfg!(miri) { 10 } else { 60 };
    const PIECES: [usize; 4] = if cfg!(miri) { [120; 4] } else { [200, 1200, 300, 1000] };
    for seed in 1..if cfg!(miri) { 2 } else { 200 } {
        let pieces = PIECES[(seed / 64 + seed) as usize % PIECES.len()];
        let ledger = Ledger::new(Odd::<LENDS>::new(pieces, (300..=1000).contains(&pieces), seed * 77));
        let mut claims: Vec<Option<Checked<'_>>> = (0..CLAIMS).map(|_| None).collect();
        let mut random = Random(seed);
        // Most are short: what was never used is soon used up.
        for _ in 0..if seed % 64 == 1 { STEPS } else { 40 } {
            change(&ledger, &mut claims, &mut random);
            if random.below(50) == 0 {
                ledger.discard(|pages, len| {
                    (0..random.below(4)).for_each(|_| change(&ledger, &mut claims, &mut random));
                    // SAFETY: nobody uses these bytes.
                    unsafe { pages.write_bytes(0xdd, len) };
                });
            }
            // Whoever goes over spans is overtaken by changes.
            if random.below(3) == 0 {
                let place = random.below(2 * CLAIMS);
                let span = ledger.snapshot().spans().nth(place).map_or(0, |span| span.base + random.below(2));
                ledger.records.span_from(span);
            }
            if random.below(2) == 0 {
                ledger.records.with(|kept| kept.book.check());
            }
            claims.iter().flatten().for_each(Checked::check);
        }
        drop(claims);
        assert_eq!(ledger.snapshot().claimed, 0);
        assert!(ledger.with(|_, odd| odd.lent.is_empty()), "lent, and in no claim");
    }
}
