//! A run of values at the end of a typed arena while it is being built.

use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::super::buffer::Buffer;
use super::super::bump::Bump;
use super::TypedArena;
use crate::chunk::{Cursor, CursorCell, Lodged, Refill, Unfinished};
use crate::error::AllocError;
use crate::layout::padding;
use crate::platform::sanitizer;

/// Values that are gathered one by one in the room after the arena's last value. The arena doesn't know of them before
/// [`finish`](Run::finish): it counts none of them and drops none of them.
///
/// Whoever makes them may allocate in the same arena. So the arena's cursor has no room meanwhile, and who wants some comes to the
/// list of chunks, which moves the values out of the way; then they are gathered elsewhere. A run in a run does just that.
///
/// Dropping it (a panic) drops the values.
pub(super) struct Run<'a, 'l, T> {
    arena: &'a TypedArena<'l, T>,
    /// Where the values lie, if they were not moved: where the arena's cursor is.
    start: NonNull<T>,
    /// Where their chunk ends.
    end: NonNull<u8>,
    len: usize,
    /// How many there is room for.
    capacity: usize,
    /// What was being built when this began, which has made way.
    outer: Unfinished,
}

impl<'a, 'l, T> Run<'a, 'l, T> {
    /// Room for as many values as are to be expected, or for one. For types that have a size.
    pub fn new(arena: &'a TypedArena<'l, T>, expected: usize) -> Result<Run<'a, 'l, T>, AllocError> {
        let (cell, chunks) = arena.inside();
        let cursor = room(cell.get(), chunks, expected.saturating_mul(size_of::<T>()), align_of::<T>())
            .or_else(|| room(cell.get(), chunks, size_of::<T>(), align_of::<T>()))
            .ok_or_else(|| chunks.error(size_of::<T>(), align_of::<T>()))?;
        let pad = padding(cursor.next.addr().get(), align_of::<T>());
        // SAFETY: the chunk has room for the padding, and for a value after it.
        let start = unsafe { cursor.next.add(pad) };
        let capacity = (cursor.end.addr().get() - start.addr().get()) / size_of::<T>();
        cell.set(Cursor { next: start, end: start });
        let outer = chunks.build();
        Ok(Run { arena, start: start.cast(), end: cursor.end, len: 0, capacity, outer })
    }

    fn parts(&self) -> (&'a CursorCell, &'a Lodged<'l>) {
        self.arena.inside()
    }

    /// Takes one more, or gives it back if there is no room for it here.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<(), T> {
        let (_, chunks) = self.parts();
        if !matches!(chunks.unfinished(), Unfinished::Here(_)) || (self.len == self.capacity && !self.lengthen()) {
            return Err(value);
        }
        // SAFETY: there is room for one more.
        let place = unsafe { self.start.add(self.len) };
        sanitizer::unpoison(place.cast(), 0..size_of::<T>());
        // SAFETY: as above; nothing lives there yet, as whoever allocates comes to the list first, and that has moved nothing.
        unsafe { place.write(value) };
        self.len += 1;
        chunks.set_unfinished(Unfinished::Here(self.len * size_of::<T>()));
        Ok(())
    }

    /// Room for one more, if the chunk can grow.
    fn lengthen(&mut self) -> bool {
        let (cell, chunks) = self.parts();
        let Some(bytes) = (self.len + 1).checked_mul(size_of::<T>()) else { return false };
        let Some(cursor) = chunks.room_in_place(cell.get(), bytes, align_of::<T>()) else { return false };
        self.end = cursor.end;
        self.capacity = (self.end.addr().get() - self.start.addr().get()) / size_of::<T>();
        true
    }

    /// The values are the arena's from here on; or, as somebody else needed the room, they are elsewhere.
    pub fn finish(self) -> Result<NonNull<[T]>, Self> {
        let (cell, chunks) = self.parts();
        if !matches!(chunks.unfinished(), Unfinished::Here(_)) {
            return Err(self);
        }
        let this = ManuallyDrop::new(self);
        chunks.set_unfinished(this.outer);
        // SAFETY: there are so many.
        cell.set(Cursor { next: unsafe { this.start.add(this.len) }.cast(), end: this.end });
        Ok(NonNull::slice_from_raw_parts(this.start, this.len))
    }

    /// The values go to `buffer`, in another arena; this one is as it was.
    pub fn move_to<A: Bump>(mut self, buffer: &mut Buffer<A, T>) -> Result<(), AllocError> {
        // SAFETY: there are so many; if they are taken over, they are forgotten here.
        unsafe { buffer.take_over(self.place(), self.len) }?;
        // They lie in the buffer now; what they lay in goes back.
        self.len = 0;
        Ok(())
    }

    /// Where the values are now.
    fn place(&self) -> NonNull<u8> {
        match self.parts().1.unfinished() {
            Unfinished::Moved(Some(place)) => place,
            _ => self.start.cast(),
        }
    }
}

