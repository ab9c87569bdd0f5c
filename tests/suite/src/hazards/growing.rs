//! Where memory grows, by how much, and beside whom.

use core::alloc::Layout;
use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::GRAIN;
use freehold::{Alloc, Arena, BlockPool, Growth, Ledger, Pool, Region, TypedArena};

use crate::backings::{Control, Manner, Memory, Simulated};
use crate::live::{Holder, Live};
use crate::tally;

const ROOM: usize = 1 << 20;

/// Two ledgers grow one memory in turns; each takes what its grow returned, and merges only what touches.
pub fn h05_two_growers() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let [a, b] = Simulated::two(&mut memory, &control, Manner::Steps(1024)).map(Ledger::new);
    let (mut live, rounds) = (Live::new(), if cfg!(miri) { 24 } else { 40 });
    {
        let arenas = [("a", Arena::new_in(&a, "a")), ("b", Arena::new_in(&b, "b"))];
        for round in 0..rounds {
            for (owner, arena) in &arenas {
                let layout = Layout::from_size_align(40 * round + 1, 8).expect("a layout");
                // SAFETY: the arena's memory is the caller's until it is dropped.
                unsafe { live.add(arena.alloc_layout(layout), layout, Holder { owner, depth: 0 }) };
            }
            live.check();
        }
        assert!(a.growths() > 3 && b.growths() > 3, "they did take turns");
    }
    for ledger in [&a, &b] {
        tally::check(ledger);
        assert_eq!(ledger.snapshot().claimed, 0);
        assert!(ledger.snapshot().spans().count() > 2, "grants with another's memory between them are not one");
    }
    let spans = || a.snapshot().spans().map(|span| (span, 'a')).chain(b.snapshot().spans().map(|span| (span, 'b')));
    for (one, whose) in spans() {
        let apart = |other: freehold::SpanInfo| one.base + one.len <= other.base || other.base + other.len <= one.base;
        assert!(spans().all(|(other, theirs)| whose == theirs || apart(other)), "{one:?} is in both");
    }
}

/// What others took between two claims is a gap: never written, and no later claim suffers.
pub fn h08_foreign_growth_is_a_gap() {
    const GAP: usize = if cfg!(miri) { 100 } else { 500 };
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    control.gap.store(GAP, Relaxed);
    let base = memory.start().addr().get();
    let mut gaps = [(0, 0); 64];
    {
        let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
        let arena = Arena::new_in(&ledger, "arena").with_growth(Growth::fixed(300));
        for size in (1..if cfg!(miri) { 20 } else { 60 }).map(|size| size * 17) {
            assert_eq!(arena.alloc_slice_fill(size, 0u8).len(), size);
        }
        drop(arena);
        tally::check(&ledger);
        let spans = || ledger.snapshot().spans();
        for (gap, (span, next)) in gaps.iter_mut().zip(spans().zip(spans().skip(1))) {
            assert!(next.base - (span.base + span.len) >= GAP, "{span:?} and {next:?} have nobody between them");
            *gap = (span.base + span.len - base, next.base - base);
        }
        assert!(spans().count() > 3);
    }
    for (from, to) in gaps {
        assert_eq!(memory.foreign_bytes(from, to), to - from, "others' memory was written to");
    }
}

/// Memory that stands alone is never one with what it touches: a pointer into the one does not reach the other.
pub fn islands_that_touch_stay_apart() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let shores = {
        let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Islands));
        let layout = Layout::from_size_align(1000, 8).expect("a layout");
        let claims = [(); 3].map(|()| ledger.claim("island", layout).expect("room"));
        let spans = || ledger.snapshot().spans();
        assert!(spans().zip(spans().skip(1)).all(|(span, next)| span.base + span.len == next.base), "they touch");
        let [first, second, third] = claims;
        // In both directions.
        for claim in [second, first, third] {
            drop(claim);
            assert_eq!(spans().count(), 3);
        }
        // What lies in one does not grow into the next.
        let arena = Arena::new_in(&ledger, "arena").with_growth(Growth::fixed(900));
        for _ in 0..30 {
            arena.alloc([0u64; 12]);
        }
        assert!(spans().filter(|span| span.owner == Some("arena")).count() >= 3);
        drop(arena);
        assert!(ledger.claim("more than one", Layout::new::<[u64; 200]>()).is_ok_and(|_| ledger.growths() > 3));
        spans().filter(|span| span.len == layout.size().next_multiple_of(GRAIN) + GRAIN).count()
    };
    assert_eq!(shores, 3, "the islands are what they were");
}

