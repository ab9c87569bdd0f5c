//! Pages that go back to the host: which, when, and that nothing is locked then.

use core::cell::Cell;

use super::*;
use crate::backing::{Backing, Grant, Request, Span};
use crate::error::Obstacle;
use crate::ledger::{Spans, Want};
use crate::{Hosted, Ledger};

std::thread_local! {
    /// Bytes that the host has had.
    static EMPTIED: Cell<usize> = const { Cell::new(0) };
    /// Locks that this thread has.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// The host's pages; at first so many bytes of them, if it is not 0; and whether large blocks that grow may lie apart.
struct PagedHost(Hosted, usize, bool);

// SAFETY: all is that of `Hosted`.
unsafe impl Backing for PagedHost {
    const PAGES: bool = true;
    const APART: bool = true;

    fn name(&self) -> &'static str {
        "pages"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        if self.1 == 0 {
            return self.0.claim(request);
        }
        let ledger = Ledger::new(core::mem::take(&mut self.0));
        // SAFETY: no claim is to grow.
        let placed = unsafe { ledger.place("all", &Want::of(core::mem::take(&mut self.1), 64)) };
        // It stays for ever.
        core::mem::forget(ledger);
        // SAFETY: fresh from the host, and nobody else's.
        placed.map(|placed| unsafe { Grant::linear(placed.payload).zeroed() })
    }

    fn claim_apart(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        if self.2 { self.0.claim_apart(request) } else { Err(Obstacle::Short { backing: "pages" }) }
    }

    unsafe fn empty(pages: Span) {
        assert_eq!(HELD.get(), 0, "nothing is locked while the host works");
        EMPTIED.set(EMPTIED.get() + pages.len());
        assert!(pages.addr().is_multiple_of(USUAL_PAGE) && pages.len().is_multiple_of(USUAL_PAGE));
        // SAFETY: the caller's promise.
        unsafe { Hosted::empty(pages) };
    }
}

/// A lock that one thread uses.
struct Noted;

// SAFETY: each test has its own ledger and heap, which only its thread uses.
unsafe impl lock_api::RawMutex for Noted {
    const INIT: Noted = Noted;
    type GuardMarker = ();

    fn lock(&self) {
        HELD.set(HELD.get() + 1);
    }

    fn try_lock(&self) -> bool {
        self.lock();
        true
    }

    unsafe fn unlock(&self) {
        HELD.set(HELD.get() - 1);
    }
}

type Paged = Ledger<PagedHost, Locked<Noted>>;

fn ledger(at_first: usize) -> (&'static Paged, &'static Heap<Locked<Noted>>) {
    ledger_of(PagedHost(Hosted::new(), at_first, false))
}

