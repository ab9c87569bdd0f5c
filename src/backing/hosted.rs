//! The host's pages.

use core::iter;
use core::ptr::NonNull;

use super::{Backing, Grant, Request};
use crate::error::Obstacle;
use crate::layout::{GRAIN, USUAL_PAGE, round_up};
use crate::platform;
use crate::span::Span;

// How much address space one reservation takes. It costs nothing until pages are put behind it.
#[cfg(all(target_pointer_width = "64", not(miri)))]
const RESERVE: usize = 64 << 30;
#[cfg(all(not(target_pointer_width = "64"), not(miri)))]
const RESERVE: usize = 256 << 20;
#[cfg(miri)]
const RESERVE: usize = 1 << 20;

/// How many lanes a reservation has, where address space is plenty: parts of it that are kept for large blocks which grow, each from its start on.
/// So a block has nothing right behind it, and needn't be copied to be twice as long.
const LANES: usize = if cfg!(all(target_pointer_width = "64", not(miri))) { 8 } else { 0 };
const LANE: usize = RESERVE / 16;

/// The host's own pages, for tests and for the same code natively: one linear memory of reserved address space that
/// grows at its end, as on wasm. With 64-bit addresses, large blocks that grow may have others, up to eight.
///
/// Dropping it returns everything to the host.
#[derive(Debug, Default)]
pub struct Hosted {
    // The reservation that grows; those before it hang on it, each with its record in its first page behind the lanes.
    current: Option<Reservation>,
}

#[derive(Clone, Copy, Debug)]
struct Reservation {
    base: NonNull<u8>,
    len: usize,
    // Bytes of each lane, from its start on, that have memory behind them.
    lanes: [usize; LANES],
    // Where the lanes end, if it has any: they lie below all else, as a ledger looks at the highest end for what fresh memory would touch.
    start: usize,
    // Bytes from there on that have memory behind them; those are the record and what was handed out.
    committed: usize,
    previous: Option<NonNull<Reservation>>,
}

// SAFETY: a reservation belongs to its `Hosted` alone and is bound to no thread.
unsafe impl Send for Hosted {}

impl Hosted {
    /// The backing. It takes nothing before it is asked.
    pub const fn new() -> Hosted {
        Hosted { current: None }
    }

    /// Opens a reservation in which `len` bytes can be granted after a page for its record. It has no memory yet.
    fn reserve(&mut self, len: usize) -> Result<Reservation, Obstacle> {
        // A page for the record, and one at the end that is never used, so that no grant of the next reservation touches
        // one of this: a pointer into the one does not reach the other.
        let least =
            len.checked_add(2 * USUAL_PAGE).and_then(|len| round_up(len, USUAL_PAGE)).ok_or(Obstacle::TooLarge)?;
        let refused = Obstacle::Refused { backing: "host", asked: least, have: platform::memory_size() };
        // A host that has less address space to give (a limit, an emulator) is asked for less, and never for all of it.
        let wish = RESERVE.min(platform::reservable());
        let (base, len) = [wish, wish / 16, wish / 256, 0]
            .into_iter()
            .map(|wish| least.max(wish & !(USUAL_PAGE - 1)))
            .find_map(|len| Some((platform::reserve(len)?, len)))
            .ok_or(refused)?;
        // Lanes are for who has all that was wished for, and nothing that wants their place.
        let start = if len == RESERVE && least <= RESERVE - LANES * LANE { LANES * LANE } else { 0 };
        Ok(Reservation { base, len, lanes: [0; LANES], start, committed: 0, previous: None })
    }
}

impl Reservation {
    /// Where what is not in lanes ends.
    fn end(&self) -> usize {
        self.start + self.committed
    }

    /// Puts memory behind `record` bytes, which are not handed out, and `len` that are, from `at` on: the host is asked for both at once.
    ///
    /// # Safety
    ///
    /// The caller owes: all that lies in the reservation, is whole pages, and has no memory behind it yet.
    unsafe fn grant(&self, at: usize, record: usize, len: usize) -> Result<Grant, Obstacle> {
        // SAFETY: inside the reservation (the caller's promise).
        let from = unsafe { self.base.add(at) };
        // SAFETY: the caller's promise.
        if !unsafe { platform::commit(from, record + len) } {
            return Err(Obstacle::Refused { backing: "host", asked: len, have: platform::memory_size() });
        }
        // SAFETY: as above.
        let base = unsafe { from.add(record) };
        // SAFETY: the range was reserved by this backing and is handed out for the first time.
        let span = unsafe { Span::new(base, len) };
        // SAFETY: the host's pages are zero before they are used for the first time.
        Ok(unsafe { Grant::linear(span).zeroed() })
    }

