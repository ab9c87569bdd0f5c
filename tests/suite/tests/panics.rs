//! Panics in the caller's code (h20): every value is dropped exactly once or leaked, never twice, and the memory stays in order.

#![cfg(panic = "unwind")]
#![cfg(not(target_family = "wasm"))]

use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use freehold::{
    Alloc, Arena, ArenaBox, DefaultBacking, FixedPool, Growth, KeyedPool, Ledger, Pool, PoolBox, Region, TypedArena,
};
use freehold_suite::tally;

/// Counts the drops of each value by its number.
#[derive(Default)]
struct Drops(RefCell<Vec<u32>>);

impl Drops {
    fn value(&self) -> Bomb<'_> {
        let mut drops = self.0.borrow_mut();
        drops.push(0);
        Bomb { number: drops.len() - 1, drops: self, armed: false }
    }

    /// One that panics when it is dropped.
    fn bomb(&self) -> Bomb<'_> {
        let mut bomb = self.value();
        bomb.armed = true;
        bomb
    }

    /// How many were never dropped. None may have been dropped twice.
    fn leaked(&self) -> usize {
        let drops = self.0.borrow();
        assert!(drops.iter().all(|count| *count <= 1), "dropped twice: {drops:?}");
        drops.iter().filter(|count| **count == 0).count()
    }
}

struct Bomb<'d> {
    number: usize,
    drops: &'d Drops,
    armed: bool,
}

impl Drop for Bomb<'_> {
    fn drop(&mut self) {
        self.drops.0.borrow_mut()[self.number] += 1;
        assert!(!std::mem::take(&mut self.armed), "boom");
    }
}

impl Clone for Bomb<'_> {
    fn clone(&self) -> Self {
        self.drops.value()
    }
}

fn panics<T>(run: impl FnOnce() -> T) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "no panic came through");
}

/// Runs `test`, and afterwards nothing is claimed and so many values were leaked.
fn on_ledger(leaked: usize, test: impl FnOnce(&Ledger<DefaultBacking>, &Drops)) {
    let (ledger, drops) = (Ledger::new(DefaultBacking::new()), Drops::default());
    test(&ledger, &drops);
    assert_eq!(drops.leaked(), leaked);
    assert_eq!(ledger.snapshot().claimed, 0);
    tally::check(&ledger);
}

#[test]
fn h20_a_box_in_an_arena() {
    on_ledger(0, |ledger, drops| {
        let arena = Arena::new_in(ledger, "arena");
        let boxed = arena.alloc_box(drops.bomb());
        panics(|| drop(boxed));
        let slice = arena.alloc_box_from_iter([drops.value(), drops.bomb(), drops.value()]);
        panics(|| drop(slice));
        assert_eq!(*arena.alloc(1), 1);
        drop(ArenaBox::into_inner(arena.alloc_box(drops.value())));
    });
}

#[test]
fn h20_an_iterator_that_panics() {
    on_ledger(0, |ledger, drops| {
        let mut arena = Arena::new_in(ledger, "arena").with_growth(Growth::fixed(200));
        for stop in [0, 1, 5, 100] {
            let values = (0..).map(|index| if index == stop { panic!("no more") } else { drops.value() });
            panics(|| arena.alloc_box_from_iter(values.take(1000)));
            assert_eq!(drops.leaked(), 0, "what was yielded is dropped");
            assert_eq!(*arena.scope().alloc(stop), stop);
        }
        let typed = TypedArena::new_in(ledger, "typed");
        typed.alloc(drops.value());
        let values = (0..9).map(|index| if index == 7 { panic!("no more") } else { drops.value() });
        panics(|| typed.alloc_from_iter(values));
        assert_eq!((typed.len(), drops.leaked()), (1, 1));
        drop(typed);
        // One that is dropped while it unwinds, with values it has not yielded.
        let values: Vec<_> = (0..5).map(|_| drops.value()).collect();
        panics(|| {
            let values = values.into_iter();
            arena.alloc_box_from_iter(values.map(|value| if value.number % 3 == 2 { panic!("no more") } else { value }))
        });
    });
}

