//! Iteration over a boxed slice.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::ArenaBox;

/// The values of a boxed slice, by value. Those not taken are dropped with it.
pub struct BoxIntoIter<'s, T> {
    /// Those that were not taken: initialised, and the iterator's alone for 's.
    rest: NonNull<[T]>,
    owned: PhantomData<(&'s (), T)>,
}

// SAFETY: it owns its values and nothing else.
unsafe impl<T: Send> Send for BoxIntoIter<'_, T> {}
// SAFETY: shared, it gives shared access to its values and nothing else.
unsafe impl<T: Sync> Sync for BoxIntoIter<'_, T> {}

impl<T> BoxIntoIter<'_, T> {
    /// The values that were not taken.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: initialised, and the iterator's alone.
        unsafe { self.rest.as_ref() }
    }

    /// The first place, and the one after so many, of which there are at least so many.
    #[inline]
    fn part(&mut self, at: usize) -> (NonNull<T>, NonNull<T>) {
        let start = self.rest.cast::<T>();
        // SAFETY: there are at least so many.
        (start, unsafe { start.add(at) })
    }
}

impl<T> Iterator for BoxIntoIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let less = self.rest.len().checked_sub(1)?;
        let (first, second) = self.part(1);
        self.rest = NonNull::slice_from_raw_parts(second, less);
        // SAFETY: initialised, and forgotten by the iterator.
        Some(unsafe { first.read() })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rest.len(), Some(self.rest.len()))
    }
}

impl<T> DoubleEndedIterator for BoxIntoIter<'_, T> {
    #[inline]
    fn next_back(&mut self) -> Option<T> {
        let less = self.rest.len().checked_sub(1)?;
        let (first, last) = self.part(less);
        self.rest = NonNull::slice_from_raw_parts(first, less);
        // SAFETY: initialised, and forgotten by the iterator.
        Some(unsafe { last.read() })
    }
}

impl<T> ExactSizeIterator for BoxIntoIter<'_, T> {}
impl<T> FusedIterator for BoxIntoIter<'_, T> {}

impl<T> Drop for BoxIntoIter<'_, T> {
    fn drop(&mut self) {
        // SAFETY: initialised, the iterator's alone, and not used again.
        unsafe { self.rest.drop_in_place() };
    }
}

impl<T: fmt::Debug> fmt::Debug for BoxIntoIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BoxIntoIter").field(&self.as_slice()).finish()
    }
}

impl<'s, T> IntoIterator for ArenaBox<'s, [T]> {
    type Item = T;
    type IntoIter = BoxIntoIter<'s, T>;

    #[inline]
    fn into_iter(self) -> BoxIntoIter<'s, T> {
        BoxIntoIter { rest: ManuallyDrop::new(self).place(), owned: PhantomData }
    }
}

impl<'b, T> IntoIterator for &'b ArenaBox<'_, [T]> {
    type Item = &'b T;
    type IntoIter = core::slice::Iter<'b, T>;

    #[inline]
    fn into_iter(self) -> core::slice::Iter<'b, T> {
        self.iter()
    }
}

impl<'b, T> IntoIterator for &'b mut ArenaBox<'_, [T]> {
    type Item = &'b mut T;
    type IntoIter = core::slice::IterMut<'b, T>;

    #[inline]
    fn into_iter(self) -> core::slice::IterMut<'b, T> {
        self.iter_mut()
    }
}
