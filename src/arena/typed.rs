//! [`TypedArena`]: values of one type, side by side, each dropped once.

use core::cell::Cell;
use core::marker::PhantomData;
use core::mem::needs_drop;
use core::ptr::NonNull;

use super::buffer::Buffer;
use super::bump::{Bump, Key, bump, bump_for, try_bump_for};
use super::{Alloc, Arena, ArenaBox};
use crate::backing::Backing;
use crate::chunk::{Cursor, CursorCell, Filled, Growth, Lodged, Refill};
use crate::error::Rejected;
use crate::ledger::{Ledger, Spans};
use crate::platform::sanitizer;
use crate::plot::Plot;
use crate::refusal::out_of_memory;
use crate::sharing::Kind;

mod run;

use run::Run;

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
/// No padding between values, no header with them: on top of a chunk's own, memory is `size_of::<T>()` each.
pub struct TypedArena<'l, T> {
    values: Values<'l>,
    // It owns values of `T`, so whether `T`'s destructor may run is asked where the arena is dropped; and it must not be taken
    // for an arena of another `T`, as values go in through `&self`.
    owned: PhantomData<Cell<T>>,
}

/// The arena without the type. The destructor hangs here, so that the compiler looks at `T` itself and not at this `Drop`
/// when it decides whether references into the arena may live in it.
struct Values<'l> {
    // Lies in the chunk that `chunks` entered last, after the last value.
    cursor: CursorCell,
    // How many values there are, for types of no size; else 0.
    sizeless: Cell<usize>,
    chunks: Lodged<'l>,
    /// Drops all values of the arena's type: those in these runs, and as many of no size.
    drop_all: unsafe fn(Filled, usize),
}

// SAFETY: what is reached through the arena are its values: it may go to another thread if they may.
unsafe impl<T: Send> Send for TypedArena<'_, T> where for<'a> &'a dyn Spans: Send {}

impl Drop for Values<'_> {
    // Inlined, and what it calls gets nothing by address, so that the arena may be kept in registers.
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: `drop_all` is for the type of the values, and they are not used again.
        unsafe { (self.drop_all)(self.chunks.filled(self.cursor.get()), self.sizeless.get()) }
    }
}

/// Drops all values, the rest of them even if one panics.
///
/// # Safety
///
/// The caller owes: the values are of type `T`, and not used again.
unsafe fn drop_all<T>(filled: Filled, sizeless: usize) {
    if !needs_drop::<T>() {
        return;
    }
    struct Rest<T>(Runs<T>);
    impl<T> Drop for Rest<T> {
        fn drop(&mut self) {
            // Only reached on the way out of a panic, or with nothing left.
            for run in self.0.by_ref() {
                // SAFETY: the promise of `drop_all`; each run comes once.
                unsafe { run.drop_in_place() };
            }
        }
    }
    let mut rest = Rest(Runs::<T> { filled, sizeless, values: PhantomData });
    for run in rest.0.by_ref() {
        // SAFETY: the caller's promise; each run comes once.
        unsafe { run.drop_in_place() };
    }
}

impl Values<'_> {
    /// The values, run by run.
    fn runs<T>(&self) -> Runs<T> {
        Runs { filled: self.chunks.filled(self.cursor.get()), sizeless: self.sizeless.get(), values: PhantomData }
    }

    /// From now on there are none. The chunks stay.
    fn forget_all(&mut self) {
        self.sizeless.set(0);
        // SAFETY: the one cursor of these chunks is replaced.
        self.cursor.set(unsafe { self.chunks.rewind() });
    }
}

/// Runs of values, in order.
struct Runs<T> {
    filled: Filled,
    sizeless: usize,
    values: PhantomData<T>,
}

impl<T> Iterator for Runs<T> {
    type Item = NonNull<[T]>;

    fn next(&mut self) -> Option<NonNull<[T]>> {
        if size_of::<T>() == 0 {
            let len = core::mem::take(&mut self.sizeless);
            return (len > 0).then(|| NonNull::slice_from_raw_parts(NonNull::dangling(), len));
        }
        let (start, end) = self.filled.next(align_of::<T>())?;
        let len = (end.addr().get() - start.addr().get()) / size_of::<T>();
        Some(NonNull::slice_from_raw_parts(start.cast(), len))
    }
}

impl<'l, T> Bump for &TypedArena<'l, T> {
    // A type's size is a multiple of its alignment, so the values lie side by side and keep the cursor aligned.
    const MIN_ALIGN: usize = if align_of::<T>() < 16 { align_of::<T>() } else { 16 };
    const IN_MEMORY: bool = false;
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
    /// # Panics
    ///
    /// If there is no room to be had.
    #[allow(clippy::mut_from_ref)] // each call returns other places
    #[track_caller]
    pub fn alloc_from_iter(&self, values: impl IntoIterator<Item = T>) -> &mut [T] {
        let mut values = values.into_iter();
        let place = if const { size_of::<T>() == 0 } {
            self.count_all(values)
        } else if let Some(first) = values.next() {
            self.gather(first, values)
        } else {
            NonNull::slice_from_raw_parts(NonNull::dangling(), 0)
        };
        // SAFETY: the places are initialised, and nobody else's while the arena is borrowed.
        unsafe { &mut *place.as_ptr() }
    }

