//! C's blocks on a [`Heap`], which can tell how long most of them are: those have nothing in front.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use super::sheets::{Sheet, Sheets};
use super::{ALIGN, Malloc, ask};
use crate::free_list::Free;
use crate::heap::{Heap, LARGEST_IN_SLAB, block_bytes, class_of, size_of_class};
use crate::ledger;
use crate::platform;
use crate::sharing::Shareable;

/// A heap, and what is known of its blocks that are C's. How long one is says
///
/// | a block | how long it is |
/// |---|---|
/// | in a slab of its class | its sheet ([`Sheets`]): the class of all there, and how many they are |
/// | in a slab that all classes share, where they are few, or memory is small or short | the sheet's map: the class of each |
/// | that is a claim: over 1 KiB, or aligned to more than 16 | the word before it, the last one of the grain that has the ledger's header, which that leaves free |
/// | for which there was no room to write that down (a *stray*) | the word before it, in the first 16 bytes of the heap's block |
///
/// Where its sheet counts others of its class it is one more, and where there is a map it is written there; only if neither is so the heap is
/// asked where it lies. When it comes back, what stands in the map comes first, then the count; what is in neither is a claim. That holds, as a slab of
/// a class has whole sheets, and stays, or becomes one that all share, as long as any of its blocks is out. So where blocks are counted there is
/// no claim, and none of another class can begin to be counted.
///
/// What is asked of the heap are whole blocks, so the size that a block has is the one that it was asked for with.
pub struct Headless<'h, L: 'static> {
    pub(super) heap: &'h Heap<L>,
    pub(super) sheets: &'h Sheets,
}

/// What stands in the word before a claim: its bytes, a multiple of 16; and in the bits below how often the alignment, 16, is doubled, up to
/// a quarter of a megabyte. (What was aligned to more has that when it is resized.) Or that it is a stray's.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Word(usize);

const DOUBLED: usize = ALIGN - 1;
const STRAY: usize = DOUBLED;

// The ledger leaves a word before a claim's payload to its holder.
const _: () = assert!(ledger::UNUSED >= size_of::<Word>());

impl Word {
    fn of(layout: Layout) -> Word {
        let doubled = (layout.align() / ALIGN).max(1).ilog2() as usize;
        Word(layout.size() | doubled.min(STRAY - 1))
    }

    /// # Safety
    ///
    /// The caller owes: `claim` is a payload of the ledger's that C has, or is about to have.
    unsafe fn before(claim: NonNull<u8>) -> NonNull<Word> {
        // SAFETY: the header's grain lies there.
        unsafe { claim.cast::<Word>().sub(1) }
    }

    fn bytes(self) -> usize {
        self.0 & !DOUBLED
    }

    fn align(self) -> usize {
        ALIGN << (self.0 & DOUBLED)
    }

    fn is_stray(self) -> bool {
        self.0 & DOUBLED == STRAY
    }
}

fn layout(size: usize, align: usize) -> Option<Layout> {
    Layout::from_size_align(size, align).ok()
}

