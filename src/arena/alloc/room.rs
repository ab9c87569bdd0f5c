//! What the verbs have in common: room for a value or a slice, and what is made of it.

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::super::bump::{Bump, Key, bump, bump_for, shrink_last, too_large, try_bump, try_bump_for};
use super::Alloc;
use crate::chunk::{Cursor, Refill};
use crate::copy::copy;
use crate::error::{AllocError, Obstacle};
use crate::refusal::out_of_memory;

/// Room for a `T`, or a panic.
#[inline(always)]
#[track_caller]
pub(super) fn room<'s, A: Alloc<'s>, T>(alloc: A) -> &'s mut MaybeUninit<T> {
    if const { size_of::<T>() == 0 } {
        return no_bytes();
    }
    let place = bump_for::<_, MaybeUninit<T>>(alloc);
    // SAFETY: room for a `T`, aligned for it, that is the caller's alone for 's (contract of `Alloc`).
    unsafe { &mut *place.as_ptr() }
}

/// [`room`], or why there is none.
#[inline(always)]
pub(super) fn try_room<'s, A: Alloc<'s>, T>(alloc: A) -> Result<&'s mut MaybeUninit<T>, AllocError> {
    if const { size_of::<T>() == 0 } {
        return Ok(no_bytes());
    }
    let place = try_bump_for::<_, MaybeUninit<T>>(alloc)?;
    // SAFETY: room for a `T`, aligned for it, that is the caller's alone for 's (contract of `Alloc`).
    Ok(unsafe { &mut *place.as_ptr() })
}

#[inline(always)]
fn no_bytes<'s, T>() -> &'s mut MaybeUninit<T> {
    // SAFETY: a type of no size needs no memory but an aligned pointer. (Only those come here.)
    unsafe { NonNull::dangling().as_mut() }
}

/// Room for `len` values, or a panic.
#[inline(always)]
#[track_caller]
pub(super) fn room_for<'s, A: Alloc<'s>, T>(alloc: A, len: usize) -> &'s mut [MaybeUninit<T>] {
    let Ok(layout) = Layout::array::<T>(len) else {
        panic_too_large(alloc.parts(Key::KEY).1.owner(), len.saturating_mul(size_of::<T>()), align_of::<T>())
    };
    let place = bump(alloc, layout.size(), layout.align());
    // SAFETY: room for `len` values of `T`, aligned for them, that is the caller's alone for 's (contract of `Alloc`).
    unsafe { NonNull::slice_from_raw_parts(place.cast(), len).as_mut() }
}

/// [`room_for`], or why there is none.
#[inline(always)]
pub(super) fn try_room_for<'s, A: Alloc<'s>, T>(alloc: A, len: usize) -> Result<&'s mut [MaybeUninit<T>], AllocError> {
    let Ok(layout) = Layout::array::<T>(len) else { return Err(too_large::<A, T>(alloc, len)) };
    let place = try_bump(alloc, layout.size(), layout.align())?;
    // SAFETY: room for `len` values of `T`, aligned for them, that is the caller's alone for 's (contract of `Alloc`).
    Ok(unsafe { NonNull::slice_from_raw_parts(place.cast(), len).as_mut() })
}

#[cold]
#[inline(never)]
#[track_caller]
fn panic_too_large(owner: &'static str, size: usize, align: usize) -> ! {
    out_of_memory(AllocError::new(owner, size, align, Obstacle::TooLarge))
}

/// Writes what `make` returns for each index.
#[inline(always)]
pub(super) fn fill_with<T>(room: &mut [MaybeUninit<T>], mut make: impl FnMut(usize) -> T) -> &mut [T] {
    for (index, place) in room.iter_mut().enumerate() {
        place.write(make(index));
    }
    // SAFETY: each place was written.
    unsafe { assume_init(room) }
}

/// Where the cursor is before something is allocated that may have to go again.
#[derive(Clone, Copy)]
pub(super) struct Before(Cursor);

impl Before {
    #[inline(always)]
    pub(super) fn of<A: Bump>(alloc: A) -> Before {
        Before(alloc.parts(Key::KEY).0.get())
    }

    /// Writes what `make` returns into `room`, which was allocated right after; if that is an error, the room goes back.
    #[inline(always)]
    pub(super) fn write_or_undo<'s, A: Alloc<'s>, T, E>(
        self,
        alloc: A,
        room: &'s mut MaybeUninit<T>,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<&'s mut T, E> {
        match make() {
            Ok(value) => Ok(room.write(value)),
            Err(error) => {
                // SAFETY: the room came from there after this, and is not used any more.
                unsafe { shrink_last(alloc, self.0, NonNull::from(room).cast(), size_of::<T>()) };
                Err(error)
            }
        }
    }

    /// Writes what `make` returns for each index into `room`, which was allocated right after; with the first error, the room goes back.
    #[inline(always)]
    pub(super) fn fill_or_undo<'s, A: Alloc<'s>, T, E>(
        self,
        alloc: A,
        room: &'s mut [MaybeUninit<T>],
        mut make: impl FnMut(usize) -> Result<T, E>,
    ) -> Result<&'s mut [T], E> {
        for (index, place) in room.iter_mut().enumerate() {
            match make(index) {
                Ok(value) => _ = place.write(value),
                Err(error) => {
                    let size = size_of_val(room);
                    // SAFETY: the room came from there after this, and is not used any more.
                    unsafe { shrink_last(alloc, self.0, NonNull::from(room).cast(), size) };
                    return Err(error);
                }
            }
        }
        // SAFETY: each place was written.
        Ok(unsafe { assume_init(room) })
    }
}

/// # Safety
///
/// The caller owes: there is room for the values at `place`, apart from themselves, and nobody else uses it during `'s`.
#[inline(always)]
pub(super) unsafe fn fill_by_copy<'s, T: Copy>(place: NonNull<T>, values: &[T]) -> &'s mut [T] {
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
