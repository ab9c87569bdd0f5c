//! What every allocator owes on every backing.
//!
//! The functions take a ledger in which nothing is claimed, whatever its backing. Where the backing may be too small for what is asked,
//! a refusal is right as long as it changes nothing; where it is large enough, it is wrong.

use core::alloc::Layout;

use freehold::backing::Backing;
use freehold::sharing::{Access, Local, Needed};
use freehold::{
    Alloc, AllocError, Arena, BlockPool, FixedPool, Growth, Handle, KeyedPool, Ledger, Obstacle, Pool, PoolBox,
    Rejected, SharedPool, TypedArena,
};

use crate::bench::Bench;
use crate::live::{Holder, Live, all_are};
use crate::tally::Tally;

/// The sizes that are asked for, each at every alignment.
const SIZES: &[usize] =
    if cfg!(miri) { &[0, 9, 700] } else { &[0, 1, 2, 3, 7, 8, 9, 16, 24, 31, 32, 33, 63, 64, 65, 100, 255, 700, 5000] };
const ALIGNS: &[usize] = if cfg!(miri) { &[1, 512] } else { &[1, 2, 4, 8, 16, 32, 64, 128, 512, 4096, 1 << 14] };

/// How many values go into a typed arena.
const VALUES: usize = if cfg!(miri) { 20 } else { 100 };

/// How many values a pool is asked for, and how many blocks, so often. Miri takes a thousand times as long, so there they are as few as
/// need a second chunk. No step below has a factor in common with them.
const PLACES: usize = if cfg!(miri) { 13 } else { 40 };
const KEYS: usize = if cfg!(miri) { 13 } else { 50 };
const BLOCKS: usize = if cfg!(miri) { 5 } else { 9 };
const ROUNDS: usize = if cfg!(miri) { 2 } else { 3 };
/// The places of a pool that is full before all are had.
const TOO_FEW: usize = PLACES - 7;

/// Everything below, more than once: what was given back is enough for the next time (h26).
pub fn everything<B: Backing>(ledger: &Ledger<B>, roomy: bool) {
    let bench = Bench { ledger, roomy };
    let run = || {
        claims(&bench);
        arena::<1, B>(&bench);
        arena::<8, B>(&bench);
        arena::<16, B>(&bench);
        scopes(&bench);
        typed(&bench);
        pools(&bench);
        blocks(&bench);
        errors(&bench);
        #[cfg(feature = "collections")]
        crate::collections::everything(&bench);
    };
    run();
    if cfg!(miri) {
        return;
    }
    // Where foreign gaps cut free memory into pieces, an arena may prefer fresh pages to pieces much smaller than its next chunk, and
    // how they lie decides how often. It comes to an end. In one piece there is enough at once.
    let warm = if ledger.snapshot().spans().count() > 1 { 4 } else { 0 };
    let granted = (0..warm).fold(ledger.snapshot().granted, |_, _| {
        run();
        ledger.snapshot().granted
    });
    run();
    assert_eq!(ledger.snapshot().granted, granted, "the same again asks for more memory");
}

/// [`everything`]; under Miri, which has seen all of it on the default backing, only what treats pointers in ways of its own.
pub fn again<B: Backing>(ledger: &Ledger<B>, roomy: bool) {
    if cfg!(miri) {
        let bench = Bench { ledger, roomy };
        claims(&bench);
        typed(&bench);
        pools(&bench);
    } else {
        everything(ledger, roomy);
    }
}

/// What holds when all claims are over.
fn nothing_claimed<B: Backing>(bench: &Bench<'_, B>) {
    let snapshot = bench.ledger.snapshot();
    assert_eq!(snapshot.claimed, 0);
    assert_eq!(snapshot.free, snapshot.granted);
    assert!(snapshot.spans().all(|span| span.owner.is_none()));
    crate::tally::check(bench.ledger);
}

