//! [`PoolBox`]: a value in a pool.

use core::iter::FusedIterator;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut};
use core::pin::Pin;
use core::ptr::NonNull;

use super::home::{Handle, Places};
use crate::boxed::{Unsizes, acts_as_its_value};
use crate::error::{AllocError, Rejected};

/// A value in a pool. Dropping it drops the value, then frees its place.
///
/// A boxed value becomes a boxed `dyn Trait`, or an array a slice, by [`unsize_box!`](crate::unsize_box).
///
/// `H` says which pool, and how the box holds on to it. It is `&Pool<T>`, `&SharedPool<T>` or `&FixedPool<T, N>` for what those hand out:
///
/// ```
/// use freehold::{FixedPool, PoolBox};
///
/// static PACKETS: FixedPool<[u8; 128], 8> = FixedPool::new();
///
/// fn receive() -> PoolBox<[u8; 128], &'static FixedPool<[u8; 128], 8>> {
///     PACKETS.alloc([7; 128])
/// }
/// assert_eq!(receive()[5], 7);
/// ```
///
/// With the feature `alloc` it may be an `Rc` or an `Arc`. Such a box needs no borrow of its pool, so it can be stored beside it or outlive
/// it:
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use std::sync::Arc;
/// use freehold::{PoolBox, SharedPool};
///
/// let pool = Arc::new(SharedPool::<String>::shared_in(freehold::ledger(), "names"));
/// let name = PoolBox::new_in(String::from("Ada"), Arc::clone(&pool));
/// drop(pool);
/// std::thread::spawn(move || assert_eq!(*name, "Ada")).join().unwrap(); // and the pool is gone with its last box
/// # }
/// ```
pub struct PoolBox<T: ?Sized, H: Handle> {
    // Initialised, in a place of the pool's, and this box's alone.
    value: NonNull<T>,
    pool: H,
}

// SAFETY: a box owns its value, and frees its place in whichever thread it is: where its handle may be.
unsafe impl<T: ?Sized + Send, H: Handle + Send> Send for PoolBox<T, H> {}
// SAFETY: a shared box gives shared access to its value and nothing else.
unsafe impl<T: ?Sized + Sync, H: Handle> Sync for PoolBox<T, H> {}

impl<T, H: Handle<Pool: Places<Value = T>>> PoolBox<T, H> {
    /// Puts `value` into a pool. The pool's own [`alloc`](crate::Pool::alloc) is this with `&pool`.
    ///
    /// # Panics
    ///
    /// If no place is free and no more can be had.
    #[inline(always)]
    #[track_caller]
    pub fn new_in(value: T, pool: H) -> Self {
        let place = pool.pool().take().cast::<T>();
        // SAFETY: a place of the pool has the size and the alignment of a `T`, and is the caller's.
        unsafe { place.write(value) };
        PoolBox { value: place, pool }
    }

    /// [`new_in`](PoolBox::new_in), giving the value back if there is no room.
    ///
    /// # Errors
    ///
    /// The value, and what stood in the way.
    #[inline(always)]
    pub fn try_new_in(value: T, pool: H) -> Result<Self, Rejected<T>> {
        match pool.pool().try_take() {
            Ok(place) => {
                let place = place.cast::<T>();
                // SAFETY: a place of the pool has the size and the alignment of a `T`, and is the caller's.
                unsafe { place.write(value) };
                Ok(PoolBox { value: place, pool })
            }
            Err(error) => Err(Rejected { value, error }),
        }
    }

    /// Room for a value, which is not there yet: see [`write`](PoolBox::write) and [`assume_init`](PoolBox::assume_init).
    ///
    /// # Panics
    ///
    /// If no place is free and no more can be had.
    #[inline(always)]
    #[track_caller]
    pub fn new_uninit_in(pool: H) -> PoolBox<MaybeUninit<T>, H> {
        PoolBox { value: pool.pool().take().cast(), pool }
    }

    /// [`new_uninit_in`](PoolBox::new_uninit_in) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline(always)]
    pub fn try_new_uninit_in(pool: H) -> Result<PoolBox<MaybeUninit<T>, H>, AllocError> {
        let place = pool.pool().try_take()?.cast();
        Ok(PoolBox { value: place, pool })
    }
}

impl<T, H: Handle> PoolBox<MaybeUninit<T>, H> {
    /// Puts the value there.
    #[inline(always)]
    pub fn write(mut boxed: Self, value: T) -> PoolBox<T, H> {
        (*boxed).write(value);
        // SAFETY: written just now.
        unsafe { boxed.assume_init() }
    }