/// A grant that comes to lie right below free memory is one with it.
pub fn grants_from_above_merge() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Falling));
    for size in [200, 2000, 8000] {
        let claim = ledger.claim("claim", Layout::from_size_align(size, 8).expect("a layout")).expect("room");
        assert_eq!(ledger.snapshot().spans().count(), 2, "the claim, and all that is free");
        drop(claim);
    }
    assert_eq!(ledger.growths(), 3);
}

/// A huge request gets its room, and the chunks after it are as if it had never been; growth ends at the cap.
pub fn h14_one_huge_request_changes_no_policy() {
    /// How much the arena claims for each of four chunks, after a first request of so many bytes.
    fn chunks(first: usize) -> [usize; 4] {
        let (mut memory, control) = (Memory::new(ROOM), Control::new());
        let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Islands));
        control.gap.store(GRAIN, Relaxed);
        let arena = Arena::new_in(&ledger, "arena").with_growth(Growth::new().first(1024).factor(2).cap(3000));
        if first > 0 {
            arena.alloc_uninit_slice::<u8>(first);
        }
        [(); 4].map(|()| {
            let before = arena.held();
            while arena.held() == before {
                arena.alloc([0u64; 8]);
            }
            arena.held() - before - GRAIN
        })
    }
    let usual = chunks(0);
    assert_eq!(
        usual.map(|bytes| bytes + GRAIN),
        [1024, 2048, 3008, 3008].map(|bytes: usize| bytes.next_multiple_of(GRAIN))
    );
    assert_eq!(chunks(100_000), usual, "what follows a huge request");
}

/// A crumb that happens to be free does not count as a step: once there is something, a chunk about doubles at most.
pub fn h14_a_crumb_is_no_step() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Steps(4096)));
    let arena = Arena::new_in(&ledger, "arena");
    let mut crumbs = 0;
    while arena.held() < 40_000 {
        let before = arena.held();
        arena.alloc([0u64; 2]);
        let gained = arena.held() - before;
        assert!(before < 4000 || gained <= before / 4 * 5, "{gained} bytes after {before}");
        crumbs += usize::from(gained > 0 && gained < before / 2);
    }
    assert!(crumbs > 0, "there was one on the way");
}

/// Another policy counts from the next chunk on, for whoever has chunks already: arenas, typed arenas, pools.
pub fn growth_changes_after_the_first_chunk() {
    const LARGE: usize = 8192;
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Islands));
    control.gap.store(GRAIN, Relaxed);
    let (small, large) = (Growth::fixed(512), Growth::fixed(LARGE));
    /// Bytes of the next chunk.
    fn next_chunk<B: freehold::backing::Backing>(ledger: &Ledger<B>, mut put: impl FnMut()) -> usize {
        let before = ledger.snapshot().claimed;
        while ledger.snapshot().claimed == before {
            put();
        }
        ledger.snapshot().claimed - before
    }
    let arena = Arena::new_in(&ledger, "arena").with_growth(small);
    assert!(next_chunk(&ledger, || _ = arena.alloc([0u64; 4])) < 1024);
    let arena = arena.with_growth(large);
    assert_eq!(next_chunk(&ledger, || _ = arena.alloc([0u64; 4])), LARGE);
    let typed = TypedArena::new_in(&ledger, "typed").with_growth(small);
    assert!(next_chunk(&ledger, || _ = typed.alloc([0u64; 4])) < 1024);
    let typed = typed.with_growth(large);
    assert_eq!(next_chunk(&ledger, || _ = typed.alloc([0u64; 4])), LARGE);
    let pool = Pool::new_in(&ledger, "pool").with_growth(small);
    assert!(next_chunk(&ledger, || core::mem::forget(pool.alloc([0u64; 4]))) < 1024);
    let pool = pool.with_growth(large);
    assert_eq!(next_chunk(&ledger, || core::mem::forget(pool.alloc([0u64; 4]))), LARGE);
    let blocks = BlockPool::new_in(&ledger, "blocks", Layout::new::<[u64; 4]>()).with_growth(small);
    assert!(next_chunk(&ledger, || _ = blocks.alloc()) < 1024);
    let blocks = blocks.with_growth(large);
    assert_eq!(next_chunk(&ledger, || _ = blocks.alloc()), LARGE);
}

