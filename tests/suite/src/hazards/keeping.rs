//! What is kept, what is undone, and what goes back.

use core::cell::Cell;
use core::fmt::Write;

use freehold::{
    Alloc, AllocError, Arena, ArenaBox, Builder, Growth, Kept, KeyedPool, Ledger, Obstacle, Scope, StringBuilder,
    TypedArena, unsize_box,
};

use crate::backings::{Control, Manner, Memory, Simulated};
use crate::tally::Tally;

/// Runs `test` on a ledger over so many bytes.
fn on_ledger(bytes: usize, test: impl FnOnce(&Ledger<Simulated<'_>>)) {
    let (mut memory, control) = (Memory::new(bytes), Control::new());
    let ledger = Ledger::new(Simulated::new(&mut memory, &control, Manner::Exact));
    test(&ledger);
    assert_eq!(ledger.snapshot().claimed, 0);
}

/// A list, the last first.
#[derive(Debug)]
struct Node<'s> {
    name: &'s str,
    next: Option<&'s Node<'s>>,
}

struct List;

impl Kept for List {
    type Value<'s> = &'s Node<'s>;
}

fn build<'s>(
    scope: &mut Scope<'s>,
    name: &'s str,
    len: usize,
    last: Option<&'s Node<'s>>,
    fails: bool,
) -> Result<&'s Node<'s>, usize> {
    let mut next = last;
    for index in 0..len {
        // Scratch, which goes at once.
        let scratch = scope.scope();
        let digits = scratch.alloc_fmt(format_args!("{index}")).len();
        let name = if digits > 0 { name } else { "" };
        next = Some(scope.alloc(Node { name, next }));
    }
    match next {
        Some(node) if !fails => Ok(node),
        _ => Err(len),
    }
}

fn count(list: &Node<'_>, name: &str) -> usize {
    core::iter::successors(Some(list), |node| node.next).inspect(|node| assert!(node.name.contains(name))).count()
}

/// Lists that go on from what was kept before, in an arena and in a scope; each other one fails, and nothing of it is left.
pub fn scopes_that_are_kept() {
    on_ledger(1 << 18, |ledger| {
        let rounds = if cfg!(miri) { 6 } else { 30 };
        let name = *b"name";
        let name = str::from_utf8(&name).expect("ASCII");
        let mut arena = Arena::new_in(ledger, "arena").with_growth(Growth::fixed(300));
        let mut list: Option<&Node<'_>> = None;
        let mut len = 0;
        for round in 0..rounds {
            let (used, last) = (arena.used(), list);
            match arena.try_scope::<List, _>(|scope| build(scope, name, round, last, round % 2 == 1)) {
                Ok(longer) => {
                    (list, len) = (Some(longer), len + round);
                    assert!(arena.used() >= used + round * size_of::<Node<'_>>());
                }
                Err(made) => assert_eq!((made, arena.used()), (round, used)),
            }
            // What comes after what was kept, or in the place of what was not.
            assert_eq!(*arena.alloc(round), round);
            assert_eq!(list.map_or(0, |list| count(list, "nam")), len);
        }
        let scope = arena.scope();
        let first = scope.try_scope::<List, _>(|inner| build(inner, name, 3, None, false)).expect("no failure");
        let second = scope.try_scope::<List, _>(|inner| {
            let inner_one =
                inner.try_scope::<List, usize>(|innermost| build(innermost, name, 40, Some(first), false))?;
            let _ = inner.try_scope::<List, usize>(|innermost| build(innermost, name, 40, Some(inner_one), true));
            build(inner, name, 1, Some(inner_one), false)
        });
        assert_eq!((count(second.expect("no failure"), name), count(first, name)), (44, 3));
    });
}

/// While a scope that may be kept is open, what it lies in hands nothing out: before there is a chunk, and after; and then it goes on.
pub fn h16_no_room_beside_a_scope_that_may_be_kept() {
    on_ledger(1 << 16, |ledger| {
        let arena = Arena::new_in(ledger, "arena");
        for round in 0..3 {
            let used = arena.used();
            let kept = arena.try_scope::<(), _>(|scope| {
                for _ in 0..3 {
                    let error = arena.try_alloc(1u64).map(|_| ()).expect_err("closed").error;
                    assert_eq!(error.obstacle, Obstacle::ScopeOpen);
                    assert!(arena.try_alloc_layout(core::alloc::Layout::new::<[u8; 3]>()).is_err());
                    assert_eq!(arena.try_reserve(1).map_err(|error| error.obstacle), Err(Obstacle::ScopeOpen));
                    assert_eq!((arena.room(), *arena.alloc([0u8; 0])), (0, []));
                    scope.alloc([7u64; 50]);
                }
                if round == 1 { Ok(()) } else { Err(()) }
            });
            assert_eq!(arena.used(), used + if kept.is_ok() { 1200 } else { 0 });
            arena.alloc(round);
        }
    });
}

/// Marks, in an arena that had no chunk yet, and in a scope.
pub fn marks() {
    fn past<'s>(alloc: impl Alloc<'s>, rewind: impl FnOnce()) {
        let room = alloc.room();
        for index in 0..40u64 {
            alloc.alloc([index; 4]);
        }
        rewind();
        assert_eq!(alloc.room(), room);
    }
    on_ledger(1 << 16, |ledger| {
        let mut arena = Arena::new_in(ledger, "arena").with_growth(Growth::fixed(200));
        let mark = arena.checkpoint();
        // SAFETY: what comes after the mark is not used any more.
        past(&arena, || unsafe { arena.rewind(mark) });
        let (claimed, one) = (arena.held(), arena.alloc(1));
        let mark = arena.checkpoint();
        for _ in 0..5 {
            // SAFETY: as above.
            past(&arena, || unsafe { arena.rewind(mark) });
        }
        assert_eq!((*one, arena.held()), (1, claimed), "what was freed is used again");
        let scope = arena.scope();
        let (two, mark) = (scope.alloc(2), scope.checkpoint());
        // SAFETY: as above.
        past(&scope, || unsafe { scope.rewind(mark) });
        assert_eq!((*two, *scope.alloc(3)), (2, 3));
    });
}

