//! The one primitive: make room at the cursor. Every verb of an arena or a scope is a few lines over it.

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::chunk::{Chunks, Cursor, CursorCell, Refill};
use crate::error::{AllocError, Obstacle};
use crate::layout::{HEADROOM, padding};
use crate::platform::{self, sanitizer};

/// Something with a cursor and the chunks it moves through: an arena, a scope, a typed arena.
///
/// [`Alloc`](super::Alloc) rests on it, so its methods can be called wherever that is a bound; the [`Key`] keeps them ours.
pub trait Bump: Copy {
    /// Every address the cursor takes is a multiple of it.
    #[doc(hidden)]
    const MIN_ALIGN: usize;

    #[doc(hidden)]
    type Chunks: Refill;

    #[doc(hidden)]
    fn parts(&self, key: Key) -> (&CursorCell, &Self::Chunks);

    /// The chunks, if the cursor is their own: it lies in memory that others may reach anyway.
    #[doc(hidden)]
    #[inline(always)]
    fn at_home(&self, _: Key) -> Option<&Chunks<'_>> {
        None
    }
}

/// Can't be made, nor named, outside the arenas.
#[derive(Clone, Copy)]
pub struct Key(());

impl Key {
    pub(super) const KEY: Key = Key(());
}

/// `size` rounded up so that the cursor stays aligned. A size is at most `isize::MAX`, so this can't overflow.
#[inline(always)]
fn step<A: Bump>(size: usize) -> usize {
    (size + (A::MIN_ALIGN - 1)) & !(A::MIN_ALIGN - 1)
}

/// Where a value aligned to `align` goes: computed once, it serves the comparison and is the place. (As a padding that is added it would be
/// an instruction more.) Near the end of the address space it may wrap; what has no room is never used.
#[inline(always)]
fn place_in<A: Bump>(cursor: Cursor, align: usize) -> *mut u8 {
    if align <= A::MIN_ALIGN {
        return cursor.next.as_ptr();
    }
    cursor.next.as_ptr().map_addr(|addr| addr.wrapping_add(align - 1) & !(align - 1))
}

/// Bytes to skip before a value aligned to `align`.
#[inline(always)]
fn pad<A: Bump>(cursor: Cursor, align: usize) -> usize {
    if align <= A::MIN_ALIGN { 0 } else { padding(cursor.next.addr().get(), align) }
}

/// Room for `size` bytes at `align` (those of a valid layout); with `PANIC`, there is always some. (A constant and not a closure:
/// all of this must be inlined, the cold call's arguments too.)
///
/// `small` is a constant too: whether size and alignment are known, and small enough to move the cursor on before it is compared
/// with the end.
#[inline(always)]
#[track_caller]
fn bump_or<A: Bump, const PANIC: bool>(arena: A, size: usize, align: usize, small: bool) -> Option<NonNull<u8>> {
    let (cell, chunks) = arena.parts(Key::KEY);
    if align > A::MIN_ALIGN && size == 0 {
        // No bytes need no room, only an aligned pointer; for smaller alignments the cursor's is.
        return NonNull::new(core::ptr::without_provenance_mut(align));
    }
    let mut cursor = cell.get();
    let mut place = place_in::<A>(cursor, align);
    let mut next = past::<A>(place, size);
    // Comparing pointers that are there already is an instruction less than finding out how much room there is.
    let by_room = platform::COMPARES_ROOM && align <= A::MIN_ALIGN && arena.at_home(Key::KEY).is_some();
    let full = if small && !by_room { next > cursor.end.as_ptr() } else { !fits::<A>(cursor, size, align) };
    if full {
        if let Some(chunks) = arena.at_home(Key::KEY) {
            if PANIC {
                let place = chunks.place_at_home(step::<A>(size), size, align);
                // V8 needs the question: see `place_at_home`.
                if place.is_none() {
                    chunks.fail(size, align);
                }
                return place;
            }
            cursor = Cursor::HOME;
        }
        cursor = chunks.cursor_for::<PANIC>(cursor, size, align)?;
        cell.set(cursor);
        place = place_in::<A>(cursor, align);
        next = past::<A>(place, size);
    }
    // Another thread may have grown this memory, and handed the arena over.
    platform::reach(next.addr());
    // SAFETY: the chunk has room for the padding and the size after it, rounded up: it was compared, or `refill` said so. So this
    // is the end of a place in it.
    let next = unsafe { NonNull::new_unchecked(next) };
    cell.set_next(next);
    // SAFETY: as above: this is its start.
    let place = unsafe { NonNull::new_unchecked(place) };
    chunks.hand_out(cursor, place, size, next);
    Some(place)
}

