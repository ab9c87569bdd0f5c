//! Every span the ledger knows, in the order of addresses: a treap whose nodes are the headers of the spans themselves.
//!
//! A node's priority is a hash of its address, so the shape is that of a random tree whatever the order of claims, and
//! every operation takes a number of steps that grows with the logarithm of the number of spans. Each node knows the
//! longest free span below it, so the lowest free span that fits is found in one descent.

use core::cell::Cell;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::backing::Kind;
use crate::layout::{Fit, GRAIN};

/// The header at the head of each span.
pub(super) struct Node {
    /// Bytes from this header to the span's end; a multiple of the grain.
    pub len: Cell<usize>,
    /// Who claimed the span; `None` if it is free.
    pub owner: Cell<Option<&'static str>>,
    left: Cell<Link>,
    right: Cell<Link>,
    /// Length of the longest free span in this subtree.
    roomiest: Cell<usize>,
    pub kind: Cell<Kind>,
    /// Set iff the span may not merge with the one before it, touching or not: another grant begins here.
    pub first: Cell<bool>,
    pub route: Cell<u16>,
}

// The header fits the grain, so any piece that a cut leaves over can carry one.
const _: () = assert!(size_of::<Node>() <= GRAIN && align_of::<Node>() <= GRAIN);

pub(super) type Link = Option<At>;

/// The header of a span in the tree. It may reach the whole span, so the span's pointers derive from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct At(NonNull<Node>);

impl Deref for At {
    type Target = Node;

    fn deref(&self) -> &Node {
        // SAFETY: an `At` is only made by `write` and `of`, over a header that stays written for as long as its span is in
        // the tree, and one whose span has left the tree is not used again. All fields are cells.
        unsafe { self.0.as_ref() }
    }
}

impl At {
    /// Writes a header at `base`.
    ///
    /// # Safety
    ///
    /// The caller owes: `base` is on the grain, and `len` bytes from there (a multiple of the grain, not 0) may be written
    /// through it and are used by nobody.
    pub unsafe fn write(base: NonNull<u8>, len: usize, kind: Kind, first: bool) -> At {
        let at = At(base.cast());
        let node = Node {
            len: Cell::new(len),
            owner: Cell::new(None),
            left: Cell::new(None),
            right: Cell::new(None),
            roomiest: Cell::new(len),
            kind: Cell::new(kind),
            first: Cell::new(first),
            route: Cell::new(0),
        };
        // SAFETY: the caller's promise; the grain is at least the header's size and alignment.
        unsafe { at.0.write(node) };
        at
    }

    /// The header at `base`.
    ///
    /// # Safety
    ///
    /// The caller owes: a span of the tree starts there, and `base` may reach all of it.
    pub unsafe fn of(base: NonNull<u8>) -> At {
        At(base.cast())
    }

    pub fn base(self) -> NonNull<u8> {
        self.0.cast()
    }

    pub fn addr(self) -> usize {
        self.0.addr().get()
    }

    pub fn end(self) -> usize {
        self.addr() + self.len.get()
    }

    pub fn is_free(self) -> bool {
        self.owner.get().is_none()
    }

    /// Ends the header of a free span that becomes a part of the one before it, and returns the span's length. What was zero
    /// is zero again.
    pub fn end_header(self) -> usize {
        let len = self.len.get();
        // SAFETY: the header's bytes belong to a free span that has left the tree.
        unsafe { self.0.as_ptr().cast::<u8>().write_bytes(0, size_of::<Node>()) };
        len
    }

    /// A well-mixed number that depends on the address alone (the finaliser of MurmurHash3, by Austin Appleby).
    fn priority(self) -> u32 {
        let grains = self.addr() / GRAIN;
        let mut h = grains as u32 ^ (grains >> (usize::BITS / 2)) as u32;
        h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
        h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
        h ^ (h >> 16)
    }

    /// Brings `roomiest` up to date with the node itself and its children.
    fn renew(self) {
        let own = if self.is_free() { self.len.get() } else { 0 };
        self.roomiest.set(own.max(roomiest(self.left.get())).max(roomiest(self.right.get())));
    }
}

fn roomiest(link: Link) -> usize {
    link.map_or(0, |at| at.roomiest.get())
}

/// The tree.
pub(super) struct Tree {
    root: Link,
}

impl Tree {
    pub const fn new() -> Tree {
        Tree { root: None }
    }

    /// Puts a span in. No span of the tree starts at its address.
    pub fn insert(&mut self, new: At) {
        self.root = Some(insert(self.root, new));
    }

