//! Values that are being put side by side after a cursor that doesn't know of them yet.
//!
//! Whoever makes them is foreign code, which may allocate in the same place. So while there are any, the cursor has no room: who
//! allocates comes to the list, and that moves them away first.

use core::ptr::NonNull;

use super::{Chunks, Cursor, Here, Want, look_into};
use crate::error::Obstacle;

/// What is being built after the one cursor of a list. All of it is the builder's: bytes that the list moves, and never looks at.
#[derive(Clone, Copy)]
pub(crate) enum Unfinished {
    /// Nothing, or it is with its builder.
    Nothing,
    /// So many bytes right after the cursor.
    Here(usize),
    /// Somebody needed the room: they lie at the start of this claim now, if there were any.
    Moved(Option<NonNull<u8>>),
}

/// What moves it. It is known to a list only once something is built there, so that a program that builds nothing does without it.
pub(super) type MoveAway = fn(&Chunks<'_>, Cursor, usize) -> Result<(), Obstacle>;

impl Chunks<'_> {
    /// Something is being built from now on. Returns what was before.
    pub(super) fn build(&self) -> Unfinished {
        self.move_away.set(Some(|list, cursor, bytes| list.move_it_away(cursor, bytes)));
        self.unfinished.replace(Unfinished::Here(0))
    }

    /// Has nothing unfinished lie after the cursor.
    #[inline]
    pub(super) fn make_way(&self, cursor: Cursor) -> Result<(), Obstacle> {
        match (self.unfinished.get(), self.move_away.get()) {
            (Unfinished::Here(bytes), Some(move_away)) => move_away(self, cursor, bytes),
            _ => Ok(()),
        }
    }

    #[cold]
    #[inline(never)]
    fn move_it_away(&self, cursor: Cursor, bytes: usize) -> Result<(), Obstacle> {
        let mut moved = None;
        if bytes > 0 {
            let want = Want::of(bytes, 1);
            // SAFETY: no claim is to grow.
            let to = unsafe { self.terms.spans.place(self.terms.owner, &want) }?.payload;
            // SAFETY: so many bytes lie after the cursor, in its chunk, and the claim is new and has room for them.
            unsafe { to.base().copy_from_nonoverlapping(cursor.next, bytes) };
            moved = Some(to.base());
        }
        self.unfinished.set(Unfinished::Moved(moved));
        Ok(())
    }

    /// Room for `size` bytes from `cursor` on without a move: if its chunk has it, or can be made longer. What is unfinished stays.
    pub(super) fn room_in_place(&self, cursor: Cursor, size: usize, align: usize) -> Option<Cursor> {
        let here = self.chunk_of(cursor)?;
        let missing = match look_into(here, cursor, size, align).ok()? {
            Here::Fits(cursor) => return Some(cursor),
            Here::Lacks(missing) => missing,
        };
        let payload = self.claim(Some(here), missing, 0, size, align).ok()?.payload;
        if payload.base() == here.base() {
            return Some(self.grown(here, payload, cursor, size));
        }
        // SAFETY: it was claimed just now, and is not used.
        unsafe { self.terms.spans.give_back(payload.base()) };
        None
    }
}
