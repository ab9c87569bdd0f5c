//! What the boxes of arenas and of pools have in common with std's `Box`.

/// A box of the crate's, as [`unsize_box!`](crate::unsize_box) sees it.
///
/// # Safety
///
/// The implementor owes: the box that comes of another has its value, and whatever it holds on to, for as long.
pub unsafe trait Unsizes: Sized {
    /// What is in it.
    type Value: ?Sized;
    /// The same box of something else.
    type Of<U: ?Sized>;

    /// The same value seen as something else, for as long: by way of `into_raw` and `from_raw` nothing would say how long.
    ///
    /// # Safety
    ///
    /// The caller owes: `see` returns the address that it gets, and dropping a `U` there is dropping the value.
    unsafe fn seen_as<U: ?Sized>(self, see: impl FnOnce(*mut Self::Value) -> *mut U) -> Self::Of<U>;
}

/// Has a box compare, hash and print as its value does, and lend it. The first argument is the box's generics, with a `T: ?Sized` among them.
macro_rules! acts_as_its_value {
    ({ $($generics:tt)* } $boxed:ty) => {
        impl<$($generics)*> AsRef<T> for $boxed {
            fn as_ref(&self) -> &T {
                self
            }
        }

        impl<$($generics)*> AsMut<T> for $boxed {
            fn as_mut(&mut self) -> &mut T {
                self
            }
        }

        impl<$($generics)*> core::borrow::Borrow<T> for $boxed {
            fn borrow(&self) -> &T {
                self
            }
        }

        impl<$($generics)*> core::borrow::BorrowMut<T> for $boxed {
            fn borrow_mut(&mut self) -> &mut T {
                self
            }
        }

        // The value stays where it is when its box moves.
        impl<$($generics)*> Unpin for $boxed {}

        impl<$($generics)*> PartialEq for $boxed where T: PartialEq {
            fn eq(&self, other: &Self) -> bool {
                (**self).eq(other)
            }
        }

        impl<$($generics)*> Eq for $boxed where T: Eq {}

        impl<$($generics)*> PartialOrd for $boxed where T: PartialOrd {
            fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
                (**self).partial_cmp(other)
            }
        }

        impl<$($generics)*> Ord for $boxed where T: Ord {
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                (**self).cmp(other)
            }
        }

        impl<$($generics)*> core::hash::Hash for $boxed where T: core::hash::Hash {
            fn hash<S: core::hash::Hasher>(&self, state: &mut S) {
                (**self).hash(state);
            }
        }

        impl<$($generics)*> core::fmt::Debug for $boxed where T: core::fmt::Debug {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($generics)*> core::fmt::Display for $boxed where T: core::fmt::Display {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($generics)*> core::fmt::Pointer for $boxed {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Pointer::fmt(&&raw const **self, f)
            }
        }

        impl<$($generics)*> core::error::Error for $boxed where T: core::error::Error {
            fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
                (**self).source()
            }
        }
    };
}

pub(crate) use acts_as_its_value;
