//! A run of values at the end of an arena while it is being built.

use core::alloc::Layout;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::bump::too_large;
use super::bump::{Bump, Key, grow, shrink, try_bump};
use crate::chunk::Refill;
use crate::copy::copy;
use crate::error::{AllocError, Obstacle};

/// Values that are gathered one by one. It holds no borrow of the arena's insides, so whoever makes the values may allocate
/// from the same arena: then the run moves when it grows.
///
/// Dropping it (a panic, an error) drops the values and frees the run if it is the last thing in the arena.
pub(super) struct Buffer<A: Bump, T> {
    arena: A,
    place: NonNull<T>,
    /// The first `len` places are initialised.
    len: usize,
    capacity: usize,
}

impl<A: Bump, T> Buffer<A, T> {
    pub fn new(arena: A) -> Buffer<A, T> {
        // A type of no size never runs out of room.
        let capacity = if size_of::<T>() == 0 { usize::MAX } else { 0 };
        Buffer { arena, place: NonNull::dangling(), len: 0, capacity }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many values there is room for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The values there are.
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: the first `len` places are initialised, and the buffer's alone.
        unsafe { NonNull::slice_from_raw_parts(self.place, self.len).as_ref() }
    }

    /// The values there are.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: the first `len` places are initialised, and the buffer's alone.
        unsafe { NonNull::slice_from_raw_parts(self.place, self.len).as_mut() }
    }

    /// Takes the last value off.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: it was initialised, in the run.
        let place = unsafe { self.place.add(self.len) };
        // SAFETY: as above; the buffer has forgotten it.
        Some(unsafe { place.read() })
    }

    /// Drops all values, and keeps the run.
    pub fn clear(&mut self) {
        let values = NonNull::slice_from_raw_parts(self.place, core::mem::take(&mut self.len));
        // SAFETY: they were initialised, and the buffer has forgotten them.
        unsafe { values.drop_in_place() };
    }

    /// Bytes of the run; for types that have a size.
    fn layout(&self) -> Layout {
        let size = if size_of::<T>() == 0 { 0 } else { self.capacity * size_of::<T>() };
        // SAFETY: the run was allocated with this layout, or is empty.
        unsafe { Layout::from_size_align_unchecked(size, align_of::<T>()) }
    }

    /// Makes room for `more` values after those there are.
    #[inline]
    pub fn reserve(&mut self, more: usize) -> Result<(), AllocError> {
        if more <= self.capacity - self.len { Ok(()) } else { self.enlarge(more) }
    }

    #[cold]
    #[inline(never)]
    fn enlarge(&mut self, more: usize) -> Result<(), AllocError> {
        if size_of::<T>() == 0 {
            // More than can be counted: there is room for so many already.
            return Err(too_large::<A, T>(self.arena, usize::MAX));
        }
        let needed = self.len.saturating_add(more);
        // What is asked for at first, if that is more than one; else at least 8 bytes or 4 values, then twice as many each time.
        let least = if size_of::<T>() == 1 { 8 } else { 4 };
        let whole = self.capacity == 0 && more > 1;
        let mut capacity = if whole { needed } else { needed.max(self.capacity.saturating_mul(2)).max(least) };
        // If twice as much is not to be had, what is needed may be.
        loop {
            match self.resize(capacity) {
                Err(_) if capacity > needed => capacity = needed,
                resized => return resized,
            }
        }
    }

    /// Makes the run `capacity` values long.
    #[inline(always)] // or what calls it would be inlined itself: see `Chunks::make_room`
    fn resize(&mut self, capacity: usize) -> Result<(), AllocError> {
        let new = Layout::array::<T>(capacity).map_err(|_| too_large::<A, T>(self.arena, capacity))?;
        let old = self.layout();
        let place = if old.size() == 0 {
            try_bump(self.arena, new.size(), new.align())
        } else {
            // SAFETY: the run came from this arena with this layout, is the buffer's alone, and gets longer.
            unsafe { grow(self.arena, self.place.cast(), old, new) }
        }?;
        self.place = place.cast();
        self.capacity = new.size() / size_of::<T>();
        Ok(())
    }

    /// Takes all that `values` yields; or, if there is no room for more, what came before that. The value that found none is dropped.
    #[inline]
    pub fn extend(&mut self, mut values: impl Iterator<Item = T>) -> Result<(), AllocError> {
        if size_of::<T>() > 0 {
            self.reserve(values.size_hint().0)?;
        }
        let Some(mut value) = values.next() else { return Ok(()) };
        // Two loops, with the call between them: the inner one has none, for which an engine would keep what the loop has in memory. That
        // it ends with the question, and begins with the value, keeps the compiler from making one loop of the two.
        loop {
            if self.len == self.capacity {
                self.enlarge(1)?;
            }
            let (place, capacity) = (self.place, self.capacity);
            let mut len = Counted { so_far: self.len, all: &mut self.len };
            loop {
                // SAFETY: there is room for one more.
                let place = unsafe { place.add(len.so_far) };
                // SAFETY: as above; nothing lives there yet.
                unsafe { place.write(value) };
                len.so_far += 1;
                let Some(next) = values.next() else { return Ok(()) };
                value = next;
                if len.so_far == capacity {
                    break;
                }
            }
        }
    }

    /// Takes over `len` values that lie elsewhere, at any address.
    ///
    /// # Safety
    ///
    /// The caller owes: they lie there, and it forgets them if there is room.
    pub unsafe fn take_over(&mut self, values: NonNull<u8>, len: usize) -> Result<(), AllocError> {
        self.reserve(len)?;
        // SAFETY: there is room for so many more after those there are.
        let place = unsafe { self.place.add(self.len) };
        // SAFETY: as above, in this buffer's arena; they lie elsewhere (the caller's promise).
        unsafe { place.cast::<u8>().copy_from_nonoverlapping(values, len * size_of::<T>()) };
        self.len += len;
        Ok(())
    }

    /// # Safety
    ///
    /// The caller owes: `len` is less than `capacity`.
    #[inline(always)]
    pub unsafe fn push(&mut self, value: T) {
        // SAFETY: the caller's promise.
        let place = unsafe { self.place.add(self.len) };
        // SAFETY: as above; nothing lives there yet.
        unsafe { place.write(value) };
        self.len += 1;
    }

    /// The values, for as long as the arena's memory stays. What the run has too much is given back.
    #[inline]
    pub fn finish(self) -> NonNull<[T]> {
        let this = ManuallyDrop::new(self);
        let used = this.len * size_of::<T>();
        // SAFETY: the run came from this arena with this layout, and nothing lives after the first `len` values.
        unsafe { shrink(this.arena, this.place.cast(), this.layout().size(), used) };
        NonNull::slice_from_raw_parts(this.place, this.len)
    }
}

