//! What the layer must find, each with its twin that makes no such mistake, and in which nothing must be found. It runs on every target.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize};

use freehold::debug::{Checked, Finding, FoundBy, Side, Site};
use freehold::{DefaultBacking, Heap, Ledger, Region};

use super::ByRef;
use crate::backings::Memory;
use crate::heap::bounded::with_bounded;
use crate::heap::small::with_small;
use crate::heap::with_heap;

/// What there is to be found: a list that the compiler keeps whole, as each must say what it does and what is found.
macro_rules! cases {
    ($($(#[$doc:meta])* $case:ident,)*) => {
        /// A mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Case {
            $($(#[$doc])* $case,)*
        }

        impl Case {
            /// All of them.
            pub const ALL: &[Case] = &[$(Case::$case),*];
        }
    };
}

cases! {
    /// A block is freed twice.
    FreedTwice,
    /// A block is resized after it was freed.
    ResizedAfterFree,
    /// A pointer is freed that never was a block.
    Foreign,
    /// A pointer into a block is freed.
    Interior,
    /// A pointer into a block is resized.
    InteriorResized,
    /// A block is freed twice, and has gone back to the heap between.
    Stale,
    /// A block is freed as a smaller one.
    FreedAsSmaller,
    /// A block is freed with another alignment.
    FreedAsAligned,
    /// A block is resized as one of another size.
    ResizedAsSmaller,
    /// A byte is written right past the end, and the block is freed.
    PastEndFreed,
    /// The same, and the block is resized.
    PastEndResized,
    /// The same, and the heap is checked.
    PastEndChecked,
    /// The last byte that is looked at, past the end of a block that is aligned to more.
    FarPastEnd,
    /// A byte is written right before the block.
    BeforeStart,
    /// A block that was freed is written past its end.
    PastEndOfFreed,
    /// The first byte of a freed block is written, and the heap is checked.
    AfterFreeChecked,
    /// The last byte of a freed block is written, and it goes back to the heap.
    AfterFreeReused,
    /// A block is written by a pointer to where it was before it was resized.
    AfterResize,
    /// The heap below hands out the same block twice.
    HandedOutTwice,
    /// A record is written over.
    RecordBroken,
    /// There is no memory for records.
    NoRecords,
    /// A block is never freed.
    NeverFreed,
}

/// Where the program is, for the layer to ask.
static PLACE: AtomicUsize = AtomicUsize::new(0);

fn at(place: usize) {
    PLACE.store(place, Relaxed);
}

fn is_at(site: &Site, place: usize) -> bool {
    site.frames() == [place, 77]
}

fn frames(frames: &mut [usize]) -> usize {
    frames[..2].copy_from_slice(&[PLACE.load(Relaxed), 77]);
    2
}

/// What was found, for one run at a time.
struct Notes {
    busy: AtomicBool,
    found: UnsafeCell<(usize, [Option<Finding>; 4])>,
}

// SAFETY: `found` is used by who has set `busy`.
unsafe impl Sync for Notes {}

static NOTES: Notes = Notes { busy: AtomicBool::new(false), found: UnsafeCell::new((0, [None; 4])) };

fn note(finding: &Finding) {
    // SAFETY: this is called in a run, which has set `busy`, and by nobody else at once.
    let (count, found) = unsafe { &mut *NOTES.found.get() };
    if let Some(place) = found.get_mut(*count) {
        *place = Some(*finding);
    }
    *count += 1;
}

/// One run, which has the notes to itself.
struct OneRun;

impl OneRun {
    fn begin() -> OneRun {
        while NOTES.busy.swap(true, Acquire) {
            core::hint::spin_loop();
        }
        at(0);
        // SAFETY: nobody else has set `busy`.
        unsafe { *NOTES.found.get() = (0, [None; 4]) };
        OneRun
    }

    fn found(&self) -> (usize, Option<Finding>) {
        // SAFETY: this run has set `busy`, and no finding is being noted.
        let (count, found) = unsafe { &*NOTES.found.get() };
        (*count, found[0])
    }
}

impl Drop for OneRun {
    fn drop(&mut self) {
        NOTES.busy.store(false, Release);
    }
}

/// A heap that may hand out what it has handed out.
struct Repeats<'h, H> {
    heap: ByRef<'h, H>,
    repeat: AtomicBool,
    last: AtomicPtr<u8>,
}

// SAFETY: the heap's own; that it is not when it repeats itself is the point.
unsafe impl<H: GlobalAlloc> GlobalAlloc for Repeats<'_, H> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let block = unsafe { self.heap.alloc(layout) };
        if self.repeat.swap(false, Relaxed) {
            let again = self.last.load(Relaxed);
            // SAFETY: allocated just now.
            unsafe { self.heap.dealloc(block, layout) };
            return again;
        }
        self.last.store(block, Relaxed);
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.heap.dealloc(block, layout) };
    }
}