    /// Takes a span out.
    pub fn remove(&mut self, old: At) {
        self.root = remove(self.root, old);
    }

    /// Must follow every change of a span's length or owner.
    pub fn renew(&mut self, changed: At) {
        renew(self.root, changed.addr());
    }

    /// A free span in which `fit` finds room: the lowest one, up to an alignment of a grain.
    pub fn first_fit(&self, fit: &Fit) -> Link {
        // Spans start on the grain, so up to it alignment is known in advance. Beyond it, one that has room wherever it starts is
        // found as fast; only if there is none, those are looked at one by one that may start at a good address.
        let least = Fit { align: fit.align.min(GRAIN), ..*fit }.anywhere()?;
        let ample = fit.anywhere().filter(|ample| *ample > least);
        ample.and_then(|ample| first_fit(self.root, ample, fit)).or_else(|| first_fit(self.root, least, fit))
    }

    /// Length of the longest free span.
    pub fn roomiest(&self) -> usize {
        roomiest(self.root)
    }

    /// The last span that starts at or below `addr`.
    pub fn at_or_below(&self, addr: usize) -> Link {
        let (mut next, mut found) = (self.root, None);
        while let Some(at) = next {
            if at.addr() <= addr {
                found = next;
                next = at.right.get();
            } else {
                next = at.left.get();
            }
        }
        found
    }

    /// The first span that starts at or above `addr`.
    pub fn at_or_above(&self, addr: usize) -> Link {
        let (mut next, mut found) = (self.root, None);
        while let Some(at) = next {
            if at.addr() >= addr {
                found = next;
                next = at.left.get();
            } else {
                next = at.right.get();
            }
        }
        found
    }

    /// How many nodes lie on the longest way down. Every node must know the longest free span below it.
    #[cfg(test)]
    pub fn depth(&self) -> usize {
        fn depth(link: Link) -> usize {
            link.map_or(0, |at| {
                let deeper = depth(at.left.get()).max(depth(at.right.get()));
                let known = at.roomiest.get();
                at.renew();
                assert_eq!(at.roomiest.get(), known, "a node that was not brought up to date");
                1 + deeper
            })
        }
        depth(self.root)
    }
}

fn insert(link: Link, new: At) -> At {
    let Some(at) = link else {
        new.renew();
        return new;
    };
    if new.priority() > at.priority() {
        let (below, above) = split(link, new.addr());
        new.left.set(below);
        new.right.set(above);
        new.renew();
        return new;
    }
    let side = if new.addr() < at.addr() { &at.left } else { &at.right };
    side.set(Some(insert(side.get(), new)));
    at.renew();
    at
}

/// The spans below `addr`, and those at it or above.
fn split(link: Link, addr: usize) -> (Link, Link) {
    let Some(at) = link else {
        return (None, None);
    };
    if at.addr() < addr {
        let (below, above) = split(at.right.get(), addr);
        at.right.set(below);
        at.renew();
        (link, above)
    } else {
        let (below, above) = split(at.left.get(), addr);
        at.left.set(above);
        at.renew();
        (below, link)
    }
}

/// One tree of two, where all of `below` lies below all of `above`.
fn join(below: Link, above: Link) -> Link {
    let (Some(b), Some(a)) = (below, above) else {
        return below.or(above);
    };
    if b.priority() > a.priority() {
        b.right.set(join(b.right.get(), above));
        b.renew();
        below
    } else {
        a.left.set(join(below, a.left.get()));
        a.renew();
        above
    }
}

fn remove(link: Link, old: At) -> Link {
    let at = link?;
    if at == old {
        return join(at.left.get(), at.right.get());
    }
    let side = if old.addr() < at.addr() { &at.left } else { &at.right };
    side.set(remove(side.get(), old));
    at.renew();
    link
}

fn renew(link: Link, addr: usize) {
    let Some(at) = link else {
        return;
    };
    if addr < at.addr() {
        renew(at.left.get(), addr);
    } else if addr > at.addr() {
        renew(at.right.get(), addr);
    }
    at.renew();
}

fn first_fit(link: Link, least: usize, fit: &Fit) -> Link {
    let at = link.filter(|at| at.roomiest.get() >= least)?;
    if let Some(found) = first_fit(at.left.get(), least, fit) {
        return Some(found);
    }
    let holds = |(gap, len): (usize, usize)| len <= at.len.get() && gap <= at.len.get() - len;
    if at.is_free() && fit.at(at.addr()).is_some_and(holds) {
        return link;
    }
    first_fit(at.right.get(), least, fit)
}