/// What fits one by one fits from an iterator too: values are never there twice, whether their number is known or not.
pub fn typed_values_are_gathered_where_they_stay() {
    fn in_a_region(values: impl Iterator<Item = u64>) {
        let mut memory = [core::mem::MaybeUninit::uninit(); 10 << 10];
        let ledger = Ledger::new(Region::new(&mut memory));
        let mut arena = TypedArena::new_in(&ledger, "typed");
        arena.alloc(7);
        let claimed = ledger.growths();
        assert!(arena.alloc_from_iter(values).iter().copied().eq(0..800));
        assert_eq!((ledger.growths(), arena.len()), (claimed, 801));
        assert!(arena.iter_mut().map(|value| *value).eq(core::iter::once(7).chain(0..800)));
        tally::check(&ledger);
    }
    in_a_region(0..800);
    in_a_region((0..1600).filter(|index| index % 2 == 0).map(|index| index / 2));
}

/// A chunk that is vacant again is used only if it has room for the padding too (h24: room is not length).
pub fn h24_vacant_chunks_and_padding() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Islands));
    control.gap.store(GRAIN, Relaxed);
    for size in (8..1000).step_by(if cfg!(miri) { 200 } else { 8 }) {
        let mut arena = Arena::new_in(&ledger, "arena").with_growth(Growth::fixed(0));
        let mut live = Live::new();
        arena.alloc_slice_fill(100, 0u8);
        arena.alloc_slice_fill(900, 0u8);
        arena.reset();
        let layouts = [(100, 1), (size, 512), (size, 8)].map(|(size, align)| Layout::from_size_align(size, align));
        for layout in layouts.into_iter().flatten() {
            // SAFETY: the arena's memory is the caller's until it is dropped.
            unsafe { live.add(arena.alloc_layout(layout), layout, Holder { owner: "arena", depth: 0 }) };
        }
        live.check();
        live.check_owners(&ledger);
    }
}

/// Inner scopes get the first chunks, and then the scope outside, which lies nowhere yet, a new one, or one of theirs that has grown. What
/// the arena itself hands out afterwards must lie apart.
pub fn first_chunks_of_inner_scopes() {
    for grown in [false, true] {
        let (mut memory, control) = (Memory::new(ROOM), Control::new());
        let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
        let hole = ledger.claim("hole", Layout::new::<[u8; 1000]>()).expect("room");
        let mut arena = Arena::new_in(&ledger, "arena").with_growth(Growth::new().first(300));
        {
            let mut outer = arena.scope();
            outer.scope().alloc(1u8);
            drop(hole);
            outer.scope().alloc([2u8; 900]);
            if grown {
                let inner = outer.scope();
                inner.alloc([3u8; 900]);
                inner.alloc([3u8; 100]);
                inner.alloc([3u8; 1200]);
            }
            let claimed = ledger.snapshot().claimed;
            outer.alloc([4u8; 1200]);
            assert_eq!(ledger.snapshot().claimed == claimed, grown);
        }
        let arena = &arena;
        let blocks: [_; 40] = core::array::from_fn(|index| arena.alloc([index as u8; 100]));
        assert!(blocks.iter().enumerate().all(|(index, block)| **block == [index as u8; 100]));
    }
}