/// Raw claims of every size and alignment, given back in another order than they came.
pub fn claims<B: Backing>(bench: &Bench<'_, B>) {
    let owner = "claims";
    let mut live = Live::new();
    for &align in ALIGNS {
        let mut held = [const { None }; SIZES.len()];
        for (held, &size) in held.iter_mut().zip(SIZES) {
            let layout = Layout::from_size_align(size, align).expect("a layout");
            let before = Tally::of(bench.ledger);
            let Some(claim) = bench.may_fail(owner, size, align, bench.ledger.claim(owner, layout)) else {
                before.must_be(bench.ledger);
                continue;
            };
            assert!(claim.len() >= size && claim.owner() == owner);
            let whole = Layout::from_size_align(claim.len(), align).expect("a layout");
            // SAFETY: a claim's memory is its holder's.
            unsafe { live.add(claim.as_ptr(), whole, Holder { owner, depth: 0 }) };
            *held = Some(claim);
        }
        live.check();
        live.check_owners(bench.ledger);
        crate::tally::check(bench.ledger);
        for step in 0..SIZES.len() {
            // 7 and the number of sizes have no common factor, so each comes once.
            if let Some(claim) = held[step * 7 % SIZES.len()].take() {
                live.remove(claim.as_ptr());
                drop(claim);
                crate::tally::check(bench.ledger);
            }
        }
        live.check();
    }
    nothing_claimed(bench);
}

/// An arena: blocks of every size and alignment, and every verb; reset, trimmed, dropped.
pub fn arena<const MIN_ALIGN: usize, B: Backing>(bench: &Bench<'_, B>) {
    let owner = "arena";
    let mut arena = Arena::new_in(bench.ledger, owner).with_min_align::<MIN_ALIGN>();
    assert_eq!((arena.held(), bench.ledger.snapshot().claimed), (0, 0));
    let mut granted = 0;
    for round in 0..if cfg!(miri) { 2 } else { 3 } {
        let mut live = Live::new();
        for &align in ALIGNS {
            for &size in SIZES {
                let layout = Layout::from_size_align(size, align).expect("a layout");
                let before = Tally::of(bench.ledger);
                match bench.may_fail(owner, size, align, arena.try_alloc_layout(layout)) {
                    // SAFETY: the arena's memory is the caller's until it is reset.
                    Some(place) if size > 0 => unsafe { live.add(place, layout, Holder { owner, depth: 0 }) },
                    Some(place) => assert!(place.addr().get().is_multiple_of(align)),
                    None => before.must_be(bench.ledger),
                }
            }
            live.check();
        }
        live.check_owners(bench.ledger);
        verbs(bench, &arena);
        live.check();
        assert_eq!(bench.ledger.snapshot().claimed_by(owner), arena.held());
        assert!(arena.used() <= arena.capacity() && arena.capacity() <= arena.held());
        if round == 0 {
            granted = bench.ledger.snapshot().granted;
        }
        assert_eq!(bench.ledger.snapshot().granted, granted, "a reset arena asks for more memory");
        let claimed = arena.held();
        arena.reset();
        assert_eq!(arena.held(), claimed, "a reset keeps the chunks");
    }
    arena.trim();
    let kept = bench.ledger.snapshot().spans().filter(|span| span.owner == Some(owner)).count();
    assert!(kept <= 1, "{kept} spans are kept by an arena that holds nothing");
    drop(arena);
    nothing_claimed(bench);
}

