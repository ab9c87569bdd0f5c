//! The verbs: everything that an arena or a scope can allocate.

use core::alloc::Layout;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::boxed::ArenaBox;
use super::buffer::Buffer;
use super::bump::{Bump, Key, bump, bump_for, reserve, try_bump, try_bump_for};
use crate::chunk::Refill;
use crate::copy::copy;
use crate::error::{AllocError, Obstacle, Rejected};
use crate::refusal::out_of_memory;

/// What can be allocated in an [`Arena`](crate::Arena) (through `&Arena`) and in a [`Scope`](crate::Scope) (through
/// `&Scope`); for functions that take either: `fn build<'s>(alloc: impl Alloc<'s>, …) -> &'s Tree<'s>`.
///
/// The plain verbs panic when there is no room to be had; their `try_` forms return an [`AllocError`] and change nothing.
/// What they return is the caller's alone until the arena is reset, the scope is left, or either is dropped, and the
/// borrow checker sees to it that nobody holds it then. Closures, iterators and `Display` implementations that a verb runs
/// may allocate from the same arena or scope, and may panic: what is half built is forgotten.
///
/// No destructor runs for what the plain verbs allocate, so a type that needs `Drop` does not compile in them:
///
/// ```compile_fail,E0080
/// use freehold::{Alloc, Arena};
///
/// let arena = Arena::new();
/// arena.alloc(vec![1, 2, 3]); // error: this type needs `Drop`
/// ```
///
/// [`alloc_box`](Alloc::alloc_box) takes those.
///
/// # Safety
///
/// It can't be implemented outside this crate. The implementor owes: memory that the cursor has passed is not handed out
/// again, moved or given back during `'s`.
pub unsafe trait Alloc<'s>: Bump {
    /// Puts `value` into the arena.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    fn alloc<T>(self, value: T) -> &'s mut T {
        self.alloc_uninit().write(value)
    }

    /// [`alloc`](Alloc::alloc), giving the value back if there is no room.
    ///
    /// # Errors
    ///
    /// The value, and what stood in the way.
    #[inline(always)]
    fn try_alloc<T>(self, value: T) -> Result<&'s mut T, Rejected<T>> {
        const { needs_no_drop::<T>() };
        match try_room(self) {
            Ok(room) => Ok(room.write(value)),
            Err(error) => Err(Rejected { value, error }),
        }
    }

    /// Puts what `make` returns into the arena, where possible without building it elsewhere first.
    ///
    /// # Panics
    ///
    /// If there is no room to be had; then `make` is not called.
    #[inline(always)]
    #[track_caller]
    fn alloc_with<T>(self, make: impl FnOnce() -> T) -> &'s mut T {
        self.alloc_uninit().write(make())
    }

    /// Room for a `T`.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    fn alloc_uninit<T>(self) -> &'s mut MaybeUninit<T> {
        const { needs_no_drop::<T>() };
        if const { size_of::<T>() == 0 } {
            // SAFETY: a type of no size needs no memory but an aligned pointer.
            return unsafe { NonNull::dangling().as_mut() };
        }
        let place = bump_for::<_, MaybeUninit<T>>(self);
        // SAFETY: room for a `T`, aligned for it, that is the caller's alone for 's (contract of `Alloc`).
        unsafe { &mut *place.as_ptr() }
    }

    /// Room for `len` values of `T`.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    fn alloc_uninit_slice<T>(self, len: usize) -> &'s mut [MaybeUninit<T>] {
        const { needs_no_drop::<T>() };
        let Ok(layout) = Layout::array::<T>(len) else {
            too_large(self.parts(Key::KEY).1.owner(), len.saturating_mul(size_of::<T>()), align_of::<T>())
        };
        let place = bump(self, layout.size(), layout.align());
        // SAFETY: room for `len` values of `T`, aligned for them, that is the caller's alone for 's (contract of `Alloc`).
        unsafe { NonNull::slice_from_raw_parts(place.cast(), len).as_mut() }
    }

    /// [`alloc_uninit_slice`](Alloc::alloc_uninit_slice) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline(always)]
    fn try_alloc_uninit_slice<T>(self, len: usize) -> Result<&'s mut [MaybeUninit<T>], AllocError> {
        const { needs_no_drop::<T>() };
        let Ok(layout) = Layout::array::<T>(len) else {
            let size = len.saturating_mul(size_of::<T>());
            return Err(AllocError::new(self.parts(Key::KEY).1.owner(), size, align_of::<T>(), Obstacle::TooLarge));
        };
        let place = try_bump(self, layout.size(), layout.align())?;
        // SAFETY: room for `len` values of `T`, aligned for them, that is the caller's alone for 's (contract of `Alloc`).
        Ok(unsafe { NonNull::slice_from_raw_parts(place.cast(), len).as_mut() })
    }

    /// Copies a slice. Up to 32 bytes are copied without a call to `memcpy`.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    fn alloc_slice_copy<T: Copy>(self, values: &[T]) -> &'s mut [T] {
        // As large as a slice that there is already: nothing to be checked.
        let place = bump(self, size_of_val(values), align_of::<T>());
        // SAFETY: room for all the values, aligned for them, that is the caller's alone for 's (contract of `Alloc`).
        unsafe { fill_by_copy(place.cast(), values) }
    }

    /// [`alloc_slice_copy`](Alloc::alloc_slice_copy) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline(always)]
    fn try_alloc_slice_copy<T: Copy>(self, values: &[T]) -> Result<&'s mut [T], AllocError> {
        let place = try_bump(self, size_of_val(values), align_of::<T>())?;
        // SAFETY: room for all the values, aligned for them, that is the caller's alone for 's (contract of `Alloc`).
        Ok(unsafe { fill_by_copy(place.cast(), values) })
    }

    /// Clones a slice, value by value.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn alloc_slice_clone<T: Clone>(self, values: &[T]) -> &'s mut [T] {
        self.alloc_slice_fill_with(values.len(), |index| values[index].clone())
    }

    /// A slice of `len` copies of `value`.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn alloc_slice_fill<T: Copy>(self, len: usize, value: T) -> &'s mut [T] {
        self.alloc_slice_fill_with(len, |_| value)
    }

    /// A slice of `len` values, each what `make` returns for its index.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn alloc_slice_fill_with<T>(self, len: usize, mut make: impl FnMut(usize) -> T) -> &'s mut [T] {
        let room = self.alloc_uninit_slice(len);
        for (index, place) in room.iter_mut().enumerate() {
            place.write(make(index));
        }
        // SAFETY: each place was written.
        unsafe { assume_init(room) }
    }

    /// A slice of all that an iterator yields, whether it knows their number beforehand or not.
    ///
    /// If it promises fewer than come, or allocates here too, the slice moves while it grows; an iterator that knows its
    /// number costs nothing extra.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn alloc_from_iter<T>(self, values: impl IntoIterator<Item = T>) -> &'s mut [T] {
        const { needs_no_drop::<T>() };
        let mut buffer = Buffer::new(self);
        buffer.extend(values.into_iter());
        // SAFETY: the values are initialised, and the caller's alone for 's (contract of `Alloc`).
        unsafe { buffer.finish().as_mut() }
    }

    /// Copies a text.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    fn alloc_str(self, text: &str) -> &'s mut str {
        let bytes = self.alloc_slice_copy(text.as_bytes());
        // SAFETY: the bytes are those of a `str`.
        unsafe { str::from_utf8_unchecked_mut(bytes) }
    }

    /// [`alloc_str`](Alloc::alloc_str) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline(always)]
    fn try_alloc_str(self, text: &str) -> Result<&'s mut str, AllocError> {
        let bytes = self.try_alloc_slice_copy(text.as_bytes())?;
        // SAFETY: the bytes are those of a `str`.
        Ok(unsafe { str::from_utf8_unchecked_mut(bytes) })
    }

    /// Formats a text into the arena: `arena.alloc_fmt(format_args!("{x:>8}"))`.
    ///
    /// # Panics
    ///
    /// If there is no room to be had, or an implementation of `Display` (or the like) returns an error.
    #[inline]
    #[track_caller]
    fn alloc_fmt(self, text: fmt::Arguments<'_>) -> &'s mut str {
        match self.try_alloc_fmt(text) {
            Ok(text) => text,
            Err(error) => out_of_memory(error),
        }
    }

    /// [`alloc_fmt`](Alloc::alloc_fmt) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way; an error of a `Display` implementation is [`Obstacle::Format`].
    fn try_alloc_fmt(self, text: fmt::Arguments<'_>) -> Result<&'s mut str, AllocError> {
        let mut buffer = Buffer::new(self);
        buffer.write(text)?;
        // SAFETY: the bytes are initialised, and the caller's alone for 's (contract of `Alloc`).
        let bytes = unsafe { buffer.finish().as_mut() };
        // SAFETY: only whole `str`s were written.
        Ok(unsafe { str::from_utf8_unchecked_mut(bytes) })
    }

    /// Room for `layout`, to use as raw memory for `'s`.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    fn alloc_layout(self, layout: Layout) -> NonNull<u8> {
        bump(self, layout.size(), layout.align())
    }

    /// [`alloc_layout`](Alloc::alloc_layout) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline(always)]
    fn try_alloc_layout(self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        try_bump(self, layout.size(), layout.align())
    }

    /// Puts `value` into the arena, in a box that drops it.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    fn alloc_box<T>(self, value: T) -> ArenaBox<'s, T> {
        let place = bump_for::<_, T>(self);
        // SAFETY: room for a `T`, aligned for it.
        unsafe { place.write(value) };
        // SAFETY: the value was just written, and is the caller's alone for 's (contract of `Alloc`).
        unsafe { ArenaBox::new(place) }
    }

    /// [`alloc_box`](Alloc::alloc_box), giving the value back if there is no room.
    ///
    /// # Errors
    ///
    /// The value, and what stood in the way.
    #[inline(always)]
    fn try_alloc_box<T>(self, value: T) -> Result<ArenaBox<'s, T>, Rejected<T>> {
        match try_bump_for::<_, T>(self) {
            Ok(place) => {
                // SAFETY: room for a `T`, aligned for it.
                unsafe { place.write(value) };
                // SAFETY: the value was just written, and is the caller's alone for 's (contract of `Alloc`).
                Ok(unsafe { ArenaBox::new(place) })
            }
            Err(error) => Err(Rejected { value, error }),
        }
    }

    /// A boxed slice of all that an iterator yields; the box drops them. See [`alloc_from_iter`](Alloc::alloc_from_iter).
    ///
    /// If the iterator panics, what it has yielded is dropped.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn alloc_box_from_iter<T>(self, values: impl IntoIterator<Item = T>) -> ArenaBox<'s, [T]> {
        let mut buffer = Buffer::new(self);
        buffer.extend(values.into_iter());
        // SAFETY: the values are initialised, and the caller's alone for 's (contract of `Alloc`).
        unsafe { ArenaBox::new(buffer.finish()) }
    }

    /// Makes sure that the next `bytes` bytes, values rounded up to the minimum alignment, are there: allocating them
    /// takes no claim, and memory does not grow. What is left of the chunk is given up if it has less.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn reserve(self, bytes: usize) {
        if let Err(error) = reserve(self, bytes) {
            out_of_memory(error)
        }
    }

    /// [`reserve`](Alloc::reserve) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline]
    fn try_reserve(self, bytes: usize) -> Result<(), AllocError> {
        reserve(self, bytes)
    }

    /// Bytes that can be allocated before the next claim, or the next chunk that is already there.
    #[inline]
    fn room(self) -> usize {
        self.parts(Key::KEY).0.get().room()
    }
}