    /// Values of no size are counted when all are there.
    #[track_caller]
    fn count_all(&self, values: impl Iterator<Item = T>) -> NonNull<[T]> {
        // It claims nothing.
        let scratch = Arena::on(self.values.chunks.spans(), self.values.chunks.owner());
        let gathered = scratch.alloc_box_from_iter(values);
        self.count(gathered.len());
        NonNull::slice_from_raw_parts(NonNull::dangling(), ArenaBox::leak(gathered).len())
    }

    /// Where they are to stay, as long as nobody else wants the room; then in a scratch arena first.
    #[track_caller]
    fn gather(&self, first: T, mut values: impl Iterator<Item = T>) -> NonNull<[T]> {
        let mut run = Run::new(self, values.size_hint().0.saturating_add(1));
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
                Ok(place) => return place,
                Err(run) => run,
            }
        } else {
            run
        };
        let scratch = Arena::on(self.values.chunks.spans(), self.values.chunks.owner());
        let mut buffer = Buffer::new(&scratch);
        if let Err(error) = run.move_to(&mut buffer) {
            out_of_memory(error)
        }
        // What is promised was too much for the arena, or nobody knows: as they come.
        while let Some(value) = next {
            if let Err(error) = buffer.reserve(1) {
                out_of_memory(error)
            }
            // SAFETY: there is room for one more.
            unsafe { buffer.push(value) };
            next = values.next();
        }
        let bytes = buffer.len() * size_of::<T>();
        let place = bump(self, bytes, align_of::<T>()).cast::<T>();
        let gathered = buffer.finish();
        // SAFETY: room for as many values, in another arena than the one they lie in, which forgets them.
        unsafe { place.copy_from_nonoverlapping(gathered.cast(), gathered.len()) };
        NonNull::slice_from_raw_parts(place, gathered.len())
    }

    /// How many values there are. Takes time with the number of chunks.
    pub fn len(&self) -> usize {
        self.values.runs::<T>().map(|run| run.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes this arena has claimed. Takes time with the number of chunks.
    pub fn claimed(&self) -> usize {
        self.values.chunks.claimed()
    }

    /// All values, in the order they came.
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        IterMut { runs: self.values.runs(), run: [].iter_mut() }
    }

    /// Drops all values, the rest of them even if one panics, and keeps the chunks.
    pub fn clear(&mut self) {
        let Runs { filled, sizeless, .. } = self.values.runs::<T>();
        // Forgotten first: whatever the destructors do, the arena is whole, and none is dropped twice.
        self.values.forget_all();
        // SAFETY: the values are of that type, and the arena knows nothing of them any more.
        unsafe { drop_all::<T>(filled, sizeless) };
        if sanitizer::ON {
            let runs = Runs::<T> { filled, sizeless, values: PhantomData };
            runs.for_each(|run| sanitizer::poison(run.cast(), 0..run.len() * size_of::<T>()));
        }
    }

    /// All values, in the order they came, as a vector.
    #[cfg(feature = "alloc")]
    pub fn into_vec(self) -> alloc::vec::Vec<T> {
        let mut vec = alloc::vec::Vec::with_capacity(self.len());
        vec.extend(self);
        vec
    }
}

/// All values of a [`TypedArena`], in the order they came, by mutable reference.
pub struct IterMut<'a, T> {
    runs: Runs<T>,
    run: core::slice::IterMut<'a, T>,
}

impl<'a, T> Iterator for IterMut<'a, T> {
    type Item = &'a mut T;

    #[inline]
    fn next(&mut self) -> Option<&'a mut T> {
        loop {
            if let Some(value) = self.run.next() {
                return Some(value);
            }
            let mut run = self.runs.next()?;
            // SAFETY: the arena is mutably borrowed for 'a, and each run comes once.
            self.run = unsafe { run.as_mut() }.iter_mut();
        }
    }
}

impl<'a, T> IntoIterator for &'a mut TypedArena<'_, T> {
    type Item = &'a mut T;
    type IntoIter = IterMut<'a, T>;

    fn into_iter(self) -> IterMut<'a, T> {
        self.iter_mut()
    }
}

impl<'l, T> IntoIterator for TypedArena<'l, T> {
    type Item = T;
    type IntoIter = IntoIter<'l, T>;

    fn into_iter(self) -> IntoIter<'l, T> {
        let TypedArena { mut values, .. } = self;
        // The values are the iterator's from here on; the chunks stay for as long as it does.
        values.drop_all = |_, _| {};
        IntoIter {
            runs: values.runs(),
            run: NonNull::slice_from_raw_parts(NonNull::dangling(), 0),
            taken: 0,
            _values: values,
        }
    }
}

/// All values of a [`TypedArena`], in the order they came. Those not taken are dropped with it.
pub struct IntoIter<'l, T> {
    runs: Runs<T>,
    run: NonNull<[T]>,
    /// How many of `run` have been taken.
    taken: usize,
    /// Holds the chunks.
    _values: Values<'l>,
}

// SAFETY: it owns its values and the chunks they lie in.
unsafe impl<T: Send> Send for IntoIter<'_, T> where for<'a> &'a dyn Spans: Send {}

impl<T> Iterator for IntoIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        while self.taken == self.run.len() {
            self.run = self.runs.next()?;
            self.taken = 0;
        }
        // SAFETY: `taken` is less than the run's length.
        let value = unsafe { self.run.cast::<T>().add(self.taken) };
        self.taken += 1;
        // SAFETY: a value that has not been taken, and won't be again.
        Some(unsafe { value.read() })
    }
}

impl<T> Drop for IntoIter<'_, T> {
    fn drop(&mut self) {
        // If a destructor panics, those after it are leaked.
        self.for_each(drop);
    }
}
