//! Every page of a 4 GiB memory: claimed, used, given back, and refused in the end.

use core::cell::Cell;

use freehold::backing::{Backing, Grant, Request};
use freehold::{Claim, Ledger, MemoryGrow, Obstacle};
use freehold_guest::{PAGE, memory_grow, memory_pages, say};

use crate::bytes;

/// `MemoryGrow`, and how often it was asked: an endless loop would show here.
struct Counted<'a> {
    pages: MemoryGrow,
    asked: &'a Cell<usize>,
}

// SAFETY: this module has one thread.
unsafe impl Send for Counted<'_> {}

// SAFETY: every grant is one of `MemoryGrow`'s, which keeps the contract.
unsafe impl Backing for Counted<'_> {
    fn name(&self) -> &'static str {
        self.pages.name()
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        self.asked.set(self.asked.get() + 1);
        self.pages.claim(request)
    }
}

/// The most claims that are held at once.
const CLAIMS: usize = 64;
/// All pages there can be.
pub const ALL: usize = 1 << 16;

/// Writes the first and the last bytes of a claim and a few in between, and reads them back.
fn touch(claim: &Claim<'_>, mark: u8) {
    let last = claim.len() - 1;
    for offset in [0, last / 3, last / 2, last] {
        // SAFETY: the offset is less than the claim's length.
        let byte = unsafe { claim.as_ptr().add(offset) };
        // SAFETY: a byte of the claim's own memory.
        unsafe { byte.write_volatile(mark) };
    }
    holds(claim, mark);
}

fn holds(claim: &Claim<'_>, mark: u8) {
    let last = claim.len() - 1;
    for offset in [0, last / 3, last / 2, last] {
        // SAFETY: the offset is less than the claim's length.
        let byte = unsafe { claim.as_ptr().add(offset) };
        // SAFETY: a byte of the claim's own memory, written by `touch`.
        assert_eq!(unsafe { byte.read_volatile() }, mark, "{byte:?}");
    }
}

/// Every page of the memory is claimed, used, and given back; what can't be had is refused.
#[unsafe(no_mangle)]
extern "C" fn every_page() {
    let asked = Cell::new(0);
    let ledger = Ledger::new(Counted { pages: MemoryGrow::new(), asked: &asked });
    let first = memory_pages();

    // Large claims first, then what is left in ever smaller ones, down to a few bytes.
    let mut claims: [Option<Claim<'_>>; CLAIMS] = [const { None }; CLAIMS];
    let mut count = 0;
    let mut size = 1 << 30;
    while size >= 32 {
        match ledger.claim("all", bytes(size)) {
            Ok(claim) => {
                touch(&claim, count as u8);
                claims[count] = Some(claim);
                count += 1;
            }
            Err(error) => {
                assert!(matches!(error.obstacle, Obstacle::Refused { backing: "memory.grow", .. }), "{error}");
                size /= 2;
            }
        }
    }
    assert_eq!(memory_pages(), ALL);
    let snapshot = ledger.snapshot();
    say(snapshot);
    // All but the last 4 KiB of the address space, which no span reaches into.
    assert_eq!(snapshot.granted, (ALL - first) * PAGE - 4096);
    assert!(snapshot.free < 128, "{} bytes were not had", snapshot.free);
    let highest = claims.iter().flatten().map(|claim| claim.as_ptr().addr().get() + claim.len()).max();
    // As far up as it goes, but for a rest that is too small for any claim.
    assert!(highest > Some(usize::MAX - 4096 - 4 * freehold::backing::GRAIN), "{highest:x?}");
    (0..).zip(claims.iter().flatten()).for_each(|(mark, claim)| holds(claim, mark));

    // Now nothing is left: refused each time, after asking twice at most, and nothing changes.
    let (growths, already) = (ledger.growths(), asked.get());
    for _ in 0..1_000 {
        let error = ledger.claim("more", bytes(PAGE)).expect_err("no page is left");
        assert!(matches!(error.obstacle, Obstacle::Refused { .. }), "{error}");
    }
    assert!(asked.get() - already <= 2_000, "asked {} times", asked.get() - already);
    assert_eq!((ledger.growths(), memory_pages(), ledger.snapshot().claimed), (growths, ALL, snapshot.claimed));

    // All of it goes back and serves again without growing.
    claims.iter_mut().for_each(|claim| *claim = None);
    assert_eq!(ledger.snapshot().claimed, 0);
    let again = [(); 3].map(|()| ledger.claim("again", bytes(1 << 30)).expect("it was given back"));
    (7..).zip(&again).for_each(|(mark, claim)| touch(claim, mark));
    (7..).zip(&again).for_each(|(mark, claim)| holds(claim, mark));
    assert_eq!((ledger.growths(), memory_pages()), (growths, ALL));
}

/// The same without the ledger's care: whoever takes the address after the last page for an address is wrong.
#[unsafe(no_mangle)]
extern "C" fn control_end_of_last_page() -> usize {
    let missing = ALL - memory_pages();
    let start = memory_grow(missing) * PAGE;
    start.wrapping_add(missing * PAGE)
}
