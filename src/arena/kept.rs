//! What comes after a point in an arena, and stays or goes: scopes that may be kept, and marks.

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use super::{Arena, Scope};
use crate::chunk::{Chunks, Cursor, CursorCell};

/// What a scope that may be kept leaves behind: a type that may hold references into the scope, whatever lifetime `'s` these have.
///
/// Two lines on a type of no size name it:
///
/// ```
/// use freehold::Kept;
///
/// struct Node<'s> { name: &'s str, children: &'s [Node<'s>] }
///
/// struct Tree;
/// impl Kept for Tree { type Value<'s> = &'s Node<'s>; }
/// ```
///
/// See [`Arena::try_scope`].
pub trait Kept {
    /// The type, where references live for `'s`.
    type Value<'s>;
}

/// Nothing: what is kept is known elsewhere, or does not matter.
impl Kept for () {
    type Value<'s> = ();
}

/// A [`Scope`] that may be kept: what [`Arena::try_scope`] and [`Scope::try_scope`] open. It is used as the scope that it is.
///
/// `'a` is how long it lives on if it is kept. What lives as long already, such as what the arena holds, what is in it may refer to.
pub struct Attempt<'s, 'a: 's, const MIN_ALIGN: usize = 8> {
    scope: Scope<'s, MIN_ALIGN>,
    outside: PhantomData<&'s &'a ()>,
}

impl<'s, const MIN_ALIGN: usize> Deref for Attempt<'s, '_, MIN_ALIGN> {
    type Target = Scope<'s, MIN_ALIGN>;

    #[inline(always)]
    fn deref(&self) -> &Scope<'s, MIN_ALIGN> {
        &self.scope
    }
}

impl<'s, const MIN_ALIGN: usize> DerefMut for Attempt<'s, '_, MIN_ALIGN> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Scope<'s, MIN_ALIGN> {
        &mut self.scope
    }
}

impl<const MIN_ALIGN: usize> Arena<'_, MIN_ALIGN> {
    /// Opens a scope that is kept if `build` succeeds: what was allocated in it lives on, as long as what is allocated in the arena
    /// itself. If `build` fails or panics, all of it is free again.
    ///
    /// What lives on is what `build` returns, with all that it refers to; [`Kept`] names its type.
    ///
    /// ```
    /// use freehold::{Alloc, Arena, Kept, Scope};
    ///
    /// struct Sum<'s> { terms: &'s [i64] }
    /// struct Parsed;
    /// impl Kept for Parsed { type Value<'s> = &'s Sum<'s>; }
    ///
    /// fn parse<'s>(scope: &mut Scope<'s>, text: &str) -> Result<&'s Sum<'s>, core::num::ParseIntError> {
    ///     let terms = scope.alloc_slice_try_fill_with(2, |index| text.split('+').nth(index).unwrap_or("").trim().parse())?;
    ///     Ok(scope.alloc(Sum { terms }))
    /// }
    ///
    /// let arena = Arena::new();
    /// let sums: Vec<&Sum> =
    ///     ["1 + 2", "1 + x", "3 + 4"].iter().filter_map(|text| arena.try_scope::<Parsed, _>(|scope| parse(scope, text)).ok()).collect();
    /// assert_eq!(sums[1].terms, [3, 4]); // and of "1 + x" nothing is left in the arena
    /// ```
    ///
    /// While it is open, whoever asks the arena itself for room is refused ([`Obstacle::ScopeOpen`](crate::Obstacle::ScopeOpen)): inside,
    /// allocate in the scope. For what is scratch, open a scope in that one.
    ///
    /// # Errors
    ///
    /// What `build` returned.
    ///
    /// # Panics
    ///
    /// If such a scope of this arena is open already: open the next one in that. If `build` succeeds, but has put another arena's scope in
    /// the place of the one that it got.
    #[inline]
    #[track_caller]
    pub fn try_scope<'a, K: Kept, E>(
        &'a self,
        build: impl for<'s> FnOnce(&mut Attempt<'s, 'a, MIN_ALIGN>) -> Result<K::Value<'s>, E>,
    ) -> Result<K::Value<'a>, E> {
        keep_or_undo(&self.chunks.home, &self.chunks, build)
    }

    /// A mark, to which [`rewind`](Arena::rewind) goes back: for code whose lifetimes can't be nested as scopes are.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint(self.chunks.home.get())
    }

    /// Frees all that was allocated since the mark was made. Two stores.
    ///
    /// # Safety
    ///
    /// The caller owes: nothing that was allocated since then is used any more (to be dropped is to be used), or pinned; nor is a collection or
    /// a builder that was there before and has grown since, in place or not; the mark is this arena's, which wasn't reset or
    /// trimmed since, and no scope of [`try_scope`](Arena::try_scope) that was open then or is open now; and the arena has not gone back to
    /// an earlier mark since. (With debug assertions, a mark that lies beyond what is allocated panics.)
    ///
    /// ```
    /// use freehold::{Alloc, Arena};
    ///
    /// let arena = Arena::new();
    /// let kept = arena.alloc(1);
    /// let mark = arena.checkpoint();
    /// let used = arena.used();
    /// arena.alloc_slice_fill(100, 2);
    /// // SAFETY: what was allocated since is not used any more, and the mark is the arena's last.
    /// unsafe { arena.rewind(mark) };
    /// assert_eq!((*kept, arena.used()), (1, used));
    /// ```
    #[cfg_attr(debug_assertions, track_caller)]
    pub unsafe fn rewind(&self, mark: Checkpoint) {
        // SAFETY: the caller's promise.
        unsafe { rewind(&self.chunks.home, &self.chunks, mark) };
    }
}

