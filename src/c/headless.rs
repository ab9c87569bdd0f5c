//! C's blocks on a [`Heap`], which can tell how long most of them are: those have nothing in front.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use super::sheets::{Sheet, Sheets};
use super::{ALIGN, Malloc};
use crate::free_list::Free;
use crate::heap::{Heap, LARGEST_IN_SLAB, Lies, block_bytes, class_of, size_of_class};
use crate::ledger;
use crate::platform;
use crate::sharing::Shareable;

/// A heap, and what is known of its blocks that are C's. How long one is says
///
/// | a block | how long it is |
/// |---|---|
/// | in a slab of its class | its sheet, which knows the class ([`Sheets`]) |
/// | that is a claim: over 1 KiB, aligned to more than 16, and some others | the word before it, the last one of the grain that has the ledger's header, which that leaves free |
/// | in a slab that all classes share, where memory is small or short | the word before it, the last one of a header of 16 bytes |
///
/// So a block has a header only in the third case. In which of them it is, is asked once, when it is handed out; the sheet says it when it
/// comes back. All of C's blocks that begin in a sheet are of the first kind, or none is: a slab has whole sheets, and stays where it is as long as
/// any of its blocks is out. One thing may come in between. A slab of one class may become one that all share, with its blocks still out
/// ([`elsewhere`](Headless::elsewhere)).
///
/// What is asked of the heap are whole blocks, so the size that a block has is the one that it was asked for with.
pub struct Headless<'h, L: 'static> {
    pub(super) heap: &'h Heap<L>,
    pub(super) sheets: &'h Sheets,
}

/// Where a block was found to lie, and was written down.
enum Settled {
    /// In a slab of its class: its sheet knows it.
    Known,
    Alone,
    Shared,
    /// In one that all share now, and in a sheet that knows blocks of this class.
    Mixed(usize),
    /// There was no room to write it down.
    Unknown,
}

/// What stands in the word before a block that no sheet knows: bytes of the memory, a multiple of 16, and a mark.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Word(usize);

const MARKS: usize = ALIGN - 1;

/// The mark of what has a header of its own. All others are how often the alignment, 16, is doubled: up to 256 KiB. What was aligned to more
/// has that when it is resized.
const HEADER: usize = MARKS;

// A claim leaves a word before its payload to its holder.
const _: () = assert!(ledger::UNUSED >= size_of::<Word>() && size_of::<Word>() <= ALIGN);

impl Word {
    fn of_claim(layout: Layout) -> Word {
        let doubled = (layout.align() / ALIGN).max(1).ilog2() as usize;
        Word(layout.size() | doubled.min(HEADER - 1))
    }

    /// # Safety
    ///
    /// The caller owes: no sheet knows `block`, which was allocated here and not freed.
    unsafe fn before(block: NonNull<u8>) -> NonNull<Word> {
        // SAFETY: a word of a header of its own, or of the grain before a payload.
        unsafe { block.cast::<Word>().sub(1) }
    }

    fn bytes(self) -> usize {
        self.0 & !MARKS
    }

    /// Of the memory, if there is a header of its own in it.
    fn has_header(self) -> bool {
        self.0 & MARKS == HEADER
    }

    /// Of a claim.
    fn align(self) -> usize {
        ALIGN << (self.0 & MARKS)
    }
}

fn layout(size: usize, align: usize) -> Option<Layout> {
    Layout::from_size_align(size, align).ok()
}

