//! What becomes of a block whose size changes: it stays where it is if that can be, else it moves.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use super::class::{ALIGN, SPAN_STEPS, size_of_span};
use super::{Heap, Served, come_back, hand_out, stock};
use crate::copy::{LEAST_COPIED, copy_block};
use crate::layout::GRAIN;
use crate::ledger::payload_len;
use crate::platform::{self, sanitizer};
use crate::sharing::Shareable;

const _: () = assert!(GRAIN >= LEAST_COPIED && ALIGN >= LEAST_COPIED);

impl<L: Shareable> Heap<L> {
    /// Memory for `new` with what `memory` holds, where it is if possible. If null is returned, nothing has changed.
    ///
    /// # Safety
    ///
    /// The caller owes: `memory` was allocated here for `old`, and is not used any more if something else is returned.
    #[inline]
    pub(super) unsafe fn change(&self, memory: *mut u8, old: Layout, new: Layout) -> *mut u8 {
        // SAFETY: what was allocated is not null.
        let memory = unsafe { come_back(memory) };
        // What is read here may lie where another thread has grown memory.
        platform::reach(memory.addr().get() + old.size());
        let mut to = None;
        if !is_span(old) {
            if Served::from(old) == Served::from(new) {
                hand_out(memory, new.size(), old.size());
                return memory.as_ptr();
            }
        } else if is_span(new) && memory.addr().get() & (new.align() - 1) == 0 {
            // SAFETY: such a layout was allocated as a span, and the caller leaves it if another is returned.
            to = unsafe { self.resize(memory, new) };
            if let Some(to) = to {
                // SAFETY: a payload of the ledger's that is this heap's.
                hand_out(to, new.size(), unsafe { payload_len(to) });
            }
        }
        // SAFETY: this heap serves every layout.
        let moved = to.map_or_else(|| unsafe { self.alloc(new) }, NonNull::as_ptr);
        // A block may have become a span, or the other way round, and a span may stay where it is.
        let Some(to) = NonNull::new(moved) else { return moved };
        if to == memory {
            return moved;
        }
        // SAFETY: two blocks, one of them just allocated, both as long as what is copied; no block has less than 16 bytes, of a list
        // or a grain of a span's.
        unsafe { copy_block(memory.as_ptr(), to, old.size().min(new.size())) };
        sanitizer::poison(memory, 0..old.size());
        // SAFETY: the caller's promise.
        unsafe { self.take_back(memory, old) };
        moved
    }

    /// Has a block grow or shrink where it is, to `new_size` bytes: in its size class, or into free memory behind it. Memory does not grow for that.
    /// If that can't be, nothing has changed, and `realloc` would move it.
    ///
    /// For languages whose containers ask before they move, as Zig's do.
    ///
    /// ```
    /// use std::alloc::{GlobalAlloc, Layout};
    /// use std::ptr::NonNull;
    ///
    /// static HEAP: freehold::Heap = freehold::Heap::new();
    ///
    /// let layout = Layout::array::<u8>(1000)?;
    /// // SAFETY: the layout has a size.
    /// let block = NonNull::new(unsafe { HEAP.alloc(layout) }).expect("room");
    /// // SAFETY: the block was allocated there with this layout.
    /// let stays = unsafe { HEAP.resize_in_place(block, layout, 1010) };
    /// let layout = Layout::array::<u8>(if stays { 1010 } else { 1000 })?;
    /// // SAFETY: its layout is this one now.
    /// unsafe { HEAP.dealloc(block.as_ptr(), layout) };
    /// # Ok::<(), std::alloc::LayoutError>(())
    /// ```
    ///
    /// # Safety
    ///
    /// The caller owes: `block` was allocated here for `layout`, and is in use. If `true` is returned, its layout has the new size from now on.
    pub unsafe fn resize_in_place(&self, block: NonNull<u8>, layout: Layout, new_size: usize) -> bool {
        let Ok(new) = Layout::from_size_align(new_size, layout.align()) else {
            return false;
        };
        // SAFETY: it is not null.
        let memory = unsafe { come_back(block.as_ptr()) };
        // What is read here may lie where another thread has grown memory.
        platform::reach(memory.addr().get() + layout.size());
        let (stays, room) = if !is_span(layout) {
            (Served::from(layout) == Served::from(new), layout.size())
        } else if is_span(new) {
            // SAFETY: the span is a payload of this ledger's that the caller holds.
            let had = unsafe { payload_len(memory) };
            // SAFETY: as above.
            let stays = unsafe { self.stay(memory, had, new.size(), Resized::of(new), true) };
            if stays {
                self.took(memory, new.size());
            }
            // SAFETY: as above.
            (stays, unsafe { payload_len(memory) })
        } else {
            (false, 0)
        };
        if stays {
            hand_out(memory, new.size(), room);
        }
        stays
    }

