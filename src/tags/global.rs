//! `GlobalAlloc` for a tagged heap: behind each block a byte says whose it is.
//!
//! ```text
//!                size               1
//!   ┌────────────────────────────┬──────┐
//!   │ the block                  │ mark │     0x80 + the tag's number
//!   └────────────────────────────┴──────┘
//! ```
//!
//! A word in front would cost a block that is aligned to more as much as that. What is read behind a block may have been written over: so it is a
//! number that is looked at, and no pointer that is followed.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use super::pressure::Lacking;
use super::{MOST_TAGS, Tagged};
use crate::platform;

/// The mark of the first tag: no letter, and no zero.
const FIRST: u8 = 0x80;
/// The mark of a block whose own was written over, and which was resized then.
const NOBODYS: u8 = FIRST + MOST_TAGS as u8;

const _: () = assert!(FIRST as usize + MOST_TAGS < u8::MAX as usize);

/// Room for a block and its mark.
fn with_mark(layout: Layout) -> Option<Layout> {
    Layout::from_size_align(layout.size().checked_add(1)?, layout.align()).ok()
}

/// A block as it came back, as this heap may use it: the holder's own pointer may reach its value only.
fn come_back(memory: *mut u8) -> Option<NonNull<u8>> {
    NonNull::new(memory).map(platform::owned)
}

impl<H: GlobalAlloc, const TAGS: usize> Tagged<H, TAGS> {
    /// Memory by `take`, of which so many bytes more are a tag's: if its limit has as many, and the heap.
    fn attempt(&self, index: usize, more: usize, take: &impl Fn() -> *mut u8) -> Result<NonNull<u8>, Lacking> {
        let count = &self.tags[index];
        if !count.take(more) {
            return Err(Lacking::Limit);
        }
        let Some(block) = NonNull::new(take()) else {
            count.give(more);
            return Err(Lacking::Heap);
        };
        count.has_taken();
        self.sums.add(more, &self.tags);
        Ok(block)
    }

    /// The same, after the program has dropped what it can if there is no room at first. `layout` is what was asked for.
    fn obtain(&self, index: usize, layout: Layout, more: usize, take: impl Fn() -> *mut u8) -> Option<NonNull<u8>> {
        let mut met = self.attempt(index, more, &take);
        if let Err(lacking) = met {
            if self.relieve(index, layout, lacking, self.thread.word()) {
                met = self.attempt(index, more, &take);
            }
            if met == Err(Lacking::Limit) {
                self.tell(index, layout);
            }
        }
        met.ok()
    }

    /// A new block by `take`, for the tag that this thread is in.
    fn hand_out(&self, layout: Layout, take: impl Fn(Layout) -> *mut u8) -> *mut u8 {
        let Some(whole) = with_mark(layout) else { return ptr::null_mut() };
        let index = self.index_of(self.thread.word());
        let Some(block) = self.obtain(index, layout, layout.size(), || take(whole)) else { return ptr::null_mut() };
        self.tags[index].came();
        // SAFETY: it was just allocated, with room for the mark.
        unsafe { mark(block, layout.size(), FIRST + index as u8) }
    }

    /// The tag of a block, if it can be told.
    ///
    /// # Safety
    ///
    /// The caller owes: the block is one of this heap's, of so many bytes.
    unsafe fn tag_of(&self, block: NonNull<u8>, size: usize) -> Option<usize> {
        // SAFETY: the caller's promise: a mark is behind it.
        let behind = unsafe { block.add(size) };
        // SAFETY: as above.
        let index = usize::from(unsafe { behind.read() }.wrapping_sub(FIRST));
        (index < TAGS).then_some(index)
    }

    /// So many bytes are a tag's no more.
    fn give(&self, index: usize, bytes: usize) {
        self.tags[index].give(bytes);
        self.sums.give(bytes);
    }
}

/// Writes the mark behind a block.
///
/// # Safety
///
/// The caller owes: it is the caller's, and has so many bytes and one more.
unsafe fn mark(block: NonNull<u8>, size: usize, mark: u8) -> *mut u8 {
    // SAFETY: the caller's promise.
    let behind = unsafe { block.add(size) };
    // SAFETY: as above.
    unsafe { behind.write(mark) };
    // Whoever gives it back may have a pointer to the value only.
    block.as_ptr().expose_provenance();
    block.as_ptr()
}

// SAFETY: blocks are the heap's below, each to one holder and aligned as asked; the byte behind is this heap's own. Nothing here unwinds: what
// is called at pressure ends the program if it panics.
unsafe impl<H: GlobalAlloc, const TAGS: usize> GlobalAlloc for Tagged<H, TAGS> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the layout has a byte.
        self.hand_out(layout, |whole| unsafe { self.heap.alloc(whole) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        self.hand_out(layout, |whole| unsafe { self.heap.alloc_zeroed(whole) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        let (Some(block), Some(whole)) = (come_back(memory), with_mark(layout)) else { return };
        // SAFETY: the caller's promise.
        match unsafe { self.tag_of(block, layout.size()) } {
            Some(index) => {
                self.give(index, layout.size());
                self.tags[index].went();
            }
            None => _ = self.sums.lost.add(1),
        }
        // SAFETY: it was allocated with this layout, and is not used any more.
        unsafe { self.heap.dealloc(block.as_ptr(), whole) };
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let new = Layout::from_size_align(new_size, layout.align()).ok().and_then(|new| Some((new, with_mark(new)?)));
        let (Some(block), Some(whole), Some((new, new_whole))) = (come_back(memory), with_mark(layout), new) else {
            return ptr::null_mut();
        };
        // SAFETY: the caller's promise.
        let tag = unsafe { self.tag_of(block, layout.size()) };
        // SAFETY: it was allocated with this layout. Where nothing is returned it is as it was.
        let take = || unsafe { self.heap.realloc(block.as_ptr(), whole, new_whole.size()) };
        let moved = match tag {
            Some(index) => self.obtain(index, new, new_size.saturating_sub(layout.size()), take),
            None => NonNull::new(take()),
        };
        let Some(moved) = moved else { return ptr::null_mut() };
        if let Some(index) = tag {
            self.give(index, layout.size().saturating_sub(new_size));
        }
        // SAFETY: it was just resized, with room for the mark.
        unsafe { mark(moved, new_size, tag.map_or(NOBODYS, |index| FIRST + index as u8)) }
    }
}