/// Where the cursor goes. Made once, to be compared and then kept; with a small layout it does not wrap, as no chunk ends in the
/// last `HEADROOM` bytes of the address space.
#[inline(always)]
fn past<A: Bump>(place: *mut u8, size: usize) -> *mut u8 {
    place.wrapping_add(step::<A>(size))
}

/// Whether the chunk has room. The sum does not overflow: both parts are at most `isize::MAX + 1`, and not both that.
#[inline(always)]
fn fits<A: Bump>(cursor: Cursor, size: usize, align: usize) -> bool {
    pad::<A>(cursor, align) + step::<A>(size) <= cursor.room()
}

/// Whether a layout that is known when the program is compiled is small enough for [`bump_or`].
const fn is_small(size: usize, align: usize) -> bool {
    // Rounding up adds at most 15 bytes, padding less than the alignment.
    size <= HEADROOM / 2 && align <= HEADROOM / 4
}

/// Room for `size` bytes at `align`, those of a valid layout.
///
/// # Panics
///
/// If there is no room to be had.
#[inline(always)]
#[track_caller]
pub(super) fn bump<A: Bump>(arena: A, size: usize, align: usize) -> NonNull<u8> {
    // SAFETY: with `PANIC`, there is always some.
    unsafe { bump_or::<A, true>(arena, size, align, false).unwrap_unchecked() }
}

/// [`bump`], or nothing has changed.
#[inline(always)]
pub(super) fn try_bump<A: Bump>(arena: A, size: usize, align: usize) -> Result<NonNull<u8>, AllocError> {
    bump_or::<A, false>(arena, size, align, false).ok_or_else(|| arena.parts(Key::KEY).1.error(size, align))
}

/// [`bump`] for a `T`.
#[inline(always)]
#[track_caller]
pub(super) fn bump_for<A: Bump, T>(arena: A) -> NonNull<T> {
    let small = const { is_small(size_of::<T>(), align_of::<T>()) };
    // SAFETY: with `PANIC`, there is always some.
    unsafe { bump_or::<A, true>(arena, size_of::<T>(), align_of::<T>(), small).unwrap_unchecked() }.cast()
}

/// [`try_bump`] for a `T`.
#[inline(always)]
pub(super) fn try_bump_for<A: Bump, T>(arena: A) -> Result<NonNull<T>, AllocError> {
    let (size, align) = (size_of::<T>(), align_of::<T>());
    let small = const { is_small(size_of::<T>(), align_of::<T>()) };
    let place = bump_or::<A, false>(arena, size, align, small);
    place.map(NonNull::cast).ok_or_else(|| arena.parts(Key::KEY).1.error(size, align))
}

/// Makes sure that the next `bytes` bytes need no refill, whatever small alignments they have.
#[inline]
pub(super) fn reserve<A: Bump>(arena: A, bytes: usize) -> Result<(), AllocError> {
    let (cell, chunks) = arena.parts(Key::KEY);
    let cursor = cell.get();
    if bytes > cursor.room() {
        let Some(cursor) = chunks.cursor_for::<false>(cursor, bytes, A::MIN_ALIGN) else {
            return Err(chunks.error(bytes, A::MIN_ALIGN));
        };
        cell.set(cursor);
    }
    Ok(())
}

