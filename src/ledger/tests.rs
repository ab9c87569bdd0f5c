//! What only the inside shows: the shape of the tree, and requests at the edges of an address space that no host has.

use core::alloc::Layout;
use std::vec::Vec;

use super::book::Book;
use super::header::Entry;
use super::{Claim, Ledger};
use crate::backing::{Need, Region, Request, Touching};
use crate::error::Obstacle;
use crate::layout::{Fit, GRAIN, HEADROOM, MAX_SPAN, USUAL_PAGE, usable};

mod aside;
mod lent;

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
    const CLAIMS: usize = if cfg!(miri) { 100 } else { 100_000 };
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
    const STEPS: u32 = if cfg!(miri) { 30 } else { 20_000 };
    const CLAIMS: u32 = if cfg!(miri) { 10 } else { 40 };
    let mut memory = Vec::<u8>::with_capacity(USUAL_PAGE / 40 * CLAIMS as usize);
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
                _ => _ = unsafe { ledger.records.lengthen(held.payload.base(), bytes, bytes) },
            },
        }
        ledger.records.with(|kept| kept.book.check());
    }
    drop(claims);
    assert_eq!(ledger.snapshot().spans().count(), 1);
}

/// A claim of `size` bytes after its head, aligned so: how it fits, and how long it is.
fn fitting(head: usize, size: usize, align: usize) -> (Fit, Need) {
    let fit = Fit { head, align };
    // What is longer than a span is refused before anybody asks a backing for it.
    let len = fit.len_for(size).min(MAX_SPAN + GRAIN);
    (fit, Need { least: len, liked: len })
}

