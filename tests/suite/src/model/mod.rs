//! A shadow model: random programs of operations, everything checked after each step.
//!
//! A program works on a few slots. In each there is, by turns, an arena, a typed arena, a pool of blocks, or a raw claim; each has its own
//! name, so that the ledger's word on who holds what can be compared with what the slots say. Beside them there may be a heap.

use core::alloc::Layout;

use freehold::backing::{Backing, GRAIN};
use freehold::sharing::{Access, Needed};
use freehold::{
    Alloc, AllocError, Arena, Attempt, BlockPool, Claim, FixedPool, Growth, Handle, Heap, KeyedPool, Ledger, Pool,
    PoolBox, PoolKey, Rejected, Scope, SharedPool, TypedArena,
};

use crate::choices::Choices;
use crate::heap::blocks::Blocks;
use crate::live::{Holder, Live};
use crate::tally::{self, Tally};

mod draw;
mod heap;
mod values;

use draw::{growth, layout};
pub use values::VERBS;
use values::{Counts, Value};

/// The names of the slots.
const OWNERS: [&str; 6] = ["slot 0", "slot 1", "slot 2", "slot 3", "slot 4", "slot 5"];

/// How deep scopes nest.
const DEEPEST: usize = 5;

/// What an empty slot may be filled with.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// An arena whose allocations need not be aligned.
    Tight,
    /// An arena.
    Plain,
    /// An arena whose allocations are aligned to 16.
    Wide,
    /// A typed arena.
    Typed,
    /// A pool of blocks that grows.
    Blocks,
    /// One that threads may share.
    Shared,
    /// A pool of so many blocks.
    Fixed,
    /// A raw claim.
    Claimed,
}

/// Everything there is, arenas twice.
pub const ALL: &[Kind] = &[
    Kind::Tight,
    Kind::Plain,
    Kind::Plain,
    Kind::Wide,
    Kind::Typed,
    Kind::Blocks,
    Kind::Shared,
    Kind::Fixed,
    Kind::Claimed,
];

