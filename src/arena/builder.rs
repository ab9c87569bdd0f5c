//! [`Builder`] and [`StringBuilder`]: what grows in an arena, and is kept there.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use super::buffer::Buffer;
use super::bump::needs_no_drop;
use super::{Alloc, ArenaBox};
use crate::error::{AllocError, Rejected};
use crate::refusal::expect_room;

/// A slice in an arena or a scope while it is being built: push, then keep.
///
/// It grows in place while nothing else is allocated there, else it moves. What it has too much goes back in the end. Dropping it drops
/// the values.
///
/// ```
/// use freehold::{Arena, Builder};
///
/// let arena = Arena::new();
/// let mut primes = Builder::new_in(&arena);
/// for n in 2..20 {
///     if primes.iter().all(|p| n % p != 0) {
///         primes.push(n);
///     }
/// }
/// let primes: &mut [i32] = primes.finish();
/// assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19]);
/// ```
///
/// Where what is built should be taken apart again (`remove`, `insert`, `drain`), take the `Vec` of the feature `allocator-api2`.
pub struct Builder<'s, A: Alloc<'s>, T> {
    values: Buffer<A, T>,
    arena: PhantomData<&'s ()>,
}

impl<'s, A: Alloc<'s>, T> Builder<'s, A, T> {
    /// An empty one in `alloc`: `&arena`, or `&scope`. It takes no memory yet.
    #[must_use]
    pub fn new_in(alloc: A) -> Builder<'s, A, T> {
        Builder { values: Buffer::new(alloc), arena: PhantomData }
    }

    /// An empty one with room for `capacity` values.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[must_use]
    #[track_caller]
    pub fn with_capacity_in(capacity: usize, alloc: A) -> Builder<'s, A, T> {
        let mut builder = Builder::new_in(alloc);
        builder.reserve(capacity);
        builder
    }

    /// Adds a value at the end.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    pub fn push(&mut self, value: T) {
        self.reserve(1);
        // SAFETY: there is room for one more.
        unsafe { self.values.push(value) };
    }

    /// [`push`](Builder::push), giving the value back if there is no room.
    ///
    /// # Errors
    ///
    /// The value, and what stood in the way.
    #[inline]
    pub fn try_push(&mut self, value: T) -> Result<(), Rejected<T>> {
        if let Err(error) = self.try_reserve(1) {
            return Err(Rejected { value, error });
        }
        // SAFETY: there is room for one more.
        unsafe { self.values.push(value) };
        Ok(())
    }

    /// Takes the last value off, if there is one.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.values.pop()
    }

    /// Adds all that an iterator yields.
    ///
    /// # Errors
    ///
    /// What stood in the way; then what came before stays.
    pub fn try_extend(&mut self, values: impl IntoIterator<Item = T>) -> Result<(), AllocError> {
        self.values.extend(values.into_iter())
    }

    /// Makes room for `more` values after those there are.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    pub fn reserve(&mut self, more: usize) {
        expect_room(self.values.reserve(more));
    }

    /// [`reserve`](Builder::reserve) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline]
    pub fn try_reserve(&mut self, more: usize) -> Result<(), AllocError> {
        self.values.reserve(more)
    }

    /// How many values there is room for, those there are included.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.values.capacity()
    }

    /// Drops all values, and keeps the room.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// The slice, which stays. Types that need `Drop` don't compile here: see [`finish_box`](Builder::finish_box).
    #[must_use]
    pub fn finish(self) -> &'s mut [T] {
        const { needs_no_drop::<T>() };
        // SAFETY: the values are initialised, and the caller's alone for 's (contract of `Alloc`).
        unsafe { &mut *self.values.finish().as_ptr() }
    }

    /// The slice, in a box that drops the values.
    #[must_use]
    pub fn finish_box(self) -> ArenaBox<'s, [T]> {
        // SAFETY: the values are initialised, and the caller's alone for 's (contract of `Alloc`).
        unsafe { ArenaBox::new(self.values.finish()) }
    }
}

impl<'s, A: Alloc<'s>, T> Deref for Builder<'s, A, T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.values.as_slice()
    }
}

impl<'s, A: Alloc<'s>, T> DerefMut for Builder<'s, A, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.values.as_mut_slice()
    }
}

