//! The program.

use core::alloc::Layout;
use core::ptr::NonNull;

use freehold::backing::Backing;
use freehold::{Alloc, Arena, BlockPool, Growth, Ledger, Pool, Scope, TypedArena};

use crate::PAGE;
use crate::bytes::Bytes;
use crate::dice::Dice;
use crate::holder::Block;
use crate::outcome::{
    ALLOC, ARENA, CLAIM, EXCHANGED, GROWN, MALLOC, NAMES, Outcome, POOL, RESIZED, SCOPE, SHARED, SMALL, TYPED,
};

/// How many blocks are held at once, at most. All that the program knows lies on the stack, where no heap is: it can tell what was lost
/// even when most is.
const HELD: usize = 256;
const ARENAS: usize = 4;
const PLACES: usize = 64;
/// How often the embedder grows memory; and libc is asked each time for a block that stays, so that its heap grows all the while.
const GROWTHS: usize = 64;
const STAYS: usize = 1 << 20;
/// How many operations there are from one look at all that is held to the next; of the first so many, each is followed by one.
const LOOK: usize = 128;
const LOOKED_AT: usize = 1000;
/// How many operations memory fills up for, or empties.
const TIDE: usize = 5000;
/// How deep scopes are nested in each other.
const DEEPEST: usize = 4;

/// What is around the module.
pub trait Surroundings {
    /// Has the embedder grow memory by a page.
    fn grow(&self) -> Grown;

    /// Leaves a block for others, and takes one that they left.
    fn exchange(&self, block: Block) -> Option<Block> {
        Some(block)
    }

    /// Says that bytes were lost, and ends it all: who goes on, or frees what was overwritten, may not come back.
    fn give_up(&self, outcome: &Outcome) -> !;
}

/// What became of a page that the embedder asked for.
pub enum Grown {
    /// It is the embedder's.
    Kept(NonNull<u8>),
    /// It came, and is libc's.
    Libcs,
    /// Memory can't grow.
    Refused,
}

/// What lies in one arena, scope or pool.
struct Pieces<const N: usize> {
    list: [Option<Bytes>; N],
    len: usize,
}

impl<const N: usize> Pieces<N> {
    fn new() -> Self {
        Pieces { list: [const { None }; N], len: 0 }
    }

    fn push(&mut self, bytes: Bytes) {
        self.list[self.len] = Some(bytes);
        self.len += 1;
    }

    fn full(&self) -> bool {
        self.len == N
    }

    fn lost(&self) -> usize {
        self.list.iter().flatten().map(Bytes::lost).sum()
    }
}

/// An arena, and what lies in it.
struct Document {
    arena: Arena<'static>,
    pieces: Pieces<12>,
}