fn ledger_of(host: PagedHost) -> (&'static Paged, &'static Heap<Locked<Noted>>) {
    let ledger: &'static Paged = Box::leak(Box::new(Ledger::with_lock(host)));
    (ledger, Box::leak(Box::new(Heap::new_in(ledger, "heap"))))
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

fn filled(heap: &Heap<Locked<Noted>>, size: usize) -> NonNull<u8> {
    // SAFETY: this heap serves every size.
    let block = NonNull::new(unsafe { heap.alloc(layout(size)) }).expect("room");
    // SAFETY: so many bytes, just allocated.
    unsafe { block.write_bytes(7, size) };
    block
}

fn dealloc(heap: &Heap<Locked<Noted>>, block: NonNull<u8>, size: usize) {
    // SAFETY: a block of this heap's with this layout, not used any more.
    unsafe { heap.dealloc(block.as_ptr(), layout(size)) };
}

/// The block, twice as long.
fn grown(heap: &Heap<Locked<Noted>>, block: NonNull<u8>, size: usize) -> NonNull<u8> {
    // SAFETY: a block of this heap's with this layout; the caller goes on with what is returned.
    NonNull::new(unsafe { heap.realloc(block.as_ptr(), layout(size), 2 * size) }).expect("room")
}

/// Whether so many bytes are all pages of so many, but for what lies beside whole ones.
fn about(emptied: usize, bytes: usize) -> bool {
    (bytes - 2 * USUAL_PAGE..=bytes).contains(&emptied)
}

/// What grows by moving leaves no pages behind; what is small does.
#[test]
fn h31_what_moves_leaves_no_pages_behind() {
    let (_, heap) = ledger(0);
    for (size, emptied) in [(4 * MIB, true), (200 * KIB, false)] {
        let block = filled(heap, size);
        let _behind = filled(heap, 100_000);
        EMPTIED.set(0);
        let moved = grown(heap, block, size);
        assert!(moved != block);
        assert!(if emptied { about(EMPTIED.get(), size) } else { EMPTIED.get() == 0 }, "{}", EMPTIED.get());
        // SAFETY: so many bytes were written.
        let bytes = unsafe { core::slice::from_raw_parts(moved.as_ptr(), size) };
        assert!(bytes.iter().all(|byte| *byte == 7));
    }
}

/// A large block's pages go back with it, but not again and again where the next block wants them.
#[test]
fn pages_go_back_unless_they_are_wanted_again() {
    let (_, heap) = ledger(0);
    EMPTIED.set(0);
    for _ in 0..20 {
        let block = filled(heap, 8 * MIB);
        dealloc(heap, block, 8 * MIB);
    }
    assert!(about(EMPTIED.get(), 8 * MIB), "{}: in vain, once", EMPTIED.take());
    EMPTIED.set(0);
    let block = filled(heap, 40 * MIB);
    // Memory has grown, and what was kept goes back.
    assert!(EMPTIED.get() <= 8 * MIB);
    EMPTIED.set(0);
    dealloc(heap, block, 40 * MIB);
    assert!(about(EMPTIED.get(), 40 * MIB), "{}: longer than what was wanted again", EMPTIED.get());
    let small = filled(heap, 200_000);
    EMPTIED.set(0);
    dealloc(heap, small, 200_000);
    assert_eq!(EMPTIED.get(), 0);
}

/// The same for a block that gets there by growing, where it is or by moving: who builds one vector after the other pays once.
#[test]
fn pages_that_a_growing_block_wants_again_stay() {
    for moves in [false, true] {
        let (_, heap) = ledger(0);
        let mut each = [0; 20];
        for emptied in &mut each {
            EMPTIED.set(0);
            let (mut block, mut size) = (filled(heap, MIB / 8), MIB / 8);
            let behind = moves.then(|| filled(heap, MIB / 8));
            while size < 8 * MIB {
                (block, size) = (grown(heap, block, size), 2 * size);
            }
            dealloc(heap, block, size);
            behind.into_iter().for_each(|behind| dealloc(heap, behind, MIB / 8));
            *emptied = EMPTIED.get();
        }
        assert!(each[0] >= 8 * MIB - 2 * USUAL_PAGE, "{each:?}");
        assert!(each[4..].iter().all(|emptied| *emptied == 0), "{each:?}, by moving: {moves}");
    }
}

/// What a block left isn't wanted again because a shorter one lies in a part of it.
#[test]
fn pages_go_back_where_few_are_wanted_again() {
    let (_, heap) = ledger(0);
    let (long, _behind) = (filled(heap, 16 * MIB), filled(heap, 100_000));
    dealloc(heap, long, 16 * MIB);
    let short = filled(heap, 2 * MIB);
    EMPTIED.set(0);
    dealloc(heap, short, 2 * MIB);
    assert!(about(EMPTIED.get(), 2 * MIB), "{}", EMPTIED.get());
}

/// Whether there is the address space for them: an emulator may have less to give, or a limit leave less.
#[cfg(target_pointer_width = "64")]
fn has_lanes() -> bool {
    use crate::platform::{reservable, reserve, unreserve};

    let space = reserve(64 << 30);
    // SAFETY: it was reserved just now, and nothing is in it.
    space.inspect(|base| unsafe { unreserve(*base, 64 << 30, core::iter::empty()) });
    space.is_some() && reservable() >= 64 << 30
}

/// A block that comes to a megabyte in a hole leaves it while it is short, and grows elsewhere.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_block_in_a_hole_leaves_it_while_it_is_short() {
    if !has_lanes() {
        return;
    }
    let (_, heap) = ledger_of(PagedHost(Hosted::new(), 0, true));
    let (hole, _behind) = (filled(heap, 4 * MIB), filled(heap, 100_000));
    dealloc(heap, hole, 4 * MIB);
    let (mut block, mut size) = (filled(heap, MIB / 8), MIB / 8);
    let mut copied = 0;
    while size < 16 * MIB {
        let moved = grown(heap, block, size);
        copied += if moved == block { 0 } else { size };
        (block, size) = (moved, 2 * size);
    }
    assert_eq!(copied, MIB / 2);
}