/// Every verb, in an arena or a scope that may be out of room.
fn verbs<'s, B: Backing>(bench: &Bench<'_, B>, alloc: impl Alloc<'s>) {
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(64))]
    struct Aligned([u8; 3]);
    if alloc.try_reserve(2600).is_err() {
        assert!(!bench.roomy);
        return;
    }
    let grown = bench.ledger.growths();
    let zero = alloc.alloc(());
    let value = alloc.alloc(0x0123_4567_89ab_cdef_u64);
    let aligned = alloc.alloc(Aligned([1, 2, 3]));
    let made = alloc.alloc_with(|| [7u16; 5]);
    let slice = alloc.alloc_slice_copy(&[1u32, 2, 3]);
    let empty = alloc.alloc_slice_copy::<u64>(&[]);
    let text = alloc.alloc_str("Grüße");
    let cloned = alloc.alloc_slice_clone(&["a", "bc"]);
    let filled = alloc.alloc_slice_fill(9, 0xeeu8);
    let counted = alloc.alloc_slice_fill_with(4, |index| index * index);
    let promised = alloc.alloc_from_iter([3i8, 2, 1]);
    let gathered = alloc.alloc_from_iter((0..20u16).filter(|n| n % 3 == 0));
    let formatted = alloc.alloc_fmt(format_args!("{:>5}|{}", 42, "x"));
    let uninit = alloc.alloc_uninit::<u128>().write(5);
    let room = alloc.alloc_uninit_slice::<u8>(17);
    room.iter_mut().for_each(|place| _ = place.write(9));
    let boxed = alloc.alloc_box([4u64; 2]);
    let boxes = alloc.alloc_box_from_iter(0..3u8);
    for len in 0..if cfg!(miri) { 5 } else { 40 } {
        let source: [u8; 40] = core::array::from_fn(|index| index as u8);
        assert_eq!(alloc.alloc_slice_copy(&source[..len]), &source[..len]);
    }
    assert_eq!(bench.ledger.growths(), grown, "what was reserved needs no growth");
    assert!(core::ptr::from_ref(aligned).addr().is_multiple_of(64));
    assert_eq!((*zero, *value, *aligned, *made), ((), 0x0123_4567_89ab_cdef, Aligned([1, 2, 3]), [7; 5]));
    assert_eq!((&*slice, &*empty, &*text, &*cloned), (&[1, 2, 3][..], &[][..], "Grüße", &["a", "bc"][..]));
    assert_eq!((&*filled, &*counted, &*promised), (&[0xee; 9][..], &[0, 1, 4, 9][..], &[3, 2, 1][..]));
    assert_eq!((&*gathered, &*formatted), (&[0, 3, 6, 9, 12, 15, 18][..], "   42|x"));
    assert_eq!((*uninit, *boxed, &*boxes), (5, [4; 2], &[0, 1, 2][..]));
    let large = alloc.try_alloc([0x5au8; 3000]);
    assert!(large.as_ref().map_or(!bench.roomy, |large| all_are(0x5a, &large[..])));
    if let Err(Rejected { value, error }) = large {
        assert!(value == [0x5a; 3000] && error.size == 3000, "{error}");
    }
}

/// Scopes: nested, left in order, with what lies outside untouched.
pub fn scopes<B: Backing>(bench: &Bench<'_, B>) {
    let owner = "scopes";
    let mut arena = Arena::new_in(bench.ledger, owner);
    let mut live = Live::new();
    let mut granted = 0;
    for round in 0..if cfg!(miri) { 1 } else { 4 } {
        let mut outer = arena.scope();
        let byte = |round: usize, size: usize| (round * 31 + size) as u8;
        for &size in SIZES {
            let Some(kept) = bench.may_fail(owner, size, 1, outer.try_alloc_uninit_slice::<u8>(size)) else { continue };
            kept.fill(core::mem::MaybeUninit::new(byte(round, size)));
            let mut inner = outer.scope();
            verbs(bench, &inner);
            {
                let innermost = inner.scope();
                for &size in SIZES {
                    let layout = Layout::from_size_align(size, 32).expect("a layout");
                    if let Some(place) = bench.may_fail(owner, size, 32, innermost.try_alloc_layout(layout)) {
                        // SAFETY: the scope's memory is the caller's until it ends.
                        unsafe { live.add(place, layout, Holder { owner, depth: 3 }) };
                    }
                }
                live.check();
                live.remove_from(Holder { owner, depth: 3 });
            }
            verbs(bench, &inner);
            for written in kept {
                // SAFETY: filled above.
                assert_eq!(unsafe { written.assume_init_read() }, byte(round, size));
            }
        }
        if round == 1 {
            granted = bench.ledger.snapshot().granted;
        } else if round > 1 {
            assert_eq!(bench.ledger.snapshot().granted, granted, "scopes that run again ask for more memory");
        }
    }
    drop(arena);
    nothing_claimed(bench);
}

