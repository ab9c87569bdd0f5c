//! What was asked, of whom, and what stood in the way. No error allocates.

use core::error::Error;
use core::fmt;

/// A request for memory that could not be met.
///
/// Nothing was changed by it: not the size of memory, not the arena or pool that asked, and nothing was claimed. But before memory grows
/// the ledger asks the heaps on it for what they keep at hand, so that may be free now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllocError {
    /// The bytes that were asked for.
    pub size: usize,
    /// The alignment that was asked for, in bytes.
    pub align: usize,
    /// Who asked: the owner's name, as the ledger shows it.
    pub owner: &'static str,
    /// What stood in the way.
    pub obstacle: Obstacle,
}

impl AllocError {
    pub(crate) const fn new(owner: &'static str, size: usize, align: usize, obstacle: Obstacle) -> AllocError {
        AllocError { size, align, owner, obstacle }
    }
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AllocError { size, align, owner, obstacle } = self;
        write!(f, "`{owner}` asked for {size} bytes aligned to {align}: {obstacle}")
    }
}

impl Error for AllocError {}

/// What stood in the way of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// Size and alignment together are more than one span of the address space can be.
    TooLarge,
    /// The host would not give the pages.
    Refused {
        /// The backing that asked it.
        backing: &'static str,
        /// Bytes that it asked for.
        asked: usize,
        /// Bytes that memory had then (of the whole linear memory on wasm; of this backing on hosts).
        have: usize,
    },
    /// The backing has no more, or never had as much.
    Exhausted {
        /// The backing that was asked.
        backing: &'static str,
        /// Bytes that were still to be had in one piece, from it or from what it gave the ledger before; what headers, and an alignment
        /// of more than [`GRAIN`](crate::backing::GRAIN), may take is not counted.
        left: usize,
    },
    /// Somebody else lives in the memory that the backing was to claim.
    Occupied {
        /// The backing that was asked.
        backing: &'static str,
        /// Who lives there, as far as can be told.
        by: &'static str,
        /// An address of theirs.
        at: usize,
    },
    /// The backing gave memory that the ledger already holds under another name; it was not used.
    Overlap {
        /// The backing that gave it.
        backing: &'static str,
        /// Who holds it.
        with: &'static str,
        /// Where the overlap begins.
        at: usize,
    },
    /// A budget is used up, or has not as much left.
    Budget {
        /// Whose: the name that it was given.
        budget: &'static str,
        /// Bytes that it has.
        bytes: usize,
        /// Bytes of them that are in use. What headers take of what was asked for counts, too.
        used: usize,
    },
    /// The backing gave less than it was asked for; what it gave is kept as free memory where that is possible.
    Short {
        /// The backing that gave it.
        backing: &'static str,
    },
    /// A region that was handed over can't be used; nothing of it was.
    Unfit {
        /// Its name.
        region: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The claim was to lie in a memory that the ledger doesn't have.
    Unknown {
        /// The name or the purpose that it was to have.
        region: &'static str,
    },
    /// A scope that may be kept ([`Arena::try_scope`](crate::Arena::try_scope)) is open where this was asked for: what is allocated now
    /// goes into that one.
    ScopeOpen,
    /// An implementation of `Display`, or the like, returned an error while its text was being written.
    Format,
    /// A pool of fixed capacity has all its blocks in use.
    Full {
        /// The blocks it has.
        capacity: usize,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Obstacle::TooLarge => f.write_str("no span of the address space can hold that"),
            Obstacle::Refused { backing, asked, have } => {
                write!(
                    f,
                    "{backing} asked the host for {asked} bytes more, beside the {have} there are, and was refused"
                )
            }
            Obstacle::Exhausted { backing, left } => write!(f, "{backing} has {left} bytes left in one piece"),
            Obstacle::Occupied { backing, by, at } => {
                write!(f, "{backing} can't be claimed: {by} lives there (at {at:#x})")
            }
            Obstacle::Overlap { backing, with, at } => {
                write!(f, "{backing} handed out memory at {at:#x} that `{with}` already holds; it was not used")
            }
            Obstacle::Budget { budget, bytes, used } => {
                write!(f, "the budget `{budget}` of {bytes} bytes has {used} in use")
            }
            Obstacle::Short { backing } => write!(f, "{backing} gave less than it was asked for"),
            Obstacle::Unfit { region, why } => write!(f, "the region `{region}` can't be used: {why}"),
            Obstacle::Unknown { region } => {
                write!(f, "the ledger has no region named `{region}`, nor one that suits it")
            }
            Obstacle::ScopeOpen => {
                f.write_str("a scope that may be kept is open there: what is allocated meanwhile goes into that one")
            }
            Obstacle::Format => f.write_str("the value could not be formatted"),
            Obstacle::Full { capacity } => write!(f, "all {capacity} blocks are in use"),
        }
    }
}

/// A value that found no room, and why: a failed `try_alloc` gives the value back.
pub struct Rejected<T> {
    /// The value, untouched.
    pub value: T,
    /// Why it found no room.
    pub error: AllocError,
}

// By hand, so that `unwrap` and `?` work for values that can't be printed.
impl<T> fmt::Debug for Rejected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<T> fmt::Display for Rejected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<T> Error for Rejected<T> {}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    /// Each says what stood in the way, and with which numbers.
    #[test]
    fn every_obstacle_is_told() {
        let told = |obstacle: Obstacle, says: &str| {
            let error = AllocError::new("frames", 40, 8, obstacle);
            assert_eq!(error.to_string(), ["`frames` asked for 40 bytes aligned to 8: ", says].concat());
            let rejected = Rejected { value: 1, error };
            assert_eq!(rejected.to_string(), error.to_string());
            let shown = std::format!("{rejected:?}");
            assert!(shown.starts_with("Rejected { error: AllocError {") && shown.contains("\"frames\""), "{shown}");
        };
        let backing = "pages";
        told(Obstacle::TooLarge, "no span of the address space can hold that");
        told(
            Obstacle::Refused { backing, asked: 70, have: 9 },
            "pages asked the host for 70 bytes more, beside the 9 there are, and was refused",
        );
        told(Obstacle::Exhausted { backing, left: 5 }, "pages has 5 bytes left in one piece");
        told(
            Obstacle::Occupied { backing, by: "libc", at: 0x40 },
            "pages can't be claimed: libc lives there (at 0x40)",
        );
        told(
            Obstacle::Overlap { backing, with: "heap", at: 0x80 },
            "pages handed out memory at 0x80 that `heap` already holds; it was not used",
        );
        told(
            Obstacle::Budget { budget: "parser", bytes: 50, used: 30 },
            "the budget `parser` of 50 bytes has 30 in use",
        );
        told(Obstacle::Short { backing }, "pages gave less than it was asked for");
        told(Obstacle::Unfit { region: "sram", why: "it is odd" }, "the region `sram` can't be used: it is odd");
        told(Obstacle::Unknown { region: "dma" }, "the ledger has no region named `dma`, nor one that suits it");
        told(
            Obstacle::ScopeOpen,
            "a scope that may be kept is open there: what is allocated meanwhile goes into that one",
        );
        told(Obstacle::Format, "the value could not be formatted");
        told(Obstacle::Full { capacity: 3 }, "all 3 blocks are in use");
    }
}