    /// The box of the value that is there now.
    ///
    /// # Safety
    ///
    /// The caller owes: the value is initialised.
    #[inline(always)]
    pub unsafe fn assume_init(self) -> PoolBox<T, H> {
        let (value, pool) = PoolBox::into_parts(self);
        PoolBox { value: value.cast(), pool }
    }
}

impl<T, H: Handle> PoolBox<T, H> {
    /// Takes the value out and frees its place.
    #[inline]
    pub fn into_inner(boxed: Self) -> T {
        let (place, pool) = PoolBox::into_parts(boxed);
        if cfg!(debug_assertions)
            && let Some(mistake) = pool.pool().mistake(place.cast())
        {
            mistake.tell();
            // There is no value to return.
            panic!("{mistake}");
        }
        // SAFETY: initialised, and not used again now that the box is gone.
        let value = unsafe { place.read() };
        // SAFETY: the place came from this pool, and nobody uses it any more.
        unsafe { pool.pool().free(place.cast()) };
        value
    }
}

impl<T: ?Sized, H: Handle> PoolBox<T, H> {
    #[inline(always)]
    fn into_parts(boxed: Self) -> (NonNull<T>, H) {
        let boxed = ManuallyDrop::new(boxed);
        // SAFETY: the box is gone, and does not drop it.
        let pool = unsafe { (&raw const boxed.pool).read() };
        (boxed.value, pool)
    }

    /// Gives up the value's destructor and its place: both stay as they are, for as long as the pool is there.
    ///
    /// An `Rc` or an `Arc` is given up too, so that pool stays for ever.
    #[inline]
    pub fn leak<'a>(boxed: Self) -> &'a mut T
    where
        T: 'a,
        H: 'a,
    {
        let (mut value, pool) = PoolBox::into_parts(boxed);
        core::mem::forget(pool);
        // SAFETY: initialised, and nobody else's now that the box is gone. The pool is there for as long as its handle would have been.
        unsafe { value.as_mut() }
    }

    /// The box as a pointer, for C's `void *` or for a controller that reads memory by itself, and the handle. The place stays taken.
    ///
    /// ```
    /// use freehold::{FixedPool, PoolBox};
    ///
    /// static FRAMES: FixedPool<[u8; 64], 4> = FixedPool::new();
    ///
    /// let (frame, _) = PoolBox::into_raw(FRAMES.alloc([3; 64]));
    /// let context = frame.cast::<core::ffi::c_void>(); // goes through C, and comes back
    /// // SAFETY: it is what `into_raw` returned, and has come back once.
    /// let frame = unsafe { PoolBox::from_raw(context.cast::<[u8; 64]>(), &FRAMES) };
    /// assert_eq!(frame[63], 3);
    /// ```
    #[inline]
    pub fn into_raw(boxed: Self) -> (*mut T, H) {
        let (value, pool) = PoolBox::into_parts(boxed);
        (value.as_ptr(), pool)
    }

    /// The box again.
    ///
    /// # Safety
    ///
    /// The caller owes: `value` came from [`into_raw`](PoolBox::into_raw) of a box of this very pool (not from a reference to the value, which
    /// may not reach all of the place), or is that pointer as one to another type that the value is; it comes back once; the value is
    /// initialised; and since then the pool was neither moved nor dropped.
    #[inline]
    pub unsafe fn from_raw(value: *mut T, pool: H) -> Self {
        // SAFETY: the caller's promise: it was not null in the box.
        PoolBox { value: unsafe { NonNull::new_unchecked(value) }, pool }
    }

    /// The value will not move before it is dropped. So its place must be nobody else's for ever if the box is leaked: the pool must be a
    /// `static`, or held by an `Rc` or an `Arc`.
    #[inline]
    pub fn into_pin(boxed: Self) -> Pin<Self>
    where
        H: 'static,
    {
        // SAFETY: the value moves only by way of `DerefMut` and `into_inner`, which a `Pin` doesn't give. A box that is leaked leaks its
        // handle, and so the pool is neither moved nor dropped and the place is not used again.
        unsafe { Pin::new_unchecked(boxed) }
    }
}

// SAFETY: `Of` has the same handle.
unsafe impl<T: ?Sized, H: Handle> Unsizes for PoolBox<T, H> {
    type Value = T;
    type Of<U: ?Sized> = PoolBox<U, H>;

    #[inline]
    unsafe fn seen_as<U: ?Sized>(self, see: impl FnOnce(*mut T) -> *mut U) -> PoolBox<U, H> {
        let (value, pool) = PoolBox::into_raw(self);
        // SAFETY: the pointer of a box of this pool, which is gone, and the caller's promise.
        unsafe { PoolBox::from_raw(see(value), pool) }
    }
}

