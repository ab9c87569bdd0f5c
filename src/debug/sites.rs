//! Places in the program, by the addresses of the frames that led there. Each is there once, and known by a number.

use core::fmt;

use super::store::{Plain, Room, Store};

/// So many frames of a stack are kept.
pub const FRAMES: usize = 16;

/// Where something was done: the addresses of the innermost frames, as the function that was given to
/// [`Checked::with_frames`](super::Checked::with_frames) has them. Without one nothing is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Site {
    frames: [usize; FRAMES],
    len: usize,
}

impl Site {
    pub(super) const UNKNOWN: Site = Site { frames: [0; FRAMES], len: 0 };

    /// Has a function fill in the frames.
    #[inline(always)]
    pub(super) fn by(frames: fn(&mut [usize]) -> usize) -> Site {
        let mut site = Site::UNKNOWN;
        let len = frames(&mut site.frames).min(FRAMES);
        site.frames[len..].fill(0);
        Site { len, ..site }
    }

    /// The addresses, the innermost first; none where nothing is known. What they are addresses of is for the function to say that fills them in.
    pub fn frames(&self) -> &[usize] {
        &self.frames[..self.len]
    }

    fn hash(&self) -> usize {
        self.frames().iter().fold(self.len, |hash, frame| (hash ^ frame).rotate_left(7).wrapping_mul(0x9e37_79b1))
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.len == 0 {
            return f.write_str("an unknown place");
        }
        for (index, frame) in self.frames().iter().enumerate() {
            write!(f, "{}{frame:#x}", if index == 0 { "" } else { " < " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Site({self})")
    }
}

/// What is known of a site. Numbers are places in the store, and one more: 0 is none, or the unknown one.
#[derive(Clone, Copy)]
#[repr(C)]
struct Seen {
    site: Site,
    /// The next one whose hash leads to the same list.
    next: u32,
    /// The first one of the list that a hash of this very place leads to.
    first: u32,
    counted: Tally,
}

/// Blocks in use that were allocated somewhere, and their bytes; for whoever counts them.
#[derive(Clone, Copy)]
pub(super) struct Tally {
    pub blocks: usize,
    pub bytes: usize,
    /// How many allocations ago they were allocated, taken together.
    pub age: usize,
}

impl Tally {
    pub const NONE: Tally = Tally { blocks: 0, bytes: 0, age: 0 };

    fn add(self, bytes: usize, age: usize) -> Tally {
        let (bytes, age) = (self.bytes.saturating_add(bytes), self.age.saturating_add(age));
        Tally { blocks: self.blocks + 1, bytes, age }
    }
}

// SAFETY: integers.
unsafe impl Plain for Seen {}

const NOBODY: Seen = Seen { site: Site::UNKNOWN, next: 0, first: 0, counted: Tally::NONE };

/// All that were seen.
pub(super) struct Sites {
    // The length is a power of two, or 0.
    seen: Store<Seen>,
    used: usize,
    unknown: Tally,
}

/// The first claim has room for so many.
const FIRST: usize = 32;

impl Sites {
    pub const fn new() -> Sites {
        Sites { seen: Store::new(), used: 0, unknown: Tally::NONE }
    }

    /// The number of a site, which is 0 if nothing is known of it, or there is no place for it.
    pub fn number(&mut self, room: &Room<'_>, site: &Site) -> u32 {
        if site.len == 0 || (self.seen.len() == 0 && !self.enlarge(room)) {
            return 0;
        }
        let mut at = self.seen.get(self.list(site)).first as usize;
        // As long as no record was written over, it ends at 0.
        for _ in 0..self.used {
            if at == 0 || at > self.used {
                break;
            }
            let seen = self.seen.get(at - 1);
            if seen.site == *site {
                return at as u32;
            }
            at = seen.next as usize;
        }
        if self.used == self.seen.len() && !self.enlarge(room) {
            return 0;
        }
        self.add(*site)
    }

    fn list(&self, site: &Site) -> usize {
        site.hash() & (self.seen.len() - 1)
    }

    fn add(&mut self, site: Site) -> u32 {
        let (index, list) = (self.used, self.list(&site));
        self.used += 1;
        let head = self.seen.get(list);
        self.seen.set(list, Seen { first: self.used as u32, ..head });
        // Another list may begin in its place.
        let place = self.seen.get(index);
        self.seen.set(index, Seen { site, next: head.first, counted: Tally::NONE, ..place });
        self.used as u32
    }

    fn enlarge(&mut self, room: &Room<'_>) -> bool {
        let len = (self.seen.len() * 2).max(FIRST);
        let Some(seen) = Store::claim(room, len, NOBODY) else { return false };
        let (old, used) = (core::mem::replace(&mut self.seen, seen), self.used);
        self.used = 0;
        (0..used).for_each(|index| _ = self.add(old.get(index).site));
        old.give_back(room);
        true
    }

    /// The site with a number.
    pub fn site(&self, number: u32) -> Site {
        match number as usize {
            number if (1..=self.used).contains(&number) => {
                let site = self.seen.get(number - 1).site;
                // It may have been written over.
                Site { len: site.len.min(FRAMES), ..site }
            }
            _ => Site::UNKNOWN,
        }
    }

    /// Forgets all counts.
    pub fn uncount(&mut self) {
        self.unknown = Tally::NONE;
        for index in 0..self.used {
            let seen = self.seen.get(index);
            self.seen.set(index, Seen { counted: Tally::NONE, ..seen });
        }
    }

    /// Counts a block of the site with that number, allocated that many allocations ago.
    pub fn count(&mut self, number: u32, bytes: usize, age: usize) {
        match number as usize {
            number if (1..=self.used).contains(&number) => {
                let seen = self.seen.get(number - 1);
                self.seen.set(number - 1, Seen { counted: seen.counted.add(bytes, age), ..seen });
            }
            _ => self.unknown = self.unknown.add(bytes, age),
        }
    }

    /// Each site with what was counted for it.
    pub fn counted(&self) -> impl Iterator<Item = (Site, Tally)> {
        let known =
            (1..=self.used as u32).map(|number| (self.site(number), self.seen.get(number as usize - 1).counted));
        core::iter::once((Site::UNKNOWN, self.unknown)).chain(known)
    }

    /// Makes sure that this thread may use it.
    pub fn reach(&self) {
        self.seen.reach();
    }

    /// Gives all memory back.
    pub fn give_back(&mut self, room: &Room<'_>) {
        core::mem::replace(&mut self.seen, Store::new()).give_back(room);
        self.used = 0;
    }
}
