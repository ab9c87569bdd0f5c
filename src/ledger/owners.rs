//! Who has how much of a ledger.

use core::fmt;

use super::snapshot::{Amount, Read, Snapshot};

impl Snapshot<'_> {
    /// Who has how much, the largest first. It is counted now, and takes a step for each span, as [`spans`](Snapshot::spans) does.
    ///
    /// ```
    /// use freehold::{Alloc, Arena, ledger};
    ///
    /// let arena = Arena::new_in(ledger(), "frames");
    /// arena.alloc_slice_fill(100_000, 0_u8);
    /// println!("{}", ledger().snapshot().owners()); // frames 97.8 KiB
    /// assert_eq!(ledger().snapshot().owners().largest()[0].0, "frames");
    /// ```
    pub fn owners(&self) -> Owners {
        Owners::of(self.records)
    }
}

/// So many owners are told by name.
const TOLD: usize = 8;

/// Who has how much of a ledger, the largest first: [`Snapshot::owners`]. Its `Display` is one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owners {
    largest: [(&'static str, usize); TOLD],
    told: usize,
    /// Bytes of all that there was no place for.
    others: usize,
}

impl Owners {
    /// Nobody.
    pub(crate) const NONE: Owners = Owners { largest: [("", 0); TOLD], told: 0, others: 0 };

    pub(crate) fn of(records: &dyn Read) -> Owners {
        let mut owners = Owners::NONE;
        for span in Snapshot::spans_of(records, 0) {
            if let Some(owner) = span.owner {
                owners.add(owner, span.len);
            }
        }
        owners.largest[..owners.told].sort_unstable_by_key(|(_, bytes)| core::cmp::Reverse(*bytes));
        owners
    }

    /// Names and bytes of up to eight of them. (Where there are more, those eight that come first in memory.)
    pub fn largest(&self) -> &[(&'static str, usize)] {
        &self.largest[..self.told]
    }

    /// Bytes that others have.
    pub fn others(&self) -> usize {
        self.others
    }

    fn add(&mut self, owner: &'static str, bytes: usize) {
        let known = self.largest[..self.told].iter_mut().find(|(name, _)| *name == owner);
        if let Some((_, sum)) = known {
            *sum += bytes;
        } else if let Some(place) = self.largest.get_mut(self.told) {
            *place = (owner, bytes);
            self.told += 1;
        } else {
            self.others += bytes;
        }
    }
}

impl fmt::Display for Owners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for (name, bytes) in self.largest() {
            write!(f, "{comma}{name} {}", Amount(*bytes))?;
            comma = ", ";
        }
        if self.others > 0 { write!(f, "{comma}others {}", Amount(self.others)) } else { Ok(()) }
    }
}
