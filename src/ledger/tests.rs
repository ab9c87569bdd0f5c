//! What only the inside shows: the shape of the tree, and requests at the edges of an address space that no host has.

use core::alloc::Layout;
use std::vec::Vec;

use super::{Book, Claim, Ledger};
use crate::backing::{Reach, Region, Request};
use crate::error::Obstacle;
use crate::layout::{Fit, GRAIN, HEADROOM, PAGE, usable};

/// Runs `look` on the ledger's book.
fn book<R>(ledger: &Ledger<Region<'_>>, look: impl FnOnce(&Book) -> R) -> R {
    ledger.records.with(|kept| look(&kept.book))
}

/// A tree of `spans` nodes may be so deep: a random tree of that size is about twice as deep as its logarithm, and hardly ever three times.
fn deepest(spans: usize) -> usize {
    4 * (spans.max(1).ilog2() as usize + 3)
}

/// The cost of a claim grows with the depth of the tree, which so many claims, in whatever order, must not stretch.
#[test]
fn the_tree_stays_flat() {
    const CLAIMS: usize = if cfg!(miri) { 200 } else { 100_000 };
    let layout = Layout::from_size_align(200, 8).unwrap();
    let mut memory = Vec::<u8>::with_capacity((CLAIMS + 1) * (layout.size() + 2 * GRAIN));
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let mut claims: Vec<Option<Claim<'_>>> = (0..CLAIMS).map(|_| ledger.claim("claim", layout).ok()).collect();
    assert!(claims.iter().all(Option::is_some));
    let flat = |held: usize| {
        let depth = book(&ledger, |book| book.depth());
        // Between two claims there is at most one free span.
        assert!(depth <= deepest(2 * held + 1), "{held} claims, and a tree {depth} deep");
    };
    flat(CLAIMS);
    // In order, from the other end, and all over the place.
    claims[..CLAIMS / 4].iter_mut().for_each(|claim| *claim = None);
    flat(3 * CLAIMS / 4);
    claims[CLAIMS / 2..].iter_mut().rev().take(CLAIMS / 4).for_each(|claim| *claim = None);
    flat(CLAIMS / 2);
    claims.iter_mut().step_by(2).for_each(|claim| *claim = None);
    flat(CLAIMS / 4);
    for index in 0..CLAIMS {
        // 7919 is a prime, so each comes once.
        let claim = &mut claims[index * 7919 % CLAIMS];
        *claim = if claim.is_some() { None } else { ledger.claim("again", layout).ok() };
    }
    flat(CLAIMS);
    drop(claims);
    // A look settles the claim that was given back last.
    assert_eq!(ledger.snapshot().spans().count(), 1);
    assert_eq!(book(&ledger, |book| book.depth()), 1, "all is one free span again");
}

/// Whatever is claimed, given back, cut and lengthened: what each span says of its neighbours stays right.
#[test]
fn spans_know_their_neighbours() {
    const STEPS: u32 = if cfg!(miri) { 150 } else { 20_000 };
    const CLAIMS: u32 = if cfg!(miri) { 10 } else { 40 };
    let mut memory = Vec::<u8>::with_capacity(PAGE / 40 * CLAIMS as usize);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let mut claims: Vec<Option<Claim<'_>>> = (0..CLAIMS).map(|_| None).collect();
    let mut number = 1u32;
    let mut below = |end: u32| {
        number ^= number << 13;
        number ^= number >> 17;
        number ^= number << 5;
        number % end
    };
    for _ in 0..STEPS {
        let claim = &mut claims[below(CLAIMS) as usize];
        let bytes = 1 + below(3000) as usize;
        match claim {
            None => *claim = ledger.claim("claim", Layout::from_size_align(bytes, 1 << below(10)).unwrap()).ok(),
            Some(held) => match below(3) {
                0 => *claim = None,
                // SAFETY: a payload of this ledger's, held here, and nobody uses its bytes.
                1 => unsafe { ledger.records.shorten(held.payload.base(), bytes) },
                // SAFETY: as above.
                _ => _ = unsafe { ledger.records.lengthen(held.payload.base(), bytes) },
            },
        }
        ledger.records.with(|kept| kept.book.check());
    }
    drop(claims);
    assert_eq!(ledger.snapshot().spans().count(), 1);
}