impl<T: ?Sized, H: Handle + 'static> From<PoolBox<T, H>> for Pin<PoolBox<T, H>> {
    fn from(boxed: PoolBox<T, H>) -> Self {
        PoolBox::into_pin(boxed)
    }
}

impl<T: ?Sized, H: Handle> Drop for PoolBox<T, H> {
    #[inline]
    fn drop(&mut self) {
        /// Frees the place, if the destructor panics too.
        struct Free<'a, T: ?Sized, H: Handle>(&'a PoolBox<T, H>);
        impl<T: ?Sized, H: Handle> Drop for Free<'_, T, H> {
            #[inline]
            fn drop(&mut self) {
                // SAFETY: the place came from this pool; its value has been dropped, and nobody uses it any more.
                unsafe { self.0.pool.pool().free(self.0.value.cast()) };
            }
        }
        /// Drops the value, if who looks for a mistake panics: a lock may.
        struct Value<'a, T: ?Sized, H: Handle>(&'a PoolBox<T, H>);
        impl<T: ?Sized, H: Handle> Drop for Value<'_, T, H> {
            fn drop(&mut self) {
                // SAFETY: initialised, this box's alone, and not used again.
                unsafe { self.0.value.drop_in_place() };
            }
        }
        if cfg!(debug_assertions) && core::mem::needs_drop::<T>() {
            let value = Value(self);
            let mistake = self.pool.pool().mistake(self.value.cast());
            core::mem::forget(value);
            if let Some(mistake) = mistake {
                // The value is another's, or gone.
                return mistake.tell();
            }
        }
        let free = Free(self);
        // SAFETY: initialised, this box's alone, and not used again. The destructor may use the pool: nothing of it is held here.
        unsafe { free.0.value.drop_in_place() };
    }
}

impl<T: ?Sized, H: Handle> Deref for PoolBox<T, H> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: initialised, and this box's alone.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized, H: Handle> DerefMut for PoolBox<T, H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: initialised, and this box's alone.
        unsafe { self.value.as_mut() }
    }
}

acts_as_its_value!({T: ?Sized, H: Handle} PoolBox<T, H>);

impl<I: Iterator + ?Sized, H: Handle> Iterator for PoolBox<I, H> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        (**self).next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (**self).size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<I::Item> {
        (**self).nth(n)
    }
}

impl<I: DoubleEndedIterator + ?Sized, H: Handle> DoubleEndedIterator for PoolBox<I, H> {
    fn next_back(&mut self) -> Option<I::Item> {
        (**self).next_back()
    }
}

impl<I: ExactSizeIterator + ?Sized, H: Handle> ExactSizeIterator for PoolBox<I, H> {}
impl<I: FusedIterator + ?Sized, H: Handle> FusedIterator for PoolBox<I, H> {}

#[cfg(test)]
mod tests {
    use core::borrow::{Borrow, BorrowMut};
    use core::cell::Cell;
    use core::future::Future;
    use core::hash::BuildHasher;
    use std::collections::hash_map::RandomState;
    use std::format;
    use std::string::{String, ToString};

    use super::*;
    use crate::pool::{FixedPool, Pool};
    use crate::sharing::Local;

    type Fixed<T> = FixedPool<T, 4, Local>;

    #[test]
    fn a_box_acts_as_its_value() {
        let pool: Fixed<String> = FixedPool::new();
        let (mut a, b) = (pool.alloc("a".into()), pool.alloc("b".into()));
        assert!(a < b && a != b && a.max(pool.alloc("0".into())) == pool.alloc("a".into()));
        a = pool.alloc("c".into());
        assert_eq!((a.cmp(&b).reverse(), format!("{a} {a:?}")), (b.cmp(&a), "c \"c\"".to_string()));
        assert_eq!(format!("{a:p}"), format!("{:p}", &raw const *a));
        AsMut::<String>::as_mut(&mut a).push('d');
        let hashes = RandomState::new();
        assert_eq!(hashes.hash_one(&a), hashes.hash_one("cd"));
        assert_eq!((AsRef::<String>::as_ref(&a), Borrow::<String>::borrow(&b)), (&"cd".to_string(), &"b".to_string()));
        BorrowMut::<String>::borrow_mut(&mut a).push('e');
        assert_eq!(*a, "cde");
        let errors: Fixed<core::fmt::Error> = FixedPool::new();
        let error: &dyn core::error::Error = &errors.alloc(core::fmt::Error);
        assert!(error.source().is_none());
    }