/// What a grant must bring, asked at every kind of address of a full address space, is enough, and fits in.
#[test]
fn h10_requests_anywhere_in_the_address_space() {
    let half = isize::MAX as usize + 1;
    let top = usize::MAX - USUAL_PAGE + 1;
    let starts = [
        0,
        1,
        GRAIN,
        USUAL_PAGE,
        half - USUAL_PAGE,
        half - 1,
        half,
        half + 13,
        half + USUAL_PAGE,
        top - 8 * USUAL_PAGE,
        top - USUAL_PAGE,
        top,
    ];
    for start in starts {
        for (head, size) in [(GRAIN, 1), (GRAIN, 300), (GRAIN + 32, USUAL_PAGE - 5), (GRAIN + 16, 3 * USUAL_PAGE)] {
            for align in [1, 8, GRAIN, 4096, USUAL_PAGE] {
                let (fit, need) = fitting(head, size, align);
                let Ok(len) = Request::new(fit, need, None).at(start).map(|need| need.liked) else {
                    assert!(start >= top - 4 * USUAL_PAGE, "{start:#x} has room for {fit:?}");
                    continue;
                };
                let len = len.min(usize::MAX - start);
                let (skip, room) = usable(start, len);
                let enough = fit.from(start + skip, need.least) <= room;
                assert!(enough || start > top - 5 * USUAL_PAGE, "{len} bytes at {start:#x} don't hold {fit:?}");
                if enough {
                    let (gap, len) = (fit.gap(start + skip), need.least);
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
    let top = usize::MAX - USUAL_PAGE + 1;
    let (fit, need) = fitting(GRAIN, 100, 1);
    let missing = USUAL_PAGE - HEADROOM;
    let reach = |missing| Some(Touching { end: top, missing: Need { least: missing, liked: missing } });
    assert_eq!(Request::new(fit, need, reach(missing)).at(top), Ok(Need { least: missing, liked: missing }));
    assert_eq!(
        Request::new(fit, need, reach(missing)).at(top - USUAL_PAGE),
        Request::new(fit, need, None).at(top - USUAL_PAGE)
    );
    // The last page holds no more than that, so one page can't be the answer to a grain more.
    assert!(Request::new(fit, need, reach(missing + GRAIN)).at(top).is_ok_and(|need| need.least > USUAL_PAGE));
}

/// Padding, head and size that are too much together are told from those that just fit.
#[test]
fn h11_requests_that_overflow() {
    let most = isize::MAX as usize;
    for (fit, need) in [
        fitting(GRAIN, most, 1),
        fitting(GRAIN, most - GRAIN, 1),
        fitting(GRAIN, usize::MAX - GRAIN, 1),
        fitting(usize::MAX, 1, 1),
    ] {
        let request = Request::new(fit, need, None);
        assert_eq!((request.anywhere(), request.at(GRAIN)), (Err(Obstacle::TooLarge), Err(Obstacle::TooLarge)));
    }
    // The next multiple lies past the last address: more is asked for than is left, which no host has.
    let (aligned, need) = fitting(GRAIN, 1, most / 2 + 1);
    assert!(Request::new(aligned, need, None).at(usize::MAX - 3 * GRAIN).is_ok_and(|need| need.least > 3 * GRAIN));
}

/// All whole pages that are free are offered, nothing else, and what becomes of them is nobody's concern.
#[test]
fn free_pages_are_offered() {
    let mut memory = Vec::<u8>::with_capacity(10 * USUAL_PAGE);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let claim = |len| ledger.claim("claim", Layout::from_size_align(len, 8).unwrap()).unwrap();
    let (first, second, third) = (claim(3 * USUAL_PAGE), claim(100), claim(2 * USUAL_PAGE));
    drop(first);
    drop(third);
    let mut offered = 0;
    let sum = ledger.discard(|page, len| {
        assert!(page.addr().get().is_multiple_of(USUAL_PAGE) && len.is_multiple_of(USUAL_PAGE) && len > 0);
        // SAFETY: nobody uses these bytes.
        unsafe { page.write_bytes(0xa5, len) };
        offered += len;
    });
    assert_eq!(sum, offered);
    // At each end of each of the two free spans less than a page is left.
    assert!((5 * USUAL_PAGE..10 * USUAL_PAGE).contains(&sum), "{sum}");
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
    assert!(claim(8 * USUAL_PAGE).len() >= 8 * USUAL_PAGE);
}

/// Holes that are all a little too short, or long enough and nearly all lie wrong: a claim looks at a few of them, however many there
/// are (h36).
#[test]
fn h36_a_claim_looks_at_a_few_free_spans() {
    const HOLES: usize = if cfg!(miri) { 24 } else { 20_000 };
    const TIMES: usize = if cfg!(miri) { 4 } else { 20 };
    let layout = |size, align| Layout::from_size_align(size, align).unwrap();
    let mut memory = Vec::<u8>::with_capacity(2 * HOLES * 5000);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    // All of the region, so that nothing is left that has room for certain.
    let mut claims: Vec<_> = (0..)
        .map_while(|n: usize| ledger.claim("hole", layout(5000 - 2 * GRAIN - n % 2 * GRAIN, 8)).ok().map(Some))
        .collect();
    let _rest = ledger.claim("rest", layout(2000, 8)).ok();
    let rest = ledger.snapshot().spans().find(|span| span.owner.is_none()).map_or(0, |span| span.len);
    assert!(rest < 4000);
    claims.iter_mut().step_by(2).for_each(|claim| *claim = None);
    // A refusal looks twice, and at what is longest. As the docs of `Bins::find` have it.
    let bound = |size: usize, align: usize| {
        let doublings = (align / size).max(1).ilog2() as usize + 2;
        let bins = if align <= GRAIN { 1 } else { 16 * doublings + 1 };
        2 * (2 * bins + 32) + 32
    };
    let mut held = Vec::new();
    for (size, align) in
        [(5000 - GRAIN, 8), (5000 - GRAIN, 64), (4900 - GRAIN, 16 * 4096), (4900 - GRAIN, 1 << 20), (60, 4096)]
    {
        for _ in 0..TIMES {
            let before = book(&ledger, |book| book.looks());
            held.extend(ledger.claim("claim", layout(size, align)));
            let looks = book(&ledger, |book| book.looks()) - before;
            assert!(looks <= bound(size, align), "{looks} free spans looked at for {size} bytes aligned to {align}");
        }
    }
}

/// A few holes that lie wrong don't hide one that lies right: an aligned claim is not refused for them.
#[test]
fn an_aligned_claim_is_found_behind_some_that_lie_wrong() {
    const ALIGN: usize = 256;
    let layout = |size, align| Layout::from_size_align(size, align).unwrap();
    let mut memory = Vec::<u8>::with_capacity(100 * 5 * GRAIN);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    // Holes of three grains, with two grains between them: of four one lies right.
    let (holes, _kept): (Vec<_>, Vec<_>) = (0..)
        .map_while(|_| {
            Some((ledger.claim("hole", layout(2 * GRAIN, 8)).ok()?, ledger.claim("kept", layout(1, 8)).ok()?))
        })
        .unzip();
    let (right, mut wrong): (Vec<_>, Vec<_>) =
        holes.into_iter().partition(|hole| hole.as_ptr().addr().get() % ALIGN == 0);
    let (mut all, found) = (Vec::new(), right.len());
    assert!(found > 10 && wrong.len() > 25);
    let _others = wrong.split_off(20);
    drop(wrong);
    drop(right);
    all.extend((0..found).map_while(|_| ledger.claim("aligned", layout(GRAIN + 1, ALIGN)).ok()));
    assert_eq!(all.len(), found, "of those that are there");
}

/// What is asked of fresh memory that would touch what there is makes a span with that, or holds the claim alone: also where whole pages come, and
/// the span would be longer than any. Else memory would grow by half of the address space, and the claim be refused all the same.
#[test]
fn h12_nothing_touches_what_would_be_too_long_with_it() {
    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use crate::backing::{Backing, Grant};

    struct Pages<'m> {
        memory: Region<'m>,
        /// Where that ends, how much of it is free, and how often more was asked for.
        end: usize,
        free: &'m AtomicUsize,
        asked: &'m AtomicUsize,
    }
    // SAFETY: the region gives its memory once, and nothing else is given.
    unsafe impl Backing for Pages<'_> {
        fn name(&self) -> &'static str {
            "pages"
        }

        fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
            if let Ok(grant) = self.memory.claim(request) {
                self.end = grant.span.end();
                return Ok(Grant::linear(grant.span));
            }
            self.asked.fetch_add(1, Relaxed);
            let len = request.at(self.end)?.liked.next_multiple_of(USUAL_PAGE);
            let alone = len >= request.least_lent();
            assert!(alone || self.free.load(Relaxed) + len <= MAX_SPAN, "{len:#x} bytes more");
            Err(Obstacle::Short { backing: self.name() })
        }
    }
    let mut memory = Vec::<u8>::with_capacity(3 * USUAL_PAGE);
    let spare = memory.spare_capacity_mut();
    let skip = spare.as_ptr().align_offset(GRAIN);
    let (free, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let memory = Region::new(&mut spare[skip..][..2 * USUAL_PAGE]);
    let ledger = Ledger::new(Pages { memory, end: 0, free: &free, asked: &asked });
    let layout = |size| Layout::from_size_align(size, 1).unwrap();
    drop(ledger.claim("pages", layout(1)).expect("they are given"));
    for size in (1..40).map(|n| MAX_SPAN - n * 4096) {
        // With claims of several lengths in front of what is free.
        for kept in [1, USUAL_PAGE / 2, USUAL_PAGE] {
            let _kept = ledger.claim("kept", layout(kept));
            free.store(ledger.snapshot().free, Relaxed);
            assert!(ledger.claim("large", layout(size)).is_err());
        }
    }
    assert!(asked.load(Relaxed) >= 3 * 39);
}

/// What lies behind all else is found, among however many that lie wrong: else memory would grow by a page for each such claim, for ever, or a
/// region refuse it.
#[test]
fn h26_an_aligned_claim_finds_what_lies_last() {
    // Bytes to a multiple of which it is aligned: sixteen grains.
    const ALIGN: usize = 16 * GRAIN;
    let mut memory = Vec::<u8>::with_capacity(20 * ALIGN);
    let spare = memory.spare_capacity_mut();
    let skip = spare.as_ptr().align_offset(ALIGN);
    let ledger = Ledger::new(Region::new(&mut spare[skip..][..(3 * 32 + 40 * 4 + 8 + 15) * GRAIN]));
    let grains = |count: usize| {
        let layout = Layout::from_size_align((count - 1) * GRAIN, 8).unwrap();
        ledger.claim("grains", layout).expect("room")
    };
    // Three holes as long as the last one, each at such a multiple, so that the next is at its end; and forty short ones.
    let pairs: Vec<_> =
        [(15, 17); 3].into_iter().chain([(2, 2); 40]).map(|(hole, kept)| (grains(hole), grains(kept))).collect();
    let (holes, _kept): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let _before_last = grains(8);
    let last = grains(15);
    let (start, layout) = (last.as_ptr().addr().get(), Layout::from_size_align(GRAIN, ALIGN).unwrap());
    drop(holes);
    drop(last);
    let claim = ledger.claim("aligned", layout).expect("there is room behind all else");
    assert!((start..start + 14 * GRAIN).contains(&claim.as_ptr().addr().get()));
    // The holes don't hold another.
    assert!(ledger.claim("aligned", layout).is_err());
}

/// A slab, as long as it is aligned, is found wherever one can lie: none is lost among those that lie wrong.
#[test]
fn h36_a_block_at_a_multiple_of_its_size_is_always_found() {
    const HOLES: usize = if cfg!(miri) { 30 } else { 2000 };
    const SLAB: usize = 4096;
    let mut memory = Vec::<u8>::with_capacity((2 * HOLES + 4) * (2 * SLAB));
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let layout = |size| Layout::from_size_align(size, 8).unwrap();
    let mut claims: Vec<_> = (0..2 * HOLES).map(|n| ledger.claim("hole", layout(4200 + n % 50 * 64)).ok()).collect();
    claims.iter_mut().step_by(2).for_each(|claim| *claim = None);
    let slabs = || {
        let spans = ledger.snapshot().spans().filter(|span| span.owner.is_none());
        let of = |span: super::SpanInfo| (span.base + span.len) / SLAB - span.base.div_ceil(SLAB);
        spans
            .map(|span| if span.base.div_ceil(SLAB) <= (span.base + span.len) / SLAB { of(span) } else { 0 })
            .sum::<usize>()
    };
    let want = super::Want { prefix: SLAB - GRAIN, ahead: true, ..super::Want::of(0, SLAB) };
    let (there, mut found) = (slabs(), 0);
    assert!(there > HOLES / 4, "{there} slabs in {HOLES} holes");
    // SAFETY: no claim is to grow.
    while unsafe { super::Spans::place(&ledger, "slab", &want) }.is_ok() {
        found += 1;
    }
    assert_eq!((found, slabs()), (there, 0));
}

/// Foreign code runs while nothing is locked: the function that is told what is free may use the ledger, and panic (h31).
#[test]
fn h31_who_is_offered_memory_may_use_the_ledger() {
    let mut memory = Vec::<u8>::with_capacity(20 * USUAL_PAGE);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let claim = |len| ledger.claim("claim", Layout::from_size_align(len, 8).unwrap()).unwrap();
    let (free, kept): (Vec<_>, Vec<_>) = (0..4).map(|_| (claim(2 * USUAL_PAGE), claim(100))).unzip();
    drop(free);
    let (peak, mut inside) = (ledger.snapshot().peak, Vec::new());
    assert!(ledger.discard(|_, _| {}) >= 4 * USUAL_PAGE);
    assert_eq!(ledger.snapshot().peak, peak, "nobody has claimed anything");
    let offered = ledger.discard(|page, len| {
        // Nobody else has what is offered.
        let other = claim(3 * GRAIN);
        let start = page.addr().get();
        assert!(!(start..start + len).contains(&other.as_ptr().addr().get()));
        inside.push(other);
        // A drawing takes Miri seconds.
        if !cfg!(miri) || inside.len() == 1 {
            std::println!("{}", ledger.snapshot());
        }
        // SAFETY: nobody uses these bytes.
        unsafe { page.write_bytes(0xa5, len) };
    });
    assert!(offered >= 4 * USUAL_PAGE && inside.len() == 5);
    drop(inside);
    if !cfg!(miri) {
        let caught = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| ledger.discard(|_, _| panic!("no"))));
        assert!(caught.is_err());
    }
    ledger.records.with(|kept| kept.book.check());
    assert!(ledger.snapshot().spans().all(|span| span.owner != Some("offered")));
    drop(kept);
    assert_eq!(ledger.snapshot().spans().count(), 1);
}

