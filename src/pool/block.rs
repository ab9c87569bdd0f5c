//! [`BlockPool`]: raw blocks of one size.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

use crate::backing::Backing;
use crate::chunk::{Cursor, CursorCell, Filled, Growth, Lodged, Refill};
use crate::error::{AllocError, Obstacle};
use crate::free_list::{Free, FreeList, List};
use crate::layout::{LINE, padding};
use crate::ledger::{Ledger, Spans};
use crate::mistake::Mistake;
use crate::platform::{self, sanitizer};
use crate::plot::Plot;
use crate::refusal::{expect_room, out_of_memory};
use crate::sharing::crowd::Crowd;
use crate::sharing::{Access, InTurn, Kind, Local, Shareable};

mod crowd;

/// Blocks of one size and alignment, allocated and freed in any order, each in a few instructions.
///
/// A free block holds the link to the next one, so a block in use has no header and costs its own size: what was asked for,
/// at least a pointer's size, rounded up to the alignment. It is aligned to what its size is a multiple of, up to 64 bytes, so
/// that it lies on as few lines of the cache as can be. Freed blocks are used again last in, first out. New ones are cut
/// from chunks that the pool claims as [`Growth`] says; a pool of fixed capacity claims one chunk at once, and never another.
///
/// For values of a type see [`Pool`](crate::Pool).
///
/// ```
/// use core::alloc::Layout;
/// use freehold::BlockPool;
///
/// let pool = BlockPool::new_in(freehold::ledger(), "frames", Layout::new::<[u8; 1500]>());
/// let frame = pool.alloc(); // a pointer to 1500 bytes, not initialised
/// assert_eq!(pool.len(), 1);
/// // SAFETY: it came from this pool, and nobody uses it any more.
/// unsafe { pool.free(frame) };
/// assert!(pool.is_empty());
/// ```
pub struct BlockPool<'l, L = Local> {
    lock: L,
    crowd: Crowd<L, List>,
    // Used in a turn only.
    blocks: Blocks<'l>,
}

/// The blocks of a pool.
struct Blocks<'l> {
    free: FreeList,
    /// Blocks that were never used: from here to the end of the chunk. Aligned for a block.
    cursor: CursorCell,
    /// Of a block; the size is a multiple of the alignment.
    layout: Layout,
    /// Set iff the pool may not claim more.
    fixed: bool,
    chunks: Lodged<'l>,
}

// SAFETY: what is behind the lock is used by one thread at a time, by any where all may enter; the chunks, on a ledger that may be shared
// likewise, are bound to none.
unsafe impl<L: Shareable> Sync for BlockPool<'_, L> {}
// SAFETY: the free blocks and the chunks are the pool's alone, and bound to no thread, where the ledger is not.
unsafe impl Send for Blocks<'_> where for<'a> &'a dyn Spans: Send {}

impl<'l> BlockPool<'l> {
    /// A pool of blocks of `layout` that grows, on `ledger`, under the name `owner`. It claims nothing yet.
    ///
    /// # Panics
    ///
    /// If a block, rounded up, is larger than `isize::MAX` bytes.
    #[track_caller]
    pub const fn new_in<B: Backing, K: Kind>(
        ledger: &'l Ledger<B, K>,
        owner: &'static str,
        layout: Layout,
    ) -> BlockPool<'l> {
        BlockPool { lock: Local::NEW, crowd: Crowd::new(), blocks: Blocks::new(Lodged::new(ledger, owner), layout) }
    }

    /// A pool of blocks of `layout` that has a region to itself, without a ledger.
    ///
    /// # Panics
    ///
    /// As [`new_in`](BlockPool::new_in).
    #[track_caller]
    pub const fn alone(plot: &'l mut Plot<'_>, owner: &'static str, layout: Layout) -> BlockPool<'l> {
        BlockPool { lock: Local::NEW, crowd: Crowd::new(), blocks: Blocks::new(Lodged::new(plot, owner), layout) }
    }

    /// A pool of `capacity` blocks of `layout`, claimed now, that never grows.
    ///
    /// # Errors
    ///
    /// When there is no room for so many.
    pub fn fixed_in<B: Backing, K: Kind>(
        ledger: &'l Ledger<B, K>,
        owner: &'static str,
        layout: Layout,
        capacity: usize,
    ) -> Result<BlockPool<'l>, AllocError> {
        check(owner, layout)?;
        BlockPool::new_in(ledger, owner, layout).fix(capacity)
    }
}