type Subject<'h, H> = Checked<Repeats<'h, H>, Region<'static>>;

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a layout")
}

fn take(heap: &impl GlobalAlloc, size: usize) -> *mut u8 {
    // SAFETY: the size is not 0.
    let block = unsafe { heap.alloc(layout(size, 8)) };
    assert!(!block.is_null());
    // SAFETY: so many bytes were allocated.
    unsafe { block.write_bytes(1, size) };
    block
}

fn give(heap: &impl GlobalAlloc, block: *mut u8, given: Layout) {
    // SAFETY: the caller has made sure of it, or makes a mistake on purpose, at which the layer does nothing.
    unsafe { heap.dealloc(block, given) };
}

fn resize(heap: &impl GlobalAlloc, block: *mut u8, given: Layout, size: usize) -> *mut u8 {
    // SAFETY: as above.
    unsafe { heap.realloc(block, given, size) }
}

/// Writes a byte so far from the start, in the block or in what the layer keeps beside it.
fn poke(block: *mut u8, offset: isize) {
    // SAFETY: the layer has 16 bytes on each side, and lets the block's pointer reach them.
    let place = unsafe { block.offset(offset) };
    // SAFETY: as above.
    unsafe { place.write(0x5a) };
}

/// An odd size, so that the end lies on no boundary.
const SIZE: usize = 37;

impl Case {
    /// What may wait: blocks, bytes.
    fn keeps(self) -> (usize, usize) {
        if self == Case::Stale { (0, 0) } else { (100, 10_000) }
    }

