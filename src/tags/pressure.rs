//! Before a request is refused the program may drop what it can do without.

use core::alloc::Layout;
use core::fmt;
use core::mem::forget;

use super::Tagged;
use super::enter::HUSHED;
use crate::error::{AllocError, Obstacle};
use crate::refusal::{self, Ends};

/// A request that is about to be refused: [`Tagged::at_pressure`](super::Tagged::at_pressure).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pressure {
    /// Whose it is.
    pub tag: &'static str,
    /// The bytes that were asked for. Where a block is to grow, those of all of it.
    pub size: usize,
    /// The alignment that was asked for, in bytes.
    pub align: usize,
    /// The bytes that the tag has in use.
    pub in_use: usize,
    /// The limit of the tag, if it is that which has no room left. Else it is the heap.
    pub limit: Option<usize>,
}

impl fmt::Display for Pressure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pressure { tag, size, align, in_use, limit } = self;
        write!(f, "`{tag}` asks for {size} bytes aligned to {align}, and has {in_use} in use: ")?;
        match limit {
            Some(limit) => write!(f, "its limit is {limit}"),
            None => f.write_str("the heap has no room"),
        }
    }
}

/// What has no room.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lacking {
    Limit,
    Heap,
}

impl<H, const TAGS: usize> Tagged<H, TAGS> {
    /// Has the program drop what it can do without, if there is a function for that, and this thread is not in it already: `word` is the thread's.
    #[cold]
    #[inline(never)]
    pub(super) fn relieve(&self, index: usize, layout: Layout, lacking: Lacking, word: usize) -> bool {
        let Some(drop_caches) = self.pressure.filter(|_| word & HUSHED == 0) else { return false };
        let count = &self.tags[index];
        let pressure = Pressure {
            tag: self.name_of(index),
            size: layout.size(),
            align: layout.align(),
            in_use: count.used(),
            limit: (lacking == Lacking::Limit).then_some(count.limit()),
        };
        self.thread.set(word | HUSHED);
        if self.thread.word() & HUSHED == 0 {
            // There is no word, and it could go on for ever.
            return false;
        }
        let unwinding = Ends("what is called at pressure panicked: an allocator may not");
        drop_caches(&pressure);
        forget(unwinding);
        self.thread.set(word);
        true
    }

    /// Tells of a request that is refused for its tag's limit. (What the heap refuses, it tells.)
    #[cold]
    #[inline(never)]
    pub(super) fn tell(&self, index: usize, layout: Layout) {
        let (name, count) = (self.name_of(index), &self.tags[index]);
        let obstacle = Obstacle::Budget { budget: name, bytes: count.limit(), used: count.used() };
        refusal::tell(&AllocError::new(name, layout.size(), layout.align(), obstacle));
    }
}