/// What just does is never more than what is liked, also where a claim would grow in place (found by a user's `realloc` on a backing
/// that refuses what does not fit: there was room behind the block).
#[test]
fn what_does_is_never_more_than_what_is_liked() {
    let mut memory = Vec::<u8>::with_capacity(4 * USUAL_PAGE);
    let base = core::ptr::NonNull::new(memory.spare_capacity_mut().as_mut_ptr().cast::<u8>()).unwrap();
    /// Two pieces that touch, the second no longer than it must be.
    struct Tight(core::ptr::NonNull<u8>, usize);
    // SAFETY: made of exclusively borrowed bytes.
    unsafe impl Send for Tight {}
    // SAFETY: each byte goes out once.
    unsafe impl crate::backing::Backing for Tight {
        fn name(&self) -> &'static str {
            "tight"
        }
        fn claim(&mut self, request: &Request) -> Result<crate::backing::Grant, Obstacle> {
            let Need { least, liked } = request.at(self.0.addr().get())?;
            assert!(least <= liked && request.anywhere()?.least >= least);
            if least > self.1 {
                return Err(Obstacle::Exhausted { backing: "tight", left: self.1 });
            }
            // SAFETY: as many bytes are left.
            let span = unsafe { crate::span::Span::new(self.0, least) };
            // SAFETY: as above.
            self.0 = unsafe { self.0.add(least) };
            self.1 -= least;
            Ok(crate::backing::Grant::linear(span))
        }
    }
    let skip = base.addr().get().wrapping_neg() % GRAIN;
    // SAFETY: less than the memory's length.
    let ledger = Ledger::new(Tight(unsafe { base.add(skip) }, 98_000 + 2000 + 2 * GRAIN));
    let want = super::Want { ahead: true, ..super::Want::of(98_000, 8) };
    // SAFETY: no claim is to grow.
    let Ok(super::Placed { payload: block, .. }) = (unsafe { super::Spans::place(&ledger, "block", &want) }) else {
        panic!()
    };
    let (grow, missing) = (Some(block.base()), 100_000 - block.len());
    let want = super::Want { size: 100_000, grow, missing, block: true, ..want };
    // SAFETY: the block is held.
    let grown = unsafe { super::Spans::place(&ledger, "block", &want) };
    assert!(grown.is_ok_and(|placed| placed.payload.base() == block.base() && placed.payload.len() >= 100_000));
}

