//! `Debug` of arenas: how much there is. What is in them is lent out, and can't be shown.

use core::fmt;

use super::{Arena, Attempt, Scope, TypedArena};
use crate::chunk::{Chunks, Cursor, Refill};

fn bytes(name: &str, chunks: &Chunks<'_>, cursor: Cursor, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    shown.field("owner", &chunks.owner()).field("used", &chunks.used(cursor));
    shown.field("capacity", &chunks.capacity()).field("held", &chunks.held()).finish()
}

impl<const MIN_ALIGN: usize> fmt::Debug for Arena<'_, MIN_ALIGN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bytes("Arena", &self.chunks, self.chunks.home.get(), f)
    }
}

/// What is used, outer scopes and the arena included.
impl<const MIN_ALIGN: usize> fmt::Debug for Scope<'_, MIN_ALIGN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bytes("Scope", self.chunks(), self.cell().get(), f)
    }
}

impl<const MIN_ALIGN: usize> fmt::Debug for Attempt<'_, '_, MIN_ALIGN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bytes("Attempt", self.chunks(), self.cell().get(), f)
    }
}

impl<T> fmt::Debug for TypedArena<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chunks = self.chunks();
        let mut shown = f.debug_struct("TypedArena");
        shown.field("owner", &chunks.owner()).field("len", &self.len());
        shown.field("capacity", &self.capacity()).field("held", &self.held()).finish()
    }
}
