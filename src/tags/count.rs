//! What is counted of a tag, and of all.

use core::fmt;

use crate::sharing::Number;

/// What one tag has. Each number is right by itself; two that are read one after the other may be of two moments.
pub(super) struct TagCount {
    used: Number,
    peak: Number,
    blocks: Number,
    allocations: Number,
    limit: Number,
    /// What it had when all had most.
    at_peak: Number,
}

impl TagCount {
    pub const fn new() -> TagCount {
        TagCount {
            used: Number::new(0),
            peak: Number::new(0),
            blocks: Number::new(0),
            allocations: Number::new(0),
            limit: Number::new(usize::MAX),
            at_peak: Number::new(0),
        }
    }

    /// Counts so many bytes more, if the limit leaves as many.
    pub fn take(&self, bytes: usize) -> bool {
        let limit = self.limit.get();
        self.used.update(|used| used.checked_add(bytes).filter(|used| bytes == 0 || *used <= limit)).is_some()
    }

    /// What was counted is there.
    pub fn has_taken(&self) {
        self.peak.raise(self.used.get());
    }

    pub fn give(&self, bytes: usize) {
        self.used.take(bytes);
    }

    /// Counts a new block.
    pub fn came(&self) {
        self.blocks.add(1);
        self.allocations.add(1);
    }

    /// A block is gone.
    pub fn went(&self) {
        self.blocks.take(1);
    }

    pub fn set_limit(&self, bytes: usize) {
        self.limit.set(bytes);
    }

    pub fn limit(&self) -> usize {
        self.limit.get()
    }

    pub fn used(&self) -> usize {
        self.used.get()
    }

    pub fn is_used(&self) -> bool {
        self.allocations.get() > 0
    }

    pub fn stats(&self, name: &'static str) -> TagStats {
        let limit = self.limit.get();
        TagStats {
            name,
            in_use: self.used.get(),
            peak: self.peak.get(),
            blocks: self.blocks.get(),
            allocations: self.allocations.get(),
            at_peak: self.at_peak.get(),
            limit: (limit != usize::MAX).then_some(limit),
        }
    }
}

/// What all tags have.
pub(super) struct TagSums {
    used: Number,
    peak: Number,
    /// The most so far of which each tag knows what it had then.
    marked: Number,
    pub lost: Number,
}

/// The peak is marked anew when it is higher by such a part.
const STEP: usize = 64;

impl TagSums {
    pub const fn new() -> TagSums {
        TagSums { used: Number::new(0), peak: Number::new(0), marked: Number::new(0), lost: Number::new(0) }
    }

    /// Counts so many bytes more. If there never were as many, by a part, each tag notes what it has.
    pub fn add(&self, bytes: usize, tags: &[TagCount]) {
        let used = self.used.add(bytes);
        self.peak.raise(used);
        let marked = self.marked.get();
        if used > marked + marked / STEP {
            self.marked.raise(used);
            tags.iter().for_each(|tag| tag.at_peak.set(tag.used.get()));
        }
    }

    pub fn give(&self, bytes: usize) {
        self.used.take(bytes);
    }

    pub fn stats(&self, tags: &[TagCount]) -> TagStats {
        // As each of them does, the sum goes on at 0: on 32 bits allocations may be so many.
        let sum = |number: fn(&TagCount) -> &Number| {
            tags.iter().fold(0_usize, |sum, tag| sum.wrapping_add(number(tag).get()))
        };
        TagStats {
            name: "(all)",
            in_use: self.used.get(),
            peak: self.peak.get(),
            blocks: sum(|tag| &tag.blocks),
            allocations: sum(|tag| &tag.allocations),
            at_peak: self.marked.get(),
            limit: None,
        }
    }
}

/// How a tag of a [`Tagged`](super::Tagged) heap stands. Bytes are as they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TagStats {
    /// Its name.
    pub name: &'static str,
    /// Bytes in use.
    pub in_use: usize,
    /// The most bytes that it ever had in use at once.
    pub peak: usize,
    /// Blocks in use.
    pub blocks: usize,
    /// How often something was allocated in it; that it was resized is not counted.
    pub allocations: usize,
    /// The bytes that it had in use when all tags together had most, to within a 64th of that.
    pub at_peak: usize,
    /// The bytes that it may have in use, if there is a limit.
    pub limit: Option<usize>,
}

impl fmt::Display for TagStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TagStats { name, in_use, peak, blocks, allocations, at_peak, limit } = self;
        write!(f, "`{name}`: {in_use} bytes in {blocks} blocks, {peak} at its peak, {at_peak} at everybody's")?;
        write!(f, "; allocated {allocations} times")?;
        limit.map_or(Ok(()), |limit| write!(f, "; {limit} at most"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_allocations_than_a_number_holds() {
        let (tags, sums) = ([TagCount::new(), TagCount::new()], TagSums::new());
        tags[0].allocations.set(usize::MAX - 1);
        (0..3).for_each(|_| tags[1].came());
        assert_eq!(sums.stats(&tags).allocations, 1);
    }
}