/// What an error says is left is less than what was asked for, headers and alignment not counted.
#[test]
fn an_error_does_not_contradict_itself() {
    for (size, align) in [(4000, 2), (4096 - GRAIN, 8), (4096 - 2 * GRAIN, 64), (3000, 2048), (100, 4096), (4097, 1)] {
        let mut memory = Vec::<u8>::with_capacity(4096 + GRAIN);
        let ledger = Ledger::new(Region::new(&mut memory.spare_capacity_mut()[..4096]));
        let layout = Layout::from_size_align(size, align).unwrap();
        let arena = crate::arena::Arena::new_in(&ledger, "samples");
        let refused =
            [ledger.claim("claim", layout).err(), crate::arena::Alloc::try_alloc_layout(&arena, layout).err()];
        for error in refused.into_iter().flatten() {
            let Obstacle::Exhausted { left, .. } = error.obstacle else { panic!("{error}") };
            assert!(left < size, "{error}");
        }
    }
}

/// Whatever hands out memory, or more of it, makes sure that this thread knows of it: another may have grown it (h32).
#[test]
fn h32_every_way_out_of_a_ledger_is_reached() {
    use crate::platform::reached;
    let mut memory = Vec::<u8>::with_capacity(20 * USUAL_PAGE);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let want = super::Want::of(5000, 8);
    let place = |want: &super::Want| {
        // SAFETY: what is to grow is held here.
        match unsafe { super::Spans::place(&ledger, "claim", want) } {
            Ok(super::Placed { payload, .. }) => payload,
            Err(obstacle) => panic!("{obstacle}"),
        }
    };
    reached::take();
    let is_reached = |end: usize| assert_eq!(reached::take(), end);
    // From fresh memory, from free memory, aligned, and in place.
    let first = place(&want);
    is_reached(first.end());
    let second = place(&want);
    is_reached(second.end());
    is_reached(place(&super::Want { align: 4096, ..want }).end());
    // SAFETY: nobody uses it, or will.
    unsafe { super::Spans::give_back(&ledger, second.base()) };
    let longer = place(&super::Want { size: 6000, grow: Some(first.base()), missing: 100, ..want });
    assert_eq!(longer.base(), first.base());
    is_reached(longer.end());
    // SAFETY: it is held here.
    assert!(unsafe { ledger.records.lengthen(longer.base(), 500, 500) });
    // SAFETY: as above.
    is_reached(longer.addr() + unsafe { super::payload_len(longer.base()) });
    let block = ledger.records.place("claim", 300).first().expect("room");
    // SAFETY: it is held here.
    is_reached(block.addr().get() + unsafe { super::payload_len(block) });
    let claim = ledger.claim("claim", Layout::from_size_align(900, 8).unwrap()).expect("room");
    is_reached(claim.payload.end());
    ledger.discard(|page, len| {
        assert!(reached::take() >= page.addr().get() + len);
    });
}