#[test]
fn h20_closures_and_clones_that_panic() {
    on_ledger(0, |ledger, drops| {
        let mut arena = Arena::new_in(ledger, "arena");
        let kept = &*arena.alloc_slice_fill(40, 7u8);
        panics(|| arena.alloc_with(|| -> u64 { panic!("no value") }));
        panics(|| arena.alloc_slice_fill_with(10, |index| if index == 6 { panic!("no value") } else { index }));
        panics(|| arena.alloc_fmt(format_args!("some text, then {}", Display)));
        assert_eq!(kept, [7; 40]);
        let values = [drops.value(), drops.value()];
        let clones = arena.alloc_box_from_iter(values.iter().cloned());
        assert_eq!(clones.len(), 2);
        drop((clones, values));
        // Out of a scope too: the arena goes on where it was.
        let room = arena.room();
        panics(|| {
            let scope = arena.scope();
            scope.alloc_slice_fill(100, 1u8);
            panic!("out of the scope");
        });
        assert_eq!(arena.room(), room);
    });

    struct Display;
    impl std::fmt::Display for Display {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no text")
        }
    }
}

/// Runs `exit` on a typed arena of several chunks, in which one value panics when it is dropped.
fn with_a_bomb(exit: impl Fn(TypedArena<'_, Bomb<'_>>, &Drops, usize)) {
    const VALUES: usize = if cfg!(miri) { 24 } else { 100 };
    const CHUNK: usize = if cfg!(miri) { 100 } else { 400 };
    for bomb in [0, 1, VALUES / 3, VALUES - 1] {
        let (ledger, drops) = (Ledger::new(DefaultBacking::new()), Drops::default());
        // Something between its chunks, so that they don't grow into one.
        let (arena, apart) =
            (TypedArena::new_in(&ledger, "typed").with_growth(Growth::fixed(CHUNK)), Pool::new_in(&ledger, "apart"));
        let mut boxes = Vec::new();
        for index in 0..VALUES {
            arena.alloc(if index == bomb { drops.bomb() } else { drops.value() });
            boxes.push(apart.alloc([0u8; 40]));
        }
        assert!(ledger.snapshot().spans().filter(|span| span.owner == Some("typed")).count() > 2);
        exit(arena, &drops, bomb);
        drops.leaked();
        assert_eq!(ledger.snapshot().claimed_by("typed"), 0);
        tally::check(&ledger);
    }
}

#[test]
fn h20_a_typed_arena_that_is_dropped() {
    with_a_bomb(|arena, drops, _| {
        panics(|| drop(arena));
        assert_eq!(drops.leaked(), 0, "the others are dropped all the same");
    });
}

#[test]
fn h20_a_typed_arena_that_is_cleared() {
    with_a_bomb(|mut arena, drops, _| {
        panics(|| arena.clear());
        let leaked = drops.leaked();
        assert!(arena.is_empty());
        drop(arena);
        assert_eq!(drops.leaked(), leaked, "what was cleared is not dropped again");
    });
}

#[test]
fn h20_a_typed_arena_whose_values_are_taken() {
    with_a_bomb(|arena, drops, _| {
        panics(|| arena.into_iter().for_each(drop));
        drops.leaked();
    });
    with_a_bomb(|arena, drops, bomb| {
        let mut values = arena.into_iter();
        let first = values.next();
        if bomb > 0 {
            panics(|| drop(values));
            drop(first);
        } else {
            drop(values);
            panics(|| drop(first));
            assert_eq!(drops.leaked(), 0);
        }
    });
}

/// An iterator into a typed arena panics at each position, or at none, and puts a value there itself at each other, or at none.
#[test]
fn h20_a_typed_arena_that_gathers() {
    const VALUES: usize = if cfg!(miri) { 3 } else { 8 };
    let positions = || 0..=VALUES;
    for (stop, nested) in positions().flat_map(|stop| positions().map(move |nested| (stop, nested))) {
        for growth in [Growth::fixed(0), Growth::fixed(200), Growth::new()] {
            on_ledger(0, |ledger, drops| {
                let typed = TypedArena::new_in(ledger, "typed").with_growth(growth);
                typed.alloc(drops.value());
                let values = (0..2 * VALUES).filter_map(|turn| {
                    // It knows only that none may come.
                    let index = (turn % 2 == 0).then_some(turn / 2)?;
                    if index == nested {
                        typed.alloc(drops.value());
                    }
                    assert!(index != stop, "no more");
                    Some(drops.value())
                });
                let mut expected = 1 + usize::from(nested < VALUES && nested <= stop);
                if stop < VALUES {
                    panics(|| typed.alloc_from_iter(values));
                } else {
                    assert!(typed.alloc_from_iter(values).iter().map(|bomb| bomb.number).is_sorted());
                    expected += VALUES;
                }
                assert_eq!(
                    (typed.len(), drops.leaked()),
                    (expected, expected),
                    "each value is there once, or dropped once"
                );
                typed.alloc(drops.value());
                assert_eq!(typed.len(), expected + 1);
                drop(typed);
            });
        }
    }
}