impl<L: Shareable> Headless<'_, L> {
    /// Gives back what is known of blocks. A program never does; a test that looks for what is lost does.
    ///
    /// # Safety
    ///
    /// The caller owes: no block of C's is in use, and nobody allocates one meanwhile.
    pub unsafe fn end(&self) {
        // SAFETY: the caller's promise.
        unsafe { self.sheets.end(self.heap) };
    }

    /// Memory of the heap's. With `tell` unset nobody is told if there is none: there is another way to go, and C may not be refused.
    #[inline(always)]
    fn ask(&self, layout: Layout, zero: bool, tell: bool) -> Free {
        if !tell {
            return self.heap.try_alloc(layout, zero);
        }
        // SAFETY: blocks have at least 16 bytes.
        NonNull::new(unsafe { ask(self.heap, layout, zero) })
    }

    /// Whether a block need only be written down beside others where it lies, and is.
    #[inline(always)]
    fn joins(&self, block: NonNull<u8>, class: usize) -> bool {
        let sheet = self.sheets.of(block);
        sheet.is_some_and(|sheet| sheet.one_more(class) || sheet.write_beside(self.heap, block, class))
    }

    /// A block of up to 1 KiB.
    #[inline(always)]
    fn small(&self, size: usize, tell: bool) -> Free {
        let block = self.ask(layout(size, ALIGN)?, false, tell)?;
        if self.joins(block, class_of(size)) {
            return Some(block);
        }
        self.settle(block, size).or_else(|| {
            if tell {
                self.heap.refuse(size);
            }
            None
        })
    }

    /// Finds out where a block lies that was allocated just now, and has that written down.
    #[inline(never)]
    fn settle(&self, block: NonNull<u8>, size: usize) -> Free {
        let class = class_of(size);
        // SAFETY: the block was allocated just now with this size.
        let in_slab = !unsafe { self.heap.is_in_shared(block) };
        let sheet = self.sheets.of(block).or_else(|| {
            self.sheets.add_chapter(self.heap, block);
            self.sheets.of(block)
        });
        if let Some(sheet) = sheet
            && (in_slab && sheet.begin(class) || self.sheets.write(self.heap, sheet, block, class))
        {
            return Some(block);
        }
        let counted = sheet.and_then(Sheet::class);
        // SAFETY: nobody knows of it.
        unsafe { self.give_back(block, size, ALIGN) };
        self.elsewhere(size, counted)
    }

    /// A block where one was found of which there is no room to write down what it is, in a sheet that has others of class `counted`.
    #[cold]
    #[inline(never)]
    fn elsewhere(&self, size: usize, counted: Option<usize>) -> Free {
        // One of that class would be counted with those, and fits where one was freed. It is longer, so this comes to an end.
        let longer = counted.map(size_of_class).filter(|longer| *longer > size);
        let alone = self.alone(size, ALIGN, false, false);
        alone.or_else(|| match longer {
            Some(longer) => self.small(longer, false).or_else(|| self.stray(size).ok()),
            None => match self.stray(size) {
                Ok(block) => Some(block),
                Err(counted) => self.small(counted.filter(|longer| *longer > size)?, false),
            },
        })
    }

    /// A block that says itself how long it is, which takes 16 bytes more; unless it lies where no more need be written down. Or else how long
    /// those are that are counted where one was found.
    fn stray(&self, size: usize) -> Result<NonNull<u8>, Option<usize>> {
        let whole = block_bytes(size + ALIGN).filter(|whole| *whole <= LARGEST_IN_SLAB).ok_or(None)?;
        let asked = layout(whole, ALIGN).ok_or(None)?;
        let (block, class) = (self.heap.try_alloc(asked, false).ok_or(None)?, class_of(whole));
        if self.joins(block, class) {
            return Ok(block);
        }
        // SAFETY: the block was allocated just now with this size.
        let shared = unsafe { self.heap.is_in_shared(block) };
        if !shared && self.sheets.of(block).is_some_and(|sheet| sheet.begin(class)) {
            return Ok(block);
        }
        // SAFETY: the block is longer than that.
        let after = unsafe { block.add(ALIGN) };
        if self.sheets.add_stray(self.heap, after) {
            // SAFETY: the last word of the 16 bytes before it, which are the block's.
            let word = unsafe { Word::before(after) };
            // SAFETY: as above; nobody uses it yet.
            unsafe { word.write(Word((whole - ALIGN) | STRAY)) };
            return Ok(after);
        }
        let counted = self.sheets.of(after).and_then(Sheet::class);
        // SAFETY: nobody knows of it.
        unsafe { self.give_back(block, whole, ALIGN) };
        Err(counted.map(size_of_class))
    }

    /// A block that is a claim of its own, whatever comes and goes.
    #[inline(never)]
    fn alone(&self, size: usize, align: usize, zero: bool, tell: bool) -> Free {
        // What is small is one if it is aligned to more than other blocks.
        let align = if size > LARGEST_IN_SLAB { align } else { align.max(2 * ALIGN) };
        let layout = layout(size, align)?;
        self.ask(layout, zero, tell).map(|claim| self.note(claim, layout))
    }

    /// Writes before a claim how long it is.
    fn note(&self, claim: NonNull<u8>, layout: Layout) -> NonNull<u8> {
        // SAFETY: it is the payload of a claim, which nobody uses yet.
        let word = unsafe { Word::before(claim) };
        // SAFETY: the ledger leaves it to who has the claim.
        unsafe { word.write(Word::of(layout)) };
        claim
    }

    /// What was written before a claim.
    ///
    /// # Safety
    ///
    /// The caller owes: no sheet knows `claim`, which was allocated here and not freed.
    unsafe fn word(&self, claim: NonNull<u8>) -> Word {
        // SAFETY: what no sheet knows is a claim.
        let word = unsafe { Word::before(platform::owned(claim)) };
        // SAFETY: as above: it was written when the claim was handed out.
        unsafe { word.read() }
    }

    /// # Safety
    ///
    /// The caller owes: `block` was allocated for this size and alignment, and is not used any more.
    #[inline(always)]
    unsafe fn give_back(&self, block: NonNull<u8>, size: usize, align: usize) {
        if let Some(layout) = layout(size, align) {
            // SAFETY: the caller's promise.
            unsafe { self.heap.dealloc(block.as_ptr(), layout) };
        }
    }

    /// # Safety
    ///
    /// The caller owes: `block` is a stray of so many bytes, and is not used any more.
    #[cold]
    #[inline(never)]
    unsafe fn free_stray(&self, block: NonNull<u8>, bytes: usize) {
        self.sheets.end_stray(block);
        // SAFETY: the caller's promise: the heap's block begins there.
        let start = unsafe { platform::owned(block).sub(ALIGN) };
        // SAFETY: as above: it is so long.
        unsafe { self.give_back(start, bytes + ALIGN, ALIGN) };
    }

    /// Another block in place of one that has `had` bytes; one of up to 1 KiB if that is shorter.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` was allocated here, and is not used any more unless null is returned.
    unsafe fn replace(&self, block: NonNull<u8>, had: usize, size: usize) -> *mut u8 {
        let moved = if size <= had {
            // What is longer does as well, and is no refusal.
            let Some(moved) = block_bytes(size).and_then(|want| self.small(want, false)) else {
                return block.as_ptr();
            };
            moved.as_ptr()
        } else {
            self.alloc(ALIGN, size, false)
        };
        if moved.is_null() {
            return moved;
        }
        let from = platform::owned(block);
        // It may lie where another thread has grown memory.
        platform::reach(from.addr().get() + had);
        // SAFETY: two blocks, one of them new, both as long as what is copied.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), moved, had.min(size)) };
        // SAFETY: the caller's promise.
        unsafe { self.free(block) };
        moved
    }

    /// The class of a block that is no claim.
    #[inline(always)]
    fn class(&self, block: NonNull<u8>) -> Option<usize> {
        self.sheets.of(block)?.class_of(block, self.heap)
    }
}

