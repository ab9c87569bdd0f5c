//! [`TypedArena`]: values of one type, side by side, each dropped once.

use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::buffer::Buffer;
use super::bump::{Bump, Key, bump_for, try_bump, try_bump_for};
use super::{Alloc, Arena, ArenaBox};
use crate::backing::Backing;
use crate::chunk::{BetweenThreads, Cursor, CursorCell, Growth, Lodged, OfOneThread, Refill};
use crate::error::{AllocError, Rejected};
use crate::layout::padding;
use crate::ledger::{Ledger, Spans};
use crate::platform::sanitizer;
use crate::plot::Plot;
use crate::refusal::expect_room;
use crate::sharing::Kind;

mod iter;
mod run;
mod values;

pub use iter::{IntoIter, IterMut};
use run::{Run, room};
use values::{Runs, Values, drop_all};

/// Values of one type that live as long as the arena, kept side by side in the order they came, and dropped with it.
///
/// References may go round in circles, with `Cell`s to tie them. What a value refers to in the same arena may be dropped
/// before it, so, as the compiler enforces, a type with such references must not have a `Drop` that could look at them.
///
/// ```
/// use core::cell::Cell;
/// use freehold::TypedArena;
///
/// struct Node<'a> {
///     next: Cell<Option<&'a Node<'a>>>,
///     value: u32,
/// }
///
/// let nodes = TypedArena::new();
/// let a = &*nodes.alloc(Node { next: Cell::new(None), value: 1 });
/// let b = &*nodes.alloc(Node { next: Cell::new(Some(a)), value: 2 });
/// a.next.set(Some(b));
/// assert_eq!(a.next.get().unwrap().next.get().unwrap().value, 1);
/// ```
///
/// A value is reached by the reference that [`alloc`](TypedArena::alloc) returned. There is no iteration while any of these may be in use:
/// each is the only one to its value. With the arena borrowed mutably there is, by [`iter_mut`](TypedArena::iter_mut).
///
/// | | |
/// |---|---|
/// | made | `new`, [`new_in`](TypedArena::new_in) a ledger, [`alone`](TypedArena::alone) in a region; with room: `with_capacity`, [`with_capacity_in`](TypedArena::with_capacity_in) |
/// | a value | [`alloc`](TypedArena::alloc), [`try_alloc`](TypedArena::try_alloc) |
/// | … of a closure | [`alloc_with`](TypedArena::alloc_with), [`try_alloc_with`](TypedArena::try_alloc_with); of one that may fail: [`alloc_try_with`](TypedArena::alloc_try_with) |
/// | several | [`alloc_from_iter`](TypedArena::alloc_from_iter), [`try_alloc_from_iter`](TypedArena::try_alloc_from_iter), `extend` |
/// | room | [`reserve`](TypedArena::reserve), [`try_reserve`](TypedArena::try_reserve), [`capacity`](TypedArena::capacity), [`len`](TypedArena::len), [`held`](TypedArena::held) |
/// | everything dropped | [`clear`](TypedArena::clear), or taken out: `into_iter` |
/// | what is not needed given back | [`trim`](TypedArena::trim) |
///
/// No padding between values, no header with them: on top of a chunk's own, memory is `size_of::<T>()` each.
pub struct TypedArena<'l, T> {
    values: Values<'l>,
    // It owns values of `T`, so whether `T`'s destructor may run is asked where the arena is dropped; and it must not be taken
    // for an arena of another `T`, as values go in through `&self`.
    owned: PhantomData<Cell<T>>,
}

// SAFETY: what is reached through the arena are its values: it may go to another thread if they may.
unsafe impl<T: Send> Send for TypedArena<'_, T> where for<'a> &'a dyn Spans: Send {}

// SAFETY: the condition is never met.
unsafe impl<T> Sync for TypedArena<'_, T> where for<'a> &'a OfOneThread: BetweenThreads {}

impl<'l, T> Bump for &TypedArena<'l, T> {
    // A type's size is a multiple of its alignment, so the values lie side by side and keep the cursor aligned.
    const MIN_ALIGN: usize = if align_of::<T>() < 16 { align_of::<T>() } else { 16 };
    type Chunks = Lodged<'l>;

    #[inline(always)]
    fn parts(&self, _: Key) -> (&CursorCell, &Lodged<'l>) {
        self.inside()
    }
}