/// Every verb that has a `try_` form, where there is no room: an error, and nothing has changed.
pub fn h12_each_verb_is_refused() {
    on_ledger(4096, |ledger| {
        let mut arena = Arena::new_in(ledger, "arena");
        arena.alloc([1u8; 300]);
        refused(ledger, &arena);
        refused(ledger, &arena.scope());
        let typed = TypedArena::new_in(ledger, "typed");
        let (before, dropped) = (Tally::of(ledger), Cell::new(0));
        struct Counted<'c>(&'c Cell<usize>, #[allow(dead_code)] [u64; 6]);
        impl Drop for Counted<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        let make = |_| Counted(&dropped, [0; 6]);
        assert!(typed.try_reserve(1000).is_err() && typed.try_reserve(usize::MAX).is_err());
        before.must_be(ledger);
        assert!(typed.try_alloc_from_iter((0..1000).map(make)).is_err());
        assert!(typed.is_empty() && dropped.get() > 0);
        let made = typed.try_alloc_from_iter((0..4).map(make)).expect("room").len();
        assert!(typed.try_alloc_from_iter((0..1000).filter(|index| index % 2 == 0).map(make)).is_err());
        assert_eq!((typed.len(), made), (4, 4));
        while typed.try_alloc_with(|| make(0)).is_ok() {}
        let (len, gone) = (typed.len(), dropped.get());
        assert!(typed.try_alloc_with(|| panic!("there is no room")).is_err());
        drop(typed);
        assert_eq!(dropped.get() - gone, len);
        assert!(Arena::try_with_capacity_in(ledger, "large", 10_000).is_err());
        assert!(TypedArena::<u64>::try_with_capacity_in(ledger, "large", 10_000).is_err());
    });
}

/// A keyed pool has room for all that is reserved, or is as it was.
pub fn h12_a_keyed_pool_is_refused() {
    on_ledger(4096, |ledger| {
        let mut pool = KeyedPool::<u64>::new_in(ledger, "keyed");
        for _ in 0..2 {
            let first = pool.insert(1);
            let (before, capacity) = (Tally::of(ledger), pool.capacity());
            for more in [300, 100_000, u32::MAX as usize - 100, usize::MAX] {
                let error = pool.try_reserve(more).expect_err("no room");
                assert!(error.owner == "keyed" && pool.capacity() == capacity, "{error}");
                before.must_be(ledger);
            }
            assert_eq!(pool.remove(first), Some(1));
            // Several stretches at once.
            pool.reserve(50);
            let before = Tally::of(ledger);
            let keys: [_; 50] = core::array::from_fn(|value| pool.insert(value as u64));
            before.must_be(ledger);
            assert!(keys.iter().enumerate().all(|(value, key)| pool[*key] == value as u64));
            pool.clear();
        }
    });
}

