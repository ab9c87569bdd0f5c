//! The caller's code in the middle of an allocation: it may allocate in the same place (h21).

use core::cell::Cell;
use core::fmt;

use freehold::backing::Backing;
use freehold::{Alloc, Arena, ArenaBox, Growth, Ledger, Pool, TypedArena};

use crate::backings::{Control, Manner, Memory, Simulated};

/// Runs `test` on a ledger that grants no byte more than is needed.
fn on_tight_ledger(test: impl FnOnce(&Ledger<Simulated<'_>>)) {
    let (mut memory, control) = (Memory::new(1 << 18), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    test(&ledger);
    assert_eq!(ledger.snapshot().claimed, 0);
}

fn verbs<'s, A: Alloc<'s>>(alloc: A) {
    let count = if cfg!(miri) { 20 } else { 200 };
    let made = alloc.alloc_with(|| {
        let inner = alloc.alloc_slice_fill(30, 1u8);
        (inner.len(), &*alloc.alloc(2))
    });
    assert_eq!(*made, (30, &2));
    let filled = alloc.alloc_slice_fill_with(count, |index| &*alloc.alloc(index));
    let gathered = alloc.alloc_from_iter((0..count).map(|index| &*alloc.alloc(index)));
    let surprised = alloc.alloc_from_iter((0..2 * count).filter(|index| {
        alloc.alloc_slice_fill(*index % 50, 9u8);
        index % 2 == 0
    }));
    assert!(filled.iter().copied().copied().eq(0..count));
    assert!(gathered.iter().copied().copied().eq(0..count));
    assert!(surprised.iter().copied().eq((0..count).map(|index| 2 * index)));

    struct Nested<'s, A: Alloc<'s>>(A, u32, core::marker::PhantomData<&'s ()>);
    impl<'s, A: Alloc<'s>> fmt::Display for Nested<'s, A> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            if self.1 == 0 {
                return f.write_str("nest");
            }
            let inner = self.0.alloc_fmt(format_args!("({})", Nested(self.0, self.1 - 1, self.2)));
            f.write_str(inner)?;
            f.write_str(inner)
        }
    }
    let text = alloc.alloc_fmt(format_args!("<{}>", Nested(alloc, 3, core::marker::PhantomData)));
    assert_eq!((text.len(), text.matches("nest").count(), &text[..8]), (62, 8, "<(((nest"));
}

/// In an arena and in a scope: closures, iterators, `Display`.
pub fn h21_arena_and_scope() {
    on_tight_ledger(|ledger| {
        let mut arena = Arena::new_in(ledger, "arena").with_growth(Growth::fixed(400));
        verbs(&arena);
        verbs(&arena.scope());
    });
}

/// In a typed arena: an iterator that puts values where its own will go.
pub fn h21_typed_arena() {
    on_tight_ledger(|ledger| {
        let mut arena = TypedArena::new_in(ledger, "typed").with_growth(Growth::fixed(300));
        let doubled = arena.alloc_from_iter((0..50).map(|index| {
            let other = arena.alloc(1000 + index);
            *other += 1;
            *other - 1001
        }));
        assert!(doubled.iter().copied().eq(0..50));
        assert!(arena.iter_mut().map(|value| *value).eq((1001..1051).chain(0..50)));
    });
}

/// An iterator whose `size_hint` says what it likes.
struct Hinting<I>(I, usize);

impl<I: Iterator> Iterator for Hinting<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.1, None)
    }
}

/// What an iterator promises: nothing, too little, what comes, too much, more than there can be.
const HINTS: [usize; 5] = [0, 3, VALUES, 10 * VALUES, usize::MAX];
const VALUES: usize = 12;

/// In a typed arena at each position, once and again, whatever the iterator promises: what it yields lies side by side and in order, after
/// what it has put there, and the arena counts none of it before it is all there.
pub fn h21_typed_arena_at_each_position() {
    fn fits<T: From<u8> + Into<u32> + Copy>(growth: Growth) {
        for position in 0..=VALUES {
            for (nested, hint) in [0, 1, 40].into_iter().flat_map(|nested| HINTS.map(|hint| (nested, hint))) {
                on_tight_ledger(|ledger| {
                    let mut arena = TypedArena::new_in(ledger, "typed").with_growth(growth);
                    arena.alloc(T::from(200));
                    let mut turn = 0;
                    let values = core::iter::from_fn(|| {
                        // Twice in a row, so that the second finds the first's traces.
                        if turn == position || turn == position + 1 {
                            let before = arena.len();
                            (0..nested).for_each(|_| _ = arena.alloc(T::from(100 + turn as u8)));
                            assert_eq!(arena.len(), before + nested, "what is half built is not counted");
                        }
                        turn += 1;
                        (turn <= VALUES).then(|| T::from(turn as u8))
                    });
                    let gathered = arena.alloc_from_iter(Hinting(values, hint));
                    assert!(gathered.iter().map(|value| (*value).into()).eq(1..=VALUES as u32));
                    let last = position + usize::from(position < VALUES);
                    let nested = (position..=last).flat_map(|turn| core::iter::repeat_n(100 + turn as u32, nested));
                    let all = core::iter::once(200).chain(nested).chain(1..=VALUES as u32);
                    assert!(arena.iter_mut().map(|value| (*value).into()).eq(all));
                });
                if cfg!(miri) && nested == 0 {
                    break;
                }
            }
        }
    }

    /// Aligned to more than an arena's cursor.
    #[derive(Clone, Copy)]
    #[repr(align(64))]
    struct Wide(u8);
    impl From<u8> for Wide {
        fn from(value: u8) -> Wide {
            Wide(value)
        }
    }
    impl From<Wide> for u32 {
        fn from(Wide(value): Wide) -> u32 {
            value.into()
        }
    }
    fits::<u32>(Growth::fixed(300));
    if !cfg!(miri) {
        fits::<u8>(Growth::fixed(0));
        fits::<u32>(Growth::new());
        fits::<u16>(Growth::fixed(300));
    }
    fits::<Wide>(Growth::fixed(300));
}