/// Makes a block longer, in place if it is the last one, else by moving it. On `Err` it is as it was.
///
/// # Safety
///
/// The caller owes: `block` came from this arena with the layout `old`, is not used by anyone else, and `new` is no smaller
/// in size and the same in alignment.
#[inline]
pub(super) unsafe fn grow<A: Bump>(
    arena: A,
    block: NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Result<NonNull<u8>, AllocError> {
    let (cell, chunks) = arena.parts(Key::KEY);
    let cursor = cell.get();
    let moved = if old.size() > 0 && is_last::<A>(cursor, block, old.size()) {
        // Back to the block's start, by the cursor's own pointer, which may reach the whole chunk.
        // SAFETY: the block's bytes end at the cursor, in the same chunk.
        let start = unsafe { cursor.next.sub(step::<A>(old.size())) };
        let mut cursor = Cursor { next: start, ..cursor };
        if step::<A>(new.size()) > cursor.room() {
            // If the chunk itself can grow, the cursor comes back where it was, and the block need not move.
            cursor = chunks
                .cursor_for::<false>(cursor, new.size(), new.align())
                .ok_or_else(|| chunks.error(new.size(), new.align()))?;
        }
        // SAFETY: the chunk has room for the padding and the new size: it was compared, or `refill` said so. (At the block's own
        // start there is no padding.)
        let start = unsafe { cursor.next.add(padding(cursor.next.addr().get(), new.align())) };
        // SAFETY: as above.
        let next = unsafe { start.add(step::<A>(new.size())) };
        platform::reach(next.addr().get());
        cell.set(Cursor { next, ..cursor });
        chunks.hand_out(cursor, start, new.size(), next);
        start
    } else {
        try_bump(arena, new.size(), new.align())?
    };
    if moved.addr() != block.addr() {
        sanitizer::unpoison(block, 0..old.size());
        // SAFETY: the block holds `old.size()` bytes, the new place at least as many; two places in use don't overlap.
        unsafe { moved.copy_from_nonoverlapping(block, old.size()) };
        sanitizer::poison(block, 0..old.size());
    }
    Ok(moved)
}

/// Makes a block shorter, down to nothing; if it is the last one, what it no longer needs is free again.
///
/// # Safety
///
/// The caller owes: `block` came from this arena with `old` bytes, and nobody uses those past `new`, which is no larger.
#[inline]
pub(super) unsafe fn shrink<A: Bump>(arena: A, block: NonNull<u8>, old: usize, new: usize) {
    let (cell, _) = arena.parts(Key::KEY);
    let cursor = cell.get();
    sanitizer::poison(block, new..old);
    if old > 0 && is_last::<A>(cursor, block, old) {
        // SAFETY: the bytes after the first `new` of the block end at the cursor, in the same chunk.
        cell.set_next(unsafe { cursor.next.sub(step::<A>(old) - step::<A>(new)) });
    }
}

/// [`shrink`] to nothing of a block that was allocated when the cursor was at `before`: what was skipped to align it goes too, if it is
/// the last.
///
/// # Safety
///
/// The caller owes: what [`shrink`] asks for, and that `before` was the cursor right before the block was allocated.
#[inline(always)] // or the address of a scope would be given away
pub(super) unsafe fn shrink_last<A: Bump>(arena: A, before: Cursor, block: NonNull<u8>, size: usize) {
    let (cell, _) = arena.parts(Key::KEY);
    let cursor = cell.get();
    let is_last = size > 0 && is_last::<A>(cursor, block, size);
    // SAFETY: the caller's promise.
    unsafe { shrink(arena, block, size, 0) };
    if is_last && cursor.end == before.end {
        // The same chunk: between where the cursor was and the block there is padding only.
        cell.set_next(before.next);
    }
}

fn is_last<A: Bump>(cursor: Cursor, block: NonNull<u8>, size: usize) -> bool {
    block.addr().get() + step::<A>(size) == cursor.next.addr().get()
}

/// Why a type that needs `Drop` is refused. Each verb asks by itself, so that the compiler's message names the line that calls the verb.
pub(super) const fn needs_no_drop<T>() {
    assert!(
        !core::mem::needs_drop::<T>(),
        "this type needs `Drop`, which an arena never runs: use `alloc_box`, or a `TypedArena`; where nothing is lost without its \
         destructor, `ArenaBox::leak(arena.alloc_box(value))`"
    );
}

/// So many values are more than there can be.
#[inline(always)] // or the address of a scope would be given away
pub(super) fn too_large<A: Bump, T>(alloc: A, len: usize) -> AllocError {
    let size = len.saturating_mul(size_of::<T>());
    AllocError::new(alloc.parts(Key::KEY).1.owner(), size, align_of::<T>(), Obstacle::TooLarge)
}
