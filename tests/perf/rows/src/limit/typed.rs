//! The limit of typed arenas: values of one type side by side in a buffer that was there before.

use std::cell::Cell;
use std::marker::PhantomData;

use super::Buffer;

/// Puts values one after the other, and drops them when it is dropped, in one pass.
pub struct TypedCursor<'b, T> {
    start: *mut T,
    next: Cell<*mut T>,
    end: *mut T,
    buffer: PhantomData<&'b mut Buffer>,
}

impl<'b, T> TypedCursor<'b, T> {
    #[inline(always)]
    pub fn new(buffer: &'b mut Buffer) -> Self {
        let (start, end) = (buffer.start().cast::<T>(), buffer.end().cast::<T>());
        TypedCursor { start, next: Cell::new(start), end, buffer: PhantomData }
    }

    #[inline(always)]
    #[allow(clippy::mut_from_ref)] // each call returns another place
    pub fn alloc(&self, value: T) -> &mut T {
        let place = self.next.get();
        if size_of::<T>() > self.end.addr() - place.addr() {
            panic!("the limit's buffer is too small");
        }
        // SAFETY: there is room for a `T`, and the buffer starts aligned to a page's 64th.
        unsafe { place.write(value) };
        // SAFETY: as above.
        self.next.set(unsafe { place.add(1) });
        // SAFETY: it was just written, and nobody else gets the place.
        unsafe { &mut *place }
    }

    /// Drops all values.
    ///
    /// Not in a destructor: values may refer to each other, which the compiler allows in types that it knows only.
    ///
    /// # Safety
    ///
    /// The caller owes: no value is used any more, and it calls this once.
    #[inline(always)]
    pub unsafe fn drop_all(&self) {
        // SAFETY: both are in the same buffer, the start first.
        let len = unsafe { self.next.get().offset_from_unsigned(self.start) };
        // SAFETY: so many values were written there, and the caller's promise.
        unsafe { std::ptr::slice_from_raw_parts_mut(self.start, len).drop_in_place() };
    }
}
