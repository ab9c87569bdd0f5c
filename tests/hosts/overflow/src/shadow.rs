//! What the test knows: who holds which bytes, and what should be in them.

use core::alloc::Layout;
use core::cell::UnsafeCell;

use freehold::Claim;
use freehold_guest::{Single, memory_pages};
use freehold_soak::{Bytes, Dice};

use crate::ops::{self, ALL, TURN, Takes, Thing};

/// How much is held at once, at most.
const HELD: usize = 160;
const CLAIMS: usize = 2000;

struct Held {
    thing: Thing,
    bytes: Bytes,
}

pub struct Shadow {
    dice: Dice,
    /// Those held come first.
    held: [Option<Held>; HELD],
    holds: usize,
    /// Of what is being resized: its pattern.
    resized: Option<Bytes>,
    /// Bytes that were others than they should be, of what was freed since.
    lost: usize,
    /// Pages of memory before the turn, and how many of those that came since are `SmallHeap`'s.
    pages: usize,
    pages_of_small: usize,
    /// Claims of all that is free.
    claims: [Option<Claim<'static>>; CLAIMS],
    claimed: usize,
}

static SHADOW: Single<UnsafeCell<Shadow>> = Single(UnsafeCell::new(Shadow {
    dice: Dice::new(0, 0),
    held: [const { None }; HELD],
    holds: 0,
    resized: None,
    lost: 0,
    pages: 0,
    pages_of_small: 0,
    claims: [const { None }; CLAIMS],
    claimed: 0,
}));

/// It is used while there is stack enough, so no call that uses it is ever broken off.
pub fn shadow() -> &'static mut Shadow {
    // SAFETY: there is one thread, and each export asks once.
    unsafe { &mut *SHADOW.0.get() }
}

impl Shadow {
    pub fn begin(&mut self, number: u32) {
        self.dice = Dice::new(1, number);
    }

    /// Mostly small; from all that a heap tells apart.
    fn layout(&mut self) -> Layout {
        let limit = match self.dice.below(100) {
            0..70 => 256,
            70..85 => 1024,
            85..95 => 32 << 10,
            _ => 300_000,
        };
        let align = if self.dice.once_in(20) { 1 << self.dice.below(13) } else { 1 << self.dice.below(5) };
        Layout::from_size_align(1 + self.dice.below(limit), align).expect("a layout")
    }

    pub fn prepare(&mut self) {
        loop {
            let mut chance = self.dice.below(ALL.iter().map(|op| op.weight).sum());
            let op = ALL.iter().position(|op| {
                let found = chance < op.weight;
                chance = chance.wrapping_sub(op.weight);
                found
            });
            let op = op.expect("one of them");
            let ready = match ALL[op].takes {
                // Half of what there is room for, so that nothing is full.
                Takes::Nothing => self.holds < HELD / 2 + self.dice.below(HELD / 2),
                Takes::One(is) => self.take(is).is_some_and(|held| {
                    self.lost += held.bytes.lost();
                    self.resized = Some(held.bytes);
                    TURN.0.old.set(Some(held.thing));
                    true
                }),
                Takes::All(is) => {
                    while let Some(held) = self.take(is) {
                        self.lost += held.bytes.lost();
                    }
                    true
                }
            };
            if ready {
                self.pages = memory_pages();
                TURN.0.op.set(op);
                TURN.0.layout.set(self.layout());
                return;
            }
        }
    }

    /// Any of which this is so.
    fn take(&mut self, is: fn(&Thing) -> bool) -> Option<Held> {
        let start = self.dice.below(self.holds.max(1));
        let at = (0..self.holds).map(|step| (start + step) % self.holds);
        let at = at.into_iter().find(|at| self.held[*at].as_ref().is_some_and(|held| is(&held.thing)))?;
        self.holds -= 1;
        self.held.swap(at, self.holds);
        self.held[self.holds].take()
    }

    pub fn settle(&mut self) {
        if ALL[TURN.0.op.get()].name.starts_with("SmallHeap") {
            self.pages_of_small += memory_pages() - self.pages;
        }
        let old = self.resized.take();
        // Where the stack ended, it may have been freed or not.
        core::mem::forget(TURN.0.old.take());
        let Some(thing) = TURN.0.new.take() else {
            return;
        };
        if let Some(old) = old {
            // SAFETY: what both lengths have was copied.
            self.lost += unsafe { old.lost_at(thing.start(), thing.len()) };
        }
        let mark = self.dice.roll();
        // SAFETY: it was handed out, with so many bytes, and is held for as long as they are watched.
        let bytes = unsafe { Bytes::new(thing.start(), thing.len(), mark) };
        self.held[self.holds] = Some(Held { thing, bytes });
        self.holds += 1;
    }

    pub fn lost(&self) -> usize {
        self.lost + self.held.iter().flatten().map(|held| held.bytes.lost()).sum::<usize>()
    }

    pub fn overlaps(&self) -> usize {
        let ends = |held: &Held| (held.thing.start().addr().get(), held.thing.start().addr().get() + held.thing.len());
        let held = &self.held[..self.holds];
        let count = |(at, one): (usize, &Option<Held>)| {
            let one = one.as_ref().map_or((0, 0), ends);
            held[..at].iter().flatten().map(ends).filter(|other| one.0 < other.1 && other.0 < one.1).count()
        };
        held.iter().enumerate().map(count).sum()
    }

    pub fn pages_of_small(&self) -> usize {
        self.pages_of_small
    }

    pub fn keep(&mut self, claim: Claim<'static>) {
        self.claims[self.claimed] = Some(claim);
        self.claimed += 1;
    }

    pub fn end_claims(&mut self) {
        self.claims[..self.claimed].fill_with(|| None);
        self.claimed = 0;
    }

    pub fn finish(&mut self) {
        while let Some(held) = self.take(|_| true) {
            self.lost += held.bytes.lost();
            TURN.0.old.set(Some(held.thing));
            ops::give_back();
        }
        ops::settle_down();
    }
}
