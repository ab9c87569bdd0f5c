//! The blocks that are in use: each filled with a pattern of its own, so that nothing can overwrite one unseen.

use core::alloc::Layout;
use core::ptr::NonNull;

use freehold::Ledger;
use freehold::backing::Backing;

/// Who holds a block, and in which nested scope of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name the holder claims memory under.
    pub owner: &'static str,
    /// 0 outside any scope.
    pub depth: usize,
}

/// What blocks are filled with, over and over, each from a place of its own on: twice the same, so that a turn begins anywhere.
static TURNS: [u8; 2 * TURN] = {
    let mut bytes = [0; 2 * TURN];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = ((at % TURN) as u32 + 1).wrapping_mul(0x9e37_79b9).to_be_bytes()[0];
        at += 1;
    }
    bytes
};
const TURN: usize = 2039;

/// Whether all of them are this one. (Many are compared at once, which takes Miri no longer than one.)
pub fn all_are(byte: u8, bytes: &[u8]) -> bool {
    let piece = [byte; 512];
    bytes.chunks(piece.len()).all(|bytes| *bytes == piece[..bytes.len()])
}

/// A block in use.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Where it starts.
    pub place: NonNull<u8>,
    /// Its size and alignment.
    pub layout: Layout,
    /// Who holds it.
    pub holder: Holder,
    /// Where in a turn it begins.
    from: usize,
}

impl Block {
    fn addr(&self) -> usize {
        self.place.addr().get()
    }

    fn end(&self) -> usize {
        self.addr() + self.layout.size()
    }

    /// Its first `bytes` bytes in pieces: where each begins, and what is in it. (A piece is copied and compared at once, which takes Miri no longer
    /// than a byte.)
    fn pieces(&self, bytes: usize) -> impl Iterator<Item = (usize, &'static [u8])> + use<> {
        let (len, turn) = (bytes.min(self.layout.size()), &TURNS[self.from..][..TURN]);
        (0..len).step_by(TURN).map(move |start| (start, &turn[..TURN.min(len - start)]))
    }

    /// Whether the first `bytes` bytes, read at `place`, hold the block's pattern.
    ///
    /// # Safety
    ///
    /// The caller owes: so many bytes may be read there.
    pub unsafe fn is_at(&self, place: NonNull<u8>, bytes: usize) -> bool {
        self.pieces(bytes).all(|(start, piece)| {
            let mut there = [0; TURN];
            // SAFETY: the caller's promise.
            let from = unsafe { place.add(start) };
            // SAFETY: the caller's promise; a piece is no longer than a turn.
            unsafe { from.copy_to_nonoverlapping(NonNull::from(&mut there).cast(), piece.len()) };
            there[..piece.len()] == *piece
        })
    }
}

/// How many blocks are watched at once; of more, those that came first are watched no longer.
const WATCHED: usize = if cfg!(miri) { 14 } else { 128 };

/// The table of blocks in use.
#[derive(Debug)]
pub struct Live {
    blocks: [Option<Block>; WATCHED],
    added: u32,
}

impl Default for Live {
    fn default() -> Live {
        Live { blocks: [None; WATCHED], added: 0 }
    }
}

impl Live {
    /// An empty table.
    pub fn new() -> Live {
        Live::default()
    }

    /// Takes a block in: it must be aligned, overlap none in use, and is filled with a pattern.
    ///
    /// # Safety
    ///
    /// The caller owes: the block may be read and written until it is taken out.
    pub unsafe fn add(&mut self, place: NonNull<u8>, layout: Layout, holder: Holder) {
        let block = Block { place, layout, holder, from: self.added as usize * 97 % TURN };
        self.added += 1;
        assert!(block.addr().is_multiple_of(layout.align()), "{block:?} is not aligned");
        if layout.size() == 0 {
            return;
        }
        assert!(block.addr().checked_add(layout.size()).is_some(), "{block:?} wraps");
        for other in self.blocks.iter().flatten() {
            assert!(other.end() <= block.addr() || block.end() <= other.addr(), "{block:?} overlaps {other:?}");
        }
        for (start, piece) in block.pieces(layout.size()) {
            // SAFETY: inside the block (the caller's promise).
            let to = unsafe { place.add(start) };
            // SAFETY: the caller's promise.
            unsafe { to.copy_from_nonoverlapping(NonNull::from(piece).cast(), piece.len()) };
        }
        let free = self.blocks.iter().position(Option::is_none).unwrap_or(self.added as usize % WATCHED);
        self.blocks[free] = Some(block);
    }

