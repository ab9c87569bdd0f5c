//! The rows of what has no layer: arenas, pools, claims. In a program with debug assertions they fill what is done with, and tell of what is given
//! back wrongly.

use core::mem::{ManuallyDrop, forget};
use core::panic::Location;
use core::ptr::{self, NonNull};

use freehold::debug::Mistake;
use freehold::sharing::Needed;
use freehold::{Alloc, Arena, BlockPool, FixedPool, Growth, Ledger, PoolBox, Region, SharedPool, TypedArena};

use crate::blocks::layout;
use crate::hands::Hands;
use crate::notes::Run;
use crate::room::Room;
use crate::rows;

rows! {
    /// What a scope had is read by a pointer that was kept, after the next one was opened there.
    ScopeEnded,
    /// What an arena had, after it was reset.
    ArenaReset,
    /// What an arena had, after it was dropped.
    ArenaDropped,
    /// What a typed arena had, after it was cleared.
    TypedArenaCleared,
    /// What was in a block of a pool's, after it was freed.
    BlockRead,
    /// A block of a pool's is freed twice.
    BlockFreedTwice,
    /// A block is freed to another pool.
    BlockOfAnotherPool,
    /// A pointer into a block is freed.
    BlockInterior,
    /// A box is made from an address twice, and dropped.
    BoxFreedTwice,
    /// A box is made from the address of a value in another pool.
    BoxOfAnotherPool,
    /// A claim is given back twice.
    ClaimFreedTwice,
    /// A claim is given back twice, and somebody else has claimed the memory between.
    ClaimOfAnother,
}

/// Bytes that are looked at.
const LEN: usize = 100;
/// What is written where one may.
const VALUE: u8 = 1;
/// What stands where somebody was done.
const DONE: u8 = 0xdd;

const GROWTH: Growth = Growth::fixed(1 << 10);

type Packet = [u32; 25];

/// What must have been told.
#[derive(Debug)]
struct Told {
    /// Whether it was given back before; else it is another's.
    twice: bool,
    owner: &'static str,
    address: usize,
    /// Where the call was, if it isn't a box's.
    line: Option<u32>,
}

/// What a row has come to.
#[derive(Debug, Default)]
pub struct Seen {
    /// What stands in all bytes of what was kept a pointer to.
    byte: Option<u8>,
    told: Option<Told>,
    /// Whether something was handed out to two, or by one who didn't have it.
    broken: bool,
}

impl Seen {
    /// Whether what is done with can be told from what is not, or the program goes on with memory that is two users'.
    pub fn shows(&self) -> bool {
        self.broken || self.byte.is_some_and(|byte| byte != VALUE)
    }
}

fn read(room: &Room, address: usize) -> Seen {
    let place = room.of(address);
    // SAFETY: all of the room was written.
    let byte = |index| unsafe { place.wrapping_add(index).read() };
    let same = (0..LEN).all(|index| byte(index) == byte(0));
    Seen { byte: same.then(|| byte(0)), ..Seen::default() }
}

fn told(twice: bool, owner: &'static str, address: usize, line: Option<u32>) -> Seen {
    Seen { told: Some(Told { twice, owner, address, line }), ..Seen::default() }
}

/// Frees a block. Returns the line.
fn free(pool: &BlockPool<'_, Needed>, block: NonNull<u8>) -> u32 {
    let line = line!() + 2;
    // SAFETY: it came from there; or this is a mistake on purpose, at which nothing is done.
    unsafe { pool.free(block) };
    line
}

/// Whether a pool hands out blocks that are two's, or not its own.
fn is_broken(pool: &BlockPool<'_, Needed>) -> bool {
    let four = [(); 4].map(|()| pool.alloc());
    let is_twice = |index: usize| four[..index].contains(&four[index]);
    (0..4).any(|index| is_twice(index) || !pool.holds(four[index].addr().get()))
}

