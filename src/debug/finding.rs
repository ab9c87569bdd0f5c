//! What can be found, with the facts, and in words.

use core::alloc::Layout;
use core::fmt;

use super::fence::Damage;
use super::sites::Site;

/// A block, as the layer knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockInfo {
    /// The address of its first byte.
    pub address: usize,
    /// Its size and its alignment, as they were asked for.
    pub layout: Layout,
    /// The how manieth allocation it was, from 1 on. A program that runs the same way again can be stopped there:
    /// [`Checked::fail_at`](super::Checked::fail_at).
    pub serial: usize,
    /// Who allocated it.
    pub allocated: Site,
    /// Who freed it, if it was freed.
    pub freed: Option<Site>,
}

/// In which call something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoundBy {
    /// `alloc` and its like.
    Alloc,
    /// `dealloc`.
    Free,
    /// `realloc`.
    Realloc,
    /// [`Checked::check`](super::Checked::check).
    Check,
    /// A block that was freed long ago was about to go back to the heap.
    Reuse,
}

/// On which side of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// At lower addresses than the block.
    Before,
    /// At higher ones.
    Behind,
}

/// Something that a correct program doesn't do.
///
/// It is a value of numbers only, so it may be kept, compared and sent. Its `Display` says it to a person, in some lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// A block that was freed was freed again, or given to `realloc`. Nothing was done.
    FreedTwice {
        /// The block, and who freed it first.
        block: BlockInfo,
        /// What it was now.
        by: FoundBy,
        /// Who did that now.
        now: Site,
    },
    /// What was freed, or given to `realloc`, is no block of this heap, or no longer one. Nothing was done.
    NotABlock {
        /// The address.
        address: usize,
        /// What the caller believes it to be.
        given: Layout,
        /// The block in which the address lies, if it lies in one.
        inside: Option<BlockInfo>,
        /// Whose memory it is in the ledger that was asked, if it is anybody's.
        owner: Option<&'static str>,
        /// What was done with it.
        by: FoundBy,
        /// Who did that.
        now: Site,
    },
    /// A block was freed, or given to `realloc`, with another layout than it was allocated with. That one counts.
    WrongLayout {
        /// The block, and its layout.
        block: BlockInfo,
        /// The layout that was given.
        given: Layout,
        /// With what.
        by: FoundBy,
        /// Who gave it.
        now: Site,
    },
    /// Somebody wrote before a block, or past its end.
    WrittenPast {
        /// The block.
        block: BlockInfo,
        /// On which side.
        side: Side,
        /// Where, and what: in bytes before the block, or past its end.
        damage: Damage,
        /// When it was seen.
        by: FoundBy,
        /// Who had it looked at.
        now: Site,
    },
    /// Somebody wrote into a block after it was freed.
    WrittenAfterFree {
        /// The block, and who freed it.
        block: BlockInfo,
        /// Where, and what: in bytes from the block's start.
        damage: Damage,
        /// When it was seen.
        by: FoundBy,
    },
    /// The heap below handed out what it had handed out before, and did not get back: somebody wrote over its own records, or its memory is two
    /// heaps'.
    HandedOutTwice {
        /// The block that it was.
        block: BlockInfo,
        /// Who got it now.
        now: Site,
    },
    /// The layer's own records were written over: that many. Of the blocks they were for nothing is known any more.
    RecordsBroken {
        /// How many.
        records: usize,
    },
    /// There is no memory for a record. From now on some blocks are handed out without one, and little is found of them. It is told once.
    RecordsFull {
        /// How many there are.
        records: usize,
    },
}

/// A layout in words.
struct Asked(Layout);

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes aligned to {}", self.0.size(), self.0.align())
    }
}

impl fmt::Display for BlockInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the block at {:#x}, {}", self.address, Asked(self.layout))
    }
}

impl BlockInfo {
    /// Its life, a line for each part.
    fn life(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n  it was allocation {}, by {}", self.serial, self.allocated)?;
        if let Some(freed) = self.freed {
            write!(f, "\n  freed by {freed}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FoundBy::Alloc => "it was handed out",
            FoundBy::Free => "it was freed",
            FoundBy::Realloc => "it was resized",
            FoundBy::Check => "the heap was checked",
            FoundBy::Reuse => "it was about to be used again",
        })
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.bytes().iter().enumerate() {
            write!(f, "{}{byte:02x}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::FreedTwice { block, by, now } => {
                let again = if *by == FoundBy::Realloc { "resized after it was freed" } else { "freed twice" };
                write!(f, "{block}, was {again}")?;
                block.life(f)?;
                write!(f, "\n  now by {now}")
            }
            Finding::NotABlock { address, given, inside, owner, by, now } => {
                let verb = if *by == FoundBy::Realloc { "resized" } else { "freed" };
                write!(f, "{address:#x} was {verb} as a block of {}, and is none", Asked(*given))?;
                if let Some(block) = inside {
                    write!(f, ": it lies {} bytes inside {block}", address - block.address)?;
                    block.life(f)?;
                } else if let Some(owner) = owner {
                    write!(f, ": it lies in memory of `{owner}`, and may have been freed long ago")?;
                }
                write!(f, "\n  by {now}")
            }
            Finding::WrongLayout { block, given, by, now } => {
                let verb = if *by == FoundBy::Realloc { "resized" } else { "freed" };
                write!(f, "{block}, was {verb} as one of {}", Asked(*given))?;
                block.life(f)?;
                write!(f, "\n  now by {now}")
            }
            Finding::WrittenPast { block, side, damage, by, now } => {
                let [what, to] = match side {
                    Side::Before => ["before the start of", "before it"],
                    Side::Behind => ["past the end of", "past it"],
                };
                write!(f, "somebody wrote {what} {block}")?;
                let Damage { first, last, .. } = damage;
                match side {
                    Side::Before => write!(f, "\n  from byte {first} to byte {last} {to}: {damage}")?,
                    Side::Behind => write!(f, "\n  from byte {} to byte {} {to}: {damage}", first + 1, last + 1)?,
                }
                block.life(f)?;
                write!(f, "\n  seen when {by}, by {now}")
            }
            Finding::WrittenAfterFree { block, damage, by } => {
                let Damage { first, last, .. } = damage;
                write!(
                    f,
                    "somebody wrote into {block}, after it was freed\n  from byte {first} to byte {last} of it: {damage}"
                )?;
                block.life(f)?;
                write!(f, "\n  seen when {by}")
            }
            Finding::HandedOutTwice { block, now } => {
                write!(f, "the heap handed out {block}, which it had not got back")?;
                block.life(f)?;
                write!(f, "\n  now to {now}")
            }
            Finding::RecordsBroken { records } => {
                write!(f, "somebody wrote over {records} of the debug layer's own records")
            }
            Finding::RecordsFull { records } => {
                write!(
                    f,
                    "there is no memory for more than {records} of the debug layer's records: not all blocks are watched"
                )
            }
        }
    }
}