// SAFETY: blocks are the heap's, which owes the same; they go back as what they were allocated as.
unsafe impl<L: Shareable> Malloc for Headless<'_, L> {
    #[inline(always)]
    fn alloc(&self, align: usize, size: usize, zero: bool) -> *mut u8 {
        let Some(size) = block_bytes(size) else {
            return ptr::null_mut();
        };
        if align > ALIGN || size > LARGEST_IN_SLAB {
            return self.alone(size, align.max(ALIGN), zero, true).map_or(ptr::null_mut(), NonNull::as_ptr);
        }
        let block = self.small(size, true).map_or(ptr::null_mut(), NonNull::as_ptr);
        if zero && !block.is_null() {
            // SAFETY: a block of this size, just allocated.
            unsafe { block.write_bytes(0, size) };
        }
        block
    }

    unsafe fn realloc(&self, block: NonNull<u8>, size: usize) -> *mut u8 {
        let Some(want) = block_bytes(size) else {
            return ptr::null_mut();
        };
        let (had, align) = match self.class(block) {
            Some(class) => (size_of_class(class), None),
            None => {
                // SAFETY: the caller's promise.
                let word = unsafe { self.word(block) };
                (word.bytes(), (!word.is_stray()).then(|| word.align()))
            }
        };
        // What goes on as a claim: it is large, or aligned to more than blocks are.
        let Some(align) = align.filter(|align| want > LARGEST_IN_SLAB || *align > ALIGN) else {
            // SAFETY: the caller's promise.
            return if want == had { block.as_ptr() } else { unsafe { self.replace(block, had, size) } };
        };
        let (Some(old), Some(new)) = (layout(had, align), layout(want, align)) else {
            return ptr::null_mut();
        };
        // SAFETY: the claim was allocated with this layout.
        let memory = unsafe { self.heap.realloc(block.as_ptr(), old, want) };
        NonNull::new(memory).map_or(memory, |claim| self.note(claim, new).as_ptr())
    }

    #[inline(always)]
    unsafe fn free(&self, block: NonNull<u8>) {
        if let Some(class) = self.sheets.forget(self.heap, block) {
            // SAFETY: the caller's promise: a block of this class.
            return unsafe { self.give_back(block, size_of_class(class), ALIGN) };
        }
        // SAFETY: as above.
        let word = unsafe { self.word(block) };
        if word.is_stray() {
            // SAFETY: as above: a stray of so many bytes.
            return unsafe { self.free_stray(block, word.bytes()) };
        }
        // SAFETY: as above: a claim for that.
        unsafe { self.give_back(block, word.bytes(), word.align()) };
    }

    unsafe fn usable(&self, block: NonNull<u8>) -> usize {
        // SAFETY: the caller's promise.
        self.class(block).map_or_else(|| unsafe { self.word(block) }.bytes(), size_of_class)
    }
}