/// Whatever was freed, in whatever order, the next claim of the peak's size grows nothing.
pub fn h26_nothing_is_lost() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    for stride in if cfg!(miri) { [3, 7].as_slice() } else { &[1, 3, 7, 11] } {
        let mut claims = [const { None }; 16];
        for (index, claim) in claims.iter_mut().enumerate() {
            let layout = Layout::from_size_align(1 + 97 * index, 1 << (index % 9)).expect("a layout");
            *claim = Some(ledger.claim("claim", layout).expect("room"));
        }
        for step in 0..claims.len() {
            drop(claims[(step * stride + 5) % claims.len()].take());
            tally::check(&ledger);
        }
        let peak = ledger.snapshot();
        assert_eq!((peak.claimed, peak.spans().count()), (0, 1), "what is free is in one piece");
        let whole = Layout::from_size_align(peak.peak - GRAIN, 1).expect("a layout");
        let growths = ledger.growths();
        drop(ledger.claim("peak", whole).expect("room"));
        assert_eq!(ledger.growths(), growths);
    }
}

/// What a scope filled goes back, what lies outside of it stays.
pub fn h26_trimming_keeps_what_holds_something() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Islands));
    control.gap.store(GRAIN, Relaxed);
    let mut arena = Arena::new_in(&ledger, "arena").with_growth(Growth::fixed(300));
    arena.alloc([1u64; 20]);
    let claimed = arena.held();
    let scope = arena.scope();
    for _ in 0..10 {
        scope.alloc([2u64; 30]);
    }
    let filled = arena.held();
    assert!(filled > 10 * 240);
    arena.trim();
    assert_eq!((arena.held(), ledger.snapshot().spans().filter(|span| span.owner.is_some()).count()), (claimed, 1));
    arena.alloc([3u64; 30]);
    assert!(arena.held() > claimed);
}

/// An arena that is reset and trimmed, or a pool that is trimmed, over and over, takes no more than the first time.
pub fn h26_trimming_over_and_over() {
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    let mut arena = Arena::new_in(&ledger, "arena");
    let pool = BlockPool::new_in(&ledger, "pool", Layout::new::<[u64; 4]>());
    let mut granted = [0; if cfg!(miri) { 8 } else { 40 }];
    for (round, granted) in granted.iter_mut().enumerate() {
        let mut blocks = [None; 30];
        for block in &mut blocks {
            arena.alloc([round; 4]);
            *block = pool.try_alloc().ok();
        }
        for block in blocks.into_iter().flatten() {
            // SAFETY: the block came from this pool and is not used.
            unsafe { pool.free(block) };
        }
        arena.reset();
        arena.trim();
        pool.trim();
        assert_eq!(ledger.snapshot().claimed, 0, "what holds nothing was given back");
        *granted = ledger.snapshot().granted;
    }
    // Each time the arena would like a larger chunk; pieces of 4 KiB or more do, once they are there.
    let [.., before, last] = granted;
    assert!(last == before && last < 64 << 10, "{granted:?}");
}

/// So many arenas, opened and dropped in any order: nothing is left over (how long the steps take is tested in the crate, by the depth
/// of the ledger's tree).
pub fn many_arenas() {
    const OPEN: usize = if cfg!(miri) { 8 } else { 64 };
    let arenas = if cfg!(miri) { 40 } else { 100_000 };
    let (mut memory, control) = (Memory::new(ROOM), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    let mut open = [const { None }; OPEN];
    let mut state = 1u32;
    for _ in 0..arenas {
        state = state.wrapping_mul(0x2c1b_3c6d).wrapping_add(0x9e37_79b9);
        let arena = Arena::new_in(&ledger, "one of many");
        arena.alloc_slice_fill((state >> 8) as usize % 900, 7u8);
        open[(state >> 20) as usize % OPEN] = Some(arena);
    }
    drop(open);
    tally::check(&ledger);
    let snapshot = ledger.snapshot();
    assert_eq!((snapshot.claimed, snapshot.spans().count()), (0, 1));
    // At most so many arenas of at most 1 KiB were open at once; holes between them cost at most as much again.
    assert!(snapshot.granted <= 2 * OPEN * 1100, "{snapshot:?}");
}