fn refused<'s>(ledger: &Ledger<Simulated<'_>>, alloc: impl Alloc<'s>) {
    const MANY: usize = 2000;
    #[derive(Debug, PartialEq)]
    struct Fails(AllocError);
    impl From<AllocError> for Fails {
        fn from(error: AllocError) -> Fails {
            Fails(error)
        }
    }
    let numbers = [5u64; MANY];
    let (before, room) = (Tally::of(ledger), alloc.room());
    let text = str::from_utf8(&[b'x'; 4 * MANY]).expect("ASCII");
    let errors = [
        alloc.try_alloc(numbers).map(|_| ()).expect_err("no room").error,
        alloc.try_alloc_box(numbers).map(|_| ()).expect_err("no room").error,
        alloc.try_alloc_with(|| -> [u64; MANY] { panic!("no room") }).map(|_| ()).expect_err("no room"),
        alloc.try_alloc_try_with(|| -> Result<[u64; MANY], Fails> { panic!("no room") }).expect_err("no room").0,
        alloc.try_alloc_uninit::<[u64; MANY]>().map(|_| ()).expect_err("no room"),
        alloc.try_alloc_uninit_slice::<u64>(MANY).map(|_| ()).expect_err("no room"),
        alloc.try_alloc_slice_copy(&numbers).map(|_| ()).expect_err("no room"),
        alloc.try_alloc_slice_clone(&numbers).map(|_| ()).expect_err("no room"),
        alloc.try_alloc_slice_fill(MANY, 1u64).map(|_| ()).expect_err("no room"),
        alloc.try_alloc_slice_fill_with(MANY, |_| -> u64 { panic!("no room") }).map(|_| ()).expect_err("no room"),
        alloc
            .try_alloc_slice_try_fill_with(MANY, |_| -> Result<u64, Fails> { panic!("no room") })
            .expect_err("no room")
            .0,
        alloc.try_alloc_from_iter(numbers).map(|_| ()).expect_err("no room"),
        alloc.try_alloc_box_from_iter(numbers).map(|_| ()).expect_err("no room"),
        alloc.try_alloc_str(text).map(|_| ()).expect_err("no room"),
        alloc.try_alloc_fmt(format_args!("{text}")).map(|_| ()).expect_err("no room"),
        alloc.try_reserve(MANY * 8).expect_err("no room"),
        Builder::new_in(alloc).try_extend(numbers).expect_err("no room"),
        StringBuilder::new_in(alloc).try_push_str(text).expect_err("no room"),
    ];
    before.must_be(ledger);
    assert_eq!(alloc.room(), room);
    assert!(errors.iter().all(|error| error.owner == "arena" && error.size >= MANY * 4), "{errors:?}");
}

/// Constructors that fail leave nothing, whatever their alignment; what they allocated themselves stays.
pub fn constructors_that_fail() {
    #[derive(Debug)]
    #[repr(align(64))]
    struct Aligned;
    on_ledger(1 << 16, |ledger| {
        let arena = Arena::new_in(ledger, "arena");
        arena.reserve(4000);
        arena.alloc(1u8);
        let room = arena.room();
        for _ in 0..10 {
            assert_eq!(arena.alloc_try_with(|| Err::<[u8; 100], _>(5)), Err(5));
            assert_eq!(arena.alloc_try_with(|| Err::<(Aligned, u8), _>(6)).map(|_| ()), Err(6));
            let fail = |index| if index == 3 { Err(index) } else { Ok([index; 8]) };
            assert_eq!(arena.alloc_slice_try_fill_with(9, fail), Err(3));
        }
        assert_eq!(arena.room(), room);
        let mut kept = None;
        let failed = arena.alloc_try_with(|| {
            kept = Some(arena.alloc([9u64; 3]));
            Err::<u64, _>(())
        });
        assert_eq!((failed.is_err(), *arena.alloc(0u64)), (true, 0));
        assert_eq!(kept.as_deref(), Some(&[9; 3]));
        let typed = TypedArena::new_in(ledger, "typed");
        assert_eq!(typed.alloc_try_with(|| Err::<u64, _>(1)), Err(1));
        assert_eq!(typed.alloc_try_with(|| Ok::<_, ()>(*typed.alloc_with(|| 7) + 1)), Ok(&mut 8));
        assert!(typed.into_iter().eq([7, 8]));
    });
}

