//! The rows of heaps: what is done to a block.

use core::alloc::GlobalAlloc;
use core::ptr;

use freehold::debug::Checked;

use crate::Bench;
use crate::blocks::{About, FIRST, Row, SIZE, layout};
use crate::hands::Hands;
use crate::notes::{Run, frames, is_at, note, whose};
use crate::room::{Room, Spoil};
use crate::subject::{By, Repeats, Subject};

/// A block that is aligned to more.
const ALIGNED: (usize, usize) = (100, 64);

impl Row {
    /// What may wait: blocks, bytes.
    fn keeps(self) -> (usize, usize) {
        if self == Row::Stale { (0, 0) } else { (100, 10_000) }
    }

    /// Whether what is wrong is no finding: leaks are asked for, and what is refused is not wrong.
    fn is_silent(self) -> bool {
        matches!(self, Row::NeverFreed | Row::ThirdFails | Row::ResizeFails | Row::BeyondLimit)
    }

    /// Does it, or its twin that makes no mistake. What it is about is returned.
    pub fn act<S: Subject>(self, heap: &S, room: &Room, hands: &dyn Hands, wrong: bool) -> About {
        let by = By { row: self, heap, hands };
        let right = layout(SIZE, 8);
        let longer = layout(50, 8);
        let block = by.take(1, right);
        let about = About { block, layout: right, serial: 1 };
        let past = SIZE as isize - isize::from(!wrong);
        match self {
            Row::FreedTwice | Row::Stale => {
                by.give(2, block, right);
                let again = if wrong { block } else { by.take(3, right) };
                by.give(3, again, right);
            }
            Row::ResizedAfterFree => {
                if wrong {
                    by.give(2, block, right);
                }
                let moved = by.resize(3, block, right, 50);
                by.expect(moved.is_null() == wrong);
                if !wrong {
                    by.give(2, moved, longer);
                }
            }
            Row::Foreign => {
                // Memory, but not of this heap.
                let foreign = room.at(Room::LEN / 2);
                by.give(3, if wrong { foreign } else { block }, right);
                if wrong {
                    by.give(1, block, right);
                    return About { block: foreign, ..about };
                }
            }
            Row::Interior => {
                by.give(3, block.wrapping_add(if wrong { 8 } else { 0 }), right);
                if wrong {
                    by.give(1, block, right);
                }
            }
            Row::InteriorResized => {
                let moved = by.resize(3, block.wrapping_add(if wrong { 8 } else { 0 }), right, 50);
                by.expect(moved.is_null() == wrong);
                if wrong {
                    by.give(1, block, right);
                } else {
                    by.give(1, moved, longer);
                }
            }
            Row::FreedAsSmaller => by.give(3, block, layout(SIZE - usize::from(wrong), 8)),
            Row::FreedAsAligned => by.give(3, block, layout(SIZE, if wrong { 4 } else { 8 })),
            Row::ResizedAsSmaller => {
                let moved = by.resize(3, block, layout(SIZE - usize::from(wrong), 8), 50);
                by.give(3, moved, longer);
            }
            Row::PastEndFreed => {
                by.poke(block, past);
                by.give(3, block, right);
            }
            Row::PastEndResized => {
                by.poke(block, past);
                let moved = by.resize(3, block, right, 50);
                by.give(3, moved, longer);
            }
            Row::PastEndChecked => {
                by.poke(block, past);
                by.expect(heap.check() == usize::from(wrong));
                by.give(3, block, right);
            }
            Row::PastEndZeroed => {
                // Where this one was, or beside it.
                by.give(2, block, right);
                heap.trim();
                let block = by.take_zeroed(1, right);
                by.poke(block, past);
                by.give(3, block, right);
                return About { block, serial: 2, ..about };
            }
            Row::PastEndInPieces => {
                by.poke(block, if wrong { past + 1 } else { past });
                by.poke(block, if wrong { past + 4 } else { past });
                by.give(3, block, right);
            }
            Row::FarPastEnd | Row::FarBeforeStart => {
                by.give(2, block, right);
                let right = layout(ALIGNED.0, ALIGNED.1);
                let block = by.take(1, right);
                by.poke(
                    block,
                    match (self, wrong) {
                        (Row::FarPastEnd, true) => ALIGNED.0 as isize + 15,
                        (Row::FarPastEnd, false) => ALIGNED.0 as isize - 1,
                        (_, true) => -(ALIGNED.1 as isize),
                        (_, false) => 0,
                    },
                );
                by.give(3, block, right);
                return About { block, layout: right, serial: 2 };
            }
            Row::BeforeStart => {
                by.poke(block, -isize::from(wrong));
                by.give(3, block, right);
            }
            Row::PastEndOfFreed => {
                by.poke(block, SIZE as isize - 1);
                by.give(2, block, right);
                if wrong {
                    by.poke(block, past);
                }
                by.expect(heap.check() == usize::from(wrong));
            }
            Row::AfterFreeChecked => {
                by.poke(block, 0);
                by.give(2, block, right);
                if wrong {
                    by.poke(block, 0);
                }
                by.expect(heap.check() == usize::from(wrong));
            }
            Row::AfterFreeReused => {
                by.give(2, block, right);
                if wrong {
                    by.poke(block, SIZE as isize - 1);
                }
                heap.trim();
            }
            Row::AfterResize => {
                let moved = by.resize(2, block, right, 20);
                by.poke(if wrong { block } else { moved }, 10);
                by.expect(heap.check() == usize::from(wrong));
                by.give(3, moved, layout(20, 8));
            }
            Row::HandedOutTwice => {
                if wrong {
                    heap.repeat();
                }
                let other = by.take(3, right);
                by.expect((other == block) == wrong);
                by.give(3, other, right);
                if !wrong || !S::WATCHED {
                    by.give(1, block, right);
                }
            }
            Row::RecordBroken | Row::RecordWiped => {
                if wrong && S::WATCHED {
                    room.spoil(block.addr(), if self == Row::RecordBroken { Spoil::Size } else { Spoil::Wiped });
                }
                by.expect(heap.check() == usize::from(wrong));
                by.give(3, block, right);
            }
            Row::RecordOfFreedBroken => {
                by.give(3, block, right);
                if wrong && S::WATCHED {
                    room.spoil(block.addr(), Spoil::Size);
                }
                by.expect(heap.check() == usize::from(wrong));
            }
            Row::NoRecords => {
                let mut more = [ptr::null_mut(); FIRST + 16];
                let count = if wrong { more.len() } else { FIRST / 2 };
                more[..count].fill_with(|| by.take(2, right));
                more[..count].iter().for_each(|block| by.give(3, *block, right));
                by.give(3, block, right);
            }
            Row::NeverFreed => {
                if !wrong {
                    by.give(3, block, right);
                }
            }
            Row::ThirdFails => {
                by.give(2, block, right);
                heap.fail_at(if wrong { 3 } else { 0 });
                let more = [(); 5].map(|()| by.try_take(3, right));
                let refused = more.map(|block| block.is_null());
                by.expect(refused == [false, false, wrong, false, false]);
                more.iter().filter(|block| !block.is_null()).for_each(|block| by.give(2, *block, right));
            }
            Row::ResizeFails => {
                heap.fail_at(usize::from(wrong));
                let moved = by.resize(3, block, right, 50);
                by.expect(moved.is_null() == wrong);
                if moved.is_null() {
                    by.give(2, block, right);
                } else {
                    by.give(2, moved, longer);
                }
            }
            Row::BeyondLimit => {
                heap.limit(SIZE + 50);
                let other = by.try_take(3, layout(50 + usize::from(wrong), 8));
                by.expect(other.is_null() == wrong);
                let resized = by.resize(2, block, right, if wrong { SIZE + 51 } else { SIZE });
                by.expect(resized.is_null() == wrong);
                heap.limit(usize::MAX);
                if resized.is_null() {
                    by.give(2, block, right);
                } else {
                    by.give(2, resized, layout(if wrong { SIZE + 51 } else { SIZE }, 8));
                }
                if !other.is_null() {
                    by.give(3, other, layout(50 + usize::from(wrong), 8));
                }
            }
        }
        about
    }