    /// Does it, or its twin that makes no mistake. What it is about is returned.
    fn act<H: GlobalAlloc>(self, heap: &Subject<'_, H>, records: &Memory, wrong: bool) -> *mut u8 {
        at(1);
        let block = take(heap, SIZE);
        let right = layout(SIZE, 8);
        let past = SIZE as isize - isize::from(!wrong);
        // Who frees first, and who does it now.
        let free = |place, block, given| {
            at(place);
            give(heap, block, given);
        };
        match self {
            Case::FreedTwice | Case::Stale => {
                free(2, block, right);
                at(3);
                let again = if wrong { block } else { take(heap, SIZE) };
                free(3, again, right);
            }
            Case::ResizedAfterFree => {
                free(2, block, right);
                at(3);
                if wrong {
                    assert!(resize(heap, block, right, 50).is_null());
                }
            }
            Case::Foreign => {
                // Memory, but not of this heap.
                let foreign = records.start().as_ptr().wrapping_add(4096);
                free(3, if wrong { foreign } else { block }, right);
                if wrong {
                    give(heap, block, right);
                    return foreign;
                }
            }
            Case::Interior | Case::InteriorResized => {
                let inside = block.wrapping_add(if wrong { 8 } else { 0 });
                if self == Case::Interior {
                    free(3, inside, right);
                } else {
                    at(3);
                    let moved = resize(heap, inside, right, 50);
                    assert_eq!(moved.is_null(), wrong);
                    if !wrong {
                        give(heap, moved, layout(50, 8));
                    }
                }
                if wrong {
                    give(heap, block, right);
                }
            }
            Case::FreedAsSmaller => free(3, block, layout(SIZE - usize::from(wrong), 8)),
            Case::FreedAsAligned => free(3, block, layout(SIZE, if wrong { 4 } else { 8 })),
            Case::ResizedAsSmaller => {
                at(3);
                let moved = resize(heap, block, layout(SIZE - usize::from(wrong), 8), 50);
                give(heap, moved, layout(50, 8));
            }
            Case::PastEndFreed => {
                poke(block, past);
                free(3, block, right);
            }
            Case::PastEndResized => {
                poke(block, past);
                at(3);
                let moved = resize(heap, block, right, 50);
                give(heap, moved, layout(50, 8));
            }
            Case::PastEndChecked => {
                poke(block, past);
                assert_eq!(heap.check(), usize::from(wrong));
                free(3, block, right);
            }
            Case::FarPastEnd => {
                free(2, block, right);
                // SAFETY: the layout has bytes.
                let block = unsafe { heap.alloc(layout(100, 64)) };
                poke(block, if wrong { 115 } else { 99 });
                free(3, block, layout(100, 64));
                return block;
            }
            Case::BeforeStart => {
                poke(block, -isize::from(wrong));
                free(3, block, right);
            }
            Case::PastEndOfFreed => {
                poke(block, SIZE as isize - 1);
                free(2, block, right);
                if wrong {
                    poke(block, past);
                }
                assert_eq!(heap.check(), usize::from(wrong));
            }
            Case::AfterFreeChecked => {
                poke(block, 0);
                free(2, block, right);
                if wrong {
                    poke(block, 0);
                }
                assert_eq!(heap.check(), usize::from(wrong));
            }
            Case::AfterFreeReused => {
                free(2, block, right);
                if wrong {
                    poke(block, SIZE as isize - 1);
                }
                heap.trim();
            }
            Case::AfterResize => {
                at(2);
                let moved = resize(heap, block, right, 20);
                poke(if wrong { block } else { moved }, 10);
                heap.check();
                give(heap, moved, layout(20, 8));
            }
            Case::HandedOutTwice => {
                at(3);
                heap.heap().repeat.store(wrong, Relaxed);
                let other = take(heap, SIZE);
                assert_eq!(other == block, wrong);
                give(heap, other, right);
                if !wrong {
                    give(heap, block, right);
                }
            }
            Case::RecordBroken => {
                if wrong {
                    spoil(records, block.addr());
                }
                heap.check();
                free(3, block, right);
            }
            Case::NoRecords => {
                // The first claim has room for 64.
                let mut more = [core::ptr::null_mut(); 80];
                let count = if wrong { 80 } else { 40 };
                more[..count].fill_with(|| take(heap, SIZE));
                more[..count].iter().for_each(|block| give(heap, *block, right));
                give(heap, block, right);
            }
            Case::NeverFreed => {
                if !wrong {
                    free(3, block, right);
                }
            }
        }
        block
    }