/// A typed arena: values side by side and in order, each dropped once, by every exit.
pub fn typed<B: Backing>(bench: &Bench<'_, B>) {
    let dropped = core::cell::Cell::new(0);
    struct Counted<'c>(usize, &'c core::cell::Cell<usize>, [u8; 5]);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            assert_eq!(self.2, [self.0 as u8; 5]);
            self.1.set(self.1.get() + 1);
        }
    }
    let make = |index: usize| Counted(index, &dropped, [index as u8; 5]);
    let mut made = 0;
    for exit in 0..3 {
        let mut arena = TypedArena::new_in(bench.ledger, "typed").with_growth(Growth::new().first(100 * (exit + 1)));
        for index in 0..VALUES {
            match arena.try_alloc(make(index)) {
                Ok(value) => assert_eq!(value.0, index),
                Err(Rejected { value, error }) => {
                    assert!(!bench.roomy && value.0 == index && error.owner == "typed", "{error}");
                    break;
                }
            }
        }
        if bench.roomy {
            let more = arena.alloc_from_iter((VALUES..VALUES + 20).map(make));
            assert!(more.iter().map(|value| value.0).eq(VALUES..VALUES + 20));
            assert_eq!(arena.len(), VALUES + 20);
        }
        let len = arena.len();
        assert!(arena.iter_mut().map(|value| value.0).eq(0..len));
        made += len;
        match exit {
            0 => {
                arena.clear();
                assert!(arena.is_empty() && arena.iter_mut().next().is_none());
            }
            1 => drop(arena),
            _ => {
                let mut values = arena.into_iter();
                let taken =
                    values.by_ref().take(len / 2).enumerate().filter(|(index, value)| *index == value.0).count();
                assert_eq!(taken, len / 2);
            }
        }
    }
    // Values that found no room were dropped outside: one for each arena at most.
    assert!(dropped.get() >= made && dropped.get() <= made + 3);
    typed_shapes(bench);
    if bench.roomy {
        typed_again(bench);
    }
    nothing_claimed(bench);
}

/// Types of no size, and of more alignment than a chunk has.
fn typed_shapes<B: Backing>(bench: &Bench<'_, B>) {
    #[repr(align(256))]
    struct Aligned(u32);
    let sizeless = TypedArena::new_in(bench.ledger, "sizeless");
    for _ in 0..10 {
        sizeless.alloc([(); 3]);
    }
    assert_eq!((sizeless.len(), sizeless.into_iter().count()), (10, 10));
    let mut aligned = TypedArena::new_in(bench.ledger, "aligned");
    let count = (0..20).take_while(|index| aligned.try_alloc(Aligned(*index)).is_ok()).count();
    assert!(count == 20 || !bench.roomy);
    assert!(aligned.iter_mut().all(|value| core::ptr::from_ref(value).addr().is_multiple_of(256)));
    assert!(aligned.iter_mut().map(|value| value.0).eq(0..count as u32));
}