/// What an arena gathers is too much for it, and a value panics when they are dropped: so are the others, and the arena is as it was.
#[test]
fn h20_a_typed_arena_that_gathers_too_much() {
    for (bomb, nested) in [(0, usize::MAX), (2, usize::MAX), (2, 5), (7, 0)] {
        let mut ram = [MaybeUninit::uninit(); 2048];
        let (ledger, drops) = (Ledger::new(Region::new(&mut ram)), Drops::default());
        let typed = TypedArena::new_in(&ledger, "typed");
        typed.alloc(drops.value());
        let values = (0..).map(|index| {
            if index == nested {
                typed.alloc(drops.value());
            }
            if index == bomb { drops.bomb() } else { drops.value() }
        });
        panics(|| typed.try_alloc_from_iter(values).is_ok());
        let expected = 1 + usize::from(nested < usize::MAX);
        assert_eq!((typed.len(), drops.leaked()), (expected, expected), "each is there, or was dropped once");
        typed.alloc(drops.value());
        assert_eq!(typed.len(), expected + 1);
        drop(typed);
        assert_eq!((ledger.snapshot().claimed, drops.leaked()), (0, 0));
    }
}

#[test]
fn h20_a_pool_whose_values_panic() {
    on_ledger(0, |ledger, drops| {
        let pool = Pool::new_in(ledger, "pool");
        let (one, two) = (pool.alloc(drops.bomb()), pool.alloc(drops.value()));
        panics(|| drop(one));
        assert_eq!(pool.len(), 1, "the place is free all the same");
        let again = pool.alloc(drops.value());
        assert_eq!(pool.len(), 2);
        drop(PoolBox::into_inner(two));
        drop(again);
        assert_eq!(pool.len(), 0);
        let bombs = [pool.alloc(drops.bomb()), pool.alloc(drops.value())];
        panics(|| drop(bombs));
        assert!(pool.is_empty() && pool.trim() > 0);
    });
}

/// What is built in its place, in each kind of pool: if that panics the place is free again, and no value was there to be dropped.
#[test]
fn h20_a_constructor_that_panics() {
    on_ledger(0, |ledger, drops| {
        let pool = Pool::new_in(ledger, "pool");
        let kept = pool.alloc_with(|| drops.value());
        let other = pool.alloc_with(|| drops.value());
        let place = &raw const *other;
        drop(other);
        panics(|| pool.alloc_with(|| panic!("no value")));
        panics(|| pool.try_alloc_with(|| panic!("no value")));
        assert_eq!((pool.len(), drops.leaked()), (1, 1));
        assert_eq!(&raw const *pool.alloc_with(|| drops.value()), place, "the place is free again");
        let fixed: FixedPool<_, 2> = FixedPool::new();
        let mut boxes = Vec::new();
        for _ in 0..2 {
            panics(|| fixed.alloc_with(|| panic!("no value")));
            boxes.push(fixed.alloc_with(|| drops.value()));
        }
        // Without room nothing is built.
        assert!(fixed.try_alloc_with(|| unreachable!()).is_err());
        panics(|| fixed.alloc_with(|| unreachable!()));
        drop((kept, boxes));
        assert_eq!((pool.len(), fixed.len(), drops.leaked()), (0, 0, 0));
    });
}

/// A value whose destructor panics, wherever a keyed pool drops it: it is gone, and so is what was to be dropped with it.
#[test]
fn h20_a_keyed_pool_whose_values_panic() {
    type Way = fn(&mut Option<KeyedPool<'_, Bomb<'_>>>);
    let ways: [Way; 4] = [
        |pool| pool.as_mut().expect("a pool").clear(),
        |pool| drop(pool.as_mut().expect("a pool").drain().next()),
        |pool| pool.as_mut().expect("a pool").retain(|_, _| false),
        |pool| *pool = None,
    ];
    for (number, way) in ways.into_iter().enumerate() {
        on_ledger(0, |ledger, drops| {
            let mut pool = Some(KeyedPool::new_in(ledger, "keyed"));
            let values = (0..20).map(|index| if index == 7 { drops.bomb() } else { drops.value() });
            let keys: Vec<_> = values.map(|value| pool.as_mut().expect("a pool").insert(value)).collect();
            panics(|| way(&mut pool));
            let kept = pool.as_ref().map_or(0, KeyedPool::len);
            assert_eq!((kept, drops.leaked()), if number == 2 { (12, 12) } else { (0, 0) });
            if let Some(pool) = &mut pool {
                assert!(keys.iter().enumerate().all(|(index, key)| pool.contains(*key) == (number == 2 && index > 7)));
                pool.insert(drops.value());
            }
            drop(pool);
            assert_eq!(drops.leaked(), 0);
        });
    }
}

