//! What lies at separate addresses, in their order: a treap whose nodes are the records at those addresses.
//!
//! A ledger's runs of spans are one (where all memory comes from one `memory.grow` after the other it has one node), and the slabs that
//! all classes of a heap share are another. A node's priority is a hash of its address, so the shape is that of a random tree
//! whatever the order, and every operation takes a number of steps that grows with the logarithm of the number of nodes.

use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::layout::GRAIN;

/// What leads to a record that can be a node of one tree.
///
/// # Safety
///
/// The implementor owes: the record begins with its [`Stem`], stays where it is for as long as it is in a tree, and nobody else changes the stem
/// meanwhile; `of_stem` is the way back from `stem`. So what a search returns was put in and not taken out.
pub(crate) unsafe trait Node: Copy {
    /// The record's start.
    fn stem(self) -> NonNull<Stem>;

    /// What leads to the record that starts there.
    ///
    /// # Safety
    ///
    /// The caller owes: it is the stem of such a record.
    unsafe fn of_stem(stem: NonNull<Stem>) -> Self;
}

/// What a record begins with: the nodes below it in the tree, on the side of the lower addresses, and on the other.
#[repr(transparent)]
pub(crate) struct Stem(pub [Cell<Link>; 2]);

pub(crate) type Link = Option<NonNull<Stem>>;

impl Stem {
    #[inline(always)]
    pub const fn new() -> Stem {
        Stem([Cell::new(None), Cell::new(None)])
    }
}

/// The tree. What is done in it is the same for all kinds of nodes, and so is the code.
pub(crate) struct Tree<N> {
    root: Root,
    nodes: PhantomData<N>,
}

impl<N: Node> Tree<N> {
    pub const fn new() -> Tree<N> {
        Tree { root: Root(Cell::new(None)), nodes: PhantomData }
    }

    /// Puts a node in. None has its address.
    pub fn insert(&self, new: N) {
        self.root.insert(new.stem());
    }

    /// Takes a node out.
    pub fn remove(&self, old: N) {
        self.root.remove(old.stem());
    }

    /// The last node at or below `addr`.
    pub fn at_or_below(&self, addr: usize) -> Option<N> {
        // SAFETY: only stems of such nodes are put in.
        self.root.nearest(addr, false).map(|stem| unsafe { N::of_stem(stem) })
    }

    /// The first node above `addr`.
    pub fn above(&self, addr: usize) -> Option<N> {
        // SAFETY: as above.
        self.root.nearest(addr, true).map(|stem| unsafe { N::of_stem(stem) })
    }

    /// The first node at or above `addr`.
    pub fn at_or_above(&self, addr: usize) -> Option<N> {
        // None is at address 0.
        self.above(addr.saturating_sub(1))
    }

    /// How many nodes lie on the longest way down.
    #[cfg(test)]
    pub fn depth(&self) -> usize {
        fn depth(link: Link) -> usize {
            link.map_or(0, |at| 1 + sides(at).iter().map(|side| depth(side.get())).max().unwrap_or(0))
        }
        depth(self.root.0.get())
    }
}

/// The node at the top, if there is any.
struct Root(Cell<Link>);

/// The nodes below this one.
#[inline(always)]
fn sides<'t>(at: NonNull<Stem>) -> &'t [Cell<Link>; 2] {
    // SAFETY: it is in the tree, or on its way into it, and a record stays for that time. All of it are cells.
    unsafe { &at.as_ref().0 }
}

#[inline(always)]
fn addr(at: NonNull<Stem>) -> usize {
    at.addr().get()
}

/// A well-mixed number that depends on the address alone (the finaliser of MurmurHash3, by Austin Appleby).
#[cfg_attr(freehold_for_size, inline(never))]
fn priority(at: NonNull<Stem>) -> u32 {
    let grains = addr(at) / GRAIN;
    let mut h = grains as u32 ^ (grains >> (usize::BITS / 2)) as u32;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

impl Root {
    /// The last node at or below `at`, or the first above it.
    #[cfg_attr(freehold_for_size, inline(never))]
    #[cfg_attr(not(freehold_for_size), inline)]
    fn nearest(&self, at: usize, above: bool) -> Link {
        let (mut next, mut found) = (self.0.get(), None);
        while let Some(node) = next {
            let lower = addr(node) <= at;
            if lower != above {
                found = next;
            }
            let [below, above] = sides(node);
            next = if lower { above.get() } else { below.get() };
        }
        found
    }

    fn insert(&self, new: NonNull<Stem>) {
        // Down to the first node that it goes above.
        let mut link = &self.0;
        while let Some(at) = link.get()
            && priority(at) >= priority(new)
        {
            link = &sides(at)[usize::from(addr(at) < addr(new))];
        }
        // What is below there is cut in two.
        let mut next = link.replace(Some(new));
        let [mut lower, mut upper] = [&sides(new)[0], &sides(new)[1]];
        while let Some(at) = next {
            let [below, above] = sides(at);
            if addr(at) < addr(new) {
                lower.set(next);
                lower = above;
            } else {
                upper.set(next);
                upper = below;
            }
            next = if addr(at) < addr(new) { above.get() } else { below.get() };
        }
        lower.set(None);
        upper.set(None);
    }

    fn remove(&self, old: NonNull<Stem>) {
        let mut link = &self.0;
        while let Some(at) = link.get()
            && at != old
        {
            link = &sides(at)[usize::from(addr(at) < addr(old))];
        }
        // What was on its two sides is joined.
        let [below, above] = sides(old);
        let (mut below, mut above) = (below.get(), above.get());
        while let (Some(b), Some(a)) = (below, above) {
            if priority(b) > priority(a) {
                link.set(below);
                link = &sides(b)[1];
                below = link.get();
            } else {
                link.set(above);
                link = &sides(a)[0];
                above = link.get();
            }
        }
        link.set(below.or(above));
    }
}