/// Cleared, and filled in other portions than before: chunks end elsewhere than they did.
fn typed_again<B: Backing>(bench: &Bench<'_, B>) {
    let mut arena = TypedArena::new_in(bench.ledger, "again").with_growth(Growth::fixed(300));
    let portions: [&[u32]; 4] = [&[3, 70, 1, 90], &[1; 200], &[40, 40, 40], &[5; 40]];
    for portions in portions {
        arena.clear();
        let total = portions.iter().sum();
        let mut next = 0;
        for portion in portions {
            let values = arena.alloc_from_iter(next..next + portion);
            assert!(values.iter().copied().eq(next..next + portion));
            next += portion;
        }
        assert_eq!(arena.len(), total as usize);
        assert!(arena.iter_mut().map(|value| *value).eq(0..total));
    }
}

/// Pools of values: boxes dropped in another order than they came; growing, fixed, and shared.
pub fn pools<B: Backing>(bench: &Bench<'_, B>) {
    let growth = Growth::new().first(200);
    boxes(bench, Pool::new_in(bench.ledger, "pool").with_growth(growth));
    let shared: SharedPool<'_, [u64; 3]> = SharedPool::shared_in(bench.ledger, "pool");
    boxes(bench, shared.with_growth(growth));
    fixed_pools(bench);
    places_of_its_own();
    keys(bench);
    nothing_claimed(bench);
}

fn boxes<B: Backing, L: Access>(bench: &Bench<'_, B>, pool: Pool<'_, [u64; 3], L>) {
    churn(
        |value| pool.try_alloc(value),
        |error| !bench.roomy && error.owner == "pool",
        |in_use| {
            assert_eq!((pool.len(), pool.is_empty(), pool.capacity() >= in_use), (in_use, in_use == 0, true));
            let any = pool.capacity() > 0;
            assert_eq!(pool.trim() > 0, in_use == 0 && any);
        },
    );
    drop(pool.try_alloc([1; 3]));
    let held = bench.ledger.snapshot().claimed_by("pool");
    assert_eq!(pool.held(), held);
    assert_eq!(pool.trim(), held);
    assert_eq!((bench.ledger.snapshot().claimed_by("pool"), pool.capacity()), (0, 0));
    drop(pool);
}

/// Takes places, as far as they are to be had, and gives them back in another order, each time.
fn churn<H: Handle>(
    alloc: impl Fn([u64; 3]) -> Result<PoolBox<[u64; 3], H>, Rejected<[u64; 3]>>,
    may_be_refused: impl Fn(AllocError) -> bool,
    holds: impl Fn(usize),
) {
    let mut boxes = [const { None }; PLACES];
    for round in 0..ROUNDS {
        for (index, slot) in boxes.iter_mut().enumerate() {
            match alloc([index as u64; 3]) {
                Ok(boxed) => *slot = Some(boxed),
                Err(Rejected { value, error }) => {
                    assert!(may_be_refused(error) && value == [index as u64; 3], "{error}");
                }
            }
        }
        holds(boxes.iter().flatten().count());
        for step in 0..PLACES {
            let index = step * (7 + 2 * round) % PLACES;
            if let Some(boxed) = boxes[index].take() {
                assert_eq!(*boxed, [index as u64; 3]);
                if step % 2 == 0 {
                    assert_eq!(PoolBox::into_inner(boxed)[2], index as u64);
                }
            }
        }
        boxes.iter_mut().for_each(|slot| *slot = None);
        holds(0);
    }
}

/// Pools that have their places in themselves.
fn places_of_its_own() {
    fn fixed<L: Access>(pool: &FixedPool<[u64; 3], TOO_FEW, L>) {
        churn(
            |value| pool.try_alloc(value),
            |error| error.obstacle == Obstacle::Full { capacity: TOO_FEW } && pool.len() == TOO_FEW,
            |in_use| assert_eq!((pool.len(), pool.is_empty(), pool.capacity()), (in_use, in_use == 0, TOO_FEW)),
        );
    }
    fixed::<Local>(&FixedPool::new());
    fixed::<Needed>(&FixedPool::new());
}

