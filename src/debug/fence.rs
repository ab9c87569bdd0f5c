//! What stands in memory around a block and in one that was freed, and whether it stands there still.

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::platform;

/// Before and behind each block.
pub(super) const FENCE: u8 = 0xfd;
/// In a block that nobody has written to yet.
pub(super) const FRESH: u8 = 0xcd;
/// In a block that was freed.
pub(super) const FREED: u8 = 0xdd;

/// Bytes behind each block that are looked at, and the least before it. No heap of the crate's aligns to less.
const WIDTH: usize = 16;

/// So many of the bytes that were written are shown.
const SHOWN: usize = 16;

/// What was written where nobody may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// Where the first changed byte is. In a freed block it is counted from its start, behind one from its end: 0 is the byte right there. Before
    /// one it is counted back from its start: 1 is the byte right before it.
    pub first: usize,
    /// Where the last one is, as far as is looked at, counted likewise.
    pub last: usize,
    bytes: [u8; SHOWN],
    shown: usize,
}

impl Damage {
    /// What stands there now, from the lower address on: as far as the last changed byte, 16 bytes at most.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.shown]
    }
}

/// A block as the heap below gives it: what is handed out, and a fence on either side.
///
/// ```text
///   base                block                         block + size
///    │ fd fd fd … fd fd   │ what is handed out           │ fd fd … fd │
///    └ the alignment, 16 bytes at least                  └ 16 bytes
/// ```
#[derive(Clone, Copy)]
pub(super) struct Fenced {
    /// What is asked of the heap below.
    pub whole: Layout,
    size: usize,
    front: usize,
}

impl Fenced {
    /// `None` if there can be no such block.
    pub fn of(layout: Layout) -> Option<Fenced> {
        let front = layout.align().max(WIDTH);
        let bytes = layout.size().checked_add(front)?.checked_add(WIDTH)?;
        let whole = Layout::from_size_align(bytes, layout.align()).ok()?;
        Some(Fenced { whole, size: layout.size(), front })
    }

    /// Makes sure that this thread may use the block and its fences, which another thread may have had.
    pub fn reach(&self, block: NonNull<u8>) {
        platform::reach(block.addr().get() + self.size + WIDTH);
    }

    /// The block in what the heap below gave.
    ///
    /// # Safety
    ///
    /// The caller owes: memory for [`whole`](Fenced::whole) starts at `base`.
    pub unsafe fn block(&self, base: NonNull<u8>) -> NonNull<u8> {
        // SAFETY: the front is a part of the memory.
        unsafe { base.add(self.front) }
    }

    /// What the heap below gave.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` is what [`block`](Fenced::block) returned, with what it may reach.
    pub unsafe fn base(&self, block: NonNull<u8>) -> NonNull<u8> {
        // SAFETY: the front lies before the block, in one piece with it.
        unsafe { block.sub(self.front) }
    }

    /// Puts up both fences.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` is one in memory for [`whole`](Fenced::whole), and may reach all of that.
    pub unsafe fn put_up(&self, block: NonNull<u8>) {
        self.reach(block);
        // SAFETY: the caller's promise.
        let base = unsafe { self.base(block) };
        // SAFETY: the front, which nobody uses.
        unsafe { base.write_bytes(FENCE, self.front) };
        // SAFETY: the end of the block, which lies before the fence.
        let behind = unsafe { block.add(self.size) };
        // SAFETY: the fence, which nobody uses.
        unsafe { behind.write_bytes(FENCE, WIDTH) };
    }

    /// What was written before the block.
    ///
    /// # Safety
    ///
    /// The caller owes: as for [`put_up`](Fenced::put_up), which was called.
    pub unsafe fn before(&self, block: NonNull<u8>) -> Option<Damage> {
        // SAFETY: the caller's promise.
        let base = unsafe { self.base(block) };
        // SAFETY: the front, which was filled.
        let damage = unsafe { changed(base, self.front, FENCE) }?;
        Some(Damage { first: self.front - damage.first, last: self.front - damage.last, ..damage })
    }

    /// What was written behind the block.
    ///
    /// # Safety
    ///
    /// The caller owes: as for [`put_up`](Fenced::put_up), which was called.
    pub unsafe fn behind(&self, block: NonNull<u8>) -> Option<Damage> {
        // SAFETY: the end of the block, which lies before the fence.
        let behind = unsafe { block.add(self.size) };
        // SAFETY: the fence, which was filled.
        unsafe { changed(behind, WIDTH, FENCE) }
    }

    /// What was written into the block since it was [filled](Fenced::fill) as freed.
    ///
    /// # Safety
    ///
    /// The caller owes: as for [`put_up`](Fenced::put_up); the block was filled with [`FREED`].
    pub unsafe fn inside(&self, block: NonNull<u8>) -> Option<Damage> {
        // SAFETY: the caller's promise.
        unsafe { changed(block, self.size, FREED) }
    }

    /// Fills the block.
    ///
    /// # Safety
    ///
    /// The caller owes: as for [`put_up`](Fenced::put_up); nobody uses the block.
    pub unsafe fn fill(&self, block: NonNull<u8>, byte: u8) {
        self.reach(block);
        // SAFETY: the caller's promise.
        unsafe { block.write_bytes(byte, self.size) };
    }
}

/// Which of `len` bytes from `start` on are not `byte`.
///
/// # Safety
///
/// The caller owes: so many bytes may be read there, and have been written.
unsafe fn changed(start: NonNull<u8>, len: usize, byte: u8) -> Option<Damage> {
    platform::reach(start.addr().get() + len);
    // SAFETY: the caller's promise; nobody writes there while this is looked at who keeps to what he owes.
    let seen = unsafe { NonNull::slice_from_raw_parts(start, len).as_ref() };
    // Nearly always nothing has: this takes many bytes in one step, eight where there is nothing wider, as on wasm.
    let (words, rest) = seen.as_chunks();
    let words =
        words.iter().fold(0, |changed, word| changed | (u64::from_ne_bytes(*word) ^ u64::from_ne_bytes([byte; 8])));
    if words == 0 && rest.iter().all(|seen| *seen == byte) {
        return None;
    }
    let first = seen.iter().position(|seen| *seen != byte)?;
    let last = seen.iter().rposition(|seen| *seen != byte)?;
    let mut bytes = [0; SHOWN];
    let shown = (last + 1 - first).min(SHOWN);
    bytes[..shown].copy_from_slice(&seen[first..first + shown]);
    Some(Damage { first, last, bytes, shown })
}

/// Whether a fence stands before an address of which nothing else is known.
///
/// # Safety
///
/// The caller owes: the bytes of a front fence before it may be read, and have been written.
pub(super) unsafe fn stands_before(block: NonNull<u8>, align: usize) -> bool {
    let front = align.max(WIDTH);
    // SAFETY: the caller's promise.
    let base = unsafe { block.sub(front) };
    // SAFETY: the caller's promise.
    unsafe { changed(base, front, FENCE) }.is_none()
}
