//! What came and went, one block after the other.

use std::collections::HashMap;

use crate::frame::Frame;
use crate::profile::{Place, Profile, Sum};

/// Blocks that come and go, from which a [`Profile`] is made: how much each place has allocated, how much of it was there at once, and for
/// how long.
///
/// ```
/// use freehold_profile::{Frame, History};
///
/// let parse = Frame { address: 0x10, function: "parse".into(), line: None };
/// let mut history = History::new("an example");
/// let place = history.place(vec![parse]);
/// history.came(0x1000, 24, place);
/// history.went(0x1000);
/// let profile = history.profile();
/// assert_eq!((profile.places[0].total.bytes, profile.places[0].at_end.bytes), (24, 0));
/// ```
#[derive(Debug, Default)]
pub struct History {
    profile: Profile,
    /// By the block's address: its size, when it came, whose it is.
    living: HashMap<usize, (u64, u64, usize)>,
    /// What each place has now.
    now: Vec<Sum>,
    bytes: u64,
    most: u64,
}

impl History {
    /// Nothing has come yet; `of` says what it is a history of.
    pub fn new(of: impl Into<String>) -> History {
        let profile = Profile { of: of.into(), verb: "Allocated".into(), ..Profile::default() };
        History { profile, ..History::default() }
    }

    /// A number for one more place in the program, by its stack, the innermost frame first.
    pub fn place(&mut self, frames: Vec<Frame>) -> usize {
        self.profile.places.push(Place { frames, ..Place::default() });
        self.now.push(Sum::default());
        self.now.len() - 1
    }

    /// A block was allocated by the place with that number, which [`place`](History::place) gave out.
    pub fn came(&mut self, block: usize, bytes: u64, place: usize) {
        let Profile { places, end, peak, .. } = &mut self.profile;
        *end += 1;
        if let Some(old) = self.living.insert(block, (bytes, *end, place)) {
            // Who freed it was not seen.
            leave(&mut self.now, places, &mut self.bytes, *end, old);
        }
        let (now, known) = (&mut self.now[place], &mut places[place]);
        add(&mut known.total, bytes);
        add(now, bytes);
        if now.bytes >= known.most.bytes {
            known.most = *now;
        }
        self.bytes += bytes;
        if self.bytes > self.most {
            (self.most, *peak) = (self.bytes, *end);
            places.iter_mut().zip(&self.now).for_each(|(place, now)| place.at_peak = *now);
        }
    }

    /// A block was freed. One that nobody has seen coming is nothing to it.
    pub fn went(&mut self, block: usize) {
        if let Some(old) = self.living.remove(&block) {
            leave(&mut self.now, &mut self.profile.places, &mut self.bytes, self.profile.end, old);
        }
    }

    /// Who has allocated what.
    pub fn profile(mut self) -> Profile {
        let end = self.profile.end;
        for (_, came, place) in self.living.values() {
            self.profile.places[*place].lifetimes += end - came;
        }
        self.profile.places.iter_mut().zip(self.now).for_each(|(place, now)| place.at_end = now);
        self.profile
    }
}

fn add(sum: &mut Sum, bytes: u64) {
    sum.blocks += 1;
    sum.bytes += bytes;
}

fn leave(now: &mut [Sum], places: &mut [Place], all: &mut u64, end: u64, (bytes, came, place): (u64, u64, usize)) {
    now[place].blocks -= 1;
    now[place].bytes -= bytes;
    places[place].lifetimes += end - came;
    *all -= bytes;
}