/// Values with keys: as many as there is room for, gone in another order, and none is found by a key that it hasn't.
fn keys<B: Backing>(bench: &Bench<'_, B>) {
    let mut pool = KeyedPool::new_in(bench.ledger, "keys");
    let mut keys = [None; KEYS];
    for round in 0..ROUNDS as u32 {
        let gone = keys;
        for (index, key) in keys.iter_mut().enumerate() {
            match pool.try_insert([index as u32 + round; 5]) {
                Ok(new) => *key = Some(new),
                Err(Rejected { value, error }) => {
                    assert!(!bench.roomy && value == [index as u32 + round; 5] && error.owner == "keys", "{error}");
                }
            }
        }
        let here = keys.iter().flatten().count();
        assert_eq!((pool.len(), pool.is_empty(), pool.capacity() >= here), (here, here == 0, true));
        assert_eq!(pool.held(), bench.ledger.snapshot().claimed_by("keys"));
        assert!(gone.iter().flatten().all(|key| pool.get(*key).is_none() && !pool.contains(*key)));
        assert!(pool.iter().all(|(key, value)| keys[(value[0] - round) as usize] == Some(key)));
        for step in 0..KEYS {
            let index = step * 7 % KEYS;
            if let Some(key) = keys[index]
                && step % 3 > 0
            {
                assert_eq!(pool.remove(key), Some([index as u32 + round; 5]));
                assert!(pool.get_mut(key).is_none() && pool.remove(key).is_none());
            }
        }
        pool.clear();
        assert_eq!((pool.len(), pool.iter().count()), (0, 0));
    }
    drop(pool);
    assert_eq!(bench.ledger.snapshot().claimed_by("keys"), 0);
}

fn fixed_pools<B: Backing>(bench: &Bench<'_, B>) {
    let Ok(pool) = Pool::<u16>::fixed_in(bench.ledger, "fixed", 5) else {
        assert!(!bench.roomy);
        return;
    };
    let claimed = bench.ledger.snapshot().claimed;
    let boxes: [_; 5] = core::array::from_fn(|index| pool.alloc(index as u16));
    let full = pool.try_alloc(77).expect_err("a full pool");
    assert_eq!((full.value, full.error.obstacle), (77, Obstacle::Full { capacity: 5 }));
    assert!(boxes.iter().enumerate().all(|(index, boxed)| **boxed == index as u16));
    drop(boxes);
    assert_eq!((pool.capacity(), pool.len(), pool.trim()), (5, 0, 0));
    assert_eq!(bench.ledger.snapshot().claimed, claimed, "a fixed pool keeps its memory");
    let empty = Pool::<u16>::fixed_in(bench.ledger, "empty", 0).expect("a pool of nothing");
    assert_eq!(empty.try_alloc(1).expect_err("no room").error.obstacle, Obstacle::Full { capacity: 0 });
    if let Ok(shared) = SharedPool::<[u8; 100]>::shared_fixed_in(bench.ledger, "shared", 3) {
        let boxes: [_; 3] = core::array::from_fn(|index| shared.alloc([index as u8; 100]));
        assert!(shared.try_alloc([0; 100]).is_err());
        assert!(boxes.iter().enumerate().all(|(index, boxed)| **boxed == [index as u8; 100]));
    }
}

/// Raw blocks of every size and alignment, freed in another order than they came.
pub fn blocks<B: Backing>(bench: &Bench<'_, B>) {
    let owner = "blocks";
    for &align in ALIGNS {
        for &size in SIZES.iter().rev().step_by(2) {
            let layout = Layout::from_size_align(size, align).expect("a layout");
            let growth = Growth::new().first(600);
            blocks_of(bench, owner, layout, BlockPool::new_in(bench.ledger, owner, layout).with_growth(growth));
            let shared = BlockPool::<Needed>::shared_in(bench.ledger, owner, layout);
            blocks_of(bench, owner, layout, shared.with_growth(growth));
        }
    }
    nothing_claimed(bench);
}