impl<'s, const MIN_ALIGN: usize> Scope<'s, MIN_ALIGN> {
    /// Opens a scope in this one that is kept if `build` succeeds. See [`Arena::try_scope`].
    ///
    /// # Errors
    ///
    /// What `build` returned.
    ///
    /// # Panics
    ///
    /// If such a scope is open in this one already: open the next one in that. If `build` succeeds, but has put another arena's scope in
    /// the place of the one that it got.
    #[inline]
    #[track_caller]
    pub fn try_scope<K: Kept, E>(
        &self,
        build: impl for<'t> FnOnce(&mut Attempt<'t, 's, MIN_ALIGN>) -> Result<K::Value<'t>, E>,
    ) -> Result<K::Value<'s>, E> {
        keep_or_undo(self.cell(), self.chunks(), build)
    }

    /// A mark, to which [`rewind`](Scope::rewind) goes back.
    #[inline]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint(self.cell().get())
    }

    /// Frees all that was allocated in this scope since the mark was made.
    ///
    /// # Safety
    ///
    /// The caller owes what [`Arena::rewind`] asks for, of this scope.
    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub unsafe fn rewind(&self, mark: Checkpoint) {
        // SAFETY: the caller's promise.
        unsafe { rewind(self.cell(), self.chunks(), mark) };
    }
}

/// A point in an arena or a scope, made by `checkpoint`. All that was allocated after it can be freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Checkpoint(Cursor);

/// Runs `build` on a scope that begins where `cell` is, which is closed meanwhile. On `Ok` that goes on where the scope ended, else
/// where it was.
///
/// The scope's lifetime is that of what the arena or the scope outside hands out. `build` must do for any that is shorter, so it can't put
/// anything of the scope's where that would be found after an error. (That [`Kept::Value`] is an associated type with a lifetime, and so is
/// checked to be well-formed for each one where it is written, is part of that: a `dyn` type that names it is not checked.)
#[inline]
#[track_caller]
fn keep_or_undo<'s, const MIN_ALIGN: usize, R, E>(
    cell: &CursorCell,
    chunks: &'s Chunks<'s>,
    build: impl FnOnce(&mut Attempt<'s, 's, MIN_ALIGN>) -> Result<R, E>,
) -> Result<R, E> {
    let mut open = Open { cell, cursor: cell.get() };
    assert!(open.cursor != Cursor::CLOSED, "{}", crate::Obstacle::ScopeOpen);
    cell.set(Cursor::CLOSED);
    let mut attempt = Attempt { scope: Scope::new(open.cursor, chunks), outside: PhantomData };
    let built = build(&mut attempt);
    if built.is_ok() {
        // A scope of another arena that lives as long could have been put in its place.
        assert!(core::ptr::eq(attempt.scope.chunks(), chunks), "the scope was replaced by one of another arena");
        open.cursor = attempt.scope.cell().get();
    }
    built
}

/// Opens the cursor outside again, at the end or when `build` panics.
struct Open<'c> {
    cell: &'c CursorCell,
    cursor: Cursor,
}

impl Drop for Open<'_> {
    #[inline]
    fn drop(&mut self) {
        self.cell.set(self.cursor);
    }
}

/// # Safety
///
/// The caller owes what [`Arena::rewind`] asks for, of whoever has this cursor.
#[inline]
#[cfg_attr(debug_assertions, track_caller)]
unsafe fn rewind(cell: &CursorCell, chunks: &Chunks<'_>, Checkpoint(mark): Checkpoint) {
    debug_assert!(
        cell.get() != Cursor::CLOSED && mark != Cursor::CLOSED && chunks.was_at(cell.get(), mark),
        "a mark that lies beyond what is allocated: marks are used last first, and not after `reset` or `trim`"
    );
    cell.set(mark);
    chunks.vacate(mark);
}