impl<'l, L: Shareable> BlockPool<'l, L> {
    /// [`new_in`](BlockPool::new_in), to be shared as the ledger is.
    ///
    /// # Panics
    ///
    /// As that does.
    #[track_caller]
    pub const fn shared_in<B: Backing>(ledger: &'l Ledger<B, L>, owner: &'static str, layout: Layout) -> Self {
        BlockPool { lock: L::NEW, crowd: Crowd::new(), blocks: Blocks::new(Lodged::new(ledger, owner), layout) }
    }

    /// [`fixed_in`](BlockPool::fixed_in), to be shared as the ledger is.
    ///
    /// # Errors
    ///
    /// When there is no room for so many.
    pub fn shared_fixed_in<B: Backing>(
        ledger: &'l Ledger<B, L>,
        owner: &'static str,
        layout: Layout,
        capacity: usize,
    ) -> Result<Self, AllocError> {
        check(owner, layout)?;
        BlockPool::shared_in(ledger, owner, layout).fix(capacity)
    }
}

impl<'l, L: Access> BlockPool<'l, L> {
    /// The same with another policy for the chunks to come.
    pub const fn with_growth(mut self, growth: Growth) -> Self {
        self.set_growth(growth);
        self
    }

    pub(super) const fn set_growth(&mut self, growth: Growth) {
        self.blocks.chunks.set_growth(growth);
    }

    fn fix(mut self, capacity: usize) -> Result<Self, AllocError> {
        self.blocks.fix(capacity)?;
        Ok(self)
    }

    /// A block, not initialised.
    ///
    /// # Panics
    ///
    /// If no block is free and no more can be had.
    #[inline(always)]
    #[track_caller]
    pub fn alloc(&self) -> NonNull<u8> {
        if L::EXCLUDES {
            // Not by the one that panics inside: a panic's hook is foreign code, and may come back here.
            return expect_room(self.hand_out::<false>());
        }
        match self.hand_out::<true>() {
            Ok(block) => block,
            // SAFETY: so asked, it does not return without a block.
            Err(_) => unsafe { core::hint::unreachable_unchecked() },
        }
    }

    /// [`alloc`](BlockPool::alloc) where there may be no block.
    ///
    /// # Errors
    ///
    /// When no block is free and no more can be had.
    #[inline(always)]
    pub fn try_alloc(&self) -> Result<NonNull<u8>, AllocError> {
        self.hand_out::<false>()
    }

    /// The one way out of a pool, for whoever asks. Another thread may have grown the memory that the block lies in, and freed it or handed
    /// the pool over.
    #[inline(always)]
    #[track_caller]
    fn hand_out<const PANIC: bool>(&self) -> Result<NonNull<u8>, AllocError> {
        let block = if crate::sharing::crowd::may_be::<L>() {
            self.hand_out_calmly()?
        } else {
            self.enter().alloc::<PANIC>()?
        };
        platform::reach(block.addr().get() + self.blocks.layout.size());
        Ok(block)
    }

    /// Takes a block back. With debug assertions it panics, before anything is done, if that is none of this pool's, or one of the 64 that were
    /// freed last; or it tells of that and does nothing, as [`on_mistake`](crate::debug::on_mistake) has it.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` came from this pool's [`alloc`](BlockPool::alloc) or [`try_alloc`](BlockPool::try_alloc), has not been freed since, and nobody
    /// uses it any more.
    #[inline(always)]
    #[cfg_attr(debug_assertions, track_caller)]
    pub unsafe fn free(&self, block: NonNull<u8>) {
        if cfg!(debug_assertions) {
            let whole = self.enter_whole();
            if let Some(mistake) = whole.mistake(block) {
                // Nothing is locked when it is told.
                drop(whole);
                return mistake.tell();
            }
            // SAFETY: the caller's promise.
            return unsafe { whole.free(block) };
        }
        match self.enter_calmly() {
            // SAFETY: the caller's promise.
            Some(blocks) => unsafe { blocks.free(block) },
            // SAFETY: as above.
            None => unsafe { self.free_late(block) },
        }
    }

    /// What is wrong with freeing this, as far as that is seen in some steps.
    #[track_caller]
    pub(super) fn mistake(&self, block: NonNull<u8>) -> Option<Mistake> {
        self.enter_whole().mistake(block)
    }

    /// Whether a block of this pool's, in use or free, starts at this address; one that was handed out at least once. Nothing is
    /// read there, so any address may be asked for. Takes time with the number of chunks.
    pub fn holds(&self, addr: usize) -> bool {
        self.enter().hold(addr)
    }

    /// The size and the alignment of a block, as they are after rounding.
    pub fn layout(&self) -> Layout {
        self.blocks.layout
    }

    /// How many blocks there is memory for now. Takes time with the number of chunks, behind the lock of a shared pool.
    pub fn capacity(&self) -> usize {
        let blocks = self.enter();
        blocks.cut() + blocks.cursor.get().room() / blocks.layout.size()
    }