    /// Runs it, and its twin.
    pub fn run(self, bench: &Bench<'_>) {
        // To find a record, all memory is read, and what has no record is found again by its address. Miri, asked for strict provenance, forbids both.
        if cfg!(miri)
            && matches!(self, Row::RecordBroken | Row::RecordWiped | Row::RecordOfFreedBroken | Row::NoRecords)
        {
            return;
        }
        for wrong in [true, false] {
            let run = Run::begin();
            // Room for 64 records and some stacks; not for 128 records beside them, to which they would move.
            let len = if self == Row::NoRecords { 1400 * size_of::<usize>() } else { Room::LEN };
            let heap = Checked::over(Repeats::new(bench.below), bench.room.region(len));
            let (blocks, bytes) = self.keeps();
            let heap = heap.telling(note).with_frames(frames).asking(whose).keeping(blocks, bytes);
            let mark = heap.mark();
            let about = self.act(&heap, bench.room, bench.hands, wrong);
            let leaks = heap.leaks_since(mark);
            if wrong && self == Row::NeverFreed {
                let [leak] = leaks.largest() else { panic!("{leaks}") };
                assert!(is_at(&leak.site, 1) && (leak.blocks, leak.bytes) == (1, SIZE), "{leak:?}");
                // SAFETY: it was allocated so, and is freed now.
                unsafe { heap.dealloc(about.block, about.layout) };
            } else {
                assert_eq!((leaks.blocks, leaks.sites), (0, 0), "{self:?}, wrong: {wrong}: {leaks}");
            }
            let (found, mistakes) = (run.findings(), run.mistakes());
            let expected = usize::from(wrong && !self.is_silent());
            assert_eq!((found.count, mistakes.count), (expected, 0), "{self:?}, wrong: {wrong}: {found:?}");
            if let Some(finding) = found.first {
                assert!(self.is(&finding, &about), "{self:?}: {finding:?}, about {about:?}");
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
