//! A cursor, and what moves it on when it runs out.

use core::cell::Cell;
use core::ptr::NonNull;

use crate::error::AllocError;
use crate::platform::{Packed, sanitizer};

/// The two pointers of whoever allocates: the next free byte, and the end of the chunk it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// A multiple of the user's minimum alignment, at most `end`.
    pub(crate) next: NonNull<u8>,
    /// The end of a chunk as it was when this cursor entered it (it may have grown since), or dangling before the first.
    pub(crate) end: NonNull<u8>,
}

// SAFETY: two pointers, which only the chunks' owner follows; where that may go is said there.
unsafe impl Send for CursorCell {}

impl Cursor {
    /// In no chunk, with no room.
    pub(crate) const NOWHERE: Cursor = {
        // 16 is aligned for every minimum alignment there is, and below every chunk.
        let nowhere = core::ptr::without_provenance_mut(16);
        match NonNull::new(nowhere) {
            Some(nowhere) => Cursor { next: nowhere, end: nowhere },
            None => panic!(),
        }
    };

    /// In no chunk, with no room, while a scope that may be kept is open where it lay: whoever asks for room there is refused.
    pub(crate) const CLOSED: Cursor = {
        // As `NOWHERE`, and another.
        let closed = core::ptr::without_provenance_mut(32);
        match NonNull::new(closed) {
            Some(closed) => Cursor { next: closed, end: closed },
            None => panic!(),
        }
    };

    /// In no chunk: in its place whoever gets it takes the arena's own.
    pub(crate) const HOME: Cursor = {
        // As `NOWHERE`, and another.
        let home = core::ptr::without_provenance_mut(48);
        match NonNull::new(home) {
            Some(home) => Cursor { next: home, end: home },
            None => panic!(),
        }
    };

    /// Bytes left.
    #[inline(always)]
    pub(crate) fn room(self) -> usize {
        self.end.addr().get() - self.next.addr().get()
    }
}

/// A cursor that moves. Its end is a cell of its own: where the two lie in memory, the end is written only when it changes.
pub struct CursorCell {
    next: Cell<NonNull<u8>>,
    end: Cell<NonNull<u8>>,
}

impl CursorCell {
    pub(crate) const fn new(cursor: Cursor) -> CursorCell {
        CursorCell { next: Cell::new(cursor.next), end: Cell::new(cursor.end) }
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Cursor {
        Cursor { next: self.next.get(), end: self.end.get() }
    }

    #[inline(always)]
    pub(crate) fn set(&self, cursor: Cursor) {
        self.next.set(cursor.next);
        self.end.set(cursor.end);
    }

    #[inline(always)]
    pub(crate) fn set_next(&self, next: NonNull<u8>) {
        self.next.set(next);
    }
}

/// Chunks, as those who allocate from them see them.
pub trait Refill {
    /// A cursor with room for `size` bytes at `align`: `cursor` itself if its chunk can be made longer in place, else one
    /// in the next chunk that fits, which may be a new one. `None`, and nothing has changed, if there is no room to be had;
    /// [`error`](Refill::error) says why.
    fn refill(&self, cursor: Cursor, size: usize, align: usize) -> Packed;

    /// What stood in the way when `refill` last returned nothing for this request.
    fn error(&self, size: usize, align: usize) -> AllocError;

    /// [`refill`](Refill::refill) for those who don't want to know: never `None`.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[track_caller]
    fn refill_or_panic(&self, cursor: Cursor, size: usize, align: usize) -> Packed;

    /// One of the two, as a cursor; with `PANIC`, there always is one.
    #[inline(always)]
    #[track_caller]
    fn cursor_for<const PANIC: bool>(&self, cursor: Cursor, size: usize, align: usize) -> Option<Cursor> {
        let (next, end) = if PANIC {
            // SAFETY: `refill_or_panic` does not return without a cursor.
            unsafe { self.refill_or_panic(cursor, size, align).pair() }
        } else {
            self.refill(cursor, size, align).get()?
        };
        Some(Cursor { next, end })
    }

    /// The name they are claimed under.
    fn owner(&self) -> &'static str;

    /// Tells a sanitizer that of what lies between the cursor as it was and `next`, the `size` bytes at `place` are in use.
    #[inline(always)]
    fn hand_out(&self, was: Cursor, place: NonNull<u8>, size: usize, next: NonNull<u8>) {
        let _ = (was, next);
        sanitizer::unpoison(place, 0..size);
    }
}