    /// How many blocks are in use. Takes time with the number of chunks and of blocks that are free, behind the lock of a shared pool: a
    /// count would take two instructions of each block's life.
    pub fn len(&self) -> usize {
        self.enter_whole().in_use()
    }

    /// Whether no block is in use. Takes time as [`len`](BlockPool::len) does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that this pool holds, in use or not, as the ledger counts them: headers included. Takes time with the number of chunks.
    #[must_use]
    pub fn held(&self) -> usize {
        self.enter().chunks.held() + self.held_by_sets()
    }

    /// Gives all memory back if no block is in use, and returns how many bytes that was. A pool of fixed capacity keeps its
    /// memory; a shared one keeps what it has for threads that meet. Takes time as [`len`](BlockPool::len) does.
    pub fn trim(&self) -> usize {
        let whole = self.enter_whole();
        if self.blocks.fixed || whole.in_use() > 0 {
            return 0;
        }
        // SAFETY: no block is in use.
        unsafe { whole.close() }
    }

    /// The name it claims memory under.
    pub fn owner(&self) -> &'static str {
        self.blocks.chunks.owner()
    }

    #[inline(always)]
    fn enter(&self) -> InTurn<'_, L, Blocks<'l>> {
        InTurn::enter(&self.lock, &self.blocks)
    }
}

impl<L> Drop for BlockPool<'_, L> {
    #[inline(always)]
    fn drop(&mut self) {
        self.end_crowd();
    }
}

impl<L: Access> fmt::Debug for BlockPool<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each is looked at before anything is written, which is foreign code: nothing is locked then.
        let (owner, layout, capacity, len) = (self.owner(), self.layout(), self.capacity(), self.len());
        let mut shown = f.debug_struct("BlockPool");
        shown.field("owner", &owner).field("layout", &layout).field("capacity", &capacity).field("len", &len).finish()
    }
}

impl<'l> Blocks<'l> {
    #[track_caller]
    const fn new(chunks: Lodged<'l>, layout: Layout) -> Blocks<'l> {
        let Some(layout) = block_layout(layout) else { panic!("a block can't be that large") };
        Blocks { free: FreeList::new(), cursor: CursorCell::new(Cursor::NOWHERE), layout, fixed: false, chunks }
    }

    /// A block; with `PANIC`, there is always one.
    #[inline(always)]
    #[track_caller]
    fn alloc<const PANIC: bool>(&self) -> Result<NonNull<u8>, AllocError> {
        if let Some(block) = self.free.pop() {
            sanitizer::unpoison(block, 0..self.layout.size());
            return Ok(block);
        }
        self.alloc_new::<PANIC>()
    }

    /// A free block, or one that was never used, if the chunk has room for it.
    #[inline(always)]
    fn at_hand(&self) -> Free {
        self.free.pop().or_else(|| {
            let (cursor, size) = (self.cursor.get(), self.layout.size());
            if cursor.room() < size {
                return None;
            }
            // SAFETY: the chunk has room for a block.
            self.cursor.set_next(unsafe { cursor.next.add(size) });
            Some(cursor.next)
        })
    }

    /// A block that was never used.
    #[inline(always)]
    #[track_caller]
    fn alloc_new<const PANIC: bool>(&self) -> Result<NonNull<u8>, AllocError> {
        let (size, align) = (self.layout.size(), self.layout.align());
        let mut cursor = self.cursor.get();
        if cursor.room() < size {
            // What is called from here on gets nothing by address, so that the pool may be kept in registers.
            let owner = self.chunks.owner();
            if self.fixed && PANIC {
                panic_full(owner, size, align, self.chunks.filled(cursor));
            }
            if self.fixed {
                return Err(full(owner, size, align, self.chunks.filled(cursor)));
            }
            let Some(found) = self.chunks.cursor_for::<PANIC>(cursor, size, align) else {
                return Err(self.chunks.error(size, align));
            };
            cursor = aligned(found, align);
            self.cursor.set(cursor);
        }
        let block = cursor.next;
        // SAFETY: the chunk has room for a block: it was compared, or `refill` said so.
        self.cursor.set_next(unsafe { block.add(size) });
        sanitizer::unpoison(block, 0..size);
        Ok(block)
    }

    /// # Safety
    ///
    /// The caller owes: the block is one of this pool's, in use, and nobody uses it any more.
    #[inline(always)]
    unsafe fn free(&self, block: NonNull<u8>) {
        // SAFETY: the block is the pool's again, and as large and as aligned as a link.
        unsafe { self.free.push(block) };
        // SAFETY: the caller's promise.
        unsafe { self.let_go(block) };
    }

    /// # Safety
    ///
    /// The caller owes: the block is one of this pool's, free, and nobody but the pool knows of it.
    #[inline(always)]
    unsafe fn let_go(&self, block: NonNull<u8>) {
        // SAFETY: the rest of the block, which is the pool's again.
        unsafe { sanitizer::let_go(block, size_of::<Free>()..self.layout.size()) };
    }

    /// Claims room for `capacity` blocks; from now on there are no more.
    fn fix(&mut self, capacity: usize) -> Result<(), AllocError> {
        let (size, align) = (self.layout.size(), self.layout.align());
        self.fixed = true;
        if capacity == 0 {
            return Ok(());
        }
        let bytes = size.checked_mul(capacity).filter(|bytes| *bytes <= isize::MAX as usize);
        let Some(bytes) = bytes else {
            let bytes = size.saturating_mul(capacity);
            return Err(AllocError::new(self.chunks.owner(), bytes, align, Obstacle::TooLarge));
        };
        self.chunks.set_growth(Growth::fixed(0));
        let Some(found) = self.chunks.cursor_for::<false>(Cursor::NOWHERE, bytes, align) else {
            return Err(self.chunks.error(bytes, align));
        };
        let next = aligned(found, align).next;
        // SAFETY: the chunk has room for so many bytes after the padding.
        let end = unsafe { next.add(bytes) };
        self.cursor.set(Cursor { next, end });
        Ok(())
    }

    /// How many blocks have been cut from chunks so far.
    fn cut(&self) -> usize {
        count(self.chunks.filled(self.cursor.get()), self.layout.size(), self.layout.align())
    }

    /// How many are in use, if these lists have free ones too. Where a block was freed twice nobody knows which are free: then all that were cut count.
    #[inline(never)]
    fn in_use<'a>(&self, lists: impl IntoIterator<Item = &'a List>) -> usize {
        let cut = self.cut();
        let add = |free: usize, list: &List| Some(free + list.len_of(cut - free)?);
        let free = self.free.len_of(cut).and_then(|free| lists.into_iter().try_fold(free, add));
        cut - free.unwrap_or(0)
    }