/// Runs in runs: an iterator gathers its like in the same arena, three deep, at each position.
pub fn h21_typed_arena_runs_in_runs() {
    fn gather<'a>(arena: &'a TypedArena<'_, u32>, depth: u32, position: u32) -> &'a mut [u32] {
        arena.alloc_from_iter((0..6).map(|index| {
            if index == position && depth > 0 {
                let inner = gather(arena, depth - 1, (position + depth) % 6);
                assert!(inner.iter().copied().eq((0..6).map(|index| 10 * (depth - 1) + index)));
            }
            10 * depth + index
        }))
    }
    for (position, size) in (0..6).flat_map(|position| [0, 300, 4000].map(|size| (position, size))) {
        on_tight_ledger(|ledger| {
            let mut arena = TypedArena::new_in(ledger, "typed").with_growth(Growth::fixed(size));
            for _ in 0..2 {
                let outer = gather(&arena, 3, position);
                assert!(outer.iter().copied().eq(30..36));
            }
            let order = (0..2).flat_map(|_| (0..4).flat_map(|depth| 10 * depth..10 * depth + 6));
            assert!(arena.iter_mut().map(|value| *value).eq(order));
        });
    }
}

/// Values of no size, which are counted only.
pub fn h21_typed_arena_without_bytes() {
    on_tight_ledger(|ledger| {
        let arena = TypedArena::new_in(ledger, "typed");
        let gathered = arena.alloc_from_iter((0..VALUES).map(|index| {
            assert_eq!(arena.len(), index);
            arena.alloc(());
        }));
        assert_eq!((gathered.len(), arena.len(), arena.held()), (VALUES, 2 * VALUES, 0));
    });
}

/// In destructors: of a box in an arena, of a value in a pool, of the values of a half-built slice.
pub fn h21_destructors() {
    struct Allocating<'a, B: Backing>(&'a Arena<'a>, &'a Pool<'a, u64>, &'a Ledger<B>, &'a Cell<usize>);
    impl<B: Backing> Drop for Allocating<'_, B> {
        fn drop(&mut self) {
            let Allocating(arena, pool, ledger, dropped) = self;
            assert_eq!(*arena.alloc([7u32; 3]), [7; 3]);
            assert_eq!(*pool.alloc(8), 8);
            drop(ledger.claim("in a destructor", core::alloc::Layout::new::<u64>()).expect("room"));
            dropped.set(dropped.get() + 1);
        }
    }
    on_tight_ledger(|ledger| {
        let (arena, numbers, dropped) = (Arena::new_in(ledger, "arena"), Pool::new_in(ledger, "numbers"), Cell::new(0));
        let make = || Allocating(&arena, &numbers, ledger, &dropped);
        drop(arena.alloc_box(make()));
        let boxes: ArenaBox<'_, [_]> = arena.alloc_box_from_iter((0..5).map(|_| make()));
        drop(boxes);
        let pool = Pool::new_in(ledger, "pool");
        let boxes = [pool.alloc(make()), pool.alloc(make())];
        drop(boxes);
        let typed = TypedArena::new_in(ledger, "typed");
        typed.alloc(make());
        typed.alloc_from_iter((0..3).map(|_| make()));
        drop(typed);
        assert_eq!(dropped.get(), 12);
    });
}

/// A value in a pool whose destructor puts its like into the same pool.
pub fn h21_pool_that_refills_itself() {
    struct Again<'p>(u32, &'p Cell<u32>);
    impl Drop for Again<'_> {
        fn drop(&mut self) {
            self.1.set(self.1.get() + 1);
        }
    }
    on_tight_ledger(|ledger| {
        let dropped = Cell::new(0);
        let pool = Pool::new_in(ledger, "pool");
        let mut last = None;
        for generation in 0..10 {
            // The new value is made while the old one's place is still taken.
            last = Some(pool.alloc(Again(generation, &dropped)));
            assert_eq!(dropped.get(), generation);
        }
        assert_eq!((last.map(|value| value.0), pool.capacity() >= 2), (Some(9), true));
        assert_eq!((dropped.get(), pool.len()), (10, 0));
    });
}