impl<L: Shareable> Headless<'_, L> {
    /// Memory for a whole block that a slab may have.
    #[inline(always)]
    fn ask(&self, size: usize) -> Free {
        // SAFETY: it is not 0.
        NonNull::new(unsafe { self.heap.alloc(layout(size, ALIGN)?) })
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

    /// A block of up to 1 KiB.
    #[inline(always)]
    fn small(&self, size: usize) -> Free {
        if self.sheets.is_short() {
            return self.sort_out(None, size);
        }
        let block = self.ask(size)?;
        if self.sheets.of(block).is_some_and(|sheet| sheet.one_more(class_of(size))) {
            return Some(block);
        }
        self.sort_out(Some((block, size)), size)
    }

    /// A block for this size, of which no sheet knows yet: the `fresh` one, which has so many bytes, if it will do.
    #[inline(never)]
    fn sort_out(&self, fresh: Option<(NonNull<u8>, usize)>, size: usize) -> Free {
        // What `elsewhere` asks for next is longer each time.
        let tried = fresh.map_or(size - 1, |(_, whole)| whole);
        let mut fresh = fresh;
        loop {
            let (block, whole) = match fresh.take() {
                Some(fresh) => fresh,
                None => {
                    let whole = block_bytes(size + ALIGN)?;
                    if whole > LARGEST_IN_SLAB {
                        return self.alone(size, ALIGN, false);
                    }
                    (self.ask(whole)?, whole)
                }
            };
            match self.settle(block, whole) {
                Settled::Known => {
                    self.sheets.set_short(false);
                    return Some(block);
                }
                Settled::Alone => return Some(self.write_down(block, layout(whole, ALIGN)?)),
                Settled::Shared if whole >= size + ALIGN => {
                    // SAFETY: the header is in the block.
                    let inner = unsafe { block.add(ALIGN) };
                    // SAFETY: as above.
                    let word = unsafe { Word::before(inner) };
                    // SAFETY: as above; a block is aligned for words.
                    unsafe { word.write(Word(whole | HEADER)) };
                    return Some(inner);
                }
                found => {
                    // SAFETY: it was allocated just now.
                    unsafe { self.give_back(block, whole, ALIGN) };
                    match found {
                        Settled::Mixed(class) => return self.elsewhere(size, class, tried),
                        Settled::Unknown => return None,
                        // Once more, with room for a header.
                        _ => self.sheets.set_short(true),
                    }
                }
            }
        }
    }

    /// Finds out where a block lies, and writes that down if nothing else tells. Nobody else knows of the block.
    fn settle(&self, block: NonNull<u8>, size: usize) -> Settled {
        let class = class_of(size);
        loop {
            let sheet = self.sheets.of(block);
            // Decided with the heap locked: no slab becomes a shared one in between.
            let decide = |lies| match (lies, sheet) {
                (Lies::InSlab, None) => None,
                (Lies::InSlab, Some(sheet)) => {
                    sheet.begin(class);
                    Some(Settled::Known)
                }
                (Lies::Alone, _) => Some(Settled::Alone),
                (Lies::InShared, Some(sheet)) if sheet.one_more(class) => Some(Settled::Known),
                (Lies::InShared, sheet) => {
                    let known = sheet.and_then(Sheet::class);
                    Some(known.map_or(Settled::Shared, Settled::Mixed))
                }
            };
            // SAFETY: the block was allocated just now with this size.
            if let Some(settled) = unsafe { self.heap.with_place(block, class, decide) } {
                return settled;
            }
            if !self.sheets.add_chapter(self.heap, block) {
                return Settled::Unknown;
            }
        }
    }

    /// A block where one was found in a slab that became a shared one, of which C has blocks of `class` without a header. Whoever frees could not
    /// tell it from those.
    #[cold]
    #[inline(never)]
    fn elsewhere(&self, size: usize, class: usize, tried: usize) -> Free {
        // One of that class need not be told from those, and fits where one was freed.
        let longer = size_of_class(class);
        let another = || self.ask(longer).and_then(|block| self.sort_out(Some((block, longer)), size));
        self.alone(size, ALIGN, false).or_else(|| if longer > tried { another() } else { None })
    }

    /// A block that is a claim of its own, whatever comes and goes.
    #[inline(never)]
    fn alone(&self, size: usize, align: usize, zero: bool) -> Free {
        // What is small is one if it is aligned to more than other blocks.
        let align = if size > LARGEST_IN_SLAB { align } else { align.max(2 * ALIGN) };
        let layout = layout(size, align)?;
        // SAFETY: the size is not 0.
        let memory = unsafe { if zero { self.heap.alloc_zeroed(layout) } else { self.heap.alloc(layout) } };
        NonNull::new(memory).map(|claim| self.write_down(claim, layout))
    }

    /// Writes before a claim how long it is.
    fn write_down(&self, claim: NonNull<u8>, layout: Layout) -> NonNull<u8> {
        // SAFETY: it is the payload of a claim, which nobody uses yet.
        let word = unsafe { Word::before(claim) };
        // SAFETY: the ledger leaves it to who has the claim.
        unsafe { word.write(Word::of_claim(layout)) };
        claim
    }

    /// What no sheet knows of a block.
    ///
    /// # Safety
    ///
    /// The caller owes: no sheet knows `block`, which was allocated here and not freed.
    unsafe fn word(&self, block: NonNull<u8>) -> Word {
        // SAFETY: the caller's promise.
        let word = unsafe { Word::before(platform::owned(block)) };
        // SAFETY: as above: it was written when the block was handed out.
        unsafe { word.read() }
    }

    /// Another block in place of one that has `had` bytes.
    ///
    /// # Safety
    ///
    /// The caller owes: `block` was allocated here, and is not used any more unless null is returned.
    unsafe fn replace(&self, block: NonNull<u8>, had: usize, size: usize) -> *mut u8 {
        let moved = self.alloc(ALIGN, size, false);
        if moved.is_null() {
            // What is longer does as well.
            return if size <= had { block.as_ptr() } else { moved };
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
}

impl<L: Shareable> Malloc for Headless<'_, L> {
    #[inline(always)]
    fn alloc(&self, align: usize, size: usize, zero: bool) -> *mut u8 {
        let Some(size) = block_bytes(size) else {
            return ptr::null_mut();
        };
        if align > ALIGN || size > LARGEST_IN_SLAB {
            return self.alone(size, align.max(ALIGN), zero).map_or(ptr::null_mut(), NonNull::as_ptr);
        }
        let block = self.small(size).map_or(ptr::null_mut(), NonNull::as_ptr);
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
        if let Some(class) = self.sheets.of(block).and_then(Sheet::class) {
            let had = size_of_class(class);
            // SAFETY: the caller's promise.
            return if want == had { block.as_ptr() } else { unsafe { self.replace(block, had, size) } };
        }
        // SAFETY: the caller's promise.
        let word = unsafe { self.word(block) };
        let had = word.bytes();
        if word.has_header() {
            let stays = block_bytes(size + ALIGN) == Some(had);
            // SAFETY: the caller's promise.
            return if stays { block.as_ptr() } else { unsafe { self.replace(block, had - ALIGN, size) } };
        }
        let align = word.align();
        if want <= LARGEST_IN_SLAB && align <= ALIGN {
            // SAFETY: the caller's promise.
            return if want == had { block.as_ptr() } else { unsafe { self.replace(block, had, size) } };
        }
        let (Some(old), Some(new)) = (layout(had, align), layout(want, align)) else {
            return ptr::null_mut();
        };
        // SAFETY: the claim was allocated with this layout. What it becomes is a claim again: it is large, or aligned to more than blocks are.
        let memory = unsafe { self.heap.realloc(block.as_ptr(), old, want) };
        NonNull::new(memory).map_or(memory, |claim| self.write_down(claim, new).as_ptr())
    }

    #[inline(always)]
    unsafe fn free(&self, block: NonNull<u8>) {
        if let Some(class) = self.sheets.of(block).and_then(Sheet::one_less) {
            // SAFETY: the caller's promise: a block of this class.
            return unsafe { self.give_back(block, size_of_class(class), ALIGN) };
        }
        // SAFETY: as above.
        let word = unsafe { self.word(block) };
        if word.has_header() {
            // SAFETY: the header is in the memory.
            let memory = unsafe { block.sub(ALIGN) };
            // SAFETY: it was allocated with this size.
            unsafe { self.give_back(memory, word.bytes(), ALIGN) };
        } else {
            // SAFETY: as above.
            unsafe { self.give_back(block, word.bytes(), word.align()) };
        }
    }

    unsafe fn usable(&self, block: NonNull<u8>) -> usize {
        if let Some(class) = self.sheets.of(block).and_then(Sheet::class) {
            return size_of_class(class);
        }
        // SAFETY: the caller's promise.
        let word = unsafe { self.word(block) };
        if word.has_header() { word.bytes() - ALIGN } else { word.bytes() }
    }
}