impl<T> Run<'_, '_, T> {
    /// Drops the values, one by one.
    fn drop_values(&mut self) {
        let (_, chunks) = self.parts();
        while self.len > 0 {
            self.len -= 1;
            // SAFETY: there are more than so many.
            let place = unsafe { self.place().add(self.len * size_of::<T>()) }.cast::<T>();
            // SAFETY: a value, or its bytes at an address that may be none of a `T`; it is not used there again.
            let value = unsafe { place.read_unaligned() };
            if let Unfinished::Here(_) = chunks.unfinished() {
                chunks.set_unfinished(Unfinished::Here(self.len * size_of::<T>()));
            }
            // It may allocate here: the others make way.
            drop(value);
        }
    }
}

impl<T> Drop for Run<'_, '_, T> {
    fn drop(&mut self) {
        /// Has the arena be as it was, with none of the values left, if a destructor panics too.
        struct Rest<'r, 'a, 'l, T>(&'r mut Run<'a, 'l, T>);
        impl<T> Drop for Rest<'_, '_, '_, T> {
            fn drop(&mut self) {
                let Rest(run) = self;
                // Only on the way out of a panic there are any.
                run.drop_values();
                let (cell, chunks) = run.parts();
                match chunks.set_unfinished(run.outer) {
                    Unfinished::Here(_) => cell.set(Cursor { next: run.start.cast(), end: run.end }),
                    // SAFETY: the claim was made for the values, which are gone.
                    Unfinished::Moved(Some(claim)) => unsafe { chunks.spans().give_back(claim) },
                    _ => {}
                }
            }
        }
        Rest(self).0.drop_values();
    }
}

/// A cursor with room for `size` bytes at `align`.
pub(super) fn room(cursor: Cursor, chunks: &Lodged<'_>, size: usize, align: usize) -> Option<Cursor> {
    let needed = padding(cursor.next.addr().get(), align).checked_add(size);
    // What is more than there can be the list refuses too: it is what says why.
    if needed.is_some_and(|needed| needed <= cursor.room()) {
        Some(cursor)
    } else {
        chunks.cursor_for::<false>(cursor, size, align)
    }
}

#[cfg(test)]
mod tests {
    use core::mem::MaybeUninit;

    use crate::arena::TypedArena;
    use crate::backing::Region;
    use crate::ledger::Ledger;

    /// Whoever allocates while values are put after the cursor has them moved out of the way, whether by the verb that panics or by the other.
    #[test]
    fn h21_either_verb_has_them_moved_away() {
        type Verb = fn(&TypedArena<'_, u32>, u32);
        let verbs: [Verb; 2] = [
            |arena, value| *arena.alloc(0) = value,
            |arena, value| assert!(arena.try_alloc(value).is_ok_and(|place| *place == value)),
        ];
        for verb in verbs {
            let mut ram = [MaybeUninit::uninit(); 4096];
            let ledger = Ledger::new(Region::new(&mut ram));
            let mut arena = TypedArena::new_in(&ledger, "typed");
            arena.alloc(100);
            let values = (0..8).inspect(|value| {
                if *value == 4 {
                    verb(&arena, 200);
                }
            });
            assert!(arena.alloc_from_iter(values).iter().copied().eq(0..8));
            assert!(arena.iter_mut().map(|value| *value).eq([100, 200].into_iter().chain(0..8)));
        }
    }
}
