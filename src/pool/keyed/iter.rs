//! Going over the values of a [`KeyedPool`].

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::{KeyedPool, PoolKey};

/// All values of a [`KeyedPool`] with their keys.
pub struct KeyedIter<'a, T> {
    pub(super) pool: &'a KeyedPool<'a, T>,
    pub(super) next: u32,
    /// How many have not come yet.
    pub(super) left: u32,
}

impl<'a, T> Iterator for KeyedIter<'a, T> {
    type Item = (PoolKey, &'a T);

    fn next(&mut self) -> Option<(PoolKey, &'a T)> {
        let (key, slot) = self.pool.full_from(&mut self.next)?;
        self.left -= 1;
        // SAFETY: a slot of the pool's, which is borrowed for 'a.
        let slot = unsafe { slot.as_ref() };
        // SAFETY: it has a value.
        Some((key, unsafe { &slot.content.value }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

/// All values of a [`KeyedPool`] with their keys, to be changed.
pub struct KeyedIterMut<'a, T> {
    /// It leads to the slots, which do not lie in it.
    pub(super) pool: &'a KeyedPool<'a, T>,
    pub(super) next: u32,
    /// How many have not come yet.
    pub(super) left: u32,
    pub(super) values: PhantomData<&'a mut T>,
}

// SAFETY: through it the values are reached, each once, and nothing else is.
unsafe impl<T: Send> Send for KeyedIterMut<'_, T> {}

impl<'a, T> Iterator for KeyedIterMut<'a, T> {
    type Item = (PoolKey, &'a mut T);

    fn next(&mut self) -> Option<(PoolKey, &'a mut T)> {
        let (key, mut slot) = self.pool.full_from(&mut self.next)?;
        self.left -= 1;
        // SAFETY: a slot of the pool's, which is mutably borrowed for 'a, and each slot comes once.
        let slot = unsafe { slot.as_mut() };
        // SAFETY: it has a value.
        Some((key, unsafe { &mut slot.content.value }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

/// Takes all values out of a [`KeyedPool`]. Those that are not asked for are dropped with it, the rest of them even if one panics.
pub struct KeyedDrain<'a, 'l, T> {
    pub(super) pool: &'a mut KeyedPool<'l, T>,
    pub(super) next: u32,
}

impl<T> Iterator for KeyedDrain<'_, '_, T> {
    type Item = (PoolKey, T);

    fn next(&mut self) -> Option<(PoolKey, T)> {
        let (key, slot) = self.pool.full_from(&mut self.next)?;
        // SAFETY: it has a value, and that index.
        Some((key, unsafe { self.pool.empty(key.index, slot) }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.pool.len(), Some(self.pool.len()))
    }
}

impl<T> Drop for KeyedDrain<'_, '_, T> {
    fn drop(&mut self) {
        /// Reached on the way out of a panic, or with nothing left.
        struct Rest<'r, 'a, 'l, T>(&'r mut KeyedDrain<'a, 'l, T>);
        impl<T> Drop for Rest<'_, '_, '_, T> {
            fn drop(&mut self) {
                self.0.for_each(drop);
            }
        }
        Rest(self).0.for_each(drop);
    }
}

impl<T> ExactSizeIterator for KeyedIter<'_, T> {}
impl<T> ExactSizeIterator for KeyedIterMut<'_, T> {}
impl<T> ExactSizeIterator for KeyedDrain<'_, '_, T> {}
impl<T> FusedIterator for KeyedIter<'_, T> {}
impl<T> FusedIterator for KeyedIterMut<'_, T> {}
impl<T> FusedIterator for KeyedDrain<'_, '_, T> {}

impl<T> Clone for KeyedIter<'_, T> {
    fn clone(&self) -> Self {
        KeyedIter { ..*self }
    }
}

impl<T: fmt::Debug> fmt::Debug for KeyedIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

impl<T> fmt::Debug for KeyedIterMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedIterMut").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for KeyedDrain<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedDrain").field("left", &self.pool.len).finish_non_exhaustive()
    }
}
