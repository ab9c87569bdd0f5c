//! Arenas: memory handed out by moving a cursor, and all of it freed at once.

use crate::backing::Backing;
use crate::chunk::{Chunks, Growth};
use crate::error::AllocError;
use crate::ledger::{Ledger, Spans};
use crate::plot::Plot;
use crate::refusal::expect_room;
use crate::sharing::Kind;

mod alloc;
#[cfg(feature = "allocator-api2")]
mod allocator;
mod boxed;
mod boxed_slice;
mod buffer;
mod builder;
mod bump;
mod debug;
mod kept;
mod scope;
mod typed;

pub use alloc::Alloc;
pub use boxed::ArenaBox;
pub use boxed_slice::BoxIntoIter;
pub use builder::{Builder, StringBuilder};
pub use kept::{Attempt, Checkpoint, Kept};
pub use scope::Scope;
pub use typed::TypedArena;
pub use typed::{IntoIter, IterMut};

/// Values of any type, all freed together: when the arena is reset or dropped, or at the end of a [`Scope`].
///
/// Allocate with the verbs of [`Alloc`], through `&self`; what they return lives as long as the borrow of the arena. For
/// hot loops open a [`scope`](Arena::scope): its cursor stays in registers.
///
/// An allocation is a subtraction, a comparison and an addition, and takes the value's size rounded up to `MIN_ALIGN`
/// bytes (1, 2, 4, 8 or 16; 8 unless said otherwise): types aligned to no more than that cost nothing to align. Memory
/// comes in chunks as [`Growth`] says; a chunk grows in place where the memory after it is free.
///
/// ```
/// use freehold::{Alloc, Arena};
///
/// let arena = Arena::new();
/// let name = arena.alloc_str("Ada");
/// let born = arena.alloc(1815);
/// assert_eq!((&*name, *born), ("Ada", 1815)); // both live as long as the arena
/// ```
///
#[doc = include_str!("verbs.md")]
///
/// | | |
/// |---|---|
/// | made | `new`, [`new_in`](Arena::new_in) a ledger, [`alone`](Arena::alone) in a region; with room: `with_capacity`, [`with_capacity_in`](Arena::with_capacity_in) |
/// | everything freed | [`reset`](Arena::reset), [`reset_keeping`](Arena::reset_keeping) so many bytes; at the end of a [`scope`](Arena::scope) |
/// | freed or kept | [`try_scope`](Arena::try_scope), as what it builds succeeds; [`checkpoint`](Arena::checkpoint) and [`rewind`](Arena::rewind) |
/// | what is not needed given back | [`trim`](Arena::trim) |
/// | bytes | [`used`](Arena::used) ≤ [`capacity`](Arena::capacity) ≤ [`held`](Arena::held); left before the next claim: [`room`](Alloc::room) |
///
/// Types that need `Drop` don't compile in the plain verbs: their destructors would never run. Give them a box
/// ([`Alloc::alloc_box`]) or a [`TypedArena`].
pub struct Arena<'l, const MIN_ALIGN: usize = 8> {
    // Its `home` is the arena's cursor: it lies in a chunk, before everything that is vacant there, or nowhere.
    chunks: Chunks<'l>,
}

impl<'l> Arena<'l> {
    /// An arena on `ledger`, under the name `owner`. It claims nothing yet.
    pub const fn new_in<B: Backing, L: Kind>(ledger: &'l Ledger<B, L>, owner: &'static str) -> Arena<'l> {
        Arena::on(ledger, owner)
    }

    /// An arena on `ledger` that has claimed room for `bytes` bytes.
    ///
    /// ```
    /// use freehold::{Alloc, Arena};
    ///
    /// let arena = Arena::with_capacity_in(freehold::ledger(), "frames", 10_000);
    /// assert!(arena.capacity() >= 10_000 && arena.used() == 0);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[track_caller]
    pub fn with_capacity_in<B: Backing, L: Kind>(
        ledger: &'l Ledger<B, L>,
        owner: &'static str,
        bytes: usize,
    ) -> Arena<'l> {
        expect_room(Arena::try_with_capacity_in(ledger, owner, bytes))
    }

    /// [`with_capacity_in`](Arena::with_capacity_in) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    pub fn try_with_capacity_in<B: Backing, L: Kind>(
        ledger: &'l Ledger<B, L>,
        owner: &'static str,
        bytes: usize,
    ) -> Result<Arena<'l>, AllocError> {
        let arena = Arena::new_in(ledger, owner);
        arena.try_reserve(bytes)?;
        Ok(arena)
    }

    /// An arena that has a region to itself, without a ledger.
    pub const fn alone(plot: &'l mut Plot<'_>, owner: &'static str) -> Arena<'l> {
        Arena::on(plot, owner)
    }

    const fn on(spans: &'l dyn Spans, owner: &'static str) -> Arena<'l> {
        Arena { chunks: Chunks::new(spans, owner, Growth::new()) }
    }
}

