//! Places for records, in a claim of the layer's own.

use core::cell::Cell;
use core::ptr::NonNull;

use crate::ledger::{Placed, Spans, Want};
use crate::platform;

/// The name that the layer claims memory under.
pub(super) const OWNER: &str = "debug";

/// What may be read from any bytes: a record that somebody has written over is a value all the same.
///
/// # Safety
///
/// The implementor owes: any initialised bytes are a value of it.
pub(super) unsafe trait Plain: Copy {}

/// Where the layer's own memory comes from.
pub(super) struct Room<'a> {
    pub spans: &'a dyn Spans,
    /// Set while the backing of that runs, which is foreign code.
    pub foreign: &'a Cell<bool>,
}

impl Room<'_> {
    fn place(&self, want: &Want) -> Option<Placed> {
        self.foreign.set(true);
        // SAFETY: no claim is to grow.
        let placed = unsafe { self.spans.place(OWNER, want) };
        self.foreign.set(false);
        placed.ok()
    }

    /// # Safety
    ///
    /// The caller owes: the payload of a claim that was made here, which nobody uses any more.
    unsafe fn give_back(&self, payload: NonNull<u8>) {
        self.foreign.set(true);
        // SAFETY: the caller's promise.
        unsafe { self.spans.give_back(payload) };
        self.foreign.set(false);
    }
}

/// So many places for a `T`, all of them written. A value is copied in and out, so no reference leads there.
pub(super) struct Store<T> {
    // Of a claim with room for `len` values, or dangling while that is 0.
    base: NonNull<T>,
    len: usize,
}

impl<T: Plain> Store<T> {
    /// No place.
    pub const fn new() -> Store<T> {
        Store { base: NonNull::dangling(), len: 0 }
    }

    /// `len` places with this value, or `None` if there is no room for them.
    pub fn claim(room: &Room<'_>, len: usize, value: T) -> Option<Store<T>> {
        let want = Want::of(len.checked_mul(size_of::<T>())?, align_of::<T>());
        let placed = room.place(&want)?;
        let mut store = Store { base: placed.payload.base().cast(), len };
        (0..len).for_each(|index| store.set(index, value));
        Some(store)
    }

    /// Gives the claim back.
    pub fn give_back(self, room: &Room<'_>) {
        if self.len > 0 {
            // SAFETY: the payload of a claim that was made on this ledger and ends here; nothing of it is referred to.
            unsafe { room.give_back(self.base.cast()) };
        }
    }

    /// Makes sure that this thread may use them.
    pub fn reach(&self) {
        platform::reach(self.base.addr().get() + self.len * size_of::<T>());
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// What stands at `index`, whoever wrote it.
    pub fn get(&self, index: usize) -> T {
        assert!(index < self.len);
        // SAFETY: one of the places.
        let place = unsafe { self.base.add(index) };
        // SAFETY: each was written, and any bytes are a value.
        unsafe { place.read() }
    }

    /// Writes a value.
    pub fn set(&mut self, index: usize, value: T) {
        assert!(index < self.len);
        // SAFETY: one of the places.
        let place = unsafe { self.base.add(index) };
        // SAFETY: it lies in a claim that is this store's alone.
        unsafe { place.write(value) };
    }
}