    /// A block has gone to another place, or stayed, with another layout: what both sizes hold must be the same. There it is watched
    /// from now on, with a new pattern.
    ///
    /// # Safety
    ///
    /// The caller owes: at `place` there is a block as for [`add`](Live::add), of which as many bytes have been written as both
    /// layouts have.
    pub unsafe fn moved(&mut self, from: NonNull<u8>, place: NonNull<u8>, old: Layout, new: Layout, holder: Holder) {
        self.check_but(from);
        if let Some(block) = self.find(0, |block| block.place == from) {
            // SAFETY: the caller's promise.
            let kept = unsafe { block.is_at(place, old.size().min(new.size())) };
            assert!(kept, "{block:?} lost bytes on its way to {new:?}");
        }
        self.forget(from);
        // SAFETY: the caller's promise.
        unsafe { self.add(place, new, holder) };
    }

    /// Some block that `wanted` accepts.
    pub fn find(&self, choice: u32, wanted: impl Fn(&Block) -> bool) -> Option<Block> {
        let start = choice as usize % WATCHED;
        let (front, back) = self.blocks.split_at(start);
        back.iter().chain(front).flatten().find(|block| wanted(block)).copied()
    }

    /// Takes a block out; its pattern must still be there.
    pub fn remove(&mut self, place: NonNull<u8>) {
        for slot in &mut self.blocks {
            if let Some(block) = slot.take_if(|block| block.place == place) {
                check(&block);
            }
        }
    }

    /// Takes out what a holder has at that depth and deeper; the patterns must still be there.
    pub fn remove_from(&mut self, holder: Holder) {
        for slot in &mut self.blocks {
            let gone = |block: &mut Block| block.holder.owner == holder.owner && block.holder.depth >= holder.depth;
            if let Some(block) = slot.take_if(gone) {
                check(&block);
            }
        }
    }

    /// What a holder has one deeper than this is kept, and is the holder's at this depth from now on.
    pub fn keep(&mut self, holder: Holder) {
        for block in self.blocks.iter_mut().flatten() {
            if block.holder.owner == holder.owner && block.holder.depth > holder.depth {
                block.holder.depth = holder.depth;
            }
        }
    }

    /// Those that are watched.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().flatten()
    }

    /// Every block must hold its pattern.
    pub fn check(&self) {
        self.blocks.iter().flatten().for_each(check);
    }

    /// Every block but the one at `place` must hold its pattern.
    pub fn check_but(&self, place: NonNull<u8>) {
        self.blocks.iter().flatten().filter(|block| block.place != place).for_each(check);
    }

    /// Takes a block out that is no longer there to be looked at.
    pub fn forget(&mut self, place: NonNull<u8>) {
        for slot in &mut self.blocks {
            slot.take_if(|block| block.place == place);
        }
    }

    /// Every block must lie in a claim of its holder's, behind the ledger's header.
    pub fn check_owners<B: Backing>(&self, ledger: &Ledger<B>) {
        let mut homeless = self.len();
        for span in ledger.snapshot().spans() {
            for block in self.blocks.iter().flatten().filter(|block| block.addr() < span.base + span.len) {
                if block.end() > span.base {
                    assert_eq!(span.owner, Some(block.holder.owner), "{block:?} lies in {span:?}");
                    assert!(span.base < block.addr() && block.end() <= span.base + span.len, "{block:?} in {span:?}");
                    homeless -= 1;
                }
            }
        }
        assert_eq!(homeless, 0, "so many lie in no claim, of {:?}", self.blocks);
    }

    /// How many blocks are watched.
    pub fn len(&self) -> usize {
        self.blocks.iter().flatten().count()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn check(block: &Block) {
    // SAFETY: a block may be read until it is taken out (contract of `add`).
    assert!(unsafe { block.is_at(block.place, block.layout.size()) }, "{block:?} was overwritten");
}