    #[test]
    fn a_box_of_an_iterator_is_one() {
        let pool: Fixed<core::ops::Range<u8>> = FixedPool::new();
        let mut range = pool.alloc(0..9);
        assert_eq!((range.len(), range.next(), range.next_back(), range.nth(2)), (9, Some(0), Some(8), Some(3)));
        assert!(range.eq([4, 5, 6, 7]));
    }

    /// Through a raw pointer and back, as another type too; the destructor runs once and the place is free.
    #[test]
    fn a_box_comes_back_from_a_pointer() {
        let pool = Pool::new();
        let dropped = Cell::new(0);
        struct Counts<'a>(&'a Cell<u32>, u8);
        impl Drop for Counts<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        impl AsRef<u8> for Counts<'_> {
            fn as_ref(&self) -> &u8 {
                &self.1
            }
        }
        let (raw, handle) = PoolBox::into_raw(pool.alloc(Counts(&dropped, 7)));
        assert_eq!((pool.len(), dropped.get()), (1, 0));
        // SAFETY: it came from there, and comes back once.
        let boxed: PoolBox<dyn AsRef<u8> + '_, _> = unsafe { PoolBox::from_raw(raw, handle) };
        assert_eq!(*(*boxed).as_ref(), 7);
        drop(boxed);
        assert_eq!((pool.len(), dropped.get()), (0, 1));
        let leaked = PoolBox::leak(pool.alloc(Counts(&dropped, 8)));
        leaked.1 += 1;
        assert_eq!((leaked.1, pool.len(), pool.trim(), dropped.get()), (9, 1, 0, 1));
    }

    /// As a `dyn` type and as a slice: the destructor runs once, and the whole place is free.
    #[test]
    fn a_box_is_seen_as_what_its_value_is() {
        let pool: Fixed<String> = FixedPool::new();
        let shown: PoolBox<dyn core::fmt::Display + '_, _> =
            crate::unsize_box!(pool.alloc("text".into()) => dyn core::fmt::Display + '_);
        assert_eq!((format!("{shown}"), pool.len()), ("text".into(), 1));
        drop(shown);
        assert_eq!(pool.len(), 0);
        let arrays: FixedPool<[String; 3], 1, Local> = FixedPool::new();
        for _ in 0..2 {
            let slice = crate::unsize_box!(arrays.alloc(["a", "b", "c"].map(String::from)) => [String]);
            assert_eq!((slice.concat(), arrays.len()), ("abc".into(), 1));
        }
        assert_eq!(arrays.len(), 0);
    }

    #[test]
    fn a_pinned_box() {
        static POOL: FixedPool<core::future::Ready<u8>, 2> = FixedPool::new();
        let mut pinned = Pin::from(POOL.alloc(core::future::ready(7)));
        let mut context = core::task::Context::from_waker(core::task::Waker::noop());
        assert_eq!(pinned.as_mut().poll(&mut context), core::task::Poll::Ready(7));
        drop(pinned);
        assert_eq!(POOL.len(), 0);
    }

    /// A pool that is counted: its boxes go where they like, and the last one takes it along.
    #[cfg(feature = "alloc")]
    #[test]
    fn a_box_holds_its_pool() {
        use std::rc::Rc;
        use std::sync::Arc;

        fn held<H: Handle<Pool: Places<Value = String>> + Clone>(pool: H) -> PoolBox<String, H> {
            let first = PoolBox::new_in("first".to_string(), pool.clone());
            let boxes: std::vec::Vec<_> =
                (0..9).map_while(|n| PoolBox::try_new_in(n.to_string(), pool.clone()).ok()).collect();
            drop(boxes);
            let uninit = PoolBox::<String, H>::try_new_uninit_in(pool.clone()).expect("room");
            drop(PoolBox::write(uninit, "second".to_string()));
            assert_eq!(PoolBox::into_inner(PoolBox::new_in("third".to_string(), pool)), "third");
            first
        }
        let fixed = Rc::new(FixedPool::<String, 3, Local>::new());
        let boxed = held(Rc::clone(&fixed));
        assert_eq!((fixed.len(), Rc::strong_count(&fixed)), (1, 2));
        drop(fixed);
        assert_eq!(format!("{boxed:?}"), "\"first\"");
        let shared = Arc::new(crate::SharedPool::<String>::shared_in(crate::ledger(), "held"));
        let boxed = held(Arc::clone(&shared));
        assert_eq!((shared.len(), Arc::strong_count(&shared)), (1, 2));
        drop(shared);
        assert_eq!(format!("{boxed:?}"), "\"first\"");
    }
}