/// A backing that always gives less than it was asked for is asked eight times at the most, and what it gave stays.
#[test]
fn h36_a_backing_that_falls_short_is_asked_a_few_times() {
    use core::ptr::NonNull;
    /// One grain at a time, each apart from the last.
    struct Crumbs(NonNull<u8>, usize);
    // SAFETY: made of exclusively borrowed bytes.
    unsafe impl Send for Crumbs {}
    // SAFETY: each byte goes out once.
    unsafe impl crate::backing::Backing for Crumbs {
        fn name(&self) -> &'static str {
            "crumbs"
        }
        fn claim(&mut self, _: &Request) -> Result<crate::backing::Grant, Obstacle> {
            let next = self.1.checked_sub(4 * GRAIN).ok_or(Obstacle::Exhausted { backing: "crumbs", left: 0 })?;
            // SAFETY: as many bytes are left.
            let span = unsafe { crate::span::Span::new(self.0, 2 * GRAIN) };
            // SAFETY: as above.
            self.0 = unsafe { self.0.add(4 * GRAIN) };
            self.1 = next;
            Ok(crate::backing::Grant::linear(span))
        }
    }
    const CRUMBS: usize = 100;
    let mut memory = Vec::<u8>::with_capacity(CRUMBS * 4 * GRAIN + GRAIN);
    let base = NonNull::new(memory.spare_capacity_mut().as_mut_ptr().cast::<u8>()).unwrap();
    let skip = base.addr().get().wrapping_neg() % GRAIN;
    // SAFETY: less than the memory's length.
    let ledger = Ledger::new(Crumbs(unsafe { base.add(skip) }, CRUMBS * 4 * GRAIN));
    let error = ledger.claim("claim", Layout::from_size_align(1000, 8).unwrap()).expect_err("crumbs");
    assert!(matches!(error.obstacle, Obstacle::Short { backing: "crumbs" }), "{error}");
    let asked = ledger.growths();
    assert!((1..=8).contains(&asked), "asked {asked} times");
    assert_eq!(ledger.snapshot().free, asked * 2 * GRAIN);
    // They are of use to who needs less.
    assert!(ledger.claim("claim", Layout::from_size_align(GRAIN, 8).unwrap()).is_ok());
    assert_eq!(ledger.growths(), asked);
}