/// Builders that grow beside one another, are cleared, are dropped half built, or find no more room.
pub fn builders() {
    // Less under Miri, which takes its time for each byte.
    let room = if cfg!(miri) { 1 << 12 } else { 1 << 14 };
    on_ledger(room, |ledger| {
        let arena = Arena::new_in(ledger, "arena");
        let (mut numbers, mut text) = (Builder::new_in(&arena), StringBuilder::with_capacity_in(3, &arena));
        for index in 0..50u16 {
            numbers.push(index);
            write!(text, "{}", index % 10).expect("room");
        }
        numbers.extend([50, 51]);
        text.extend(['ü', 'x']);
        text.extend(["yz"]);
        numbers[0] = 7;
        let (numbers, text) = (numbers.finish(), text.finish());
        assert!(numbers.len() == 52 && numbers[0] == 7 && numbers[1..].iter().copied().eq(1..52));
        assert!(text.starts_with("0123456789012") && text.ends_with("89üxyz"));

        let dropped = Cell::new(0);
        struct Counted<'c>(&'c Cell<usize>);
        impl Drop for Counted<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        let room = arena.room();
        let mut values = Builder::new_in(&arena);
        values.extend((0..5).map(|_| Counted(&dropped)));
        values.clear();
        assert_eq!(dropped.get(), 5);
        values.push(Counted(&dropped));
        drop(values.pop());
        values.push(Counted(&dropped));
        drop(values);
        assert_eq!((dropped.get(), arena.room()), (7, room), "dropped, its room is free again");
        let mut values = Builder::with_capacity_in(2, &arena);
        values.push(Counted(&dropped));
        let boxed = values.finish_box();
        assert_eq!((boxed.len(), dropped.get()), (1, 7));
        drop(boxed);
        let mut sizeless = Builder::new_in(&arena);
        sizeless.extend([(); 100]);
        assert_eq!(sizeless.try_reserve(usize::MAX).map_err(|error| error.obstacle), Err(Obstacle::TooLarge));
        assert_eq!((sizeless.len(), sizeless.finish().len()), (100, 100));

        let mut large = StringBuilder::new_in(&arena);
        while write!(large, "0123456789").is_ok() {}
        assert!(large.len() > room / 8 && large.len().is_multiple_of(10) && large.ends_with("789"));
        assert!(large.try_reserve(20_000).is_err() && large.capacity() >= large.len());
        let mut large = Builder::new_in(&arena);
        while large.try_push([1u64; 3]).is_ok() {}
        assert!(large.iter().all(|value| *value == [1; 3]));
    });
}