impl Row {
    /// Does it, or its twin that makes no mistake.
    fn act(self, ledger: &Ledger<Region<'static>>, room: &Room, hands: &dyn Hands, wrong: bool) -> Seen {
        match self {
            Row::ScopeEnded => {
                let mut arena = Arena::new_in(ledger, "arena").with_growth(GROWTH);
                let mut outer = arena.scope();
                let kept = outer.alloc([VALUE; LEN]);
                let inner = outer.scope();
                let place = inner.alloc([VALUE; LEN]).as_ptr().addr();
                if !wrong {
                    return read(room, place);
                }
                // `inner` has ended here.
                let _next = outer.scope();
                assert!(*kept == [VALUE; LEN], "what lives is as it was");
                read(room, place)
            }
            Row::ArenaReset => {
                let mut arena = Arena::new_in(ledger, "arena").with_growth(GROWTH);
                let place = arena.alloc([VALUE; LEN]).as_ptr().addr();
                if wrong {
                    arena.reset();
                }
                read(room, place)
            }
            Row::ArenaDropped => {
                let arena = ManuallyDrop::new(Arena::new_in(ledger, "arena").with_growth(GROWTH));
                let place = arena.alloc([VALUE; LEN]).as_ptr().addr();
                if wrong {
                    drop(ManuallyDrop::into_inner(arena));
                    return read(room, place);
                }
                let seen = read(room, place);
                drop(ManuallyDrop::into_inner(arena));
                seen
            }
            Row::TypedArenaCleared => {
                let mut arena = TypedArena::<[u8; LEN]>::new_in(ledger, "arena");
                let place = arena.alloc([VALUE; LEN]).as_ptr().addr();
                if wrong {
                    arena.clear();
                }
                read(room, place)
            }
            Row::BlockRead => {
                // The first word is the link to the next one that is free.
                const LINK: usize = size_of::<usize>();
                let pool = BlockPool::shared_in(ledger, "packets", layout(LINK + LEN, 4)).with_growth(GROWTH);
                let block = hands.by(1, || pool.alloc());
                // SAFETY: a block has so many.
                unsafe { block.write_bytes(VALUE, LINK + LEN) };
                if wrong {
                    hands.by(2, || free(&pool, block));
                }
                read(room, block.addr().get() + LINK)
            }
            Row::BlockFreedTwice => {
                let pool = BlockPool::shared_in(ledger, "packets", layout(LEN, 4)).with_growth(GROWTH);
                let blocks = [(); 3].map(|()| hands.by(1, || pool.alloc()));
                hands.by(2, || free(&pool, blocks[0]));
                hands.by(2, || free(&pool, blocks[1]));
                let block = blocks[if wrong { 0 } else { 2 }];
                let line = hands.by(3, || free(&pool, block));
                let seen = told(true, "packets", block.addr().get(), Some(line));
                Seen { broken: is_broken(&pool), ..seen }
            }
            Row::BlockOfAnotherPool | Row::BlockInterior => {
                let pool = BlockPool::shared_in(ledger, "packets", layout(LEN, 4)).with_growth(GROWTH);
                let others = BlockPool::shared_in(ledger, "frames", layout(LEN, 4)).with_growth(GROWTH);
                let (block, _) = (hands.by(1, || pool.alloc()), hands.by(1, || others.alloc()));
                let (to, owner) = match self {
                    Row::BlockOfAnotherPool if wrong => (&others, "frames"),
                    _ => (&pool, "packets"),
                };
                let offset = if wrong && self == Row::BlockInterior { 8 } else { 0 };
                // SAFETY: inside the block.
                let block = unsafe { block.add(offset) };
                let line = hands.by(3, || free(to, block));
                let seen = told(false, owner, block.addr().get(), Some(line));
                Seen { broken: is_broken(&pool) || is_broken(&others), ..seen }
            }
            Row::BoxFreedTwice => {
                let pool = FixedPool::<Packet, 4>::new();
                let [first, second] = [(); 2].map(|()| hands.by(1, || PoolBox::into_raw(pool.alloc([1; 25])).0));
                let end = |value: *mut Packet| {
                    // SAFETY: it came from there, and comes back; or this is a mistake on purpose, at which nothing is done.
                    drop(unsafe { PoolBox::from_raw(value, &pool) });
                };
                hands.by(2, || end(first));
                let value = if wrong { first } else { second };
                hands.by(3, || end(value));
                let boxes = [(); 2].map(|()| pool.alloc([2; 25]));
                let broken = ptr::eq(&raw const *boxes[0], &raw const *boxes[1]);
                Seen { broken, ..told(true, "fixed pool", value.addr(), None) }
            }
            Row::BoxOfAnotherPool => {
                let fixed = FixedPool::<Packet, 4>::new();
                let pool = SharedPool::<Packet>::shared_in(ledger, "packets").with_growth(GROWTH);
                let (foreign, _) = hands.by(1, || PoolBox::into_raw(fixed.alloc([1; 25])));
                let (own, _) = hands.by(1, || PoolBox::into_raw(pool.alloc([1; 25])));
                let value = if wrong { foreign } else { own };
                // SAFETY: it came from there, and comes back; or this is a mistake on purpose, at which nothing is done.
                hands.by(3, || drop(unsafe { PoolBox::from_raw(value, &pool) }));
                let next = pool.alloc([2; 25]);
                let broken = ptr::eq(&raw const *next, foreign);
                Seen { broken, ..told(false, "packets", value.addr(), None) }
            }
            Row::ClaimFreedTwice | Row::ClaimOfAnother => {
                let room = layout(LEN, 4);
                let claim = ledger.claim("samples", room).expect("room");
                let address = claim.as_ptr().addr().get();
                // SAFETY: that both end is the mistake, at which nothing is done.
                let copy = unsafe { (&raw const claim).read() };
                hands.by(2, || drop(claim));
                let other = (self == Row::ClaimOfAnother).then(|| ledger.claim("others", room).expect("room"));
                if wrong {
                    hands.by(3, || drop(copy));
                } else {
                    forget(copy);
                }
                // Nobody else has the other's, or what is free twice.
                let more = [(); 3].map(|()| ledger.claim("more", room).expect("room"));
                let at = |index: usize| match &other {
                    Some(other) if index == 3 => other.as_ptr(),
                    _ => more[index.min(2)].as_ptr(),
                };
                let last = if other.is_some() { 3 } else { 2 };
                let broken = (0..last).any(|index| (index + 1..=last).any(|other| at(index) == at(other)));
                Seen { broken, ..told(true, "samples", address, None) }
            }
        }
    }