    /// Gives it back to the host.
    ///
    /// # Safety
    ///
    /// The caller owes: it is whole, and nothing in it is used any more.
    unsafe fn give_back(&self) {
        let lanes = self.lanes.iter().enumerate().map(|(lane, used)| lane * LANE..lane * LANE + used);
        // SAFETY: the caller's promise.
        unsafe { platform::unreserve(self.base, self.len, lanes.chain(iter::once(self.start..self.end()))) };
    }
}

// SAFETY: pages come from reservations of this backing's own, each byte once, and stay until it is dropped, which is when
// its ledger is. Grants that touch are parts of one reservation and derive from its one pointer.
unsafe impl Backing for Hosted {
    const COMES_BACK: bool = false;
    const ENDS: bool = false;
    const PAGES: bool = true;
    const APART: bool = LANES != 0;

    fn name(&self) -> &'static str {
        "host"
    }

    unsafe fn empty(pages: Span) {
        // SAFETY: grants lie in what is committed, and stay; what is in the pages nobody wants (the caller's promise).
        unsafe { platform::empty(pages.base(), pages.len()) };
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        if let Some(current) = &mut self.current {
            let end = current.end();
            let len = request.at(current.base.addr().get() + end)?.liked;
            let len = round_up(len, USUAL_PAGE).ok_or(Obstacle::TooLarge)?;
            if len <= current.len - USUAL_PAGE - end {
                // SAFETY: the range was found to lie inside the reservation, after what is committed.
                let grant = unsafe { current.grant(end, 0, len) }?;
                current.committed += len;
                return Ok(grant);
            }
        }
        let len = round_up(request.anywhere()?.liked, USUAL_PAGE).ok_or(Obstacle::TooLarge)?;
        let mut fresh = self.reserve(len)?;
        let start = fresh.base.addr().get() + fresh.start + USUAL_PAGE;
        let exact = request
            .at(start)
            .ok()
            .and_then(|need| round_up(need.liked, USUAL_PAGE))
            .map_or(len, |exact| exact.min(len));
        // SAFETY: `len` is whole pages, more than the request's, inside the reservation.
        match unsafe { fresh.grant(fresh.start, USUAL_PAGE, exact) } {
            Ok(grant) => {
                fresh.committed = USUAL_PAGE + exact;
                if let Some(current) = self.current {
                    // SAFETY: inside the reservation.
                    let record = unsafe { current.base.add(current.start) }.cast::<Reservation>();
                    // SAFETY: the first page behind the lanes is committed, aligned, and holds nothing but this record.
                    unsafe { record.write(current) };
                    fresh.previous = Some(record);
                }
                self.current = Some(fresh);
                Ok(grant)
            }
            Err(obstacle) => {
                // SAFETY: the reservation was made by this call and nothing in it is used.
                unsafe { fresh.give_back() };
                Err(obstacle)
            }
        }
    }

    fn claim_apart(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let none = Obstacle::Short { backing: "host" };
        let current = self.current.as_mut().filter(|current| current.start > 0).ok_or(none)?;
        let (base, touched) = (current.base.addr().get(), request.touched());
        if touched == Some(base + current.end()) {
            return self.claim(request);
        }
        // The lane whose end it would go on from, else one that nobody has had.
        let mut ends = current.lanes.iter().enumerate().map(|(lane, used)| base + lane * LANE + used);
        let lane = ends.position(|end| touched == Some(end)).or(current.lanes.iter().position(|used| *used == 0));
        let lane = lane.ok_or(none)?;
        let used = current.lanes[lane];
        let len = request.at(base + lane * LANE + used)?.liked;
        // The last page of a lane is never used, so that no grant touches the next one.
        let len = round_up(len, USUAL_PAGE).filter(|len| *len < LANE - used).ok_or(none)?;
        // SAFETY: it lies in the lane, after what is committed there.
        let grant = unsafe { current.grant(lane * LANE + used, 0, len) }?;
        current.lanes[lane] += len;
        Ok(grant)
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        let mut next = self.current.take();
        while let Some(reservation) = next {
            // SAFETY: a record in an earlier reservation's first page behind its lanes, written when that one was left behind.
            next = reservation.previous.map(|record| unsafe { record.read() });
            // SAFETY: the ledger that owned the claims is gone, and with it everyone who borrowed it.
            unsafe { reservation.give_back() };
        }
    }
}