#[test]
fn h20_no_room_in_the_middle() {
    use std::mem::MaybeUninit;
    let mut buffer = [MaybeUninit::uninit(); 4000];
    let (ledger, drops) = (Ledger::new(freehold::Region::new(&mut buffer)), Drops::default());
    let arena = Arena::new_in(&ledger, "arena");
    panics(|| arena.alloc_box_from_iter((0..).map(|_| drops.value())));
    assert_eq!(drops.leaked(), 0);
    let typed = TypedArena::new_in(&ledger, "typed");
    panics(|| typed.alloc_from_iter((0..).map(|_| drops.value())));
    drop(typed);
    assert_eq!(drops.leaked(), 0);
    let typed = TypedArena::new_in(&ledger, "typed");
    panics(|| {
        loop {
            typed.alloc(drops.value());
        }
    });
    assert!(drops.leaked() == typed.len());
    drop(typed);
    assert_eq!(drops.leaked(), 0);
}

/// A scope that may be kept, left by a panic: nothing of it is left, and the arena goes on.
#[test]
fn h20_a_scope_that_may_be_kept() {
    on_ledger(0, |ledger, drops| {
        let arena = Arena::new_in(ledger, "arena");
        let kept = arena.alloc(1);
        let (used, room) = (arena.used(), arena.room());
        panics(|| {
            arena.try_scope::<(), ()>(|scope| {
                let _values = scope.alloc_box_from_iter((0..3).map(|_| drops.value()));
                panic!("out of the scope")
            })
        });
        assert_eq!((arena.used(), arena.room(), drops.leaked(), *kept), (used, room, 0, 1));
        // One in another of the same arena is no scope of that one.
        panics(|| arena.try_scope::<(), ()>(|_| arena.try_scope::<(), ()>(|_| Ok(()))));
        assert_eq!(*arena.alloc(2), 2);
        // Builders whose values panic.
        let mut builder = freehold::Builder::new_in(&arena);
        builder.extend([drops.value(), drops.bomb(), drops.value()]);
        panics(|| builder.clear());
        assert_eq!((builder.len(), drops.leaked()), (0, 0));
        builder.push(drops.bomb());
        panics(|| drop(builder));
        let boxed = arena.alloc_box_from_iter([drops.value(), drops.bomb(), drops.value(), drops.value()]);
        let mut values = boxed.into_iter();
        drop(values.next());
        panics(|| drop(values));
        let typed = TypedArena::new_in(ledger, "typed");
        typed.alloc(drops.value());
        panics(|| typed.alloc_with(|| panic!("no value")));
        assert_eq!(typed.len(), 1);
    });
}

/// A scope that may be kept, in whose place `build` has put one of another arena, is not kept: the arena would go on in the other's memory.
#[test]
fn h16_a_scope_that_was_replaced() {
    on_ledger(0, |ledger, _| {
        let mut other = Arena::new_in(ledger, "other");
        let foreign = other.scope();
        foreign.alloc(5);
        let arena = Arena::new_in(ledger, "arena");
        let kept = arena.alloc(1);
        panics(|| {
            arena.try_scope::<(), ()>(|scope| {
                **scope = foreign;
                Ok(())
            })
        });
        assert_eq!((*kept, *arena.alloc(2), *kept), (1, 2, 1));
    });
}

/// Marks that are used in the wrong order are found out where there are debug assertions.
#[test]
#[cfg(debug_assertions)]
fn h16_marks_out_of_order() {
    on_ledger(0, |ledger, _| {
        let mut arena = Arena::new_in(ledger, "arena").with_growth(Growth::fixed(300));
        let fill = |arena: &Arena<'_>| {
            for _ in 0..30 {
                arena.alloc([0u64; 9]);
            }
        };
        fill(&arena);
        let first = arena.checkpoint();
        fill(&arena);
        let second = arena.checkpoint();
        // SAFETY: nothing in the arena is used.
        unsafe { arena.rewind(first) };
        // SAFETY: none: it panics.
        panics(|| unsafe { arena.rewind(second) });
        arena.reset();
        // SAFETY: none: it panics.
        panics(|| unsafe { arena.rewind(first) });
        arena.trim();
        // SAFETY: none: it panics.
        panics(|| unsafe { arena.rewind(first) });
        let other = Arena::new_in(ledger, "other");
        fill(&other);
        // SAFETY: none: it panics.
        panics(|| unsafe { arena.rewind(other.checkpoint()) });
        fill(&arena);
    });
}