    /// Whether this is what must be found, in a block at that address.
    fn is(self, finding: Option<Finding>, address: usize) -> bool {
        let not_a_block = |is: FoundBy, where_: usize, lies: bool| match finding {
            Some(Finding::NotABlock { address, given, inside, by, now, .. }) => {
                let inside = inside.map(|block| block.address == where_ - 8 && is_at(&block.allocated, 1));
                let is_there = address == where_ && given == layout(SIZE, 8);
                is_there && by == is && is_at(&now, 3) && inside == lies.then_some(true)
            }
            _ => false,
        };
        let wrong_layout = |is: FoundBy, wrong: Layout| match finding {
            Some(Finding::WrongLayout { block, given, by, now }) => {
                let is_it = block.address == address && block.layout == layout(SIZE, 8) && is_at(&block.allocated, 1);
                is_it && given == wrong && by == is && is_at(&now, 3) && block.freed.is_none()
            }
            _ => false,
        };
        let written_past = |is: FoundBy, to: Side, place: usize, who: Option<usize>| match finding {
            Some(Finding::WrittenPast { block, side, damage, by, now }) => {
                let is_there = block.address == address && side == to && (damage.first, damage.last) == (place, place);
                is_there && damage.bytes() == [0x5a] && by == is && who.is_none_or(|who| is_at(&now, who))
            }
            _ => false,
        };
        let after_free = |is: FoundBy, place: usize| match finding {
            Some(Finding::WrittenAfterFree { block, damage, by }) => {
                let life = is_at(&block.allocated, 1) && block.freed.is_some_and(|freed| is_at(&freed, 2));
                let is_there = block.address == address && (damage.first, damage.last) == (place, place);
                life && is_there && damage.bytes() == [0x5a] && by == is
            }
            _ => false,
        };
        let freed_twice = |is: FoundBy| match finding {
            Some(Finding::FreedTwice { block, by, now }) => {
                let life = is_at(&block.allocated, 1) && block.freed.is_some_and(|freed| is_at(&freed, 2));
                life && block.address == address && block.layout == layout(SIZE, 8) && by == is && is_at(&now, 3)
            }
            _ => false,
        };
        match self {
            Case::FreedTwice => freed_twice(FoundBy::Free),
            Case::ResizedAfterFree => freed_twice(FoundBy::Realloc),
            Case::Foreign | Case::Stale => not_a_block(FoundBy::Free, address, false),
            Case::Interior => not_a_block(FoundBy::Free, address + 8, true),
            Case::InteriorResized => not_a_block(FoundBy::Realloc, address + 8, true),
            Case::FreedAsSmaller => wrong_layout(FoundBy::Free, layout(SIZE - 1, 8)),
            Case::FreedAsAligned => wrong_layout(FoundBy::Free, layout(SIZE, 4)),
            Case::ResizedAsSmaller => wrong_layout(FoundBy::Realloc, layout(SIZE - 1, 8)),
            Case::PastEndFreed => written_past(FoundBy::Free, Side::Behind, 0, Some(3)),
            Case::PastEndResized => written_past(FoundBy::Realloc, Side::Behind, 0, Some(3)),
            Case::PastEndChecked | Case::PastEndOfFreed => written_past(FoundBy::Check, Side::Behind, 0, None),
            Case::FarPastEnd => written_past(FoundBy::Free, Side::Behind, 15, Some(3)),
            Case::BeforeStart => written_past(FoundBy::Free, Side::Before, 1, Some(3)),
            Case::AfterFreeChecked => after_free(FoundBy::Check, 0),
            Case::AfterFreeReused => after_free(FoundBy::Reuse, SIZE - 1),
            Case::AfterResize => after_free(FoundBy::Check, 10),
            Case::HandedOutTwice => {
                matches!(finding, Some(Finding::HandedOutTwice { block, now }) if block.address == address && is_at(&now, 3))
            }
            Case::RecordBroken => finding == Some(Finding::RecordsBroken { records: 1 }),
            Case::NoRecords => matches!(finding, Some(Finding::RecordsFull { records: 64 })),
            Case::NeverFreed => finding.is_none(),
        }
    }

