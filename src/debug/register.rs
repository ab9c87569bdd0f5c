//! What the layer knows of all blocks, and what it does with it: everything here happens with the layer's lock held, and asks nobody.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::fence::{Damage, FREED, Fenced};
use super::finding::{BlockInfo, Side};
use super::sites::{Site, Sites};
use super::store::Room;
use super::table::{Known, Table};

/// What was found, before it is told.
pub(super) enum Fact {
    FreedTwice(Known),
    NotABlock(Option<Known>),
    WrongLayout(Known),
    WrittenPast(Known, Side, Damage),
    WrittenAfterFree(Known, Damage),
    HandedOutTwice(Known),
    RecordsBroken(usize),
    RecordsFull(usize),
}

/// As many as one call may find.
pub(super) struct Facts {
    found: [Option<Fact>; 5],
    count: usize,
}

impl Facts {
    pub const fn new() -> Facts {
        Facts { found: [const { None }; 5], count: 0 }
    }

    fn add(&mut self, fact: Fact) {
        // No call finds more; if one did, the first would count.
        if let Some(place) = self.found.get_mut(self.count) {
            *place = Some(fact);
            self.count += 1;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.found.iter().flatten()
    }
}

/// How much is kept of what was freed.
#[derive(Clone, Copy)]
pub(super) struct Keep {
    pub blocks: usize,
    pub bytes: usize,
}

impl Keep {
    pub const NOTHING: Keep = Keep { blocks: 0, bytes: 0 };
}

/// What becomes of a block that is freed.
pub(super) enum Left {
    /// It waits.
    Waits,
    /// It goes back to the heap below at once: that memory.
    Goes(NonNull<u8>, Layout),
    /// Nothing is done with it.
    Stays,
    /// There is no record of it, and some blocks have none: it may be one.
    Perhaps,
}

/// The sums.
#[derive(Clone, Copy)]
pub(super) struct Sums {
    pub blocks: usize,
    pub bytes: usize,
    pub peak: usize,
    /// Allocations so far.
    pub serial: usize,
    /// Of what was freed and waits.
    pub waiting: Keep,
    /// Blocks that have waited, and went back to the heap below.
    pub reused: usize,
    /// Blocks in use without a record, as far as is known.
    pub unrecorded: usize,
    /// Records that were written over.
    pub lost: usize,
    /// Bytes of blocks that are being resized: both the old and the new one are in `bytes`.
    pub moving: usize,
    /// Findings that nobody was told of.
    pub untold: usize,
}

impl Sums {
    /// Bytes in use.
    pub fn in_use(&self) -> usize {
        self.bytes.saturating_sub(self.moving)
    }
}

/// The block that is resized, of which another one takes the place.
#[derive(Clone, Copy)]
pub(super) struct Replaced {
    /// Its bytes, as far as they are counted.
    pub bytes: usize,
    /// As [`Known::born`], if it has a record.
    pub born: Option<usize>,
}

impl Replaced {
    /// Of a block that is new.
    pub const NOTHING: Replaced = Replaced { bytes: 0, born: None };
}

pub(super) struct Register {
    table: Table,
    pub sites: Sites,
    pub sums: Sums,
    /// What was freed, in the order in which it was: the address of the first, and of the last. 0 if nothing waits.
    first: usize,
    last: usize,
    /// The how manieth allocation from now on is refused; 0 if none is.
    pub fail_at: usize,
    /// Bytes that may be in use.
    pub limit: usize,
    told_full: bool,
}

impl Register {
    pub const fn new() -> Register {
        let sums = Sums {
            blocks: 0,
            bytes: 0,
            peak: 0,
            serial: 0,
            waiting: Keep::NOTHING,
            reused: 0,
            unrecorded: 0,
            lost: 0,
            moving: 0,
            untold: 0,
        };
        Register {
            table: Table::new(),
            sites: Sites::new(),
            sums,
            first: 0,
            last: 0,
            fail_at: 0,
            limit: usize::MAX,
            told_full: false,
        }
    }

    /// Makes sure that this thread may use what is written down, which another may have grown the memory for.
    pub fn reach(&self) {
        self.table.reach();
        self.sites.reach();
    }

    /// Counts an allocation of so many bytes in place of others. Whether it is to be tried.
    pub fn may(&mut self, bytes: usize, before: Replaced) -> bool {
        self.sums.serial = self.sums.serial.wrapping_add(1);
        if self.fail_at > 0 {
            self.fail_at -= 1;
            if self.fail_at == 0 {
                return false;
            }
        }
        // What gets no larger is no reason to refuse, though a limit that came later may have less.
        if bytes <= before.bytes {
            return true;
        }
        let others = self.sums.in_use().saturating_sub(before.bytes);
        others.checked_add(bytes).is_some_and(|sum| sum <= self.limit)
    }

    /// What was broken since it was asked for last is a fact.
    pub fn broken(&mut self, facts: &mut Facts) {
        if self.table.broken > 0 {
            let records = core::mem::take(&mut self.table.broken);
            self.sums.lost += records;
            facts.add(Fact::RecordsBroken(records));
        }
    }

