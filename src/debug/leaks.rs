//! What lives, by who allocated it.

use core::fmt;

use super::Checked;
use super::register::Facts;
use super::sites::{Site, Tally};
use crate::backing::Backing;
use crate::sharing::Kind;

/// So many sites are told.
const TOLD: usize = 8;

/// A moment in a program's life: [`Checked::mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(usize);

/// What one place in the program has allocated that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leak {
    /// The place.
    pub site: Site,
    /// Blocks.
    pub blocks: usize,
    /// Their bytes, as they were asked for.
    pub bytes: usize,
    /// How many allocations ago they were allocated, taken together: divided by the blocks, the age of one.
    pub age: usize,
}

impl Leak {
    /// Nothing, of no place: what [`Checked::leaks_in`] is given room with.
    pub const NONE: Leak = Leak { site: Site::UNKNOWN, blocks: 0, bytes: 0, age: 0 };
}

/// What lives, by who allocated it, the largest first. Its `Display` is a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leaks {
    /// All blocks that live.
    pub blocks: usize,
    /// Their bytes.
    pub bytes: usize,
    /// How many places in the program have allocated them.
    pub sites: usize,
    largest: [Leak; TOLD],
}

impl Leaks {
    const NONE: Leaks = Leaks { blocks: 0, bytes: 0, sites: 0, largest: [Leak::NONE; TOLD] };

    /// The places that have allocated most, up to eight of them.
    pub fn largest(&self) -> &[Leak] {
        &self.largest[..self.sites.min(TOLD)]
    }

    fn add(&mut self, leak: Leak) {
        let told = self.sites.min(TOLD);
        self.sites += 1;
        let place = self.largest[..told].iter().position(|other| leak.bytes > other.bytes).unwrap_or(told);
        if place < TOLD {
            self.largest[place..].rotate_right(1);
            self.largest[place] = leak;
        }
    }
}

impl fmt::Display for Leaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Leaks { blocks, bytes, sites, .. } = self;
        write!(f, "{bytes} bytes live in {blocks} blocks, from {sites} places")?;
        for Leak { site, blocks, bytes, .. } in self.largest() {
            write!(f, "\n  {bytes} bytes in {blocks} blocks, by {site}")?;
        }
        if *sites > TOLD {
            write!(f, "\n  and less from each of {} more", sites - TOLD)?;
        }
        Ok(())
    }
}

impl<H, B: Backing, L: Kind> Checked<H, B, L> {
    /// This moment, to ask later what lives that was allocated after it.
    ///
    /// Call it where nobody is being told of a finding: if a call was left while somebody was, as by a trap that the page has caught, findings are
    /// told again from here on.
    pub fn mark(&self) -> Mark {
        self.hooks.forget_told();
        Mark(self.with(&mut Facts::new(), |register, _, _| register.sums.serial).unwrap_or(0))
    }

    /// What lives, by who allocated it, the largest first. At the end of a program, or of a test, that is what nobody has freed.
    ///
    /// It takes a step for each block that has a record, with the lock held.
    pub fn leaks(&self) -> Leaks {
        self.leaks_after(None)
    }

    /// [`leaks`](Checked::leaks) of what was allocated after `mark`: what a turn of the program's loop has left behind. A block that was there
    /// before and was only resized is not among it; one that was resized counts for who did that last.
    pub fn leaks_since(&self, mark: Mark) -> Leaks {
        self.leaks_after(Some(mark.0))
    }

    fn leaks_after(&self, mark: Option<usize>) -> Leaks {
        let mut leaks = Leaks::NONE;
        (leaks.blocks, leaks.bytes) = self.each_leak(mark, |leak| leaks.add(leak));
        leaks
    }

    /// All of [`leaks`](Checked::leaks), or of [`leaks_since`](Checked::leaks_since) a mark, in no particular order: as many as fit into `room`. Returns how
    /// many there are, which may be more.
    ///
    /// It is what files for viewers are made of: [debugging](crate::docs::debugging#open-it-in-a-viewer).
    ///
    /// ```
    /// use freehold::{Heap, debug::{Checked, Leak}};
    ///
    /// let heap: Checked<Heap> = Checked::new(Heap::new());
    /// let mut room = [Leak::NONE; 100];
    /// let count = heap.leaks_in(None, &mut room);
    /// assert!(room[..count].is_empty());
    /// ```
    pub fn leaks_in(&self, since: Option<Mark>, room: &mut [Leak]) -> usize {
        let mut count = 0;
        self.each_leak(since.map(|mark| mark.0), |leak| {
            if let Some(place) = room.get_mut(count) {
                *place = leak;
            }
            count += 1;
        });
        count
    }

    /// Hands out what each place has that lives. All of it: blocks, bytes. The lock is held, so nothing may be allocated meanwhile.
    fn each_leak(&self, mark: Option<usize>, mut each: impl FnMut(Leak)) -> (usize, usize) {
        let mut facts = Facts::new();
        let sums = self.with(&mut facts, |register, _, _| {
            let sums = register.count(mark);
            for (site, Tally { blocks, bytes, age }) in register.sites.counted() {
                if blocks > 0 {
                    each(Leak { site, blocks, bytes, age });
                }
            }
            sums
        });
        self.tell_all(&facts, &Site::UNKNOWN, super::FoundBy::Check, None);
        sums.unwrap_or((0, 0))
    }
}