const _: () = assert!(size_of::<Reservation>() <= USUAL_PAGE && USUAL_PAGE.is_multiple_of(GRAIN));

#[cfg(test)]
mod tests {
    use core::alloc::Layout;

    use super::*;
    use crate::ledger::Ledger;

    /// Every host gives pages, and takes them back: a reservation after the other, each byte zero at first and then what was written.
    #[test]
    fn h39_the_host_gives_pages() {
        let ledger = Ledger::new(Hosted::new());
        let claims: std::vec::Vec<_> = [100, 70_000, RESERVE + USUAL_PAGE, 100_000]
            .into_iter()
            // What no host has is refused.
            .filter(|len| *len < 1 << 30)
            .map(|len| ledger.claim("pages", Layout::array::<u8>(len).unwrap()).expect("pages"))
            .collect();
        for (number, claim) in claims.iter().enumerate() {
            let (first, last) = (claim.as_ptr(), claim.len() - 1);
            // SAFETY: the last byte of the claim.
            let last = unsafe { first.add(last) };
            for byte in [first, last] {
                // SAFETY: a byte of the claim, fresh from the host, which is zero.
                assert_eq!(unsafe { byte.read() }, 0);
                // SAFETY: as above.
                unsafe { byte.write(number as u8 + 1) };
            }
        }
        for (number, claim) in claims.iter().enumerate() {
            // SAFETY: written above.
            assert_eq!(unsafe { claim.as_ptr().read() }, number as u8 + 1);
        }
    }

    /// A lane is used up, not left: what grows there has nothing of another's behind it, and who finds no lane goes among all others.
    #[test]
    #[cfg(all(target_pointer_width = "64", not(miri)))]
    fn lanes_end() {
        use crate::backing::{Need, Touching};
        use crate::layout::Fit;

        let wanted = |len: usize, touched: Option<usize>| {
            let need = Need { least: len, liked: len };
            let touching = touched.map(|end| Touching { end, missing: need });
            Request::new(Fit { head: GRAIN, align: 8 }, need, touching)
        };
        let mut host = Hosted::new();
        let at = |grant: Result<Grant, Obstacle>| grant.map(|grant| (grant.span.addr(), grant.span.end()));
        assert!(host.claim_apart(&wanted(USUAL_PAGE, None)).is_err(), "nothing is reserved");
        let (_, end) = at(host.claim(&wanted(USUAL_PAGE, None))).expect("pages");
        if host.current.expect("a reservation").start == 0 {
            return; // There is a limit on address space.
        }
        let (first, first_end) = at(host.claim_apart(&wanted(3 * USUAL_PAGE, None))).expect("a lane");
        let (second, _) = at(host.claim_apart(&wanted(USUAL_PAGE, Some(first)))).expect("a lane");
        assert!(first_end == first + 3 * USUAL_PAGE && second == first + LANE && second < end);
        assert_eq!(at(host.claim_apart(&wanted(USUAL_PAGE, Some(first_end)))), Ok((first_end, first_end + USUAL_PAGE)));
        assert_eq!(at(host.claim_apart(&wanted(USUAL_PAGE, Some(end)))), Ok((end, end + USUAL_PAGE)));
        host.current.as_mut().expect("a reservation").lanes[0] = LANE - 2 * USUAL_PAGE;
        let last = first + LANE - 2 * USUAL_PAGE;
        assert!(host.claim_apart(&wanted(2 * USUAL_PAGE, Some(last))).is_err());
        assert_eq!(at(host.claim_apart(&wanted(USUAL_PAGE, Some(last)))), Ok((last, last + USUAL_PAGE)));
        assert!(host.claim_apart(&wanted(1, Some(last + USUAL_PAGE))).is_err());
        for _ in 2..LANES {
            assert!(host.claim_apart(&wanted(1, None)).is_ok());
        }
        assert!(host.claim_apart(&wanted(1, None)).is_err(), "all are in use");
        assert!(host.claim(&wanted(1, None)).is_ok());
        // What is handed back is what was committed.
        host.current.as_mut().expect("a reservation").lanes[0] = 4 * USUAL_PAGE;
    }
}