/// How many values a buffer has, while it is being filled: counted in a variable, and said at the end, or when whoever makes them panics.
struct Counted<'b> {
    so_far: usize,
    all: &'b mut usize,
}

impl Drop for Counted<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.all = self.so_far;
    }
}

impl<A: Bump> Buffer<A, u8> {
    /// Takes a text.
    #[inline]
    pub fn push_str(&mut self, text: &str) -> Result<(), AllocError> {
        self.reserve(text.len())?;
        // SAFETY: there is room for the text after the bytes there are.
        let place = unsafe { self.place.add(self.len) };
        // SAFETY: as above; what is being built in the arena is not part of the text.
        unsafe { copy(text.as_ptr(), place, text.len()) };
        self.len += text.len();
        Ok(())
    }

    /// Takes a formatted text.
    pub fn write(&mut self, text: fmt::Arguments<'_>) -> Result<(), AllocError> {
        struct Writer<'b, A: Bump>(&'b mut Buffer<A, u8>, Option<AllocError>);
        impl<A: Bump> fmt::Write for Writer<'_, A> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                let Writer(buffer, error) = self;
                buffer.push_str(text).map_err(|reason| {
                    *error = Some(reason);
                    fmt::Error
                })
            }
        }
        let mut writer = Writer(self, None);
        let written = fmt::Write::write_fmt(&mut writer, text);
        let Writer(buffer, error) = writer;
        // Whoever formats may have passed over that there was no room: then the text is not whole.
        if let Some(error) = error {
            return Err(error);
        }
        let owner = buffer.arena.parts(Key::KEY).1.owner();
        written.map_err(|_| AllocError::new(owner, buffer.len, 1, Obstacle::Format))
    }
}

impl<A: Bump, T> Drop for Buffer<A, T> {
    fn drop(&mut self) {
        // SAFETY: the first `len` places are initialised and nobody else's.
        unsafe { NonNull::slice_from_raw_parts(self.place, self.len).drop_in_place() };
        // SAFETY: the run came from this arena with this layout, and nothing lives in it any more.
        unsafe { shrink(self.arena, self.place.cast(), self.layout().size(), 0) };
    }
}