impl<'l, T> TypedArena<'l, T> {
    /// An arena on `ledger`, under the name `owner`. It claims nothing yet.
    pub const fn new_in<B: Backing, L: Kind>(ledger: &'l Ledger<B, L>, owner: &'static str) -> TypedArena<'l, T> {
        TypedArena::on(ledger, owner)
    }

    /// An arena on `ledger` that has claimed room for `capacity` values.
    ///
    /// ```
    /// use freehold::TypedArena;
    ///
    /// let points = TypedArena::<[f64; 2]>::with_capacity_in(freehold::ledger(), "points", 1000);
    /// assert!(points.capacity() >= 1000 && points.is_empty());
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[track_caller]
    pub fn with_capacity_in<B: Backing, L: Kind>(
        ledger: &'l Ledger<B, L>,
        owner: &'static str,
        capacity: usize,
    ) -> TypedArena<'l, T> {
        expect_room(TypedArena::try_with_capacity_in(ledger, owner, capacity))
    }

    /// [`with_capacity_in`](TypedArena::with_capacity_in) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    pub fn try_with_capacity_in<B: Backing, L: Kind>(
        ledger: &'l Ledger<B, L>,
        owner: &'static str,
        capacity: usize,
    ) -> Result<TypedArena<'l, T>, AllocError> {
        let arena = TypedArena::new_in(ledger, owner);
        arena.try_reserve(capacity)?;
        Ok(arena)
    }

    /// An arena that has a region to itself, without a ledger.
    pub const fn alone(plot: &'l mut Plot<'_>, owner: &'static str) -> TypedArena<'l, T> {
        TypedArena::on(plot, owner)
    }

    const fn on(spans: &'l dyn Spans, owner: &'static str) -> TypedArena<'l, T> {
        let values = Values {
            cursor: CursorCell::new(Cursor::NOWHERE),
            sizeless: Cell::new(0),
            chunks: Lodged::new(spans, owner),
            drop_all: drop_all::<T>,
        };
        TypedArena { values, owned: PhantomData }
    }

    pub(super) fn chunks(&self) -> &Lodged<'l> {
        &self.values.chunks
    }

    #[inline(always)]
    fn inside(&self) -> (&CursorCell, &Lodged<'l>) {
        (&self.values.cursor, &self.values.chunks)
    }

    /// The same with another policy for the chunks to come.
    pub const fn with_growth(mut self, growth: Growth) -> Self {
        self.values.chunks.set_growth(growth);
        self
    }

    /// Puts `value` into the arena.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)] // each call returns another place
    #[track_caller]
    pub fn alloc(&self, value: T) -> &mut T {
        if const { size_of::<T>() == 0 } {
            return self.count_sizeless(value);
        }
        let place = bump_for::<_, T>(self);
        // SAFETY: room for a `T`, aligned for it. (Nothing of the caller's runs between the two steps, so the run of values
        // never has a hole.)
        unsafe { place.write(value) };
        // SAFETY: the place is nobody else's while the arena is borrowed.
        unsafe { &mut *place.as_ptr() }
    }

    /// [`alloc`](TypedArena::alloc), giving the value back if there is no room.
    ///
    /// # Errors
    ///
    /// The value, and what stood in the way.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)] // each call returns another place
    #[track_caller] // more values of no size than can be counted
    pub fn try_alloc(&self, value: T) -> Result<&mut T, Rejected<T>> {
        if const { size_of::<T>() == 0 } {
            return Ok(self.count_sizeless(value));
        }
        match try_bump_for::<_, T>(self) {
            Ok(place) => {
                // SAFETY: room for a `T`, aligned for it.
                unsafe { place.write(value) };
                // SAFETY: the place is nobody else's while the arena is borrowed.
                Ok(unsafe { &mut *place.as_ptr() })
            }
            Err(error) => Err(Rejected { value, error }),
        }
    }

    /// Puts what `make` returns into the arena. `make` may allocate here itself: those values come before.
    ///
    /// ```
    /// use freehold::TypedArena;
    ///
    /// let tables = TypedArena::new();
    /// let table = tables.alloc_with(|| [0_u8; 4096]);
    /// table[7] = 1;
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had. Then `make` is not called; unless it takes the last room itself.
    #[inline]
    #[allow(clippy::mut_from_ref)] // each call returns another place
    #[track_caller]
    pub fn alloc_with(&self, make: impl FnOnce() -> T) -> &mut T {
        self.reserve(1);
        self.alloc(make())
    }

    /// [`alloc_with`](TypedArena::alloc_with) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way. Then `make` is not called; unless it takes the last room itself, and what it returns is dropped.
    #[inline]
    #[allow(clippy::mut_from_ref)] // each call returns another place
    pub fn try_alloc_with(&self, make: impl FnOnce() -> T) -> Result<&mut T, AllocError> {
        self.try_reserve(1)?;
        self.try_alloc(make()).map_err(|rejected| rejected.error)
    }

    /// [`alloc_with`](TypedArena::alloc_with) for what may fail: then the arena has no value more.
    ///
    /// # Errors
    ///
    /// What `make` returned.
    ///
    /// # Panics
    ///
    /// If there is no room to be had. Then `make` is not called; unless it takes the last room itself.
    #[inline]
    #[allow(clippy::mut_from_ref)] // each call returns another place
    #[track_caller]
    pub fn alloc_try_with<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&mut T, E> {
        self.reserve(1);
        make().map(|value| self.alloc(value))
    }

    /// A value of no size is counted, and dropped as often.
    #[allow(clippy::mut_from_ref)] // a type of no size has no memory to share
    #[track_caller]
    fn count_sizeless(&self, value: T) -> &mut T {
        self.count(1);
        core::mem::forget(value);
        // SAFETY: a type of no size needs no memory but an aligned pointer; the value was moved there by forgetting it.
        unsafe { NonNull::dangling().as_mut() }
    }

    /// So many values of no size more.
    #[track_caller]
    fn count(&self, more: usize) {
        let count = self.values.sizeless.get();
        self.values.sizeless.set(count.checked_add(more).expect("more values than can be counted"));
    }

    /// Puts all that an iterator yields into the arena, side by side.
    ///
    /// The iterator may allocate here itself. Those values come before the ones that it yields, which have to be moved then. If it panics,
    /// what it has yielded is dropped, and the arena holds what it held before and what the iterator allocated.
    ///
    /// ```
    /// use freehold::TypedArena;
    ///
    /// let names = TypedArena::new();
    /// let two = names.alloc_from_iter(["a", "b"].map(String::from));
    /// two[0].push('c');
    /// assert_eq!(names.into_iter().collect::<Vec<_>>(), ["ac", "b"]);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[allow(clippy::mut_from_ref)] // each call returns other places
    #[track_caller]
    pub fn alloc_from_iter(&self, values: impl IntoIterator<Item = T>) -> &mut [T] {
        expect_room(self.try_alloc_from_iter(values))
    }

    /// [`alloc_from_iter`](TypedArena::alloc_from_iter) where there may be no room; then what the iterator had yielded is dropped, and the
    /// arena holds what it held before and what the iterator allocated.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[allow(clippy::mut_from_ref)] // each call returns other places
    #[track_caller] // more values of no size than can be counted
    pub fn try_alloc_from_iter(&self, values: impl IntoIterator<Item = T>) -> Result<&mut [T], AllocError> {
        let mut values = values.into_iter();
        let place = if const { size_of::<T>() == 0 } {
            self.count_all(values)?
        } else if let Some(first) = values.next() {
            self.gather(first, values)?
        } else {
            NonNull::slice_from_raw_parts(NonNull::dangling(), 0)
        };
        // SAFETY: the places are initialised, and nobody else's while the arena is borrowed.
        Ok(unsafe { &mut *place.as_ptr() })
    }

    /// Values of no size are counted when all are there.
    #[track_caller]
    fn count_all(&self, values: impl Iterator<Item = T>) -> Result<NonNull<[T]>, AllocError> {
        // It claims nothing.
        let scratch = Arena::on(self.values.chunks.spans(), self.values.chunks.owner());
        let gathered = scratch.try_alloc_box_from_iter(values)?;
        self.count(gathered.len());
        Ok(NonNull::slice_from_raw_parts(NonNull::dangling(), ArenaBox::leak(gathered).len()))
    }

    /// Where they are to stay, as long as nobody else wants the room; then in a scratch arena first.
    fn gather(&self, first: T, mut values: impl Iterator<Item = T>) -> Result<NonNull<[T]>, AllocError> {
        let mut run = Run::new(self, values.size_hint().0.saturating_add(1))?;
        let mut next = Some(first);
        while let Some(value) = next.take() {
            if let Err(value) = run.push(value) {
                next = Some(value);
                break;
            }
            next = values.next();
        }
        let run = if next.is_none() {
            match run.finish() {
                Ok(place) => return Ok(place),
                Err(run) => run,
            }
        } else {
            run
        };
        let scratch = Arena::on(self.values.chunks.spans(), self.values.chunks.owner());
        let mut buffer = Buffer::new(&scratch);
        run.move_to(&mut buffer)?;
        // What is promised was too much for the arena, or nobody knows: as they come.
        while let Some(value) = next {
            buffer.reserve(1)?;
            // SAFETY: there is room for one more.
            unsafe { buffer.push(value) };
            next = values.next();
        }
        let place = try_bump(self, buffer.len() * size_of::<T>(), align_of::<T>())?.cast::<T>();
        let gathered = buffer.finish();
        // SAFETY: room for as many values, in another arena than the one they lie in, which forgets them.
        unsafe { place.copy_from_nonoverlapping(gathered.cast(), gathered.len()) };
        Ok(NonNull::slice_from_raw_parts(place, gathered.len()))
    }

    /// Makes sure that the next `more` values are there without a claim.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[inline]
    #[track_caller]
    pub fn reserve(&self, more: usize) {
        expect_room(self.try_reserve(more));
    }

    /// [`reserve`](TypedArena::reserve) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    #[inline]
    pub fn try_reserve(&self, more: usize) -> Result<(), AllocError> {
        let (cell, chunks) = self.inside();
        let size = more.saturating_mul(size_of::<T>());
        if size > 0 {
            let found = room(cell.get(), chunks, size, align_of::<T>());
            cell.set(found.ok_or_else(|| chunks.error(size, align_of::<T>()))?);
        }
        Ok(())
    }

    /// How many values there is memory for now, those there are included. Takes time with the number of chunks.
    #[must_use]
    pub fn capacity(&self) -> usize {
        if size_of::<T>() == 0 {
            return usize::MAX;
        }
        let fit = |vacant: Cursor| {
            let pad = padding(vacant.next.addr().get(), align_of::<T>());
            vacant.room().saturating_sub(pad) / size_of::<T>()
        };
        let (cell, chunks) = self.inside();
        self.len() + chunks.vacant(cell.get()).map(fit).sum::<usize>()
    }

    /// How many values there are. Takes time with the number of chunks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.runs::<T>().values()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that this arena holds, in use or not, as the ledger counts them: headers included. Takes time with the number of chunks.
    #[must_use]
    pub fn held(&self) -> usize {
        self.values.chunks.held()
    }

    /// Gives the chunks back that hold no value, as after a burst and [`clear`](TypedArena::clear). Returns the bytes given back.
    ///
    /// ```
    /// use freehold::TypedArena;
    ///
    /// let mut numbers = TypedArena::new();
    /// numbers.alloc_from_iter(0..100_000);
    /// numbers.clear();
    /// assert!(numbers.trim() > 400_000 && numbers.held() == 0);
    /// ```
    pub fn trim(&mut self) -> usize {
        let is_empty = self.is_empty() || size_of::<T>() == 0;
        self.values.trim(is_empty)
    }

    /// All values, in the order they came.
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        IterMut::new(self.values.runs())
    }

    /// Drops all values, the rest of them even if one panics, and keeps the chunks.
    pub fn clear(&mut self) {
        let Runs { filled, sizeless, .. } = self.values.runs::<T>();
        // Forgotten first: whatever the destructors do, the arena is whole, and none is dropped twice.
        self.values.forget_all();
        // SAFETY: the values are of that type, and the arena knows nothing of them any more.
        unsafe { drop_all::<T>(filled, sizeless) };
        if sanitizer::ON || sanitizer::FILLS {
            let runs = Runs::<T> { filled, sizeless, values: PhantomData };
            // SAFETY: the values were dropped, and nobody knows of them.
            runs.for_each(|run| unsafe { sanitizer::let_go(run.cast(), 0..run.len() * size_of::<T>()) });
        }
    }

    /// All values, in the order they came, as a vector.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn into_vec(self) -> alloc::vec::Vec<T> {
        let mut vec = alloc::vec::Vec::with_capacity(self.len());
        vec.extend(self);
        vec
    }
}

impl<T> Extend<T> for TypedArena<'_, T> {
    /// # Panics
    ///
    /// If there is no room to be had.
    #[track_caller]
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        self.alloc_from_iter(values);
    }
}

/// Where values are in use, too.
impl<T> Extend<T> for &TypedArena<'_, T> {
    /// # Panics
    ///
    /// If there is no room to be had.
    #[track_caller]
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        self.alloc_from_iter(values);
    }
}