/// Where there is no lock, a backing that uses its own ledger is told so before anything is shared; afterwards all is as it was.
#[test]
fn h34_a_backing_that_comes_back_without_a_lock_is_told() {
    use crate::DefaultBacking;
    use crate::backing::{Backing, Grant};
    use crate::sharing::OneThread;
    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    struct Returning(DefaultBacking);
    static LEDGER: Ledger<Returning, OneThread> = Ledger::with_lock(Returning(DefaultBacking::new()));
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    // SAFETY: the bytes are those of `DefaultBacking`.
    unsafe impl Backing for Returning {
        fn name(&self) -> &'static str {
            "returning"
        }
        fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
            let inner = [|| assert_eq!(LEDGER.growths(), 0), || drop(LEDGER.claim("inner", Layout::new::<u8>()))];
            for come_back in inner.into_iter().take(2 - TOLD.load(Relaxed).min(2)) {
                let told = std::panic::catch_unwind(come_back).is_err();
                assert!(told, "it has come back");
                TOLD.fetch_add(1, Relaxed);
            }
            self.0.claim(request)
        }
    }
    for _ in 0..2 {
        let claim = LEDGER.claim("outer", Layout::new::<[u8; 100]>()).expect("room");
        assert_eq!((TOLD.load(Relaxed), claim.owner()), (2, "outer"));
        assert!(LEDGER.claim("outer", Layout::new::<[u8; 3 * USUAL_PAGE]>()).is_ok());
    }
}