impl<'l, const MIN_ALIGN: usize> Arena<'l, MIN_ALIGN> {
    /// The same with another policy for the chunks to come.
    pub const fn with_growth(mut self, growth: Growth) -> Self {
        self.chunks.set_growth(growth);
        self
    }

    /// An arena of the same kind that keeps every value at a multiple of `N` bytes: 1, 2, 4, 8 or 16.
    ///
    /// Small ones waste nothing on bytes and short strings, at the cost of aligning everything else one by one.
    pub fn with_min_align<const N: usize>(self) -> Arena<'l, N> {
        const { assert!(N.is_power_of_two() && N <= 16, "a minimum alignment is 1, 2, 4, 8 or 16") };
        let Arena { chunks, .. } = self;
        // SAFETY: nothing that was allocated is borrowed any more, and the arena's cursor is replaced. It starts over, as one at
        // the old alignment might not suit the new.
        chunks.home.set(unsafe { chunks.rewind() });
        chunks.vacate(chunks.home.get());
        Arena { chunks }
    }

    /// Opens a scope: what is allocated in it lives until the arena is used again.
    #[inline(always)]
    #[must_use]
    pub fn scope(&mut self) -> Scope<'_, MIN_ALIGN> {
        Scope::new(self.chunks.home.get(), &self.chunks)
    }

    /// Frees everything that was allocated, at once, and keeps the chunks for what comes.
    pub fn reset(&mut self) {
        // SAFETY: nothing that was allocated is borrowed any more, no scope is open, and the arena's cursor is replaced.
        self.chunks.home.set(unsafe { self.chunks.rewind() });
        self.chunks.vacate(self.chunks.home.get());
    }

    /// [`reset`](Arena::reset), and gives chunks back until at most `bytes` bytes are [`held`](Arena::held). Returns the bytes given back.
    ///
    /// If the chunks are too long to be kept, as one is that has grown in place, there is a shorter one in their place, where that is to be had: if
    /// more than `bytes` bytes were held, at least about half of that is kept.
    ///
    /// ```
    /// use freehold::{Alloc, Arena};
    ///
    /// let mut arena = Arena::new();
    /// for burst in [100, 1_000_000, 100] {
    ///     arena.alloc_slice_fill(burst, 0_u8);
    ///     arena.reset_keeping(64 << 10);
    ///     assert!(arena.held() <= 64 << 10);
    /// }
    /// assert!(arena.held() > 32 << 10); // though all was one chunk of a megabyte
    /// ```
    pub fn reset_keeping(&mut self, bytes: usize) -> usize {
        // SAFETY: nothing that was allocated is borrowed any more, no scope is open, and the arena's cursor is replaced.
        unsafe { self.chunks.rewind_keeping(bytes) }
    }

    /// Gives the chunks back that hold nothing now, and returns how many bytes that was.
    pub fn trim(&mut self) -> usize {
        // SAFETY: no scope is open, so the arena's cursor is the only one.
        unsafe { self.chunks.trim() }
    }

    /// Bytes in use, padding included. (What was left at the end of a chunk when the next was begun isn't.) Takes time with the number of
    /// chunks. 0 while a scope of [`try_scope`](Arena::try_scope) is open.
    #[must_use]
    pub fn used(&self) -> usize {
        self.chunks.used(self.chunks.home.get())
    }

    /// Bytes that this arena has for what is allocated: those in use, and those that are not. Takes time with the number of chunks.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.chunks.capacity()
    }

    /// Bytes that this arena holds, in use or not, as the ledger counts them: headers included. Takes time with the number of chunks.
    #[must_use]
    pub fn held(&self) -> usize {
        self.chunks.held()
    }
}

// What an arena holds needs no `Drop` and can't be reached but through a borrow of the arena, so it may go to another thread,
// whatever is in it. A scope stays where it is, and neither is shared.
#[cfg(not(freehold_no_lock))]
static_assertions::assert_impl_all!(Arena<'static>: Send);
static_assertions::assert_not_impl_any!(Arena<'static>: Sync);
static_assertions::assert_not_impl_any!(Scope<'static>: Send, Sync);
#[cfg(not(freehold_no_lock))]
static_assertions::assert_impl_all!(TypedArena<'static, core::cell::Cell<u8>>: Send);
static_assertions::assert_not_impl_any!(TypedArena<'static, u8>: Sync);
static_assertions::assert_not_impl_any!(TypedArena<'static, *const u8>: Send);
static_assertions::assert_impl_all!(ArenaBox<'static, u8>: Send, Sync);
static_assertions::assert_not_impl_any!(ArenaBox<'static, *const u8>: Send, Sync);