    /// Runs it, and its twin.
    fn run(self, below: &impl GlobalAlloc) {
        for wrong in [true, false] {
            let run = OneRun::begin();
            // Room for 64 records and some stacks; not for 128 records beside them, to which they would move.
            let room = if self == Case::NoRecords { size_of::<usize>() * 1400 } else { 100_000 };
            let records = Memory::new(room);
            // SAFETY: the memory is nobody else's while the heap lives.
            let region = unsafe { Region::from_raw(records.start().as_ptr(), room) };
            let heap = Repeats {
                heap: ByRef(below),
                repeat: AtomicBool::new(false),
                last: AtomicPtr::new(core::ptr::null_mut()),
            };
            let (blocks, bytes) = self.keeps();
            let heap = Checked::over(heap, region).telling(note).with_frames(frames).keeping(blocks, bytes);
            let mark = heap.mark();
            let about = self.act(&heap, &records, wrong);
            let leaks = heap.leaks_since(mark);
            if wrong && self == Case::NeverFreed {
                let [leak] = leaks.largest() else { panic!("{leaks}") };
                assert!(is_at(&leak.site, 1) && (leak.blocks, leak.bytes) == (1, SIZE), "{leak:?}");
                give(&heap, about, layout(SIZE, 8));
            } else {
                assert_eq!((leaks.blocks, leaks.sites), (0, 0), "{self:?}, wrong: {wrong}: {leaks}");
            }
            let (count, finding) = run.found();
            if wrong {
                let expected = usize::from(self != Case::NeverFreed);
                assert!(count == expected && self.is(finding, about.addr()), "{self:?}: {count} findings, {finding:?}");
            } else {
                assert_eq!((count, finding), (0, None), "{self:?}: a false finding");
            }
            // It goes on, and all is in order.
            assert_eq!(heap.check(), 0, "{self:?}, wrong: {wrong}");
            heap.trim();
            let stats = heap.stats();
            assert_eq!(
                (stats.blocks, stats.bytes, stats.waiting_blocks),
                (0, 0, 0),
                "{self:?}, wrong: {wrong}: {stats}"
            );
        }
    }
}

/// Writes over the record of the block at this address: a word after the one that names it.
fn spoil(records: &Memory, address: usize) {
    let words = records.start().as_ptr().cast::<usize>();
    // SAFETY: inside the memory.
    let word = |index| unsafe { words.add(index) };
    let found = (0..2000).find(|index| {
        // SAFETY: the memory was written when it was made.
        unsafe { word(*index).read() == address }
    });
    // SAFETY: the record is longer than its first word; a size is what stands there.
    unsafe { word(found.expect("a record") + 1).write(1_000_000) };
}

fn all(below: &impl GlobalAlloc) {
    // To find a record, all memory is read, also what nobody has written. What has no record is found again by its address. Miri, asked for strict
    // provenance, forbids both.
    let can_be_done = |case: &&Case| !cfg!(miri) || !matches!(case, Case::RecordBroken | Case::NoRecords);
    Case::ALL.iter().filter(can_be_done).for_each(|case| case.run(below));
}

/// Each, around a heap on a ledger.
pub fn around_heap() {
    with_heap(Ledger::new(DefaultBacking::new()), |heap: &Heap, _| all(heap));
}

/// Each, around `SmallHeap`.
pub fn around_small() {
    with_small(|small| all(crate::heap::subject::Subject::heap(small)));
}

/// Each, around `BoundedHeap`.
pub fn around_bounded() {
    with_bounded(60_000, true, |bounded| all(crate::heap::subject::Subject::heap(bounded)));
}

/// The `n`th allocation is refused, and no other; and what is above a limit.
pub fn refused_on_demand() {
    with_bounded(60_000, true, |bounded| {
        let below = crate::heap::subject::Subject::heap(bounded);
        let heap = Checked::over(ByRef(below), DefaultBacking::new());
        // SAFETY: the size is not 0.
        let try_take = |size| unsafe { heap.alloc(layout(size, 8)) };
        for n in 1..6 {
            heap.fail_at(n);
            let mut blocks = [core::ptr::null_mut(); 7];
            blocks.fill_with(|| try_take(10));
            let refused = |(index, block): (usize, &*mut u8)| block.is_null() == (index + 1 == n);
            assert!(blocks.iter().enumerate().all(refused), "{n}");
            blocks.iter().for_each(|block| give(&heap, *block, layout(10, 8)));
        }
        let block = try_take(10);
        heap.fail_at(1);
        assert!(resize(&heap, block, layout(10, 8), 20).is_null());
        heap.fail_at(0);
        heap.limit(100);
        assert!(try_take(91).is_null() && !try_take(90).is_null() && try_take(1).is_null());
        give(&heap, block, layout(10, 8));
        assert!(!try_take(10).is_null());
        assert_eq!((heap.stats().bytes, heap.stats().peak, heap.check()), (100, 100, 0));
    });
}