    fn hold(&self, addr: usize) -> bool {
        let mut filled = self.chunks.filled(self.cursor.get());
        while let Some((start, end)) = filled.next(self.layout.align()) {
            if (start.addr().get()..end.addr().get()).contains(&addr) {
                return (addr - start.addr().get()).is_multiple_of(self.layout.size());
            }
        }
        false
    }
}

/// `layout` with room for a link, rounded up to the alignment; aligned to as much as its size is a multiple of, up to a
/// line of the cache, so that no block lies on more lines than it has to.
const fn block_layout(layout: Layout) -> Option<Layout> {
    let link = Layout::new::<Free>();
    let size = if layout.size() > link.size() { layout.size() } else { link.size() };
    let natural = 1 << size.trailing_zeros();
    let natural = if natural < LINE { natural } else { LINE };
    let align = if layout.align() > link.align() { layout.align() } else { link.align() };
    let align = if align > natural { align } else { natural };
    match Layout::from_size_align(size, align) {
        Ok(layout) => Some(layout.pad_to_align()),
        Err(_) => None,
    }
}

/// Whether blocks of `layout` can be made at all.
fn check(owner: &'static str, layout: Layout) -> Result<(), AllocError> {
    let too_large = AllocError::new(owner, layout.size(), layout.align(), Obstacle::TooLarge);
    block_layout(layout).map(|_| ()).ok_or(too_large)
}

/// How many blocks lie in the filled parts of chunks.
fn count(mut filled: Filled, size: usize, align: usize) -> usize {
    let mut blocks = 0;
    while let Some((start, end)) = filled.next(align) {
        blocks += (end.addr().get() - start.addr().get()) / size;
    }
    blocks
}

/// A pool of fixed capacity has no block left.
#[cold]
#[inline(never)]
fn full(owner: &'static str, size: usize, align: usize, filled: Filled) -> AllocError {
    AllocError::new(owner, size, align, Obstacle::Full { capacity: count(filled, size, align) })
}

#[cold]
#[inline(never)]
#[track_caller]
fn panic_full(owner: &'static str, size: usize, align: usize, filled: Filled) -> ! {
    out_of_memory(full(owner, size, align, filled))
}

/// The cursor moved up to the next multiple of `align`, for which there is room.
fn aligned(cursor: Cursor, align: usize) -> Cursor {
    let pad = padding(cursor.next.addr().get(), align);
    // SAFETY: `refill` left room for the padding.
    Cursor { next: unsafe { cursor.next.add(pad) }, ..cursor }
}
