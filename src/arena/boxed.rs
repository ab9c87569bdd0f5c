//! [`ArenaBox`]: a value in an arena that is dropped.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::pin::Pin;
use core::ptr::NonNull;

use crate::boxed::acts_as_its_value;

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

impl<T: ?Sized> ArenaBox<'static, T> {
    /// The value will not move before it is dropped. So its memory must be nobody else's for ever, whatever becomes of the box: it takes an
    /// arena that is never reset.
    pub fn into_pin(boxed: Self) -> Pin<Self> {
        // SAFETY: the value moves only by way of `DerefMut` and `into_inner`, which a `Pin` doesn't give; and a box that is leaked leaves its
        // memory to it for 'static.
        unsafe { Pin::new_unchecked(boxed) }
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

acts_as_its_value!({'s, T: ?Sized} ArenaBox<'s, T>);
