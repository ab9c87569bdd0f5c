//! Pools: blocks of one size, each with a word behind it that says whether it is in use.

use core::alloc::Layout;
use core::cell::Cell;
use core::ffi::{c_char, c_int, c_void};
use core::ptr::{self, NonNull};

use freehold::{BlockPool, Obstacle};

use crate::ledger::{self, Home, LedgerHandle, alignment};
use crate::problem::{Name, Problem, Report};
use crate::table::{Entry, Record, Table, status, value};

const WORD: usize = size_of::<usize>();

/// What stands behind a block in use and behind a free one, combined with its address: two values that no other block has, and that
/// a program hardly writes there by chance.
const IN_USE: usize = 0x5f1c_a3b7_2e94_d06d_u64 as usize;
const FREE: usize = !IN_USE;

/// An open pool.
struct PoolRecord {
    blocks: BlockPool<'static>,
    entry: Entry,
    /// Bytes of a block that are the user's, up to the word behind it.
    size: usize,
    in_use: Cell<usize>,
    owner: &'static str,
    home: &'static Home,
}

impl Record for PoolRecord {
    const KIND: &'static str = "a pool";

    fn entry(&self) -> &Entry {
        &self.entry
    }
}

impl PoolRecord {
    /// The word behind a block.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` is one of this pool's.
    unsafe fn word(&self, block: NonNull<u8>) -> NonNull<usize> {
        // SAFETY: a block was made with room for it, at a multiple of its size.
        unsafe { block.add(self.size) }.cast()
    }

    fn alloc(&self) -> Result<NonNull<u8>, Problem> {
        let block = self.blocks.try_alloc()?;
        // SAFETY: just allocated.
        let word = unsafe { self.word(block) };
        // SAFETY: as above.
        unsafe { word.write(IN_USE ^ block.addr().get()) };
        self.in_use.set(self.in_use.get() + 1);
        Ok(block)
    }

    /// Takes a block back, if it is one that is in use.
    fn free(&self, block: NonNull<u8>) -> Result<(), Problem> {
        match self.check(block) {
            // The control goes on all the same.
            Err(problem) if cfg!(not(feature = "unchecked")) => return Err(problem),
            _ => {}
        }
        // SAFETY: it was found to be a block of this pool's that is in use; that nobody uses it any more C's caller owes.
        unsafe { self.blocks.free(block) };
        // Not before: what is done with may have been filled. Whoever gets the block next finds the word as its own.
        // SAFETY: it is a block of this pool's.
        let word = unsafe { self.word(block) };
        freehold::c::look_at(word.cast(), WORD);
        // SAFETY: the last word of a free block of at least two, which starts with its link; the next use of the pool comes after this.
        unsafe { word.write(FREE ^ block.addr().get()) };
        // Only the control has it go below 0.
        self.in_use.set(self.in_use.get().saturating_sub(1));
        Ok(())
    }

    /// Finds out whether a block is in use.
    fn check(&self, block: NonNull<u8>) -> Result<(), Problem> {
        let addr = block.addr().get();
        let owner = || Name::of(self.owner);
        if !self.blocks.holds(addr) {
            return Err(Problem::ForeignBlock { owner: owner(), block: addr });
        }
        // SAFETY: it is a block of this pool's.
        let word = unsafe { self.word(block) };
        freehold::c::look_at(word.cast(), WORD);
        // SAFETY: the word was written when the block was handed out.
        match unsafe { word.read() } ^ addr {
            IN_USE => Ok(()),
            FREE => Err(Problem::FreedTwice { owner: owner(), block: addr }),
            _ => Err(Problem::Overrun { owner: owner(), block: addr, size: self.size }),
        }
    }
}

/// `freehold_pool *`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct PoolHandle(usize);

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_pool_open(
    ledger: LedgerHandle,
    name: *const c_char,
    size: usize,
    align: usize,
    capacity: usize,
    error: *mut Report,
) -> PoolHandle {
    let work = |table: &Table| {
        let home = table.get::<Home>(ledger.0)?;
        let align = alignment(align)?;
        let make = |home: &'static Home, owner| {
            let too_large = Problem::NoRoom { owner: Name::of(owner), size, align, obstacle: Obstacle::TooLarge };
            let Some((layout, size)) = layout(size, align) else {
                return Err(too_large);
            };
            let blocks = home.pool(owner, layout, capacity)?;
            Ok(PoolRecord { blocks, entry: Entry::new(), size, in_use: Cell::new(0), owner, home })
        };
        // SAFETY: a ledger is only closed when nothing on it is open; C's caller owes the name.
        unsafe { ledger::open(table, home, name, make) }
    };
    // SAFETY: C's caller owes it.
    let handle = unsafe { value(error, work) };
    PoolHandle(handle.unwrap_or_default())
}

/// Of a block with its word, and where that stands; `None` if there can't be such a block.
fn layout(size: usize, align: usize) -> Option<(Layout, usize)> {
    let size = size.max(1).checked_next_multiple_of(WORD)?;
    let layout = Layout::from_size_align(size.checked_add(WORD)?, align.max(WORD)).ok()?;
    // The pool rounds up by as much again, at most.
    (layout.pad_to_align().size() <= isize::MAX as usize / 2).then_some((layout, size))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_pool_close(pool: PoolHandle, error: *mut Report) -> c_int {
    let work = |table: &Table| {
        let place = table.get::<PoolRecord>(pool.0)?;
        // SAFETY: it is there while its handle is in the table.
        let home = unsafe { place.as_ref() }.home;
        // SAFETY: it was opened there, and is open; nothing of it is used here.
        unsafe { ledger::close(table, home, place) };
        Ok(())
    };
    // SAFETY: C's caller owes it.
    unsafe { status(error, work) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_pool_alloc(pool: PoolHandle, error: *mut Report) -> *mut c_void {
    let work = |table: &Table| {
        let pool = table.get::<PoolRecord>(pool.0)?;
        // SAFETY: it is there while its handle is in the table.
        unsafe { pool.as_ref() }.alloc()
    };
    // SAFETY: C's caller owes it.
    let block = unsafe { value(error, work) };
    block.map_or(ptr::null_mut(), |block| block.as_ptr().cast())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_pool_free(pool: PoolHandle, block: *mut c_void, error: *mut Report) -> c_int {
    let work = |table: &Table| {
        let pool = table.get::<PoolRecord>(pool.0)?;
        // SAFETY: it is there while its handle is in the table.
        let pool = unsafe { pool.as_ref() };
        // Nothing is freed by freeing null, as with C's own `free`.
        NonNull::new(block.cast()).map_or(Ok(()), |block| pool.free(block))
    };
    // SAFETY: C's caller owes it.
    unsafe { status(error, work) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_pool_in_use(pool: PoolHandle, error: *mut Report) -> usize {
    let work = |table: &Table| {
        let pool = table.get::<PoolRecord>(pool.0)?;
        // SAFETY: it is there while its handle is in the table.
        Ok(unsafe { pool.as_ref() }.in_use.get())
    };
    // SAFETY: C's caller owes it.
    let count = unsafe { value(error, work) };
    count.unwrap_or_default()
}