pub(super) const fn needs_no_drop<T>() {
    assert!(
        !core::mem::needs_drop::<T>(),
        "this type needs `Drop`, which an arena never runs: use `alloc_box`, or a `TypedArena`"
    );
}

#[inline(always)]
fn try_room<'s, A: Alloc<'s>, T>(alloc: A) -> Result<&'s mut MaybeUninit<T>, AllocError> {
    if const { size_of::<T>() == 0 } {
        // SAFETY: a type of no size needs no memory but an aligned pointer.
        return Ok(unsafe { NonNull::dangling().as_mut() });
    }
    let place = try_bump_for::<_, MaybeUninit<T>>(alloc)?;
    // SAFETY: room for a `T`, aligned for it, that is the caller's alone for 's (contract of `Alloc`).
    Ok(unsafe { &mut *place.as_ptr() })
}

/// # Safety
///
/// The caller owes: there is room for the values at `place`, apart from themselves, and nobody else uses it during `'s`.
#[inline(always)]
unsafe fn fill_by_copy<'s, T: Copy>(place: NonNull<T>, values: &[T]) -> &'s mut [T] {
    // SAFETY: the caller's promise.
    unsafe { copy(values.as_ptr(), place, values.len()) };
    // SAFETY: every value was written, and the caller's promise.
    unsafe { NonNull::slice_from_raw_parts(place, values.len()).as_mut() }
}

/// # Safety
///
/// The caller owes: every value is initialised.
#[inline(always)]
unsafe fn assume_init<T>(room: &mut [MaybeUninit<T>]) -> &mut [T] {
    let values = core::ptr::from_mut(room) as *mut [T];
    // SAFETY: the same places, exclusively borrowed, with values in them (the caller's promise).
    unsafe { &mut *values }
}

#[cold]
#[inline(never)]
#[track_caller]
fn too_large(owner: &'static str, size: usize, align: usize) -> ! {
    out_of_memory(AllocError::new(owner, size, align, Obstacle::TooLarge))
}
