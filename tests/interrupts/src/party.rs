//! Main, or the interrupt: what it holds, and its next operation.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

use freehold::sharing::Shareable;
use freehold::{Alloc, Arena, Claim, FixedPool, Growth, Handle, PoolBox, SharedPool};

use crate::bytes::{check, fill};
use crate::{FIXED, Packet, Shared};

/// A block of the heap, and what is written in it.
struct Block {
    start: *mut u8,
    layout: Layout,
    mark: u8,
}

/// A packet of a pool, and what is written in it.
type Slot<H> = Option<(PoolBox<Packet, H>, u8)>;

pub struct Party<L: Shareable> {
    shared: &'static Shared<L>,
    arena: Arena<'static>,
    /// Of the heap; every other one of the heap with memory of its own.
    blocks: [Option<Block>; 24],
    claims: [Option<(Claim<'static>, u8)>; 4],
    packets: [Slot<&'static SharedPool<'static, Packet, L>>; 12],
    fixed: [Slot<&'static FixedPool<Packet, FIXED, L>>; 6],
    /// The state of the dice.
    dice: u32,
    /// What is written next: the two parties' marks differ in their lowest bit.
    mark: u8,
    refused: usize,
}

impl<L: Shareable> Party<L> {
    pub fn new(shared: &'static Shared<L>, who: u8) -> Self {
        Party {
            shared,
            arena: Arena::new_in(shared.ledger, "arena").with_growth(Growth::fixed(1 << 10)),
            blocks: [const { None }; 24],
            claims: [const { None }; 4],
            packets: [const { None }; 12],
            fixed: [const { None }; 6],
            dice: 0x9e37_79b9 ^ u32::from(who),
            mark: who,
            refused: 0,
        }
    }

    /// A random number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 17;
        self.dice ^= self.dice << 5;
        // Without a division, which some of the cores don't have.
        ((self.dice >> 16) as usize * bound) >> 16
    }

    fn next_mark(&mut self) -> u8 {
        self.mark = self.mark.wrapping_add(2);
        self.mark
    }

    /// One of all the things that can be done.
    pub fn operate(&mut self) {
        match self.below(16) {
            0..6 => self.block(),
            6..8 => self.resize(),
            8..10 => self.claim(),
            10..12 => self.packet(),
            12..14 => self.fixed_packet(),
            _ => self.scope(),
        }
    }

    /// Takes a block of the heap, or gives it back.
    fn block(&mut self) {
        let at = self.below(self.blocks.len());
        if let Some(block) = self.blocks[at].take() {
            self.free(at, &block);
            return;
        }
        let size = if self.below(16) == 0 { 1 + self.below(2000) } else { 1 + self.below(120) };
        let layout = Layout::from_size_align(size, 1 << self.below(5)).expect("small");
        let mark = self.next_mark();
        // SAFETY: it has a size.
        let start = unsafe { self.heap(at).alloc(layout) };
        if start.is_null() {
            self.refused += 1;
            return;
        }
        // SAFETY: just allocated.
        unsafe { fill(start, size, mark) };
        self.blocks[at] = Some(Block { start, layout, mark });
    }

    /// Whose block this is.
    fn heap(&self, at: usize) -> &'static dyn GlobalAlloc {
        if at.is_multiple_of(2) { self.shared.heap } else { self.shared.bounded }
    }

    fn free(&self, at: usize, block: &Block) {
        // SAFETY: filled when it was allocated or resized.
        unsafe { check(block.start, block.layout.size(), block.mark) };
        // SAFETY: allocated there with this layout, and not used any more.
        unsafe { self.heap(at).dealloc(block.start, block.layout) };
    }

    /// Makes a block longer or shorter.
    fn resize(&mut self) {
        let (at, size) = (self.below(self.blocks.len()), 1 + self.below(300));
        let heap = self.heap(at);
        let Some(block) = &mut self.blocks[at] else { return };
        // SAFETY: allocated there with this layout.
        let start = unsafe { heap.realloc(block.start, block.layout, size) };
        if start.is_null() {
            self.refused += 1;
            return;
        }
        // SAFETY: what was there has come along.
        unsafe { check(start, size.min(block.layout.size()), block.mark) };
        // SAFETY: it has that many now.
        unsafe { fill(start, size, block.mark) };
        block.start = start;
        block.layout = Layout::from_size_align(size, block.layout.align()).expect("small");
    }

    /// Claims from the ledger, or ends the claim.
    fn claim(&mut self) {
        let (at, size) = (self.below(self.claims.len()), 1 + self.below(1500));
        if let Some((claim, mark)) = self.claims[at].take() {
            // SAFETY: filled when it was claimed.
            unsafe { check(claim.as_ptr().as_ptr(), claim.len(), mark) };
            return;
        }
        let layout = Layout::from_size_align(size, 1 << self.below(8)).expect("small");
        let mark = self.next_mark();
        match self.shared.ledger.claim("claim", layout) {
            Ok(claim) => {
                // SAFETY: it is this claim's.
                unsafe { fill(claim.as_ptr().as_ptr(), claim.len(), mark) };
                self.claims[at] = Some((claim, mark));
            }
            Err(_) => self.refused += 1,
        }
    }

    /// Puts a packet into the pool on the ledger, or takes it out.
    fn packet(&mut self) {
        let (at, mark, pool) = (self.below(self.packets.len()), self.next_mark(), self.shared.packets);
        self.refused += usize::from(turn(&mut self.packets[at], |packet| pool.try_alloc(packet).ok(), mark));
    }

    /// The same with the pool that has its places in itself, fewer than both parties would like.
    fn fixed_packet(&mut self) {
        let (at, mark, pool) = (self.below(self.fixed.len()), self.next_mark(), self.shared.fixed);
        self.refused += usize::from(turn(&mut self.fixed[at], |packet| pool.try_alloc(packet).ok(), mark));
    }

    /// Some slices in a scope of the arena; now and then the arena gives its memory back.
    fn scope(&mut self) {
        let (reset, mark) = (self.below(32) == 0, self.next_mark());
        let lens = [self.below(200), self.below(60), self.below(900)];
        if reset {
            self.arena = Arena::new_in(self.shared.ledger, "arena").with_growth(Growth::fixed(1 << 10));
        }
        let scope = self.arena.scope();
        let mut slices = lens.map(|len| scope.try_alloc_uninit_slice::<u8>(len).ok());
        for slice in slices.iter_mut().flatten() {
            // SAFETY: the slice's own.
            unsafe { fill(slice.as_mut_ptr().cast(), slice.len(), mark) };
        }
        for slice in slices {
            match slice {
                // SAFETY: filled above.
                Some(slice) => unsafe { check(slice.as_ptr().cast(), slice.len(), mark) },
                None => self.refused += 1,
            }
        }
    }

    /// Gives everything back, and says how often there was no room.
    pub fn end(mut self) -> usize {
        for at in 0..self.blocks.len() {
            if let Some(block) = self.blocks[at].take() {
                self.free(at, &block);
            }
        }
        self.refused
    }
}

/// Puts a packet into a slot that has none, or takes it out. Returns whether it was refused.
fn turn<H: Handle>(slot: &mut Slot<H>, alloc: impl FnOnce(Packet) -> Option<PoolBox<Packet, H>>, mark: u8) -> bool {
    if let Some((packet, mark)) = slot.take() {
        // SAFETY: the packet's own.
        unsafe { check(ptr::from_ref(&*packet).cast(), packet.len(), mark) };
        return false;
    }
    *slot = alloc([mark; 96]).map(|packet| (packet, mark));
    slot.is_none()
}