    /// Writes a block down that was just allocated, in place of one that [leaves](Register::leave) next.
    pub fn enter(
        &mut self,
        room: &Room<'_>,
        block: NonNull<u8>,
        layout: Layout,
        before: Replaced,
        site: &Site,
        facts: &mut Facts,
    ) {
        let by = self.sites.number(room, site);
        let serial = self.sums.serial;
        let known = Known::of(block, layout, serial, before.born.unwrap_or(serial), by);
        self.sums.blocks += 1;
        self.sums.bytes = self.sums.bytes.saturating_add(layout.size());
        self.sums.moving = self.sums.moving.saturating_add(before.bytes);
        self.sums.peak = self.sums.peak.max(self.sums.in_use());
        if let Some(index) = self.table.find(block.addr().get()) {
            let old = self.table.get(index);
            facts.add(Fact::HandedOutTwice(old));
            self.table.set(index, known);
            if old.freed != 0 {
                self.relink();
            } else {
                self.sums.blocks -= 1;
                self.sums.bytes = self.sums.bytes.saturating_sub(old.size);
            }
        } else if !self.table.add(room, known) {
            self.sums.unrecorded += 1;
            if !core::mem::replace(&mut self.told_full, true) {
                facts.add(Fact::RecordsFull(self.table.len()));
            }
        }
    }

    /// Where the block in use at an address stands, and what is known of it. Else that it is none is a fact, or it may be one without a record.
    fn in_use(&mut self, addr: usize, facts: &mut Facts) -> Result<(usize, Known), Left> {
        let Some(index) = self.table.find(addr) else {
            // The search may have come upon records that are lost.
            if self.sums.unrecorded + self.sums.lost + self.table.broken > 0 {
                return Err(Left::Perhaps);
            }
            facts.add(Fact::NotABlock(self.table.around(addr)));
            return Err(Left::Stays);
        };
        let known = self.table.get(index);
        if known.freed != 0 {
            facts.add(Fact::FreedTwice(known));
            return Err(Left::Stays);
        }
        Ok((index, known))
    }

    /// What is known of the block in use at an address.
    pub fn look(&mut self, addr: usize, facts: &mut Facts) -> Result<Known, Left> {
        self.in_use(addr, facts).map(|(_, known)| known)
    }

    /// An address that is no block's, without a record either.
    pub fn is_none(&mut self, addr: usize, facts: &mut Facts) {
        facts.add(Fact::NotABlock(self.table.around(addr)));
    }

    /// A block without a record is freed.
    pub fn forget(&mut self, bytes: usize) {
        self.sums.unrecorded = self.sums.unrecorded.saturating_sub(1);
        self.sums.blocks = self.sums.blocks.saturating_sub(1);
        self.sums.bytes = self.sums.bytes.saturating_sub(bytes);
    }

    /// The bytes of a block that was resized count once again.
    pub fn moved(&mut self, before: Replaced) {
        self.sums.moving = self.sums.moving.saturating_sub(before.bytes);
    }

    /// A block is freed, as one of that layout. Up to `keep` it waits.
    pub fn leave(
        &mut self,
        room: &Room<'_>,
        addr: usize,
        given: Layout,
        site: &Site,
        keep: Keep,
        facts: &mut Facts,
    ) -> Left {
        let (index, known) = match self.in_use(addr, facts) {
            Ok(found) => found,
            Err(left) => return left,
        };
        if known.layout() != given {
            facts.add(Fact::WrongLayout(known));
        }
        let Some((block, fenced)) = known.fenced() else { return Left::Stays };
        fences(known, block, &fenced, facts);
        // SAFETY: the block is as it was written down, and its holder is done with it.
        unsafe { fenced.fill(block, FREED) };
        self.sums.blocks = self.sums.blocks.saturating_sub(1);
        self.sums.bytes = self.sums.bytes.saturating_sub(known.size);
        // One that is large would drive out all others.
        if keep.blocks == 0 || known.size > keep.bytes / 4 {
            self.table.remove(index);
            // SAFETY: as above.
            return Left::Goes(unsafe { fenced.base(block) }, fenced.whole);
        }
        let freed_by = self.sites.number(room, site);
        self.table.set(index, Known { freed: 1, freed_by, next: 0, ..known });
        self.sums.waiting.blocks += 1;
        self.sums.waiting.bytes += known.size;
        let last = core::mem::replace(&mut self.last, addr);
        match (last, self.table.find(last)) {
            (0, _) => self.first = addr,
            (_, Some(index)) if self.table.get(index).freed != 0 => {
                let before = self.table.get(index);
                self.table.set(index, Known { next: addr, ..before });
            }
            _ => self.relink(),
        }
        Left::Waits
    }

    /// Links what waits anew, as a record of it is lost: in some order.
    fn relink(&mut self) {
        (self.first, self.last) = (0, 0);
        self.sums.waiting = Keep::NOTHING;
        for index in 0..self.table.len() {
            let known = self.table.get(index);
            if known.is_block() && known.freed != 0 {
                self.table.set(index, Known { next: self.first, ..known });
                self.first = known.block.addr();
                self.sums.waiting.blocks += 1;
                self.sums.waiting.bytes += known.size;
                if self.last == 0 {
                    self.last = self.first;
                }
            }
        }
    }

