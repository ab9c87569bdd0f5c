//! Whether a finding is the one that must be found, with all of its facts.

use core::alloc::Layout;

use freehold::debug::{BlockInfo, Damage, Finding, FoundBy, Side, Site};

use crate::blocks::{About, FIRST, Row, SIZE, WRITTEN, layout};
use crate::notes::{OWNER, is_at};

impl About {
    /// Whether it is this block, which number 1 has allocated and this one freed, if anybody has.
    fn is(&self, info: &BlockInfo, freed: Option<usize>) -> bool {
        let freed = match (info.freed, freed) {
            (Some(site), Some(who)) => is_at(&site, who),
            (site, who) => site.is_none() && who.is_none(),
        };
        let is_it = (info.address, info.layout, info.serial) == (self.block.addr(), self.layout, self.serial);
        freed && is_it && is_at(&info.allocated, 1)
    }
}

/// From one byte to another, with that between them.
fn is_damage(damage: &Damage, first: usize, last: usize, bytes: &[u8]) -> bool {
    (damage.first, damage.last) == (first, last) && damage.bytes() == bytes
}

/// Whether it was done now: by number 3, who calls the heap; by nobody that is known, if the heap was looked at.
fn is_now(now: &Site, by: FoundBy) -> bool {
    if by == FoundBy::Check { now.frames().is_empty() } else { is_at(now, 3) }
}

impl Row {
    /// Whether this is what must be found.
    pub fn is(self, finding: &Finding, about: &About) -> bool {
        // Who has freed the block before: number 2, where anybody has.
        let freed = Some(2);
        let not_a_block = |is: FoundBy, offset: usize| match *finding {
            Finding::NotABlock { address, given, inside, owner, by, now } => {
                let lies = inside.as_ref().map(|block| about.is(block, None));
                let is_there = address == about.block.addr() + offset && given == about.layout;
                is_there && lies == (offset > 0).then_some(true) && owner == Some(OWNER) && by == is && is_now(&now, is)
            }
            _ => false,
        };
        let wrong_layout = |is: FoundBy, wrong: Layout| match *finding {
            Finding::WrongLayout { ref block, given, by, now } => {
                about.is(block, None) && given == wrong && by == is && is_now(&now, is)
            }
            _ => false,
        };
        let written = |is: FoundBy, to: Side, (first, last): (usize, usize), bytes: &[u8], freed| match *finding {
            Finding::WrittenPast { ref block, side, ref damage, by, now } => {
                let is_there = side == to && is_damage(damage, first, last, bytes);
                about.is(block, freed) && is_there && by == is && is_now(&now, is)
            }
            _ => false,
        };
        let behind = |is, freed| written(is, Side::Behind, (0, 0), &[WRITTEN], freed);
        let after_free = |is: FoundBy, place: usize| match *finding {
            Finding::WrittenAfterFree { ref block, ref damage, by } => {
                about.is(block, freed) && is_damage(damage, place, place, &[WRITTEN]) && by == is
            }
            _ => false,
        };
        let freed_twice = |is: FoundBy| match *finding {
            Finding::FreedTwice { ref block, by, now } => about.is(block, freed) && by == is && is_now(&now, is),
            _ => false,
        };
        match self {
            Row::FreedTwice => freed_twice(FoundBy::Free),
            Row::ResizedAfterFree => freed_twice(FoundBy::Realloc),
            Row::Foreign | Row::Stale => not_a_block(FoundBy::Free, 0),
            Row::Interior => not_a_block(FoundBy::Free, 8),
            Row::InteriorResized => not_a_block(FoundBy::Realloc, 8),
            Row::FreedAsSmaller => wrong_layout(FoundBy::Free, layout(SIZE - 1, 8)),
            Row::FreedAsAligned => wrong_layout(FoundBy::Free, layout(SIZE, 4)),
            Row::ResizedAsSmaller => wrong_layout(FoundBy::Realloc, layout(SIZE - 1, 8)),
            Row::PastEndFreed | Row::PastEndZeroed => behind(FoundBy::Free, None),
            Row::PastEndResized => behind(FoundBy::Realloc, None),
            Row::PastEndChecked => behind(FoundBy::Check, None),
            Row::PastEndOfFreed => behind(FoundBy::Check, freed),
            Row::PastEndInPieces => {
                let bytes = [WRITTEN, 0xfd, 0xfd, WRITTEN];
                written(FoundBy::Free, Side::Behind, (1, 4), &bytes, None)
            }
            Row::FarPastEnd => written(FoundBy::Free, Side::Behind, (15, 15), &[WRITTEN], None),
            Row::BeforeStart => written(FoundBy::Free, Side::Before, (1, 1), &[WRITTEN], None),
            Row::FarBeforeStart => written(FoundBy::Free, Side::Before, (64, 64), &[WRITTEN], None),
            Row::AfterFreeChecked => after_free(FoundBy::Check, 0),
            Row::AfterFreeReused => after_free(FoundBy::Reuse, SIZE - 1),
            Row::AfterResize => after_free(FoundBy::Check, 10),
            Row::HandedOutTwice => {
                matches!(finding, Finding::HandedOutTwice { block, now } if about.is(block, None) && is_at(now, 3))
            }
            Row::RecordBroken | Row::RecordWiped | Row::RecordOfFreedBroken => {
                *finding == Finding::RecordsBroken { records: 1 }
            }
            Row::NoRecords => *finding == Finding::RecordsFull { records: FIRST },
            Row::NeverFreed | Row::ThirdFails | Row::ResizeFails | Row::BeyondLimit => false,
        }
    }
}