/// Blocks of a megabyte that grow in turns are each in another's way once at most, where there is address space for each.
#[test]
#[cfg(target_pointer_width = "64")]
fn blocks_that_grow_in_turns_are_hardly_copied() {
    if !has_lanes() {
        return;
    }
    let copied = |apart| {
        let (_, heap) = ledger_of(PagedHost(Hosted::new(), 0, apart));
        // Twice: what the first blocks left is there for the next.
        let moves = (0..2).map(|_| {
            let mut blocks = [MIB / 8; 6].map(|size| (filled(heap, size), size, 0));
            while blocks[0].1 < 8 * MIB {
                for (block, size, moves) in &mut blocks {
                    let moved = grown(heap, *block, *size);
                    *moves += usize::from(moved != *block && *size >= MIB);
                    (*block, *size) = (moved, 2 * *size);
                }
                // Small ones come in between.
                for size in [24, 1000, 5000, 20_000] {
                    filled(heap, size);
                }
            }
            blocks.map(|(block, size, moves)| {
                dealloc(heap, block, size);
                moves
            })
        });
        moves.collect::<Vec<_>>()
    };
    let (apart, together) = (copied(true), copied(false));
    assert!(apart.as_flattened().iter().all(|moves| *moves <= 1), "{apart:?}, else {together:?}");
    assert!(together.as_flattened().iter().sum::<usize>() > 20, "{together:?}");
}

/// What a heap's lists keep is of no use to a block that grows in a lane, and nobody may ask for it otherwise: the pages go back all the same.
#[test]
#[cfg(target_pointer_width = "64")]
fn h31_lists_keep_no_pages_from_a_block_that_grows_apart() {
    if !has_lanes() {
        return;
    }
    const SIZE: usize = 8 * KIB;
    let (_, heap) = ledger_of(PagedHost(Hosted::new(), 0, true));
    // Between them, so that the one can't grow in place; and behind, so that the others don't become one with what was never used.
    let (large, _) = (filled(heap, MIB), filled(heap, 100 * KIB));
    let held: Vec<_> = (0..16 * MIB / SIZE).map(|_| filled(heap, SIZE)).collect();
    filled(heap, 100 * KIB);
    // With the first slab come lists.
    filled(heap, 16);
    held.into_iter().for_each(|block| dealloc(heap, block, SIZE));
    EMPTIED.set(0);
    let grown = grown(heap, large, MIB);
    assert_ne!(grown, large);
    // What it left is a part of that.
    assert!(about(EMPTIED.get(), 17 * MIB), "the host has had {} bytes", EMPTIED.get());
}

/// A lane and what is above it, which begin two pages of the host's after a page: not every host aligns what it maps to more than its own.
struct OffPage {
    base: NonNull<u8>,
    used: [usize; 2],
}

const HALF: usize = 40 * MIB;

impl OffPage {
    fn cut(&mut self, half: usize, request: &Request) -> Result<Grant, Obstacle> {
        let at = half * HALF + self.used[half];
        let len = request.at(self.base.addr().get() + at)?.liked.next_multiple_of(USUAL_PAGE);
        assert!(self.used[half] + len < HALF);
        self.used[half] += len;
        // SAFETY: so much is there.
        let base = unsafe { self.base.add(at) };
        // SAFETY: as above, and it is given once.
        Ok(Grant::linear(unsafe { Span::new(base, len) }))
    }
}

