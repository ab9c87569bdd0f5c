//! [`ArenaBox`]: a value in an arena that is dropped.

use core::borrow::{Borrow, BorrowMut};
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// A value in an arena or a scope that is dropped with its box: the way for types that need `Drop`.
///
/// Made by [`Alloc::alloc_box`](crate::Alloc::alloc_box). The size of a reference. The value's memory is not used again
/// before the scope ends; only its destructor runs.
pub struct ArenaBox<'s, T: ?Sized> {
    // Initialised, and this box's alone for 's.
    value: NonNull<T>,
    owned: PhantomData<(&'s (), T)>,
}

// SAFETY: a box owns its value and nothing else.
unsafe impl<T: ?Sized + Send> Send for ArenaBox<'_, T> {}
// SAFETY: a shared box gives shared access to its value and nothing else.
unsafe impl<T: ?Sized + Sync> Sync for ArenaBox<'_, T> {}

impl<'s, T: ?Sized> ArenaBox<'s, T> {
    /// # Safety
    ///
    /// The caller owes: `value` is initialised, aligned, and nobody else's for `'s`.
    #[inline(always)]
    pub(super) unsafe fn new(value: NonNull<T>) -> ArenaBox<'s, T> {
        ArenaBox { value, owned: PhantomData }
    }

    /// Gives up the destructor: the value stays until the memory is used again, and is not dropped.
    #[inline]
    pub fn leak(boxed: ArenaBox<'s, T>) -> &'s mut T {
        let boxed = ManuallyDrop::new(boxed);
        let mut value = boxed.value;
        // SAFETY: initialised, and nobody else's for 's now that the box is gone.
        unsafe { value.as_mut() }
    }
}

impl<T> ArenaBox<'_, T> {
    /// Takes the value out.
    #[inline]
    pub fn into_inner(boxed: Self) -> T {
        let boxed = ManuallyDrop::new(boxed);
        // SAFETY: initialised, and not used again now that the box is gone.
        unsafe { boxed.value.read() }
    }
}

impl<T: ?Sized> Drop for ArenaBox<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: initialised, this box's alone, and not used again.
        unsafe { self.value.drop_in_place() };
    }
}

impl<T: ?Sized> Deref for ArenaBox<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: initialised, and this box's alone.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for ArenaBox<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: initialised, and this box's alone.
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized> Borrow<T> for ArenaBox<'_, T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized> BorrowMut<T> for ArenaBox<'_, T> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for ArenaBox<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for ArenaBox<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