    /// Has a span that has `had` bytes be one of `least` or more where it is: shorter, or longer by what is free behind it if `lengthen` says so.
    ///
    /// # Safety
    ///
    /// The caller owes: `memory` is a span of this heap's, of which nobody uses more than the first `least` bytes.
    #[inline(always)]
    unsafe fn stay(&self, memory: NonNull<u8>, had: usize, least: usize, span: Resized, lengthen: bool) -> bool {
        if least <= had {
            if had > span.most {
                // SAFETY: the caller's promise.
                unsafe { self.records.shorten(memory, span.size) };
            }
            return true;
        }
        // Less than it would be given anew is enough, as it is where memory is short.
        // SAFETY: the span is a payload of this ledger's that the caller holds.
        lengthen && unsafe { self.records.lengthen(memory, least - had, span.size - had) }
    }

    /// Has a span grow or shrink where it is, if possible; or else another one, where it could not be in a list. `None`: it must move, to a block
    /// of a list's perhaps.
    ///
    /// # Safety
    ///
    /// The caller owes: `memory` is a span of this heap's, aligned for `new`, and nobody uses more of it than `new` has.
    #[inline(never)]
    unsafe fn resize(&self, memory: NonNull<u8>, new: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the span is a payload of this ledger's that the caller holds.
        let had = unsafe { payload_len(memory) };
        let span = Resized::of(new);
        // What a list has takes no search, and leaves no pieces.
        if let Some(class) = span.class
            && (had < new.size() || had > span.most)
            // SAFETY: something was allocated here.
            && let Some(listed) = unsafe { self.made() }.take_listed(class)
        {
            return Some(listed);
        }
        // SAFETY: the caller's promise.
        if unsafe { self.stay(memory, had, new.size(), span, span.class.is_some()) } {
            self.took(memory, new.size());
            return Some(memory);
        }
        if span.class.is_some() {
            return None;
        }
        // SAFETY: the span is a payload of this ledger's that the caller holds.
        let placed = unsafe {
            stock::placed(self.spans, self.owner, 0, span.size, new.align(), 0, Some(memory), span.size - had)
        };
        let placed = placed.first()?;
        self.took(placed, new.size());
        Some(placed)
    }
}

/// A span for a layout.
#[derive(Clone, Copy)]
struct Resized {
    /// Its class, if that has a list.
    class: Option<usize>,
    /// Bytes that it is given.
    size: usize,
    /// Bytes that it may have: a little is left to it when it shrinks, as it may grow again, and what a list gives may be of the next class.
    most: usize,
}

impl Resized {
    #[inline(always)]
    fn of(layout: Layout) -> Resized {
        if let Served::Listed(class) = Served::from(layout) {
            let size = size_of_span(class);
            Resized { class: Some(class), size, most: size + size / SPAN_STEPS }
        } else {
            let size = layout.size().max(1);
            Resized { class: None, size, most: size + size / 8 }
        }
    }
}

/// Whether memory for `layout` is a span of its own.
fn is_span(layout: Layout) -> bool {
    !matches!(Served::from(layout), Served::Block(_))
}