fn blocks_of<B: Backing, L: Access>(bench: &Bench<'_, B>, owner: &'static str, layout: Layout, pool: BlockPool<'_, L>) {
    let (size, align) = (layout.size(), layout.align());
    let real = pool.layout();
    assert!(real.size() >= size && real.align() >= align && real.size().is_multiple_of(real.align()));
    let mut live = Live::new();
    let mut places = [None; BLOCKS];
    for _ in 0..2 {
        for place in &mut places {
            *place = bench.may_fail(owner, real.size(), real.align(), pool.try_alloc());
            if let Some(place) = *place {
                // SAFETY: a block is the caller's until it is freed.
                unsafe { live.add(place, real, Holder { owner, depth: 0 }) };
            }
        }
        live.check();
        live.check_owners(bench.ledger);
        assert_eq!(pool.len(), live.len());
        assert!(pool.capacity() >= live.len());
        for step in 0..places.len() {
            if let Some(place) = places[step * 4 % BLOCKS].take() {
                live.remove(place);
                // SAFETY: the block came from this pool and is not used any more.
                unsafe { pool.free(place) };
                // Free or not, it is one of the pool's; what lies in it or beside the pool is none.
                let addr = place.addr().get();
                assert!(pool.holds(addr) && !pool.holds(addr + 1) && !pool.holds(addr + real.size() - 1));
            }
        }
    }
    let claimed = bench.ledger.snapshot().claimed;
    assert_eq!((pool.len(), pool.trim() > 0), (0, claimed > 0));
    assert_eq!(bench.ledger.snapshot().claimed, 0);
    assert!(places.iter().all(Option::is_none) && !pool.holds(0) && !pool.holds((&raw const pool).addr()));
}

/// Requests that nothing can meet are refused by name, at once, and change nothing (h11).
pub fn errors<B: Backing>(bench: &Bench<'_, B>) {
    let half = isize::MAX as usize;
    let arena = Arena::new_in(bench.ledger, "errors");
    let _ = arena.try_alloc([1u8; 10]);
    let before = Tally::of(bench.ledger);
    let claimed = arena.held();
    let requests = [(half, 1), (half - 40, 8), (half - 4095, 4096), (half / 2 + 1, half / 2 + 1), (1, half / 2 + 1)];
    // On 32 bits a host may well give what is a little less than half of all addresses, and Miri ends where a host would refuse.
    let count = if cfg!(any(miri, target_pointer_width = "32")) { 2 } else { requests.len() };
    for &(size, align) in &requests[..count] {
        let layout = Layout::from_size_align(size, align).expect("a layout");
        let error = arena.try_alloc_layout(layout).expect_err("no room for half the address space");
        assert_eq!((error.owner, error.size, error.align), ("errors", size, align));
        let error = bench.ledger.claim("claim", layout).map(drop).expect_err("no room for half the address space");
        assert_eq!((error.owner, error.size, error.align), ("claim", size, align));
        if align > 1 {
            let error = BlockPool::new_in(bench.ledger, "block", layout).try_alloc().expect_err("no room");
            assert_eq!(error.owner, "block");
        }
    }
    let error = arena.try_alloc_uninit_slice::<u64>(usize::MAX).expect_err("more than there is");
    assert_eq!((error.obstacle, error.align), (Obstacle::TooLarge, align_of::<u64>()));
    let error = arena.try_reserve(usize::MAX).expect_err("more than there is");
    assert_eq!((error.obstacle, error.size), (Obstacle::TooLarge, usize::MAX));
    let error = Pool::<u64>::fixed_in(bench.ledger, "fixed", usize::MAX / 4).map(drop).expect_err("more than there is");
    assert_eq!((error.obstacle, error.owner), (Obstacle::TooLarge, "fixed"));
    before.must_be(bench.ledger);
    assert_eq!(arena.held(), claimed);
    drop(arena);
    nothing_claimed(bench);
}