/// What a grant must bring, asked at every kind of address of a full address space, is enough, and fits in.
#[test]
fn h10_requests_anywhere_in_the_address_space() {
    let half = isize::MAX as usize + 1;
    let top = usize::MAX - PAGE + 1;
    let starts =
        [0, 1, GRAIN, PAGE, half - PAGE, half - 1, half, half + 13, half + PAGE, top - 8 * PAGE, top - PAGE, top];
    for start in starts {
        for (head, size) in [(GRAIN, 1), (GRAIN, 300), (GRAIN + 32, PAGE - 5), (GRAIN + 16, 3 * PAGE)] {
            for align in [1, 8, GRAIN, 4096, PAGE] {
                let fit = Fit { head, size, align };
                let Ok(len) = Request::new(fit, fit, None).len_at(start) else {
                    assert!(start >= top - 4 * PAGE, "{start:#x} has room for {fit:?}");
                    continue;
                };
                let len = len.min(usize::MAX - start);
                let (skip, room) = usable(start, len);
                let enough = fit.at(start + skip).is_some_and(|(gap, len)| gap + len <= room);
                assert!(enough || start > top - 5 * PAGE, "{len} bytes at {start:#x} don't hold {fit:?}");
                if enough {
                    let (gap, len) = fit.at(start + skip).unwrap();
                    let data = (start + skip + gap + head).next_multiple_of(align);
                    assert!(data + size <= start + skip + gap + len, "{fit:?} at {start:#x}");
                }
            }
        }
    }
}

/// A grant that ends with the address space loses its last 4 KiB, also where it only adds to what is free.
#[test]
fn h09_the_last_bytes_are_spared() {
    let top = usize::MAX - PAGE + 1;
    let fit = Fit { head: GRAIN, size: 100, align: 1 };
    let missing = PAGE - HEADROOM;
    let reach = |missing| Some(Reach { end: top, missing });
    assert_eq!(Request::new(fit, fit, reach(missing)).len_at(top), Ok(missing));
    assert_eq!(
        Request::new(fit, fit, reach(missing)).len_at(top - PAGE),
        Request::new(fit, fit, None).len_at(top - PAGE)
    );
    // The last page holds no more than that, so one page can't be the answer to a grain more.
    assert!(Request::new(fit, fit, reach(missing + GRAIN)).len_at(top).is_ok_and(|len| len > PAGE));
}

/// Padding, head and size that are too much together are told from those that just fit.
#[test]
fn h11_requests_that_overflow() {
    let most = isize::MAX as usize;
    for fit in [
        Fit { head: GRAIN, size: most, align: 1 },
        Fit { head: GRAIN, size: most - GRAIN, align: 1 },
        Fit { head: GRAIN, size: usize::MAX - GRAIN, align: 1 },
        Fit { head: usize::MAX, size: 1, align: 1 },
    ] {
        let request = Request::new(fit, fit, None);
        assert_eq!((request.len(), request.len_at(GRAIN)), (Err(Obstacle::TooLarge), Err(Obstacle::TooLarge)));
        assert_eq!(request.least_at(PAGE), Err(Obstacle::TooLarge));
    }
    // The next multiple lies past the last address: more is asked for than is left, which no host has.
    let aligned = Fit { head: GRAIN, size: 1, align: most / 2 + 1 };
    assert!(Request::new(aligned, aligned, None).len_at(usize::MAX - 3 * GRAIN).is_ok_and(|len| len > 3 * GRAIN));
}

/// All whole pages that are free are offered, nothing else, and what becomes of them is nobody's concern.
#[test]
fn free_pages_are_offered() {
    let mut memory = Vec::<u8>::with_capacity(10 * PAGE);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let claim = |len| ledger.claim("claim", Layout::from_size_align(len, 8).unwrap()).unwrap();
    let (first, second, third) = (claim(3 * PAGE), claim(100), claim(2 * PAGE));
    drop(first);
    drop(third);
    let mut offered = 0;
    let sum = ledger.discard(|page, len| {
        assert!(page.addr().get().is_multiple_of(PAGE) && len.is_multiple_of(PAGE) && len > 0);
        // SAFETY: nobody uses these bytes.
        unsafe { page.write_bytes(0xa5, len) };
        offered += len;
    });
    assert_eq!(sum, offered);
    // At each end of each of the two free spans less than a page is left.
    assert!((5 * PAGE..10 * PAGE).contains(&sum), "{sum}");
    let spans: Vec<_> = ledger.snapshot().spans().map(|span| span.owner).collect();
    assert_eq!(spans, [None, Some("claim"), None]);
    let all: Vec<_> = ledger.snapshot().spans().collect();
    for (index, span) in all.iter().enumerate() {
        let rest: Vec<_> = ledger.snapshot().spans_from(span.base).collect();
        assert_eq!(rest, all[index..]);
        let rest: Vec<_> = ledger.snapshot().spans_from(span.base + 1).collect();
        assert_eq!(rest, all[index + 1..]);
    }
    drop(second);
    assert!(claim(8 * PAGE).len() >= 8 * PAGE);
}
