//! [`Scope`]: a cursor of its own.

use super::bump::{Bump, Key};
use super::{Alloc, Arena};
use crate::chunk::{BetweenThreads, Chunks, Cursor, CursorCell, OfOneThread};

/// A stretch of code whose allocations all die at its end, at no cost.
///
/// Opened by [`Arena::scope`], and inside another scope by [`Scope::scope`]. It is a copy of the arena's cursor: keep it in
/// a local variable, and the two pointers stay in registers. Leaving drops the copy; the cursor outside was never
/// touched. So nothing runs at the end of a scope, however it is left, by a panic too.
///
/// What it hands out lives for `'s`, for which the arena, or the scope outside, is borrowed: while anything allocated here
/// is still in use, nothing outside can allocate, be reset or dropped, and the compiler sees to it. Values allocated
/// outside before stay usable.
///
/// ```
/// use freehold::{Alloc, Arena};
///
/// let mut arena = Arena::new();
/// let mut outer = arena.scope();
/// let total = outer.alloc(0);
/// for line in ["1 2", "3 4 5"] {
///     let inner = outer.scope(); // ends with each turn of the loop
///     let numbers = inner.alloc_from_iter(line.split(' ').map(|n| n.parse::<i32>().unwrap()));
///     *total += numbers.iter().sum::<i32>();
/// }
/// assert_eq!(*total, 15);
/// ```
///
/// A reference that outlives its scope's end doesn't compile once the memory is used again:
///
/// ```compile_fail,E0499
/// use freehold::{Alloc, Arena};
///
/// let mut arena = Arena::new();
/// let kept = {
///     let scope = arena.scope();
///     scope.alloc(1)
/// };
/// let scope = arena.scope(); // error: `arena` is still borrowed
/// println!("{kept} {}", scope.alloc(2));
/// ```
///
/// Its values can be kept, too, or undone, as what builds them succeeds or fails: [`try_scope`](Scope::try_scope).
///
/// To keep the state in registers, hand a `&Scope` only to functions that are inlined in the hot loop.
pub struct Scope<'s, const MIN_ALIGN: usize = 8> {
    // Lies in a chunk of `chunks`, at or after the cursor that it was copied from, and before everything that is vacant.
    cursor: CursorCell,
    chunks: &'s Chunks<'s>,
}

// SAFETY: the condition is never met.
unsafe impl<const MIN_ALIGN: usize> Send for Scope<'_, MIN_ALIGN> where for<'a> &'a OfOneThread: BetweenThreads {}
// SAFETY: the condition is never met.
unsafe impl<const MIN_ALIGN: usize> Sync for Scope<'_, MIN_ALIGN> where for<'a> &'a OfOneThread: BetweenThreads {}

impl<'s, const MIN_ALIGN: usize> Scope<'s, MIN_ALIGN> {
    #[inline(always)]
    pub(super) fn new(cursor: Cursor, chunks: &'s Chunks<'s>) -> Scope<'s, MIN_ALIGN> {
        chunks.vacate(cursor);
        Scope { cursor: CursorCell::new(cursor), chunks }
    }

    #[inline(always)]
    pub(super) fn cell(&self) -> &CursorCell {
        &self.cursor
    }

    #[inline(always)]
    pub(super) fn chunks(&self) -> &'s Chunks<'s> {
        self.chunks
    }

    /// Opens a scope inside this one.
    #[inline(always)]
    #[must_use]
    pub fn scope(&mut self) -> Scope<'_, MIN_ALIGN> {
        Scope::new(self.cursor.get(), self.chunks)
    }
}

impl<'s, const MIN_ALIGN: usize> Bump for &Scope<'s, MIN_ALIGN> {
    const MIN_ALIGN: usize = MIN_ALIGN;
    type Chunks = Chunks<'s>;

    #[inline(always)]
    fn parts(&self, _: Key) -> (&CursorCell, &Chunks<'s>) {
        (&self.cursor, self.chunks)
    }
}

impl<'l, const MIN_ALIGN: usize> Bump for &Arena<'l, MIN_ALIGN> {
    const MIN_ALIGN: usize = MIN_ALIGN;
    type Chunks = Chunks<'l>;

    #[inline(always)]
    fn parts(&self, _: Key) -> (&CursorCell, &Chunks<'l>) {
        (&self.chunks.home, &self.chunks)
    }

    #[inline(always)]
    fn at_home(&self, _: Key) -> Option<&Chunks<'_>> {
        Some(&self.chunks)
    }
}

// SAFETY: the scope's memory is used again only by the arena or scope it was opened in, which is mutably borrowed for 's.
unsafe impl<'s, const MIN_ALIGN: usize> Alloc<'s> for &Scope<'s, MIN_ALIGN> {}

// SAFETY: an arena's memory is used again only by `reset`, by its scopes and at its end; all need the shared borrow to be over.
unsafe impl<'a, const MIN_ALIGN: usize> Alloc<'a> for &'a Arena<'_, MIN_ALIGN> {}
