//! The verbs: everything that an arena or a scope can allocate.

use core::alloc::Layout;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::boxed::ArenaBox;
use super::buffer::Buffer;
use super::bump::{Bump, Key, bump, bump_for, needs_no_drop, reserve, try_bump, try_bump_for};
use crate::error::{AllocError, Rejected};
use crate::refusal::expect_room;

mod room;

use room::{Before, fill_by_copy, fill_with, room, room_for, try_room, try_room_for};

/// What can be allocated in an [`Arena`](crate::Arena) (through `&Arena`) and in a [`Scope`](crate::Scope) (through
/// `&Scope`); for functions that take either: `fn build<'s>(alloc: impl Alloc<'s>, …) -> &'s Tree<'s>`.
///
/// The plain verbs panic when there is no room to be had; their `try_` forms return an [`AllocError`] and change nothing.
/// What they return is the caller's alone until the arena is reset, the scope is left, or either is dropped, and the
/// borrow checker sees to it that nobody holds it then. Closures, iterators and `Display` implementations that a verb runs
/// may allocate from the same arena or scope, and may panic: what is half built is forgotten.
///
#[doc = include_str!("verbs.md")]
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
/// (`cargo check` does not find it: the compiler knows the type only when it builds the call.) [`alloc_box`](Alloc::alloc_box) takes
/// those. A collection whose own memory lies in the arena needs `Drop` too, though nothing would be lost without it, and so does a value
/// with such a field: leak its box.
///
/// ```
/// # #[cfg(feature = "allocator-api2")] {
/// use allocator_api2::vec::Vec;
/// use freehold::{Alloc, Arena, ArenaBox};
///
/// struct Node<'a> {
///     name: &'a str,
///     children: Vec<&'a Node<'a>, &'a Arena<'static>>,
/// }
///
/// let arena = Arena::new();
/// let leaf: &Node = ArenaBox::leak(arena.alloc_box(Node { name: "leaf", children: Vec::new_in(&arena) }));
/// let mut root = Node { name: arena.alloc_str("root"), children: Vec::new_in(&arena) };
/// root.children.push(leaf);
/// let root = &*ArenaBox::leak(arena.alloc_box(root));
/// assert_eq!((root.name, root.children[0].name), ("root", "leaf"));
/// # }
/// ```
///
/// # Safety
///
/// It can't be implemented outside this crate. The implementor owes: memory that the cursor has passed is not handed out
/// again, moved or given back during `'s`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be allocated from",
    label = "not an `&Arena` or an `&Scope`",
    note = "what can be allocated from is a shared reference: pass `&arena` or `&scope`; of a typed arena, call its own methods"
)]
pub unsafe trait Alloc<'s>: Bump {
    /// Puts `value` into the arena.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// let count = arena.alloc(1);
    /// *count += 1;
    /// assert_eq!(*count, 2);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    fn alloc<T>(self, value: T) -> &'s mut T {
        const { needs_no_drop::<T>() };
        room(self).write(value)
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
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// let table = arena.alloc_with(|| [0u8; 4096]);
    /// table[7] = 1;
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had; then `make` is not called.
    #[inline(always)]
    #[track_caller]
    fn alloc_with<T>(self, make: impl FnOnce() -> T) -> &'s mut T {
        const { needs_no_drop::<T>() };
        room(self).write(make())
    }

    /// [`alloc_with`](Alloc::alloc_with) where there may be no room; then `make` is not called.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline(always)]
    fn try_alloc_with<T>(self, make: impl FnOnce() -> T) -> Result<&'s mut T, AllocError> {
        const { needs_no_drop::<T>() };
        Ok(try_room(self)?.write(make()))
    }

    /// [`alloc_with`](Alloc::alloc_with) for what may fail: then its room is free again, unless `make` allocated something here that
    /// stays.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// let number = arena.alloc_try_with(|| "7".parse::<i32>())?;
    /// let room = arena.room();
    /// assert!(arena.alloc_try_with(|| "seven".parse::<i32>()).is_err());
    /// assert_eq!((*number, arena.room()), (7, room));
    /// # Ok::<(), core::num::ParseIntError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `make` returned.
    ///
    /// # Panics
    ///
    /// If there is no room to be had; then `make` is not called.
    #[inline(always)]
    #[track_caller]
    fn alloc_try_with<T, E>(self, make: impl FnOnce() -> Result<T, E>) -> Result<&'s mut T, E> {
        const { needs_no_drop::<T>() };
        Before::of(self).write_or_undo(self, room(self), make)
    }

    /// [`alloc_try_with`](Alloc::alloc_try_with) where there may be no room either; then `make` is not called.
    ///
    /// # Errors
    ///
    /// What `make` returned, or what stood in the way.
    #[inline(always)]
    fn try_alloc_try_with<T, E: From<AllocError>>(self, make: impl FnOnce() -> Result<T, E>) -> Result<&'s mut T, E> {
        const { needs_no_drop::<T>() };
        Before::of(self).write_or_undo(self, try_room(self)?, make)
    }

    /// Room for a `T`.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// let room = arena.alloc_uninit();
    /// assert_eq!(*room.write(5), 5);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    fn alloc_uninit<T>(self) -> &'s mut MaybeUninit<T> {
        const { needs_no_drop::<T>() };
        room(self)
    }

    /// [`alloc_uninit`](Alloc::alloc_uninit) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline(always)]
    fn try_alloc_uninit<T>(self) -> Result<&'s mut MaybeUninit<T>, AllocError> {
        const { needs_no_drop::<T>() };
        try_room(self)
    }

    /// Room for `len` values of `T`.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// let room = arena.alloc_uninit_slice(3);
    /// room[2].write("last");
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    fn alloc_uninit_slice<T>(self, len: usize) -> &'s mut [MaybeUninit<T>] {
        const { needs_no_drop::<T>() };
        room_for(self, len)
    }

    /// [`alloc_uninit_slice`](Alloc::alloc_uninit_slice) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline(always)]
    fn try_alloc_uninit_slice<T>(self, len: usize) -> Result<&'s mut [MaybeUninit<T>], AllocError> {
        const { needs_no_drop::<T>() };
        try_room_for(self, len)
    }

    /// Copies a slice. Up to 32 bytes are copied without a call to `memcpy`.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// assert_eq!(arena.alloc_slice_copy(&[1, 2, 3]), &[1, 2, 3]);
    /// ```
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
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// assert_eq!(arena.alloc_slice_clone(&[1..3, 4..9])[1].end, 9);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn alloc_slice_clone<T: Clone>(self, values: &[T]) -> &'s mut [T] {
        const { needs_no_drop::<T>() };
        fill_with(room_for(self, values.len()), |index| values[index].clone())
    }

    /// [`alloc_slice_clone`](Alloc::alloc_slice_clone) where there may be no room; then nothing is cloned.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline]
    fn try_alloc_slice_clone<T: Clone>(self, values: &[T]) -> Result<&'s mut [T], AllocError> {
        const { needs_no_drop::<T>() };
        Ok(fill_with(try_room_for(self, values.len())?, |index| values[index].clone()))
    }

    /// A slice of `len` copies of `value`.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// assert_eq!(arena.alloc_slice_fill(3, 'x'), &['x', 'x', 'x']);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn alloc_slice_fill<T: Copy>(self, len: usize, value: T) -> &'s mut [T] {
        fill_with(room_for(self, len), |_| value)
    }

    /// [`alloc_slice_fill`](Alloc::alloc_slice_fill) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline]
    fn try_alloc_slice_fill<T: Copy>(self, len: usize, value: T) -> Result<&'s mut [T], AllocError> {
        Ok(fill_with(try_room_for(self, len)?, |_| value))
    }

    /// A slice of `len` values, each what `make` returns for its index.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// assert_eq!(arena.alloc_slice_fill_with(4, |index| index * index), &[0, 1, 4, 9]);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn alloc_slice_fill_with<T>(self, len: usize, make: impl FnMut(usize) -> T) -> &'s mut [T] {
        const { needs_no_drop::<T>() };
        fill_with(room_for(self, len), make)
    }

    /// [`alloc_slice_fill_with`](Alloc::alloc_slice_fill_with) where there may be no room; then `make` is not called.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline]
    fn try_alloc_slice_fill_with<T>(self, len: usize, make: impl FnMut(usize) -> T) -> Result<&'s mut [T], AllocError> {
        const { needs_no_drop::<T>() };
        Ok(fill_with(try_room_for(self, len)?, make))
    }

    /// [`alloc_slice_fill_with`](Alloc::alloc_slice_fill_with) for what may fail: with the first error the slice's room is free again,
    /// unless `make` allocated something here that stays.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// let words = ["1", "2", "x"];
    /// assert_eq!(arena.alloc_slice_try_fill_with(2, |index| words[index].parse()), Ok(&mut [1, 2][..]));
    /// assert!(arena.alloc_slice_try_fill_with(3, |index| words[index].parse::<i32>()).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// What `make` returned.
    ///
    /// # Panics
    ///
    /// If there is no room to be had; then `make` is not called.
    #[inline]
    #[track_caller]
    fn alloc_slice_try_fill_with<T, E>(
        self,
        len: usize,
        make: impl FnMut(usize) -> Result<T, E>,
    ) -> Result<&'s mut [T], E> {
        const { needs_no_drop::<T>() };
        Before::of(self).fill_or_undo(self, room_for(self, len), make)
    }

    /// [`alloc_slice_try_fill_with`](Alloc::alloc_slice_try_fill_with) where there may be no room either; then `make` is not called.
    ///
    /// # Errors
    ///
    /// What `make` returned, or what stood in the way.
    #[inline]
    fn try_alloc_slice_try_fill_with<T, E: From<AllocError>>(
        self,
        len: usize,
        make: impl FnMut(usize) -> Result<T, E>,
    ) -> Result<&'s mut [T], E> {
        const { needs_no_drop::<T>() };
        Before::of(self).fill_or_undo(self, try_room_for(self, len)?, make)
    }

    /// A slice of all that an iterator yields, whether it knows their number beforehand or not.
    ///
    /// If it promises fewer than come, or allocates here too, the slice moves while it grows; an iterator that knows its
    /// number costs nothing extra.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// assert_eq!(arena.alloc_from_iter("1 2 3".split(' ')), &["1", "2", "3"]);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn alloc_from_iter<T>(self, values: impl IntoIterator<Item = T>) -> &'s mut [T] {
        const { needs_no_drop::<T>() };
        let gathered = expect_room(gather(self, values));
        // SAFETY: the values are initialised, and the caller's alone for 's (contract of `Alloc`).
        unsafe { &mut *gathered.as_ptr() }
    }

    /// [`alloc_from_iter`](Alloc::alloc_from_iter) where there may be no room; then what the iterator had yielded is gone, and its room
    /// free again, unless the iterator allocated something here after it.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline]
    fn try_alloc_from_iter<T>(self, values: impl IntoIterator<Item = T>) -> Result<&'s mut [T], AllocError> {
        const { needs_no_drop::<T>() };
        let gathered = gather(self, values)?;
        // SAFETY: the values are initialised, and the caller's alone for 's (contract of `Alloc`).
        Ok(unsafe { &mut *gathered.as_ptr() })
    }

    /// Copies a text.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// arena.alloc_str("text").make_ascii_uppercase();
    /// ```
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
        expect_room(self.try_alloc_fmt(text))
    }

    /// [`alloc_fmt`](Alloc::alloc_fmt) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way; an error of a `Display` implementation is [`Obstacle::Format`](crate::Obstacle::Format).
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
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// let buffer = arena.alloc_layout(core::alloc::Layout::from_size_align(1000, 64)?);
    /// assert!(buffer.addr().get().is_multiple_of(64));
    /// # Ok::<(), core::alloc::LayoutError>(())
    /// ```
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
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// let mut names = arena.alloc_box(vec!["a"]);
    /// names.push("b");
    /// drop(names); // and its memory on the heap with it
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[track_caller]
    #[must_use = "the box drops the value at once"]
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
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// let texts = arena.alloc_box_from_iter((0..3).map(|index| format!("{index}")));
    /// assert_eq!(texts[2], "2");
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    #[must_use = "the box drops the values at once"]
    fn alloc_box_from_iter<T>(self, values: impl IntoIterator<Item = T>) -> ArenaBox<'s, [T]> {
        let gathered = expect_room(gather(self, values));
        // SAFETY: the values are initialised, and the caller's alone for 's (contract of `Alloc`).
        unsafe { ArenaBox::new(gathered) }
    }

    /// [`alloc_box_from_iter`](Alloc::alloc_box_from_iter) where there may be no room; then what the iterator had yielded is dropped.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline]
    fn try_alloc_box_from_iter<T>(self, values: impl IntoIterator<Item = T>) -> Result<ArenaBox<'s, [T]>, AllocError> {
        let gathered = gather(self, values)?;
        // SAFETY: the values are initialised, and the caller's alone for 's (contract of `Alloc`).
        Ok(unsafe { ArenaBox::new(gathered) })
    }

    /// Makes sure that the next `bytes` bytes, values rounded up to the minimum alignment, are there: allocating them
    /// takes no claim, and memory does not grow. What is left of the chunk is given up if it has less.
    ///
    /// ```
    /// # use freehold::{Alloc, Arena};
    /// let arena = Arena::new();
    /// arena.reserve(10_000);
    /// assert!(arena.room() >= 10_000);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    fn reserve(self, bytes: usize) {
        expect_room(reserve(self, bytes));
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

/// All that `values` yields.
#[inline]
fn gather<A: Bump, T>(alloc: A, values: impl IntoIterator<Item = T>) -> Result<NonNull<[T]>, AllocError> {
    let mut buffer = Buffer::new(alloc);
    buffer.extend(values.into_iter())?;
    Ok(buffer.finish())
}