    /// Takes out what has waited longest, if more than `keep` waits: the memory that goes back to the heap below.
    pub fn let_go(&mut self, keep: Keep, facts: &mut Facts) -> Option<(NonNull<u8>, Layout)> {
        let waiting = self.sums.waiting;
        if waiting.blocks <= keep.blocks && waiting.bytes <= keep.bytes {
            return None;
        }
        let index = match self.table.find(self.first) {
            // One whose record was lost may have been freed again, and come back.
            Some(index) if self.table.get(index).freed != 0 => index,
            _ => {
                self.relink();
                self.table.find(self.first)?
            }
        };
        let known = self.table.get(index);
        let (block, fenced) = known.fenced()?;
        waits_whole(known, block, &fenced, facts);
        self.table.remove(index);
        // Linking anew has counted again.
        self.sums.waiting.blocks = self.sums.waiting.blocks.saturating_sub(1);
        self.sums.waiting.bytes = self.sums.waiting.bytes.saturating_sub(known.size);
        self.sums.reused += 1;
        self.first = known.next;
        if known.next == 0 {
            self.last = 0;
        }
        // SAFETY: the block is as it was written down.
        Some((unsafe { fenced.base(block) }, fenced.whole))
    }

    /// Looks at the blocks whose records stand at `from` and behind it, up to the first with which something is wrong, at some dozens at most.
    /// Where to go on.
    pub fn check(&mut self, from: usize, facts: &mut Facts) -> Option<usize> {
        const AT_ONCE: usize = 64;
        if from >= self.table.len() {
            return None;
        }
        let to = self.table.len().min(from + AT_ONCE);
        for index in from..to {
            let known = self.table.get(index);
            if let Some((block, fenced)) = known.fenced().filter(|_| known.is_block()) {
                if known.freed != 0 {
                    waits_whole(known, block, &fenced, facts);
                } else {
                    fences(known, block, &fenced, facts);
                }
            }
            if !facts.is_empty() {
                return Some(index + 1);
            }
        }
        Some(to)
    }

    /// Counts what lives, by site: of the blocks that were allocated after the allocation with that number, if one is named. All of it: blocks,
    /// bytes.
    pub fn count(&mut self, after: Option<usize>) -> (usize, usize) {
        self.sites.uncount();
        // On 32 bits a program may come round to the numbers that it began with.
        let now = self.sums.serial;
        let age = |serial: usize| now.wrapping_sub(serial);
        let (mut blocks, mut bytes) = (0, 0);
        for index in 0..self.table.len() {
            let known = self.table.get(index);
            if known.is_block() && known.freed == 0 && after.is_none_or(|after| age(known.born()) < age(after)) {
                self.sites.count(known.taken_by, known.size, age(known.serial));
                blocks += 1;
                bytes += known.size;
            }
        }
        (blocks, bytes)
    }

    /// A block with its sites.
    pub fn info(&self, known: &Known) -> BlockInfo {
        BlockInfo {
            address: known.block.addr(),
            layout: known.layout(),
            serial: known.serial,
            allocated: self.sites.site(known.taken_by),
            freed: (known.freed != 0).then(|| self.sites.site(known.freed_by)),
        }
    }

    /// Gives all memory back: nothing is known any more.
    pub fn give_back(&mut self, room: &Room<'_>) {
        self.table.give_back(room);
        self.sites.give_back(room);
    }

    /// The table, for tests that spoil it.
    #[cfg(all(test, not(miri)))]
    pub fn table(&mut self) -> &mut Table {
        &mut self.table
    }
}

/// Whether both fences of a block stand; they do afterwards.
fn fences(known: Known, block: NonNull<u8>, fenced: &Fenced, facts: &mut Facts) {
    // SAFETY: the block is as it was written down: it lies between fences that were put up.
    let before = unsafe { fenced.before(block) };
    // SAFETY: as above.
    let behind = unsafe { fenced.behind(block) };
    for (side, damage) in [(Side::Before, before), (Side::Behind, behind)] {
        if let Some(damage) = damage {
            facts.add(Fact::WrittenPast(known, side, damage));
        }
    }
    if before.is_some() || behind.is_some() {
        // SAFETY: as above.
        unsafe { fenced.put_up(block) };
    }
}

/// Whether a block that waits is as it was when it was freed; it is so afterwards.
fn waits_whole(known: Known, block: NonNull<u8>, fenced: &Fenced, facts: &mut Facts) {
    fences(known, block, fenced, facts);
    // SAFETY: the block is as it was written down: it was filled when it was freed.
    if let Some(damage) = unsafe { fenced.inside(block) } {
        facts.add(Fact::WrittenAfterFree(known, damage));
        // SAFETY: as above, and nobody uses it.
        unsafe { fenced.fill(block, FREED) };
    }
}
