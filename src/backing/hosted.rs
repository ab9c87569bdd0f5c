//! The host's pages.

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

/// The host's own pages, for tests and for the same code natively: one linear memory of reserved address space that
/// grows at its end, as on wasm.
///
/// Dropping it returns everything to the host.
#[derive(Debug, Default)]
pub struct Hosted {
    // The reservation that grows; those before it hang on it, each with its record in its first page.
    current: Option<Reservation>,
}

#[derive(Clone, Copy, Debug)]
struct Reservation {
    base: NonNull<u8>,
    len: usize,
    // Bytes from `base` on that have memory behind them; those are the record and what was handed out.
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
        Ok(Reservation { base, len, committed: 0, previous: None })
    }
}

// SAFETY: pages come from reservations of this backing's own, each byte once, and stay until it is dropped, which is when
// its ledger is. Grants that touch are parts of one reservation and derive from its one pointer.
unsafe impl Backing for Hosted {
    const COMES_BACK: bool = false;
    const ENDS: bool = false;
    const PAGES: bool = true;

    fn name(&self) -> &'static str {
        "host"
    }

    unsafe fn empty(pages: Span) {
        // SAFETY: grants lie in what is committed, and stay; what is in the pages nobody wants (the caller's promise).
        unsafe { platform::empty(pages.base(), pages.len()) };
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        // After `record` bytes that are not handed out: the host is asked for both at once.
        let granted = |reservation: Reservation, record: usize, len: usize| -> Result<(Reservation, Grant), Obstacle> {
            // SAFETY: `committed` is at most the reservation's length.
            let from = unsafe { reservation.base.add(reservation.committed) };
            // SAFETY: the range was found to lie inside the reservation, after what is committed.
            if !unsafe { platform::commit(from, record + len) } {
                return Err(Obstacle::Refused { backing: "host", asked: len, have: platform::memory_size() });
            }
            // SAFETY: as above.
            let base = unsafe { from.add(record) };
            // SAFETY: the range was reserved by this backing and is handed out for the first time.
            let span = unsafe { Span::new(base, len) };
            // SAFETY: the host's pages are zero before they are used for the first time.
            let grant = unsafe { Grant::linear(span).zeroed() };
            Ok((Reservation { committed: reservation.committed + record + len, ..reservation }, grant))
        };
        if let Some(current) = self.current {
            let len = request.at(current.base.addr().get() + current.committed)?.liked;
            let len = round_up(len, USUAL_PAGE).ok_or(Obstacle::TooLarge)?;
            if len <= current.len - USUAL_PAGE - current.committed {
                let (current, grant) = granted(current, 0, len)?;
                self.current = Some(current);
                return Ok(grant);
            }
        }
        let len = round_up(request.anywhere()?.liked, USUAL_PAGE).ok_or(Obstacle::TooLarge)?;
        let fresh = self.reserve(len)?;
        // SAFETY: `len` is whole pages, more than the request's, inside the reservation.
        let start = fresh.base.addr().get() + USUAL_PAGE;
        let exact = request
            .at(start)
            .ok()
            .and_then(|need| round_up(need.liked, USUAL_PAGE))
            .map_or(len, |exact| exact.min(len));
        match granted(fresh, USUAL_PAGE, exact) {
            Ok((mut fresh, grant)) => {
                if let Some(current) = self.current {
                    let record = current.base.cast::<Reservation>();
                    // SAFETY: the first page of a reservation is committed, aligned, and holds nothing but this record.
                    unsafe { record.write(current) };
                    fresh.previous = Some(record);
                }
                self.current = Some(fresh);
                Ok(grant)
            }
            Err(obstacle) => {
                // SAFETY: the reservation was made by this call and nothing in it is used.
                unsafe { platform::unreserve(fresh.base, fresh.len, fresh.committed) };
                Err(obstacle)
            }
        }
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        let mut next = self.current.take();
        while let Some(reservation) = next {
            // SAFETY: a record in an earlier reservation's first page, written when that one was left behind.
            next = reservation.previous.map(|record| unsafe { record.read() });
            // SAFETY: the ledger that owned the claims is gone, and with it everyone who borrowed it.
            unsafe { platform::unreserve(reservation.base, reservation.len, reservation.committed) };
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
}