/// A program that runs.
struct Program<'a, B: Backing + 'static, S> {
    around: &'a S,
    ledgers: [&'static Ledger<B>; 2],
    dice: Dice,
    most: usize,
    outcome: Outcome,
    /// Those held come first.
    held: [Option<Block>; HELD],
    holds: usize,
    documents: [Option<Document>; ARENAS],
    pools: [(BlockPool<'static>, [Option<Bytes>; PLACES]); 2],
    /// The embedder's pages.
    pages: Pieces<GROWTHS>,
    /// What stays to the end.
    stay: [Option<Block>; GROWTHS],
}

/// Runs so many operations, on these ledgers and all heaps of the module. What is around may be used by others at the same time, and so
/// may the ledgers.
pub fn run<B: Backing + 'static>(
    around: &impl Surroundings,
    ledgers: [&'static Ledger<B>; 2],
    operations: usize,
    dice: Dice,
) -> Outcome {
    let [one, other] = ledgers;
    let layouts = [(96, 16), (1000, 64)].map(|(size, align)| Layout::from_size_align(size, align).expect("a layout"));
    let mut program = Program {
        around,
        ledgers,
        dice,
        most: operations,
        outcome: Outcome { counts: NAMES.map(|name| (name, 0)), ..Outcome::default() },
        held: [const { None }; HELD],
        holds: 0,
        documents: [const { None }; ARENAS],
        pools: [
            (BlockPool::new_in(one, "places", layouts[0]), [const { None }; PLACES]),
            (BlockPool::new_in(other, "places", layouts[1]), [const { None }; PLACES]),
        ],
        pages: Pieces::new(),
        stay: [const { None }; GROWTHS],
    };
    while program.goes_on() {
        program.operation(0);
    }
    program.look();
    program.lose(program.pages.lost(), "the embedder's page");
    program.lose(program.stay.iter().flatten().map(Block::lost).sum(), "a block");
    while program.holds > 0 {
        program.free();
    }
    program.outcome
}

impl<B: Backing + 'static, S: Surroundings> Program<'_, B, S> {
    fn goes_on(&self) -> bool {
        self.outcome.operations < self.most
    }

    /// Ends it all if bytes were lost.
    fn lose(&mut self, bytes: usize, loser: &'static str) {
        if bytes > 0 {
            self.outcome.lost = bytes;
            self.outcome.losers[0] = Some(loser);
            self.around.give_up(&self.outcome);
        }
    }

    fn count(&mut self, what: usize) {
        self.outcome.counts[what].1 += 1;
    }

    /// Notes whether there was memory.
    fn had<T, E>(&mut self, what: usize, got: Result<T, E>) -> Option<T> {
        match got {
            Ok(got) => {
                self.count(what);
                Some(got)
            }
            Err(_) => {
                self.outcome.refused += 1;
                None
            }
        }
    }

    /// Mostly small; from all that a heap tells apart.
    fn size(&mut self) -> usize {
        let limit = match self.dice.below(2000) {
            0..4 => 2 << 20,
            4..40 => 200_000,
            _ => 1500,
        };
        1 + self.dice.below(limit)
    }

    fn layout(&mut self) -> Layout {
        let align = if self.dice.once_in(200) { 1 << self.dice.below(17) } else { 1 << self.dice.below(9) };
        Layout::from_size_align(self.size(), align).expect("a layout")
    }

    fn ledger(&mut self) -> &'static Ledger<B> {
        self.ledgers[self.dice.below(2)]
    }

    /// Looks at all that is held, outside of the scopes that are open.
    fn look(&mut self) {
        let blocks = self.held[..self.holds].iter().flatten().map(Block::lost).sum::<usize>();
        let arenas = self.documents.iter().flatten().map(|document| document.pieces.lost()).sum::<usize>();
        let pools = self.pools.iter().flat_map(|(_, places)| places.iter().flatten()).map(Bytes::lost).sum::<usize>();
        // Too long to look at each of them every time.
        let page = self.dice.below(GROWTHS);
        let pages = self.pages.list[page].as_ref().map_or(0, Bytes::lost);
        let all = [("a block", blocks), ("an arena", arenas), ("a pool", pools), ("the embedder's page", pages)];
        if all.iter().any(|(_, lost)| *lost > 0) {
            self.outcome.lost = all.iter().map(|(_, lost)| lost).sum();
            self.outcome.losers = all.map(|(loser, lost)| (lost > 0).then_some(loser));
            self.around.give_up(&self.outcome);
        }
    }

    /// What comes before each operation.
    fn begin(&mut self) {
        self.outcome.operations += 1;
        let operations = self.outcome.operations;
        if operations < LOOKED_AT || operations.is_multiple_of(LOOK) {
            self.look();
        }
        if operations.is_multiple_of(self.most / GROWTHS + 1) {
            self.grow();
        }
    }

    /// One operation, inside so many scopes.
    fn operation(&mut self, depth: usize) {
        self.begin();
        let flood = (self.outcome.operations / TIDE).is_multiple_of(2);
        match self.dice.below(if flood { 92 } else { 134 }) {
            0..14 => self.allocate(MALLOC),
            14..28 => self.allocate(ALLOC),
            28..36 => self.allocate(CLAIM),
            36..42 => self.place(),
            42..48 => self.resize(),
            48..54 => self.document(),
            54..57 => self.scope(depth),
            57 => self.typed(depth),
            58 => self.pool(depth),
            59..62 => self.exchange(),
            62..68 => self.allocate(SMALL),
            68..72 => self.allocate(SHARED),
            _ => self.free(),
        }
    }

    fn grow(&mut self) {
        match self.around.grow() {
            Grown::Kept(start) => {
                let mark = self.dice.roll();
                // SAFETY: a page of the embedder's own, for good.
                self.pages.push(unsafe { Bytes::new(start, PAGE, mark) });
                self.count(GROWN);
            }
            Grown::Libcs => self.count(GROWN),
            Grown::Refused => {}
        }
        let block = Block::malloc(STAYS, false, self.dice.roll());
        if let Some((block, _)) = self.had(MALLOC, block.ok_or(()))
            && let Some(free) = self.stay.iter_mut().find(|block| block.is_none())
        {
            *free = Some(block);
        }
    }

    fn allocate(&mut self, from: usize) {
        if self.holds == HELD {
            return self.free();
        }
        let (layout, zeroed, mark) = (self.layout(), self.dice.once_in(4), self.dice.roll());
        let block = match from {
            MALLOC => Block::malloc(layout.size(), zeroed, mark),
            ALLOC => Block::alloc(layout, zeroed, mark),
            SMALL => Block::small(layout, zeroed, mark),
            SHARED => Block::shared(mark),
            _ => {
                let claim = self.ledger().claim("claim", layout);
                claim.ok().map(|claim| Block::claim(claim, layout.size(), mark))
            }
        };
        if let Some((block, foreign)) = self.had(from, block.ok_or(())) {
            self.lose(foreign, block.of());
            self.hold(block);
        }
    }

    fn hold(&mut self, block: Block) {
        if self.held[..self.holds].iter().flatten().any(|held| held.overlaps(&block)) {
            // Not one operation more.
            self.look();
        }
        self.held[self.holds] = Some(block);
        self.holds += 1;
    }

    /// Any block that is held, after a look at it.
    fn take(&mut self) -> Option<Block> {
        if self.holds == 0 {
            return None;
        }
        let at = self.dice.below(self.holds);
        self.holds -= 1;
        self.held.swap(at, self.holds);
        let block = self.held[self.holds].take()?;
        self.lose(block.lost(), block.of());
        Some(block)
    }

    fn free(&mut self) {
        drop(self.take());
    }

    fn resize(&mut self) {
        if let Some(mut block) = self.take() {
            let (size, mark) = (self.size(), self.dice.roll());
            if let Some(lost) = block.resize(size, mark) {
                self.count(RESIZED);
                self.lose(lost, block.of());
            }
            self.hold(block);
        }
    }

    fn exchange(&mut self) {
        if let Some(block) = self.take()
            && let Some(block) = self.around.exchange(block)
        {
            self.count(EXCHANGED);
            self.lose(block.lost(), block.of());
            self.hold(block);
        }
    }

    /// A place of a pool: taken if it is free, freed if it is taken.
    fn place(&mut self) {
        let (which, at, mark) = (self.dice.below(2), self.dice.below(PLACES), self.dice.roll());
        let (pool, places) = &self.pools[which];
        if let Some(bytes) = &places[at] {
            let (start, lost) = (bytes.start(), bytes.lost());
            self.lose(lost, "a pool");
            let (pool, places) = &mut self.pools[which];
            places[at] = None;
            // SAFETY: the pool's own, not freed, and nobody looks at it any more.
            unsafe { pool.free(start) };
            return;
        }
        let (block, len) = (pool.try_alloc(), pool.layout().size());
        if let Some(start) = self.had(POOL, block) {
            // SAFETY: a block of so many bytes, held until it is freed.
            self.pools[which].1[at] = Some(unsafe { Bytes::new(start, len, mark) });
        }
    }

    /// An arena, for many operations: begun, filled, reset, dropped.
    fn document(&mut self) {
        let at = self.dice.below(ARENAS);
        let Some(mut document) = self.documents[at].take() else {
            let arena = Arena::new_in(self.ledger(), "arena");
            let arena = if self.dice.once_in(2) { arena } else { arena.with_growth(Growth::fixed(PAGE / 4)) };
            self.documents[at] = Some(Document { arena, pieces: Pieces::new() });
            return;
        };
        self.lose(document.pieces.lost(), "an arena");
        match self.dice.below(10) {
            0 => return drop(document),
            1 => {
                document.pieces = Pieces::new();
                document.arena.reset();
            }
            _ if document.pieces.full() => {
                document.pieces = Pieces::new();
                document.arena.reset();
            }
            _ => {
                if let Some(bytes) = self.piece(ARENA, &document.arena) {
                    document.pieces.push(bytes);
                }
            }
        }
        self.documents[at] = Some(document);
    }

    /// Something in an arena or a scope, which the caller looks at for as long as it lives.
    fn piece<'s>(&mut self, what: usize, place: impl Alloc<'s>) -> Option<Bytes> {
        let (layout, mark) = (self.layout(), self.dice.roll());
        let start = self.had(what, place.try_alloc_layout(layout))?;
        // SAFETY: memory for this layout, for as long as its arena or scope stays as it is.
        Some(unsafe { Bytes::new(start, layout.size(), mark) })
    }

    /// A scope of one of the arenas.
    fn scope(&mut self, depth: usize) {
        let at = self.dice.below(ARENAS);
        if depth < DEEPEST
            && let Some(mut document) = self.documents[at].take()
        {
            self.inside(document.arena.scope(), depth + 1);
            self.lose(document.pieces.lost(), "an arena");
            // In the place of one that was begun meanwhile.
            self.documents[at] = Some(document);
        }
    }

    /// In a scope: something in it, scopes in it, and everything else in between.
    fn inside(&mut self, mut scope: Scope<'_>, depth: usize) {
        let mut pieces = Pieces::<8>::new();
        while !pieces.full() && self.goes_on() && !self.dice.once_in(20) {
            if depth < DEEPEST && self.dice.once_in(10) {
                self.inside(scope.scope(), depth + 1);
            } else if self.dice.once_in(2) {
                self.operation(depth);
            } else {
                self.begin();
                if let Some(bytes) = self.piece(SCOPE, &scope) {
                    pieces.push(bytes);
                }
            }
        }
        self.lose(pieces.lost(), "a scope");
    }

    /// A typed arena, with everything else in between.
    fn typed(&mut self, depth: usize) {
        let arena = TypedArena::<[u64; 5]>::new_in(self.ledger(), "typed arena");
        let mut pieces = Pieces::<12>::new();
        while depth < DEEPEST && !pieces.full() && self.goes_on() {
            let value = self.had(TYPED, arena.try_alloc([0; 5]));
            if let Some(value) = value {
                let mark = self.dice.roll();
                // SAFETY: a value of so many bytes, any of which will do, for as long as the arena.
                pieces.push(unsafe { Bytes::new(NonNull::from_mut(value).cast(), size_of::<[u64; 5]>(), mark) });
            }
            self.operation(depth + 1);
        }
        self.lose(pieces.lost(), "a typed arena");
    }

    /// A pool, with everything else in between.
    fn pool(&mut self, depth: usize) {
        let pool = Pool::<[u8; 200]>::new_in(self.ledger(), "pool");
        let mut held = [const { None }; 12];
        let mut pieces = Pieces::<12>::new();
        while depth < DEEPEST && !pieces.full() && self.goes_on() {
            let place = self.had(POOL, pool.try_alloc([0; 200]));
            if let Some(mut place) = place {
                let mark = self.dice.roll();
                // SAFETY: so many bytes, until the place is freed, after all looks at it.
                let bytes = unsafe { Bytes::new(NonNull::from_mut(&mut *place).cast(), 200, mark) };
                held[pieces.len] = Some(place);
                pieces.push(bytes);
            }
            self.operation(depth + 1);
        }
        self.lose(pieces.lost(), "a pool");
        drop(held);
    }
}
