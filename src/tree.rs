//! What lies at separate addresses, in their order: a treap whose nodes are the records at those addresses.
//!
//! A ledger's runs of spans are one (where all memory comes from one `memory.grow` after the other it has one node), and the slabs that
//! all classes of a heap share are another. A node's priority is a hash of its address, so the shape is that of a random tree
//! whatever the order, and every operation takes a number of steps that grows with the logarithm of the number of nodes.

use core::cell::Cell;

use crate::layout::GRAIN;

/// What leads to a record that can be a node of one tree.
///
/// # Safety
///
/// The implementor owes: `addr` is the same for as long as the node is in a tree, and no other's, and `sides` leads to the same two cells
/// always, which nobody else changes meanwhile. So what a search returns was put in and not taken out.
pub(crate) unsafe trait Node: Copy + Eq {
    /// Where it lies.
    fn addr(self) -> usize;

    /// The nodes below it in the tree: on the side of the lower addresses, and on the other.
    fn sides(&self) -> [&Cell<Option<Self>>; 2];
}

/// The tree.
pub(crate) struct Tree<N> {
    root: Cell<Option<N>>,
}

impl<N: Node> Tree<N> {
    pub const fn new() -> Tree<N> {
        Tree { root: Cell::new(None) }
    }

    /// Puts a node in. None has its address.
    pub fn insert(&self, new: N) {
        self.root.set(Some(insert(self.root.get(), new)));
    }

    /// Takes a node out.
    pub fn remove(&self, old: N) {
        self.root.set(remove(self.root.get(), old));
    }

    /// The last node at or below `addr`.
    pub fn at_or_below(&self, addr: usize) -> Option<N> {
        let (mut next, mut found) = (self.root.get(), None);
        while let Some(at) = next {
            let [below, above] = at.sides();
            next = if at.addr() <= addr {
                found = next;
                above.get()
            } else {
                below.get()
            };
        }
        found
    }

    /// The first node at or above `addr`.
    pub fn at_or_above(&self, addr: usize) -> Option<N> {
        let (mut next, mut found) = (self.root.get(), None);
        while let Some(at) = next {
            let [below, above] = at.sides();
            next = if at.addr() >= addr {
                found = next;
                below.get()
            } else {
                above.get()
            };
        }
        found
    }

    /// How many nodes lie on the longest way down.
    #[cfg(test)]
    pub fn depth(&self) -> usize {
        fn depth<N: Node>(link: Option<N>) -> usize {
            link.map_or(0, |at| 1 + at.sides().into_iter().map(|side| depth(side.get())).max().unwrap_or(0))
        }
        depth(self.root.get())
    }
}

/// A well-mixed number that depends on the address alone (the finaliser of MurmurHash3, by Austin Appleby).
fn priority(at: impl Node) -> u32 {
    let grains = at.addr() / GRAIN;
    let mut h = grains as u32 ^ (grains >> (usize::BITS / 2)) as u32;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

fn insert<N: Node>(link: Option<N>, new: N) -> N {
    let Some(at) = link else {
        return new;
    };
    let [below, above] = at.sides();
    if priority(new) > priority(at) {
        let parts = split(link, new.addr());
        new.sides().into_iter().zip(parts).for_each(|(side, part)| side.set(part));
        return new;
    }
    let side = if new.addr() < at.addr() { below } else { above };
    side.set(Some(insert(side.get(), new)));
    at
}

/// The nodes below `addr`, and those at it or above.
fn split<N: Node>(link: Option<N>, addr: usize) -> [Option<N>; 2] {
    let Some(at) = link else {
        return [None, None];
    };
    let [below, above] = at.sides();
    if at.addr() < addr {
        let [lower, upper] = split(above.get(), addr);
        above.set(lower);
        [link, upper]
    } else {
        let [lower, upper] = split(below.get(), addr);
        below.set(upper);
        [lower, link]
    }
}

/// One tree of two, where all of `below` lies below all of `above`.
fn join<N: Node>(below: Option<N>, above: Option<N>) -> Option<N> {
    let (Some(b), Some(a)) = (below, above) else {
        return below.or(above);
    };
    if priority(b) > priority(a) {
        let [_, side] = b.sides();
        side.set(join(side.get(), above));
        below
    } else {
        let [side, _] = a.sides();
        side.set(join(below, side.get()));
        above
    }
}

fn remove<N: Node>(link: Option<N>, old: N) -> Option<N> {
    let at = link?;
    let [below, above] = at.sides();
    if at == old {
        return join(below.get(), above.get());
    }
    let side = if old.addr() < at.addr() { below } else { above };
    side.set(remove(side.get(), old));
    link
}
