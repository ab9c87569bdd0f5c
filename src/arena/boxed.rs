//! [`ArenaBox`]: a value in an arena that is dropped.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::pin::Pin;
use core::ptr::NonNull;

use crate::boxed::{Unsizes, acts_as_its_value};

/// A value in an arena or a scope that is dropped with its box: the way for types that need `Drop`.
///
/// Made by [`Alloc::alloc_box`](crate::Alloc::alloc_box). The size of a reference. The value's memory is not used again
/// before the scope ends; only its destructor runs.
///
/// A boxed value becomes a boxed `dyn Trait`, or an array a slice, by [`unsize_box!`](crate::unsize_box). A boxed slice can be iterated over
/// by value.
///
/// It can't be pinned, unless its value is `Unpin` (then by `Pin::new`) or its arena lives for ever
/// ([`into_pin`](ArenaBox::into_pin)): a box that is forgotten is not dropped, but its memory is used again, and pinned values are promised
/// that this does not happen.
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

    /// Where the value is.
    #[inline(always)]
    pub(super) fn place(&self) -> NonNull<T> {
        self.value
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

impl<'s, T: ?Sized> ArenaBox<'s, T> {
    /// The value's address, with the right to reach all of it. Nothing is dropped any more, unless the box is made again.
    ///
    /// ```
    /// use freehold::{Alloc, Arena, ArenaBox};
    ///
    /// let arena = Arena::new();
    /// let raw = ArenaBox::into_raw(arena.alloc_box(String::from("text")));
    /// // SAFETY: it is the address of a box, which is made again once, while the arena is borrowed.
    /// let boxed = unsafe { ArenaBox::from_raw(raw) };
    /// assert_eq!(*boxed, "text");
    /// ```
    #[inline]
    #[must_use = "or use `leak`"]
    pub fn into_raw(boxed: ArenaBox<'s, T>) -> *mut T {
        ManuallyDrop::new(boxed).value.as_ptr()
    }

    /// The box whose address this is.
    ///
    /// # Safety
    ///
    /// The caller owes: the address came from [`into_raw`](ArenaBox::into_raw), of a box with this lifetime or a longer one, has the right to
    /// reach the value still, and no other box is made of it; and dropping a `T` there is dropping what was in the box.
    #[inline]
    pub unsafe fn from_raw(raw: *mut T) -> ArenaBox<'s, T> {
        // SAFETY: the address of a box is not null.
        let value = unsafe { NonNull::new_unchecked(raw) };
        // SAFETY: the caller's promise.
        unsafe { ArenaBox::new(value) }
    }
}

impl<T: ?Sized> ArenaBox<'static, T> {
    /// A pinned box. Only of an arena that is borrowed for ever, and so never used again: see [`ArenaBox`].
    #[inline]
    pub fn into_pin(boxed: Self) -> Pin<Self> {
        // SAFETY: the box owns the value, which it never moves, and its memory is not used for anything else during 'static.
        unsafe { Pin::new_unchecked(boxed) }
    }
}

// SAFETY: `Of` has the same lifetime.
unsafe impl<'s, T: ?Sized> Unsizes for ArenaBox<'s, T> {
    type Value = T;
    type Of<U: ?Sized> = ArenaBox<'s, U>;

    #[inline]
    unsafe fn seen_as<U: ?Sized>(self, see: impl FnOnce(*mut T) -> *mut U) -> ArenaBox<'s, U> {
        let raw = see(ArenaBox::into_raw(self));
        // SAFETY: the address of a box of this lifetime, which is gone, and the caller's promise.
        unsafe { ArenaBox::from_raw(raw) }
    }
}

/// Turns a box of an arena's or a pool's, with a value in it, into one of what that can be seen as: `unsize_box!(boxed => dyn Trait)`, or an
/// array's into one of a slice.
///
/// What `Box` does by itself, and types outside std can't do on stable. It compiles where the compiler would turn a reference into the
/// other.
///
/// ```
/// use core::fmt::Display;
/// use freehold::{Alloc, Arena, ArenaBox, unsize_box};
///
/// let arena = Arena::new();
/// let shown: [ArenaBox<dyn Display>; 2] =
///     [unsize_box!(arena.alloc_box(1) => dyn Display), unsize_box!(arena.alloc_box(String::from("two")) => dyn Display)];
/// assert_eq!(format!("{} {}", shown[0], shown[1]), "1 two");
///
/// let pool = freehold::Pool::new();
/// let shown: freehold::PoolBox<dyn Display, _> = unsize_box!(pool.alloc(3) => dyn Display);
/// assert_eq!((shown.to_string(), pool.len()), ("3".into(), 1));
/// ```
#[macro_export]
macro_rules! unsize_box {
    ($boxed:expr => $to:ty) => {{
        let boxed = $boxed;
        // A pointer is turned into another by itself, without `as`, only if it is the same with a length or a table beside it.
        // SAFETY: so it is the same value, seen as something else.
        unsafe { $crate::Unsizes::seen_as(boxed, |raw| -> *mut $to { raw }) }
    }};
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