    /// Runs it, and its twin.
    pub fn run(self, room: &Room, hands: &dyn Hands) {
        for wrong in [true, false] {
            let run = Run::begin();
            let ledger = Ledger::new(room.region(Room::LEN));
            let seen = self.act(&ledger, room, hands, wrong);
            let (mistakes, found) = (run.mistakes(), run.findings());
            let count = usize::from(wrong && seen.told.is_some());
            assert_eq!((mistakes.count, found.count), (count, 0), "{self:?}, wrong: {wrong}: {mistakes:?}");
            if let (Some(mistake), Some(told)) = (mistakes.first, &seen.told) {
                assert!(told.is(&mistake), "{mistake:?}, not {told:?}");
            }
            if seen.told.is_none() {
                assert_eq!(seen.byte, Some(if wrong { DONE } else { VALUE }), "{self:?}, wrong: {wrong}");
            }
            assert!(!seen.broken, "{self:?}, wrong: {wrong}");
            assert_eq!(ledger.snapshot().claimed, 0, "{self:?}, wrong: {wrong}");
        }
    }

    /// Does it where nobody looks.
    pub(crate) fn unwatched(self, room: &Room, hands: &dyn Hands, wrong: bool) -> Seen {
        let ledger = Ledger::new(room.region(Room::LEN));
        self.act(&ledger, room, hands, wrong)
    }
}

impl Told {
    fn is(&self, mistake: &Mistake) -> bool {
        let (twice, owner, address, place) = match *mistake {
            Mistake::ForeignBlock { owner, address, place } => (false, owner, address, Some(place)),
            Mistake::BlockFreedTwice { owner, address, place } => (true, owner, address, Some(place)),
            Mistake::ClaimFreedTwice { owner, address } => (true, owner, address, None),
            _ => return false,
        };
        let is_there =
            |place: &Location<'_>| self.line.is_none_or(|line| place.file() == file!() && place.line() == line);
        let is_it = (twice, owner, address) == (self.twice, self.owner, self.address);
        is_it && place.map_or(self.line.is_none(), is_there)
    }
}
