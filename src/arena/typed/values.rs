//! What a [`TypedArena`](super::TypedArena) is without the type of its values, and how these lie in it.

use core::cell::Cell;
use core::marker::PhantomData;
use core::mem::needs_drop;
use core::ptr::NonNull;

use crate::chunk::{Cursor, CursorCell, Filled, Lodged};

/// The arena without the type. The destructor hangs here, so that the compiler looks at `T` itself and not at this `Drop`
/// when it decides whether references into the arena may live in it.
pub(super) struct Values<'l> {
    // Lies in the chunk that `chunks` entered last, after the last value.
    pub cursor: CursorCell,
    // How many values there are, for types of no size; else 0.
    pub sizeless: Cell<usize>,
    pub chunks: Lodged<'l>,
    /// Drops all values of the arena's type: those in these runs, and as many of no size.
    pub drop_all: unsafe fn(Filled, usize),
}

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
pub(super) unsafe fn drop_all<T>(filled: Filled, sizeless: usize) {
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
    pub fn runs<T>(&self) -> Runs<T> {
        Runs { filled: self.chunks.filled(self.cursor.get()), sizeless: self.sizeless.get(), values: PhantomData }
    }

    /// From now on there are none. The chunks stay.
    pub fn forget_all(&mut self) {
        self.sizeless.set(0);
        // SAFETY: the one cursor of these chunks is replaced.
        self.cursor.set(unsafe { self.chunks.rewind() });
    }

    /// Gives back what holds no value, and returns its bytes.
    pub fn trim(&mut self, is_empty: bool) -> usize {
        if is_empty {
            let bytes = self.chunks.held();
            self.cursor.set(Cursor::NOWHERE);
            // SAFETY: there are no values, and the one cursor was given up.
            unsafe { self.chunks.close() };
            return bytes;
        }
        // SAFETY: all values lie before the one cursor.
        unsafe { self.chunks.trim() }
    }
}

/// Runs of values, in order.
pub(super) struct Runs<T> {
    pub filled: Filled,
    pub sizeless: usize,
    pub values: PhantomData<T>,
}

impl<T> Runs<T> {
    /// How many values there are in all that are to come. Takes a step for each.
    pub fn values(&self) -> usize {
        let rest: Runs<T> = Runs { filled: self.filled, sizeless: self.sizeless, values: PhantomData };
        rest.map(|run| run.len()).sum()
    }
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
