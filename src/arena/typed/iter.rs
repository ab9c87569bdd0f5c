//! Iteration over a [`TypedArena`].

use core::fmt;
use core::iter::FusedIterator;
use core::ptr::NonNull;

use super::TypedArena;
use super::values::{Runs, Values};
use crate::ledger::Spans;

/// All values of a [`TypedArena`], in the order they came, by mutable reference.
pub struct IterMut<'a, T> {
    runs: Runs<T>,
    run: core::slice::IterMut<'a, T>,
}

// SAFETY: it is the one that reaches the values while it lives; of the chunks it only reads.
unsafe impl<T: Send> Send for IterMut<'_, T> {}
// SAFETY: shared, it gives shared access to its values, and only reads of the chunks.
unsafe impl<T: Sync> Sync for IterMut<'_, T> {}

impl<T> IterMut<'_, T> {
    pub(super) fn new(runs: Runs<T>) -> Self {
        IterMut { runs, run: [].iter_mut() }
    }
}

impl<'a, T> Iterator for IterMut<'a, T> {
    type Item = &'a mut T;

    #[inline]
    fn next(&mut self) -> Option<&'a mut T> {
        loop {
            if let Some(value) = self.run.next() {
                return Some(value);
            }
            let mut run = self.runs.next()?;
            // SAFETY: the arena is mutably borrowed for 'a, and each run comes once.
            self.run = unsafe { run.as_mut() }.iter_mut();
        }
    }

    /// Takes time with the number of chunks.
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.run.len() + self.runs.values();
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for IterMut<'_, T> {}
impl<T> FusedIterator for IterMut<'_, T> {}

impl<T> fmt::Debug for IterMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterMut").field("len", &self.len()).finish()
    }
}

impl<'a, T> IntoIterator for &'a mut TypedArena<'_, T> {
    type Item = &'a mut T;
    type IntoIter = IterMut<'a, T>;

    fn into_iter(self) -> IterMut<'a, T> {
        self.iter_mut()
    }
}

impl<'l, T> IntoIterator for TypedArena<'l, T> {
    type Item = T;
    type IntoIter = IntoIter<'l, T>;

    fn into_iter(self) -> IntoIter<'l, T> {
        let TypedArena { mut values, .. } = self;
        // The values are the iterator's from here on; the chunks stay for as long as it does.
        values.drop_all = |_, _| {};
        IntoIter {
            runs: values.runs(),
            run: NonNull::slice_from_raw_parts(NonNull::dangling(), 0),
            taken: 0,
            _values: values,
        }
    }
}

/// All values of a [`TypedArena`], in the order they came. Those not taken are dropped with it.
pub struct IntoIter<'l, T> {
    runs: Runs<T>,
    run: NonNull<[T]>,
    /// How many of `run` have been taken.
    taken: usize,
    /// Holds the chunks.
    _values: Values<'l>,
}

// SAFETY: it owns its values and the chunks they lie in.
unsafe impl<T: Send> Send for IntoIter<'_, T> where for<'a> &'a dyn Spans: Send {}
// SAFETY: shared, it gives no access to its values, and only reads of the chunks.
unsafe impl<T: Sync> Sync for IntoIter<'_, T> {}

impl<T> Iterator for IntoIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        while self.taken == self.run.len() {
            self.run = self.runs.next()?;
            self.taken = 0;
        }
        // SAFETY: `taken` is less than the run's length.
        let value = unsafe { self.run.cast::<T>().add(self.taken) };
        self.taken += 1;
        // SAFETY: a value that has not been taken, and won't be again.
        Some(unsafe { value.read() })
    }

    /// Takes time with the number of chunks.
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.run.len() - self.taken + self.runs.values();
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for IntoIter<'_, T> {}
impl<T> FusedIterator for IntoIter<'_, T> {}

impl<T> fmt::Debug for IntoIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").field("len", &self.len()).finish()
    }
}

impl<T> Drop for IntoIter<'_, T> {
    fn drop(&mut self) {
        // If a destructor panics, those after it are leaked.
        self.for_each(drop);
    }
}