// SAFETY: it is bound to no thread.
unsafe impl Send for OffPage {}

// SAFETY: each byte of one allocation goes out once.
unsafe impl Backing for OffPage {
    const APART: bool = true;

    fn name(&self) -> &'static str {
        "off page"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        self.cut(1, request)
    }

    fn claim_apart(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        self.cut(0, request)
    }
}

/// Nothing comes to lie behind a block that grows in a lane, wherever in a page the host's memory begins.
#[test]
fn a_lane_that_begins_within_a_page_has_no_crumbs() {
    let memory = Vec::leak(std::vec![MaybeUninit::<u8>::uninit(); 2 * HALF + 2 * USUAL_PAGE]);
    let skip = memory.as_ptr().addr().wrapping_neg() % USUAL_PAGE + 8 * KIB;
    let base = NonNull::from(&mut memory[skip..]).cast();
    let ledger = Box::leak(Box::new(Ledger::with_lock(OffPage { base, used: [0; 2] })));
    let heap = Heap::new_in(ledger, "heap");
    let (mut block, mut size) = (filled(&heap, MIB / 2), MIB / 2);
    let _behind = filled(&heap, 100);
    let mut moves = 0;
    while size < 16 * MIB {
        let moved = grown(&heap, block, size);
        moves += usize::from(moved != block);
        (block, size) = (moved, 2 * size);
        for small in [24, 1000, 3000, 5000, 7000] {
            filled(&heap, small);
        }
    }
    assert_eq!(moves, 1);
}

/// What is free, and too short for what is asked for, has no pages once memory has grown for that, whoever had it; nothing is locked
/// meanwhile, and all is free again.
#[test]
fn h31_pages_go_back_when_memory_grows() {
    let (ledger, _) = ledger(0);
    let claims: Vec<_> = (0..20).map(|_| ledger.claim("arena", layout(2 * MIB)).expect("room")).collect();
    let (free, _rest): (Vec<_>, Vec<_>) = claims.into_iter().enumerate().partition(|(index, _)| index % 2 == 0);
    drop(free);
    EMPTIED.set(0);
    // What fits is no reason.
    drop(ledger.claim("arena", layout(2 * MIB)).expect("room"));
    assert_eq!(EMPTIED.get(), 0);
    let large = ledger.claim("large", layout(3 * MIB)).expect("room");
    assert!(about(EMPTIED.get() / 8, 2 * MIB), "eight of ten: {}", EMPTIED.get());
    assert_eq!(ledger.snapshot().claimed_by("offered"), 0);
    assert!(ledger.snapshot().free >= 18 * MIB, "{}", ledger.snapshot());
    drop(large);
}

/// Memory that nobody has used has nothing behind it, and stays zero: it isn't touched.
#[test]
fn memory_that_was_never_used_is_left_alone() {
    let (ledger, heap) = ledger(16 * MIB);
    let _first = ledger.claim("first", layout(100_000)).expect("room");
    EMPTIED.set(0);
    let _large = ledger.claim("large", layout(20 * MIB)).expect("room");
    assert_eq!((EMPTIED.get(), ledger.growths()), (0, 2));
    assert!(ledger.snapshot().free > 15 * MIB);
    dealloc(heap, filled(heap, 2 * MIB), 2 * MIB);
    assert!(about(EMPTIED.get(), 2 * MIB));
}

/// Memory that was lent is no pages of the host's that it may have.
#[test]
fn memory_that_was_lent_is_left_alone() {
    let (ledger, heap) = ledger(0);
    let region = Region::new(Vec::leak(std::vec![MaybeUninit::uninit(); 4 * MIB]));
    assert!(ledger.lend(region).is_ok());
    EMPTIED.set(0);
    dealloc(heap, filled(heap, 3 * MIB), 3 * MIB);
    assert_eq!(ledger.growths(), 1, "it was in what was lent");
    let _large = ledger.claim("large", layout(20 * MIB)).expect("room");
    assert_eq!(EMPTIED.get(), 0);
}
