//! Every run of spans, in the order of addresses: a treap whose nodes are the headers of the runs' first spans.
//!
//! Where all memory comes from one `memory.grow` after the other there is one run. A node's priority is a hash of its
//! address, so the shape is that of a random tree whatever the order, and every operation takes a number of steps that grows
//! with the logarithm of the number of runs.

use super::node::{At, Link};
use crate::layout::GRAIN;

/// The runs.
pub(super) struct Runs {
    root: Link,
}

impl Runs {
    pub const fn new() -> Runs {
        Runs { root: None }
    }

    /// Puts a run in. None starts at its address.
    pub fn insert(&mut self, new: At) {
        self.root = Some(insert(self.root, new));
    }

    /// Takes a run out.
    pub fn remove(&mut self, old: At) {
        self.root = remove(self.root, old);
    }

    /// The last run that starts at or below `addr`.
    pub fn at_or_below(&self, addr: usize) -> Link {
        let (mut next, mut found) = (self.root, None);
        while let Some(at) = next {
            if at.addr() <= addr {
                found = next;
                next = at.right.get();
            } else {
                next = at.below.get();
            }
        }
        found
    }

    /// The first run that starts at or above `addr`.
    pub fn at_or_above(&self, addr: usize) -> Link {
        let (mut next, mut found) = (self.root, None);
        while let Some(at) = next {
            if at.addr() >= addr {
                found = next;
                next = at.below.get();
            } else {
                next = at.right.get();
            }
        }
        found
    }

    /// How many nodes lie on the longest way down.
    #[cfg(test)]
    pub fn depth(&self) -> usize {
        fn depth(link: Link) -> usize {
            link.map_or(0, |at| 1 + depth(at.below.get()).max(depth(at.right.get())))
        }
        depth(self.root)
    }
}

/// A well-mixed number that depends on the address alone (the finaliser of MurmurHash3, by Austin Appleby).
fn priority(at: At) -> u32 {
    let grains = at.addr() / GRAIN;
    let mut h = grains as u32 ^ (grains >> (usize::BITS / 2)) as u32;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

fn insert(link: Link, new: At) -> At {
    let Some(at) = link else {
        return new;
    };
    if priority(new) > priority(at) {
        let (below, above) = split(link, new.addr());
        new.below.set(below);
        new.right.set(above);
        return new;
    }
    let side = if new.addr() < at.addr() { &at.below } else { &at.right };
    side.set(Some(insert(side.get(), new)));
    at
}

/// The runs below `addr`, and those at it or above.
fn split(link: Link, addr: usize) -> (Link, Link) {
    let Some(at) = link else {
        return (None, None);
    };
    if at.addr() < addr {
        let (below, above) = split(at.right.get(), addr);
        at.right.set(below);
        (link, above)
    } else {
        let (below, above) = split(at.below.get(), addr);
        at.below.set(above);
        (below, link)
    }
}

/// One tree of two, where all of `below` lies below all of `above`.
fn join(below: Link, above: Link) -> Link {
    let (Some(b), Some(a)) = (below, above) else {
        return below.or(above);
    };
    if priority(b) > priority(a) {
        b.right.set(join(b.right.get(), above));
        below
    } else {
        a.below.set(join(below, a.below.get()));
        above
    }
}

fn remove(link: Link, old: At) -> Link {
    let at = link?;
    if at == old {
        return join(at.below.get(), at.right.get());
    }
    let side = if old.addr() < at.addr() { &at.below } else { &at.right };
    side.set(remove(side.get(), old));
    link
}