/// Of a backing that says that each grant lies above those before it only the highest end is looked at: what doesn't is not used.
#[test]
fn h05_a_grant_that_does_not_rise_is_not_used() {
    use crate::backing::{Backing, Grant};
    use crate::span::Span;
    use core::ptr::NonNull;
    const HALF: usize = 8 << 10;
    /// Memory of two halves, and which is given next: the last in the list.
    struct Falling(NonNull<u8>, Vec<usize>);
    // SAFETY: it owns the memory.
    unsafe impl Send for Falling {}
    // SAFETY: what has been given before is found out, which is what this tests.
    unsafe impl Backing for Falling {
        const RISES: bool = true;
        fn name(&self) -> &'static str {
            "falling"
        }
        fn claim(&mut self, _: &Request) -> Result<Grant, Obstacle> {
            // SAFETY: one of two halves.
            let half = unsafe { self.0.add(self.1.pop().unwrap_or(0) * HALF) };
            // SAFETY: the memory is there as long as the ledger.
            Ok(Grant::linear(unsafe { Span::new(half, HALF) }))
        }
    }
    let mut memory = std::vec![0u8; 2 * HALF];
    let base = NonNull::new(memory.as_mut_ptr()).expect("an address");
    let ledger = Ledger::new(Falling(base, std::vec![0, 1, 1]));
    let first = ledger.claim("first", Layout::new::<[u8; HALF / 2]>()).expect("room");
    let granted = ledger.snapshot().granted;
    for _ in 0..2 {
        let refused = ledger.claim("more", Layout::new::<[u8; HALF / 2]>());
        let why = refused.map(drop).map_err(|error| error.obstacle);
        assert!(matches!(why, Err(Obstacle::Short { backing: "falling" })), "{why:?}");
    }
    assert_eq!((ledger.snapshot().granted, first.owner()), (granted, "first"));
}

/// Before pages go back, few of the large free spans are looked at, however many are none of the host's.
#[test]
#[cfg_attr(miri, ignore = "it takes a hundred megabytes")]
fn h36_a_few_large_spans_are_looked_at() {
    const SPANS: usize = 100;
    let mut memory = Vec::<u8>::with_capacity((SPANS + 1) << 20);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let layout = Layout::from_size_align((1 << 20) - 2 * GRAIN, 8).expect("a layout");
    let small = Layout::from_size_align(1, 1).expect("a layout");
    let claims: Vec<_> = (0..SPANS)
        .map(|_| (ledger.claim("large", layout).expect("room"), ledger.claim("between", small).expect("room")))
        .collect();
    let (large, _between): (Vec<_>, Vec<_>) = claims.into_iter().unzip();
    drop(large);
    for len in [1 << 19, 1 << 20] {
        let before = book(&ledger, Book::looks);
        assert!(ledger.records.with(|kept| kept.book.find_large(len, |_| false).is_none()));
        assert!(book(&ledger, Book::looks) - before <= 32);
    }
}

/// A header that was written over, as a claim that had ended was used: who goes over spans comes to an end, and so does who offers free pages.
#[test]
fn h36_spans_end_at_a_header_that_is_none() {
    let layout = Layout::from_size_align(2000, 8).unwrap();
    let mut memory = Vec::<u8>::with_capacity(16 << 10);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let claims = [(); 3].map(|()| ledger.claim("claim", layout).expect("room"));
    assert_eq!(ledger.snapshot().spans().count(), 4);
    // SAFETY: a claim's payload.
    let at = unsafe { Entry::of_payload(claims[1].payload.base()) };
    let len = at.len.replace(0);
    assert_eq!(ledger.snapshot().spans().count(), 1);
    assert!(std::format!("{}", ledger.snapshot()).contains("claim"));
    let end = claims[2].payload.end();
    assert!(ledger.snapshot().spans_from(end).count() <= 1);
    ledger.discard(|_, _| ());
    at.len.set(len);
    assert_eq!(ledger.snapshot().spans().count(), 4);
}
