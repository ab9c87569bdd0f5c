//! What AddressSanitizer is told of an arena's chunks: what was handed out is in use, each allocation just its bytes, and nothing else.
//!
//! A scope ends without a word. But when a cursor is used that began before it, or a scope is opened there, all that lies beyond that
//! cursor is free, in its chunk and in those after it; so it is poisoned then.
//!
//! In a program with debug assertions and without AddressSanitizer it is filled, when a scope is opened and when all of an arena is freed. In one
//! with neither nothing of this is there.

use core::ptr::NonNull;

use super::{Chunks, Cursor};

/// How far chunks may be in use: to where in which chunk. Beyond that all is poisoned.
#[cfg(any(freehold_asan, debug_assertions))]
pub(super) type Handed = core::cell::Cell<Option<(super::Chunk, NonNull<u8>)>>;
#[cfg(not(any(freehold_asan, debug_assertions)))]
pub(super) type Handed = ();

/// Nothing was handed out yet.
pub(super) const fn nothing() -> Handed {
    #[cfg(any(freehold_asan, debug_assertions))]
    return core::cell::Cell::new(None);
}

impl Chunks<'_> {
    /// From now on nobody uses what lies beyond this cursor, nor reads it.
    #[inline(always)]
    pub(crate) fn vacate(&self, cursor: Cursor) {
        #[cfg(any(freehold_asan, debug_assertions))]
        self.leave_beyond(cursor);
        #[cfg(not(any(freehold_asan, debug_assertions)))]
        let _ = cursor;
    }

    /// From now on what lies beyond this cursor is in no allocation; but one that is moved may be read once more.
    #[inline(always)]
    pub(super) fn pass_by(&self, cursor: Cursor) {
        #[cfg(freehold_asan)]
        self.leave_beyond(cursor);
        #[cfg(not(freehold_asan))]
        let _ = cursor;
    }

    /// From now on the `size` bytes at `place` are in use, and nothing else from where the cursor was.
    #[inline(always)]
    pub(super) fn hand_out_of(&self, was: Cursor, place: NonNull<u8>, size: usize, next: NonNull<u8>) {
        #[cfg(freehold_asan)]
        {
            use crate::platform::sanitizer;
            let cursor = Cursor { next, ..was };
            sanitizer::poison(was.next, 0..next.addr().get() - was.next.addr().get());
            sanitizer::unpoison(place, 0..size);
            self.leave_beyond(cursor);
        }
        // What is beyond stays as it is until it is vacated: an allocation that is moved is read once more.
        #[cfg(all(debug_assertions, not(freehold_asan)))]
        {
            let _ = (place, size);
            if let Some((chunk, end)) = self.handed.get()
                && chunk.contains_end(was.end)
                && next > end
            {
                self.handed.set(Some((chunk, next)));
            }
        }
        #[cfg(not(any(freehold_asan, debug_assertions)))]
        let _ = (was, place, size, next);
    }

    #[cfg(any(freehold_asan, debug_assertions))]
    fn leave_beyond(&self, cursor: Cursor) {
        use crate::platform::sanitizer;
        let to = |end: NonNull<u8>, from: NonNull<u8>| 0..end.addr().get().saturating_sub(from.addr().get());
        let Some((mut chunk, mut end)) = self.handed.get() else {
            return;
        };
        if cursor.end == Cursor::CLOSED.end {
            // Nothing was handed out there but what has no bytes.
            return;
        }
        while !chunk.contains_end(cursor.end) {
            // SAFETY: nobody uses what lies beyond the cursor, as this chunk does.
            unsafe { sanitizer::let_go(chunk.data(), to(end, chunk.data())) };
            let Some(before) = chunk.previous.get() else {
                return self.handed.set(None);
            };
            (chunk, end) = (before, before.end());
        }
        // SAFETY: as above; this is the rest of the cursor's own chunk.
        unsafe { sanitizer::let_go(cursor.next, to(end, cursor.next)) };
        self.handed.set(Some((chunk, cursor.next)));
    }

    /// From now on a cursor lies at the start of `chunk`, in which nothing is in use. It was at `cursor` before.
    #[inline(always)]
    pub(super) fn hand_on(&self, cursor: Cursor, chunk: super::Chunk) {
        #[cfg(freehold_asan)]
        self.leave_beyond(cursor);
        #[cfg(any(freehold_asan, debug_assertions))]
        self.handed.set(Some((chunk, chunk.data())));
        #[cfg(not(freehold_asan))]
        let _ = cursor;
        #[cfg(not(any(freehold_asan, debug_assertions)))]
        let _ = chunk;
    }

    /// The chunk is about to leave the list: nothing is in use in it, and nothing beyond the one before.
    #[inline(always)]
    pub(super) fn hand_back(&self, chunk: super::Chunk) {
        #[cfg(any(freehold_asan, debug_assertions))]
        if self.handed.get().is_some_and(|(last, _)| last.base() == chunk.base()) {
            self.handed.set(chunk.previous.get().map(|before| (before, before.end())));
        }
        #[cfg(not(any(freehold_asan, debug_assertions)))]
        let _ = chunk;
    }
}