enum Slot<'l> {
    Empty,
    Tight(Arena<'l, 1>),
    Plain(Arena<'l>),
    Wide(Arena<'l, 16>),
    Typed(TypedArena<'l, Value<'l>>, usize),
    Blocks(BlockPool<'l>),
    Shared(BlockPool<'l, Needed>),
    Claimed(Claim<'l>),
}

/// A program while it runs.
struct Machine<'l, B> {
    ledger: &'l Ledger<B>,
    kinds: &'static [Kind],
    live: Live,
    counts: &'l Counts,
    peak: usize,
    steps: usize,
    /// The blocks of the heap on the same ledger, if there is one.
    blocks: Option<Blocks<'l>>,
}

/// Runs a program on an empty ledger. Every request may be refused: then nothing must have changed, and the program goes on.
pub fn run<B: Backing>(ledger: &Ledger<B>, choices: &mut impl Choices) {
    run_beside(ledger, None, ALL, choices);
}

/// [`run`], on a ledger on which nothing is claimed but the record of that heap: every other step of the program uses it. The slots are
/// filled with what is of these kinds.
pub fn run_beside<B: Backing>(
    ledger: &Ledger<B>,
    heap: Option<&Heap>,
    kinds: &'static [Kind],
    choices: &mut impl Choices,
) {
    let counts = Counts::default();
    let blocks = heap.map(Blocks::new);
    let mut machine = Machine { ledger, kinds, live: Live::new(), counts: &counts, peak: 0, steps: 0, blocks };
    let mut slots = [const { Slot::Empty }; OWNERS.len()];
    while let Some(choice) = choices.next() {
        let index = choice as usize % OWNERS.len();
        if machine.blocks.is_some() && choice & 32 != 0 {
            machine.heap(choice >> 8, choices);
        } else {
            machine.step(OWNERS[index], &mut slots[index], choice >> 8, choices);
        }
        machine.check();
        machine.steps += 1;
        machine.check_sums(&mut slots);
    }
    // They end in another order than they came.
    for (index, slot) in slots.iter_mut().enumerate().rev() {
        machine.end(OWNERS[index], slot);
        machine.check();
    }
    let record = machine.heap_ends();
    assert_eq!((ledger.snapshot().claimed, counts.alive()), (record, 0));
    h26_the_peak_fits_again(ledger);
}

/// What was given back in pieces is whole again: as long as nobody took memory in between, the longest free span is as long as the span that
/// was granted.
fn h26_the_peak_fits_again<B: Backing>(ledger: &Ledger<B>) {
    let granted = ledger.snapshot().granted;
    let longest = ledger.snapshot().spans().filter(|span| span.owner.is_none()).map(|span| span.len).max();
    if let Some(longest) = longest {
        let layout = Layout::from_size_align(longest - GRAIN, 1).expect("a layout");
        if layout.size() > 0 {
            let claim = ledger.claim("peak", layout).expect("a free span that is as long");
            assert_eq!((ledger.snapshot().granted, claim.len()), (granted, layout.size()));
        }
    }
}

impl<'l, B: Backing> Machine<'l, B> {
    /// One operation on a slot.
    fn step(&mut self, owner: &'static str, slot: &mut Slot<'l>, choice: u32, choices: &mut impl Choices) {
        let holder = Holder { owner, depth: 0 };
        match slot {
            Slot::Empty => *slot = self.begin(owner, choice, choices),
            _ if choice.is_multiple_of(23) => self.end(owner, slot),
            Slot::Tight(arena) => self.arena(owner, arena, choice, choices),
            Slot::Plain(arena) => self.arena(owner, arena, choice, choices),
            Slot::Wide(arena) => self.arena(owner, arena, choice, choices),
            Slot::Typed(arena, len) => self.typed(arena, len, choice, choices),
            Slot::Blocks(pool) => self.blocks(holder, pool, choice, choices),
            Slot::Shared(pool) => self.blocks(holder, pool, choice, choices),
            Slot::Claimed(claim) => {
                assert_eq!(claim.owner(), owner);
                self.end(owner, slot);
            }
        }
    }

    /// Something new for an empty slot.
    fn begin(&mut self, owner: &'static str, choice: u32, choices: &mut impl Choices) -> Slot<'l> {
        let (ledger, growth) = (self.ledger, growth(choices));
        match self.kinds[choice as usize % self.kinds.len()] {
            Kind::Tight => Slot::Tight(Arena::new_in(ledger, owner).with_growth(growth).with_min_align()),
            Kind::Plain => Slot::Plain(Arena::new_in(ledger, owner).with_growth(growth)),
            Kind::Wide => Slot::Wide(Arena::new_in(ledger, owner).with_growth(growth).with_min_align()),
            Kind::Typed => Slot::Typed(TypedArena::new_in(ledger, owner).with_growth(growth), 0),
            Kind::Blocks => Slot::Blocks(BlockPool::new_in(ledger, owner, layout(choices)).with_growth(growth)),
            Kind::Shared => Slot::Shared(BlockPool::shared_in(ledger, owner, layout(choices)).with_growth(growth)),
            Kind::Fixed => {
                let before = Tally::of(ledger);
                match BlockPool::fixed_in(ledger, owner, layout(choices), choices.below(20) as usize) {
                    Ok(pool) => Slot::Blocks(pool),
                    Err(error) => self.refused(owner, &before, error),
                }
            }
            Kind::Claimed => {
                let (layout, before) = (layout(choices), Tally::of(ledger));
                match ledger.claim(owner, layout) {
                    Ok(claim) => {
                        // SAFETY: a claim's memory is its holder's.
                        unsafe { self.live.add(claim.as_ptr(), layout, Holder { owner, depth: 0 }) };
                        Slot::Claimed(claim)
                    }
                    Err(error) => {
                        assert_eq!((error.size, error.align), (layout.size(), layout.align()));
                        self.refused(owner, &before, error)
                    }
                }
            }
        }
    }

    /// A request has failed: the ledger must be as it was, but for what a heap may have given back.
    fn unchanged(&self, before: &Tally) {
        match self.blocks {
            Some(_) => before.nothing_taken(self.ledger),
            None => before.must_be(self.ledger),
        }
    }

    fn refused(&self, owner: &str, before: &Tally, error: AllocError) -> Slot<'l> {
        assert_eq!(error.owner, owner);
        self.unchanged(before);
        Slot::Empty
    }

    fn end(&mut self, owner: &'static str, slot: &mut Slot<'l>) {
        self.live.remove_from(Holder { owner, depth: 0 });
        *slot = Slot::Empty;
        assert_eq!(self.ledger.snapshot().claimed_by(owner), 0, "{owner} is gone, its claims are not");
    }

    /// One operation on an arena outside its scopes.
    fn arena<const MIN_ALIGN: usize>(
        &mut self,
        owner: &'static str,
        arena: &mut Arena<'l, MIN_ALIGN>,
        choice: u32,
        choices: &mut impl Choices,
    ) {
        let claimed = arena.held();
        let holder = Holder { owner, depth: 0 };
        match choice % 16 {
            0 => {
                self.live.remove_from(holder);
                arena.reset();
                assert_eq!(arena.held(), claimed);
            }
            1 => {
                let given_back = arena.trim();
                assert_eq!(arena.held() + given_back, claimed);
            }
            2 if choice & 64 == 0 => {
                self.live.remove_from(holder);
                let keep = choices.below(3000) as usize;
                let given_back = arena.reset_keeping(keep);
                assert_eq!(arena.held() + given_back, claimed);
                assert!(arena.held() <= keep && arena.used() == 0);
            }
            3 => {
                let (room, used) = (arena.room(), arena.used());
                let build = |scope: &mut Attempt<'_, '_, MIN_ALIGN>| self.attempt(owner, scope, 1, choices);
                let kept = arena.try_scope::<(), _>(build).is_ok();
                assert!(kept || (arena.room(), arena.used()) == (room, used), "something is left of what failed");
                self.attempted(holder, kept);
            }
            4 => {
                let (mark, used) = (arena.checkpoint(), arena.used());
                self.past_a_mark(&*arena, holder, choices);
                if choices.below(2) == 0 {
                    self.live.remove_from(Holder { owner, depth: 1 });
                    // SAFETY: nothing that was allocated since is used any more, and there is no other mark.
                    unsafe { arena.rewind(mark) };
                    assert_eq!(arena.used(), used);
                }
                self.live.keep(holder);
            }
            2..8 => self.scope(owner, &mut arena.scope(), 1, choices),
            _ => {
                let before = Tally::of(self.ledger);
                if self.allocate(&*arena, holder, choice >> 4, choices).is_none() {
                    self.unchanged(&before);
                    assert_eq!(arena.held(), claimed, "a failed request changed the arena");
                }
            }
        }
    }

    /// A scope's life: operations in it and in those it opens, until it is left.
    fn scope<const MIN_ALIGN: usize>(
        &mut self,
        owner: &'static str,
        scope: &mut Scope<'_, MIN_ALIGN>,
        depth: usize,
        choices: &mut impl Choices,
    ) {
        self.steps(owner, scope, depth, choices);
        self.live.remove_from(Holder { owner, depth });
    }

    /// A scope that may be kept.
    fn attempt<const MIN_ALIGN: usize>(
        &mut self,
        owner: &'static str,
        scope: &mut Scope<'_, MIN_ALIGN>,
        depth: usize,
        choices: &mut impl Choices,
    ) -> Result<(), ()> {
        self.steps(owner, scope, depth, choices);
        if choices.below(2) == 0 { Ok(()) } else { Err(()) }
    }

    /// What was one deeper is the holder's own now, or gone.
    fn attempted(&mut self, holder: Holder, kept: bool) {
        if !kept {
            self.live.remove_from(Holder { depth: holder.depth + 1, ..holder });
        }
        self.live.keep(holder);
    }

    /// Some allocations, held one deeper than by the holder itself.
    fn past_a_mark<'s>(&mut self, alloc: impl values::Allocates<'s>, holder: Holder, choices: &mut impl Choices) {
        for _ in 0..choices.below(4) {
            let choice = choices.below(u32::MAX);
            self.allocate(alloc, Holder { depth: holder.depth + 1, ..holder }, choice, choices);
            self.check();
        }
    }

    /// Operations in a scope and in those it opens.
    fn steps<const MIN_ALIGN: usize>(
        &mut self,
        owner: &'static str,
        scope: &mut Scope<'_, MIN_ALIGN>,
        depth: usize,
        choices: &mut impl Choices,
    ) {
        let holder = Holder { owner, depth };
        while let Some(choice) = choices.next() {
            match choice % 16 {
                0 | 8 => break,
                1 | 2 | 9 if depth < DEEPEST => self.scope(owner, &mut scope.scope(), depth + 1, choices),
                10 if depth < DEEPEST => {
                    let room = scope.room();
                    let build = |inner: &mut Attempt<'_, '_, MIN_ALIGN>| self.attempt(owner, inner, depth + 1, choices);
                    let kept = scope.try_scope::<(), _>(build).is_ok();
                    assert!(kept || scope.room() == room, "something is left of what failed");
                    self.attempted(holder, kept);
                }
                3 => {
                    let (mark, room) = (scope.checkpoint(), scope.room());
                    self.past_a_mark(&*scope, holder, choices);
                    if choices.below(2) == 0 {
                        self.live.remove_from(Holder { owner, depth: depth + 1 });
                        // SAFETY: nothing that was allocated since is used any more, and there is no other mark.
                        unsafe { scope.rewind(mark) };
                        assert_eq!(scope.room(), room);
                    }
                    self.live.keep(holder);
                }
                _ => {
                    let before = Tally::of(self.ledger);
                    if self.allocate(&*scope, Holder { owner, depth }, choice >> 3, choices).is_none() {
                        self.unchanged(&before);
                    }
                }
            }
            self.check();
        }
    }

    /// Allocates in an arena or a scope, in one of many ways. `None` if there was no room.
    fn allocate<'s, A: values::Allocates<'s>>(
        &mut self,
        alloc: A,
        holder: Holder,
        choice: u32,
        choices: &mut impl Choices,
    ) -> Option<()> {
        let room = alloc.room();
        let done = match choice % 8 {
            0..4 => {
                let verb = values::VERBS[choices.below(values::VERBS.len() as u32) as usize];
                values::by(verb, alloc, &mut self.live, holder, choices)
            }
            4 | 5 => alloc.resize_some(&mut self.live, holder, choices),
            _ => values::by("try_alloc_layout", alloc, &mut self.live, holder, choices),
        };
        match done {
            Ok(()) => Some(()),
            Err(error) => {
                assert_eq!(error.owner, holder.owner);
                assert_eq!(alloc.room(), room, "a failed request moved the cursor");
                None
            }
        }
    }

    /// Whether there is free memory for what must not fail: verbs without a `try_` form.
    fn has_room(&self) -> bool {
        let layout = Layout::new::<[u8; 16 << 10]>();
        self.ledger.claim("room", layout).is_ok_and(|claim| {
            drop(claim);
            self.ledger.snapshot().spans().any(|span| span.owner.is_none() && span.len > layout.size())
        })
    }

    /// One operation on a typed arena of which `len` values are known.
    fn typed(
        &mut self,
        arena: &mut TypedArena<'l, Value<'l>>,
        len: &mut usize,
        choice: u32,
        choices: &mut impl Choices,
    ) {
        match choice % 16 {
            0 => {
                arena.clear();
                *len = 0;
            }
            1 | 2 if self.has_room() => {
                let more = choices.below(20) as usize;
                let values = arena.alloc_from_iter((*len..*len + more).map(|index| self.counts.value(index)));
                assert!(values.iter().enumerate().all(|(index, value)| value.is(*len + index)));
                *len += more;
            }
            _ => {
                let (before, claimed) = (Tally::of(self.ledger), arena.held());
                match arena.try_alloc(self.counts.value(*len)) {
                    Ok(value) => {
                        assert!(value.is(*len));
                        *len += 1;
                    }
                    Err(rejected) => {
                        assert!(rejected.value.is(*len));
                        self.unchanged(&before);
                        assert_eq!(arena.held(), claimed);
                    }
                }
            }
        }
        assert_eq!(arena.len(), *len);
    }

    /// One operation on a pool of blocks.
    fn blocks<L: Access>(&mut self, holder: Holder, pool: &BlockPool<'l, L>, choice: u32, choices: &mut impl Choices) {
        let ours = |block: &crate::live::Block| block.holder == holder;
        let in_use = pool.len();
        match choice % 8 {
            0 if self.live.find(0, ours).is_none() && in_use == 0 => {
                let (before, given_back) = (self.ledger.snapshot().claimed_by(holder.owner), pool.trim());
                let after = self.ledger.snapshot().claimed_by(holder.owner);
                // A pool of fixed capacity keeps its memory.
                assert!(after == 0 || (given_back == 0 && after == before));
            }
            1..4 => {
                if let Some(block) = self.live.find(choices.below(u32::MAX), ours) {
                    self.live.remove(block.place);
                    // SAFETY: the block came from this pool, has just left the table, and is not used any more.
                    unsafe { pool.free(block.place) };
                    assert_eq!(pool.len(), in_use - 1);
                }
            }
            _ => {
                let before = Tally::of(self.ledger);
                match pool.try_alloc() {
                    Ok(place) => {
                        // SAFETY: a block is the caller's until it is freed.
                        unsafe { self.live.add(place, pool.layout(), holder) };
                        assert_eq!(pool.len(), in_use + 1);
                        assert!(pool.holds(place.addr().get()));
                    }
                    Err(error) => {
                        assert_eq!((error.owner, error.size), (holder.owner, pool.layout().size()));
                        self.unchanged(&before);
                    }
                }
            }
        }
        assert!(pool.capacity() >= pool.len());
    }

    /// What holds after every step.
    fn check(&mut self) {
        self.live.check();
        self.live.check_owners(self.ledger);
        tally::check(self.ledger);
        let peak = self.ledger.snapshot().peak;
        assert!(peak >= self.peak, "a peak that sinks");
        self.peak = peak;
    }

    /// What the slots say they have is what the ledger says they have, but for its headers.
    fn check_sums(&self, slots: &mut [Slot<'l>]) {
        let mut sum = self.heap_sums();
        for (slot, owner) in slots.iter_mut().zip(OWNERS) {
            let held = self.ledger.snapshot().claimed_by(owner);
            sum += held;
            let claimed = match slot {
                Slot::Empty => 0,
                Slot::Tight(arena) => arena.held(),
                Slot::Plain(arena) => arena.held(),
                Slot::Wide(arena) => arena.held(),
                Slot::Typed(arena, len) => {
                    assert!(arena.iter_mut().enumerate().all(|(index, value)| value.is(index)));
                    assert_eq!(arena.len(), *len);
                    arena.held()
                }
                Slot::Blocks(_) | Slot::Shared(_) | Slot::Claimed(_) => continue,
            };
            assert_eq!(held, claimed, "{owner}");
        }
        assert_eq!(sum, self.ledger.snapshot().claimed, "claims that nobody holds");
    }
}

/// A pool of values, shared or not: random programs of boxes.
pub fn pool_of_values<B: Backing>(ledger: &Ledger<B>, choices: &mut impl Choices) {
    let counts = Counts::default();
    let growth = Growth::new().first(300);
    match choices.below(4) {
        0 => boxes(ledger, &Pool::new_in(ledger, "values").with_growth(growth), &counts, choices),
        1 => {
            let pool: SharedPool<'_, Value<'_>> = SharedPool::shared_in(ledger, "values");
            boxes(ledger, &pool.with_growth(growth), &counts, choices);
        }
        2 => {
            let pool: FixedPool<Value<'_>, 12> = FixedPool::new();
            churn(ledger, |value| pool.try_alloc(value), |in_use, _| assert_eq!(pool.len(), in_use), &counts, choices);
        }
        _ => keys(ledger, &counts, choices),
    }
}

fn boxes<'l, B: Backing, L: Access>(
    ledger: &Ledger<B>,
    pool: &Pool<'l, Value<'l>, L>,
    counts: &'l Counts,
    choices: &mut impl Choices,
) {
    let holds = |in_use, choice| {
        assert_eq!(pool.len(), in_use);
        if in_use == 0 && choice % 3 == 0 {
            pool.trim();
            assert_eq!(ledger.snapshot().claimed_by("values"), 0);
        }
    };
    churn(ledger, |value| pool.try_alloc(value), holds, counts, choices);
}

/// Values that come and go, in boxes.
fn churn<'l, B: Backing, H: Handle>(
    ledger: &Ledger<B>,
    alloc: impl Fn(Value<'l>) -> Result<PoolBox<Value<'l>, H>, Rejected<Value<'l>>>,
    holds: impl Fn(usize, u32),
    counts: &'l Counts,
    choices: &mut impl Choices,
) {
    let mut boxes: [Option<(usize, PoolBox<Value<'l>, H>)>; 24] = [const { None }; 24];
    while let Some(choice) = choices.next() {
        let index = choice as usize % boxes.len();
        boxes[index] = match boxes[index].take() {
            Some((value, boxed)) => {
                assert!(boxed.is(value));
                None
            }
            None => {
                let before = Tally::of(ledger);
                match alloc(counts.value(choice as usize)) {
                    Ok(boxed) => Some((choice as usize, boxed)),
                    Err(rejected) => {
                        assert!(rejected.value.is(choice as usize));
                        before.must_be(ledger);
                        None
                    }
                }
            }
        };
        let in_use = boxes.iter().flatten().count();
        assert_eq!(counts.alive(), in_use);
        assert!(boxes.iter().flatten().all(|(value, boxed)| boxed.is(*value)));
        holds(in_use, choice);
        tally::check(ledger);
    }
    drop(boxes);
    assert_eq!(counts.alive(), 0);
}

/// The same with keys. Those of values that are gone find nothing, however often their slots are used.
fn keys<B: Backing>(ledger: &Ledger<B>, counts: &Counts, choices: &mut impl Choices) {
    let mut pool: KeyedPool<'_, Value<'_>> = KeyedPool::new_in(ledger, "values");
    let mut live: [Option<(usize, PoolKey)>; 24] = [None; 24];
    let mut gone: [Option<PoolKey>; 24] = [None; 24];
    while let Some(choice) = choices.next() {
        let index = choice as usize % live.len();
        match live[index].take() {
            Some((value, key)) => {
                gone[index] = Some(key);
                assert!(pool.remove(key).is_some_and(|removed| removed.is(value)));
            }
            None => {
                let before = Tally::of(ledger);
                match pool.try_insert(counts.value(choice as usize)) {
                    Ok(key) => live[index] = Some((choice as usize, key)),
                    Err(rejected) => {
                        assert!(rejected.value.is(choice as usize));
                        before.must_be(ledger);
                    }
                }
            }
        }
        if choice % 29 == 0 {
            let keep = |key: PoolKey, value: &mut Value<'_>| {
                assert!(live.iter().flatten().any(|(live, at)| *at == key && value.is(*live)));
                !key.to_bits().is_multiple_of(3)
            };
            pool.retain(keep);
            for (slot, gone) in live.iter_mut().zip(&mut gone) {
                if let Some((_, key)) = slot.take_if(|(_, key)| key.to_bits().is_multiple_of(3)) {
                    *gone = Some(key);
                }
            }
        }
        let here = live.iter().flatten().count();
        assert_eq!((pool.len(), pool.iter().len(), pool.iter_mut().count(), counts.alive()), (here, here, here, here));
        assert!(live.iter().flatten().all(|(value, key)| pool.get(*key).is_some_and(|found| found.is(*value))));
        assert!(gone.iter().flatten().all(|key| pool.get(*key).is_none()));
        tally::check(ledger);
    }
    if choices.below(2) == 0 {
        assert_eq!(pool.drain().take(3).count(), live.iter().flatten().count().min(3));
        assert_eq!((pool.len(), counts.alive()), (0, 0));
    }
    drop(pool);
    assert_eq!((counts.alive(), ledger.snapshot().claimed_by("values")), (0, 0));
}