impl<'s, A: Alloc<'s>, T> Extend<T> for Builder<'s, A, T> {
    /// # Panics
    ///
    /// If there is no room to be had.
    #[track_caller]
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        expect_room(self.try_extend(values));
    }
}

impl<'s, A: Alloc<'s>, T: fmt::Debug> fmt::Debug for Builder<'s, A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A text in an arena or a scope while it is being built: push or `write!`, then keep.
///
/// ```
/// use core::fmt::Write;
/// use freehold::{Arena, StringBuilder};
///
/// let arena = Arena::new();
/// let mut text = StringBuilder::new_in(&arena);
/// text.push_str("1");
/// for n in 2..4 {
///     write!(text, " + {n}")?;
/// }
/// let text: &mut str = text.finish();
/// assert_eq!(text, "1 + 2 + 3");
/// # Ok::<(), core::fmt::Error>(())
/// ```
///
/// `write!` returns an error where there is no room, and what came before stays.
pub struct StringBuilder<'s, A: Alloc<'s>> {
    // Whole `str`s only are added to it.
    bytes: Builder<'s, A, u8>,
}

impl<'s, A: Alloc<'s>> StringBuilder<'s, A> {
    /// An empty one in `alloc`: `&arena`, or `&scope`. It takes no memory yet.
    #[must_use]
    pub fn new_in(alloc: A) -> StringBuilder<'s, A> {
        StringBuilder { bytes: Builder::new_in(alloc) }
    }

    /// An empty one with room for `capacity` bytes.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[must_use]
    #[track_caller]
    pub fn with_capacity_in(capacity: usize, alloc: A) -> StringBuilder<'s, A> {
        StringBuilder { bytes: Builder::with_capacity_in(capacity, alloc) }
    }

    /// Adds a character at the end.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    pub fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    /// Adds a text at the end.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    pub fn push_str(&mut self, text: &str) {
        expect_room(self.try_push_str(text));
    }

    /// [`push_str`](StringBuilder::push_str) where there may be no room; then nothing was added.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline]
    pub fn try_push_str(&mut self, text: &str) -> Result<(), AllocError> {
        self.bytes.values.push_str(text)
    }

    /// Makes room for `more` bytes after those there are.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    pub fn reserve(&mut self, more: usize) {
        self.bytes.reserve(more);
    }

    /// [`reserve`](StringBuilder::reserve) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline]
    pub fn try_reserve(&mut self, more: usize) -> Result<(), AllocError> {
        self.bytes.try_reserve(more)
    }

    /// How many bytes there is room for, those there are included.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Starts over, and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The text, which stays.
    #[must_use]
    pub fn finish(self) -> &'s mut str {
        let bytes = self.bytes.finish();
        // SAFETY: whole `str`s.
        unsafe { str::from_utf8_unchecked_mut(bytes) }
    }
}

impl<'s, A: Alloc<'s>> Deref for StringBuilder<'s, A> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        // SAFETY: whole `str`s.
        unsafe { str::from_utf8_unchecked(&self.bytes) }
    }
}

impl<'s, A: Alloc<'s>> DerefMut for StringBuilder<'s, A> {
    #[inline]
    fn deref_mut(&mut self) -> &mut str {
        // SAFETY: whole `str`s, and a `str` stays one.
        unsafe { str::from_utf8_unchecked_mut(&mut self.bytes) }
    }
}

impl<'s, A: Alloc<'s>> fmt::Write for StringBuilder<'s, A> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.try_push_str(text).map_err(|_| fmt::Error)
    }
}

impl<'s, 't, A: Alloc<'s>> Extend<&'t str> for StringBuilder<'s, A> {
    /// # Panics
    ///
    /// If there is no room to be had.
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'t str>>(&mut self, texts: I) {
        for text in texts {
            self.push_str(text);
        }
    }
}

impl<'s, A: Alloc<'s>> Extend<char> for StringBuilder<'s, A> {
    /// # Panics
    ///
    /// If there is no room to be had.
    #[track_caller]
    fn extend<I: IntoIterator<Item = char>>(&mut self, characters: I) {
        for character in characters {
            self.push(character);
        }
    }
}

impl<'s, A: Alloc<'s>> fmt::Debug for StringBuilder<'s, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<'s, A: Alloc<'s>> fmt::Display for StringBuilder<'s, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