/// Boxes as `dyn` and as slices, by raw pointers, and taken apart from both ends.
pub fn boxes() {
    trait Speaks {
        fn says(&self) -> usize;
    }
    let dropped = Cell::new(0);
    struct Counted<'c>(usize, &'c Cell<usize>);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.1.set(self.1.get() + 1);
        }
    }
    impl Speaks for Counted<'_> {
        fn says(&self) -> usize {
            self.0
        }
    }
    on_ledger(1 << 14, |ledger| {
        let arena = Arena::new_in(ledger, "arena");
        let spoken: ArenaBox<'_, dyn Speaks + '_> =
            unsize_box!(arena.alloc_box(Counted(5, &dropped)) => dyn Speaks + '_);
        assert_eq!((spoken.says(), dropped.get()), (5, 0));
        drop(spoken);
        assert_eq!(dropped.get(), 1);
        let raw = ArenaBox::into_raw(arena.alloc_box(Counted(6, &dropped)));
        assert_eq!(dropped.get(), 1);
        // SAFETY: the address of a box of this arena, which is made again once.
        drop(unsafe { ArenaBox::from_raw(raw) });
        assert_eq!(dropped.get(), 2);
        let array = arena.alloc_box([0, 1, 2, 3].map(|index| Counted(index, &dropped)));
        let slice = unsize_box!(array => [Counted<'_>]);
        assert!((&slice).into_iter().map(Counted::says).eq(0..4));
        let mut values = slice.into_iter();
        let (first, last) = (values.next().map(|value| value.0), values.next_back().map(|value| value.0));
        assert_eq!((first, last, values.len(), values.as_slice()[0].0, dropped.get()), (Some(0), Some(3), 2, 1, 4));
        drop(values);
        assert_eq!(dropped.get(), 6);
        let none = arena.alloc_box_from_iter(core::iter::empty::<Counted<'_>>()).into_iter();
        assert_eq!(none.len(), 0);
        let sizeless = arena.alloc_box_from_iter([(); 9]);
        assert_eq!(sizeless.into_iter().rev().count(), 9);
    });
}

/// How often there is a larger burst.
const BURSTS: usize = if cfg!(miri) { 2 } else { 6 };

/// What is used, what there is room for, what is held; and what goes back.
pub fn h26_bursts_go_back() {
    on_ledger(1 << 20, |ledger| {
        let mut arena = Arena::with_capacity_in(ledger, "arena", 5000);
        let held = |owner| ledger.snapshot().claimed_by(owner);
        assert!(arena.used() == 0 && arena.capacity() >= 5000 && arena.held() == held("arena"));
        arena.alloc_uninit_slice::<u8>(1000);
        arena.alloc(2u64);
        assert_eq!(arena.used(), 1008);
        let mut apart = [const { None }; BURSTS];
        for (index, apart) in apart.iter_mut().enumerate() {
            // Something between its chunks, so that they don't grow into one.
            arena.alloc_uninit_slice::<u8>(6000 << index);
            *apart = Some(ledger.claim("apart", core::alloc::Layout::new::<u64>()).expect("room"));
        }
        let (used, before) = (arena.used(), arena.held());
        assert!(
            used >= 6000 * ((1 << BURSTS) - 1)
                && used <= arena.capacity()
                && arena.capacity() < before
                && before == held("arena")
        );
        let given_back = arena.reset_keeping(30_000);
        assert_eq!((arena.held() + given_back, arena.held()), (before, held("arena")));
        assert!(arena.held() <= 30_000 && arena.held() > 5000 && arena.used() == 0);
        // It goes on in what was kept.
        let (held_now, room) = (arena.held(), arena.room());
        assert!(room > 0);
        arena.alloc_uninit_slice::<u8>(room);
        assert_eq!(arena.held(), held_now);
        arena.alloc_uninit_slice::<u8>(3000);
        assert_eq!((arena.reset_keeping(0) > 0, arena.held(), held("arena")), (true, 0, 0));
        assert_eq!(*arena.alloc(9), 9);

        let mut typed = TypedArena::<[u64; 4]>::with_capacity_in(ledger, "typed", 100);
        let (claimed, capacity) = (typed.held(), typed.capacity());
        assert!(capacity >= 100 && claimed == held("typed"));
        typed.extend((0..capacity as u64).map(|index| [index; 4]));
        assert_eq!((typed.len(), typed.held(), typed.capacity()), (capacity, claimed, capacity));
        for apart in &mut apart {
            typed.reserve(typed.capacity() - typed.len() + 1);
            let more = typed.capacity() - typed.len();
            typed.extend((0..more as u64).map(|index| [index; 4]));
            *apart = Some(ledger.claim("apart", core::alloc::Layout::new::<u64>()).expect("room"));
        }
        let burst = typed.held();
        assert_eq!((typed.len(), burst), (typed.capacity(), held("typed")));
        assert_eq!((typed.trim(), typed.held()), (0, burst), "there is nothing vacant");
        typed.clear();
        assert!(typed.is_empty() && typed.held() == burst && typed.capacity() > capacity);
        typed.alloc([1; 4]);
        let some = typed.trim();
        assert_eq!((typed.held() + some, typed.held(), some > 0), (burst, held("typed"), true));
        assert!(typed.iter_mut().eq([&[1; 4]]));
        typed.clear();
        assert!(typed.trim() > 0 && typed.held() == 0 && typed.capacity() == 0);
        assert_eq!(typed.alloc([2; 4]), &[2; 4]);
        assert_eq!(held("typed"), typed.held());

        let values = |typed: &mut TypedArena<'_, [u64; 4]>| (typed.iter_mut().len(), typed.iter_mut().size_hint());
        typed.extend([[3; 4]; 200]);
        assert_eq!(values(&mut typed), (201, (201, Some(201))));
        let mut rest = typed.iter_mut();
        let _ = (rest.next(), rest.next());
        assert_eq!(rest.len(), 199);
        let mut rest = typed.into_iter();
        let _ = (rest.next(), rest.next(), rest.next());
        assert_eq!((rest.len(), rest.count()), (198, 198));
    });
}
