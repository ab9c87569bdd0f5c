//! Pools: memory that is freed piece by piece and used again.

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use crate::backing::Backing;
use crate::chunk::Growth;
use crate::error::{AllocError, Rejected};
use crate::ledger::Ledger;
use crate::plot::Plot;
use crate::sharing::{Access, Kind, Local, Needed, Shareable};

mod block;

pub use block::BlockPool;

/// Values of one type, allocated and freed in any order, each in a few instructions.
///
/// A value lives in a [`PoolBox`], which drops it and gives the room back. See [`BlockPool`] for what a value costs and how
/// memory comes and goes.
///
/// ```
/// use freehold::Pool;
///
/// let pool = Pool::new();
/// let first = pool.alloc([0u8; 1500]);
/// drop(first);
/// let second = pool.alloc([1u8; 1500]); // in the same place
/// assert_eq!(second[7], 1);
/// ```
pub struct Pool<'l, T, L = Local> {
    blocks: BlockPool<'l, L>,
    // Values are in boxes, never in the pool, so it is as shareable as its blocks are.
    boxes: PhantomData<fn() -> T>,
}

/// A [`Pool`] that threads share, as they share its ledger: `L` is the ledger's own, and the pool has a lock of that kind for itself. Fit
/// for a `static`.
///
/// ```
/// use freehold::{DefaultBacking, Ledger, SharedPool};
///
/// static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
/// static PACKETS: SharedPool<[u8; 1500]> = SharedPool::shared_in(&LEDGER, "packets");
///
/// let worker = std::thread::spawn(|| PACKETS.alloc([7; 1500]));
/// assert_eq!(worker.join().unwrap()[0], 7);
/// ```
pub type SharedPool<'l, T, L = Needed> = Pool<'l, T, L>;

impl<'l, T> Pool<'l, T> {
    /// A pool that grows, on `ledger`, under the name `owner`. It claims nothing yet.
    pub const fn new_in<B: Backing, K: Kind>(ledger: &'l Ledger<B, K>, owner: &'static str) -> Pool<'l, T> {
        Pool { blocks: BlockPool::new_in(ledger, owner, Layout::new::<T>()), boxes: PhantomData }
    }

    /// A pool that has a region to itself, without a ledger.
    pub const fn alone(plot: &'l mut Plot<'_>, owner: &'static str) -> Pool<'l, T> {
        Pool { blocks: BlockPool::alone(plot, owner, Layout::new::<T>()), boxes: PhantomData }
    }

    /// A pool for `capacity` values, claimed now, that never grows.
    ///
    /// # Errors
    ///
    /// When there is no room for so many.
    pub fn fixed_in<B: Backing, K: Kind>(
        ledger: &'l Ledger<B, K>,
        owner: &'static str,
        capacity: usize,
    ) -> Result<Self, AllocError> {
        let blocks = BlockPool::fixed_in(ledger, owner, Layout::new::<T>(), capacity)?;
        Ok(Pool { blocks, boxes: PhantomData })
    }
}

impl<'l, T, L: Shareable> SharedPool<'l, T, L> {
    /// [`new_in`](Pool::new_in), to be shared as the ledger is.
    pub const fn shared_in<B: Backing>(ledger: &'l Ledger<B, L>, owner: &'static str) -> Self {
        Pool { blocks: BlockPool::shared_in(ledger, owner, Layout::new::<T>()), boxes: PhantomData }
    }

    /// [`fixed_in`](Pool::fixed_in), to be shared as the ledger is.
    ///
    /// # Errors
    ///
    /// When there is no room for so many.
    pub fn shared_fixed_in<B: Backing>(
        ledger: &'l Ledger<B, L>,
        owner: &'static str,
        capacity: usize,
    ) -> Result<Self, AllocError> {
        let blocks = BlockPool::shared_fixed_in(ledger, owner, Layout::new::<T>(), capacity)?;
        Ok(Pool { blocks, boxes: PhantomData })
    }
}

impl<T, L: Access> Pool<'_, T, L> {
    /// The same with another policy for the chunks to come.
    pub const fn with_growth(mut self, growth: Growth) -> Self {
        self.blocks.set_growth(growth);
        self
    }

    /// Puts `value` into the pool.
    ///
    /// # Panics
    ///
    /// If no block is free and no more can be had.
    #[inline(always)]
    #[track_caller]
    pub fn alloc(&self, value: T) -> PoolBox<'_, T, L> {
        self.fill(self.blocks.alloc_or_panic(), value)
    }

    /// [`alloc`](Pool::alloc), giving the value back if there is no room.
    ///
    /// # Errors
    ///
    /// The value, and what stood in the way.
    #[inline(always)]
    pub fn try_alloc(&self, value: T) -> Result<PoolBox<'_, T, L>, Rejected<T>> {
        match self.blocks.alloc() {
            Ok(block) => Ok(self.fill(block, value)),
            Err(error) => Err(Rejected { value, error }),
        }
    }

    /// Puts `value` into a block that was just allocated.
    #[inline(always)]
    fn fill(&self, block: NonNull<u8>, value: T) -> PoolBox<'_, T, L> {
        let place = block.cast::<T>();
        // SAFETY: a block of the pool has the size and the alignment of a `T`, and is the caller's.
        unsafe { place.write(value) };
        PoolBox { value: place, pool: self }
    }

    /// How many values there is memory for now. Takes time with the number of chunks.
    pub fn capacity(&self) -> usize {
        self.blocks.capacity()
    }

    /// How many values there are. Takes time with the number of free places: nothing is counted on the way.
    pub fn in_use(&self) -> usize {
        self.blocks.in_use()
    }

    /// Gives all memory back if there are no values, and returns how many bytes that was. A pool of fixed capacity keeps
    /// its memory.
    pub fn reclaim(&self) -> usize {
        self.blocks.reclaim()
    }

    /// The name it claims memory under.
    pub fn owner(&self) -> &'static str {
        self.blocks.owner()
    }
}

/// A value in a [`Pool`]. Dropping it drops the value, then frees its place.
pub struct PoolBox<'p, T, L: Access = Local> {
    // Initialised, in a block of the pool's, and this box's alone.
    value: NonNull<T>,
    pool: &'p Pool<'p, T, L>,
}

// SAFETY: a box owns its value; its pool is freed into from another thread only if it can be shared.
unsafe impl<'p, T: Send, L: Access> Send for PoolBox<'p, T, L> where &'p Pool<'p, T, L>: Send {}
// SAFETY: a shared box gives shared access to its value and nothing else.
unsafe impl<T: Sync, L: Access> Sync for PoolBox<'_, T, L> {}

impl<T, L: Access> PoolBox<'_, T, L> {
    /// Takes the value out and frees its place.
    #[inline]
    pub fn into_inner(boxed: Self) -> T {
        let boxed = ManuallyDrop::new(boxed);
        // SAFETY: initialised, and not used again now that the box is gone.
        let value = unsafe { boxed.value.read() };
        // SAFETY: the block came from this pool, and nobody uses it any more.
        unsafe { boxed.pool.blocks.free(boxed.value.cast()) };
        value
    }
}

impl<T, L: Access> Drop for PoolBox<'_, T, L> {
    #[inline]
    fn drop(&mut self) {
        /// Frees the place, if the destructor panics too.
        struct Free<'a, 'p, T, L: Access>(&'a PoolBox<'p, T, L>);
        impl<T, L: Access> Drop for Free<'_, '_, T, L> {
            #[inline]
            fn drop(&mut self) {
                // SAFETY: the block came from this pool; its value has been dropped, and nobody uses it any more.
                unsafe { self.0.pool.blocks.free(self.0.value.cast()) };
            }
        }
        let free = Free(self);
        // SAFETY: initialised, this box's alone, and not used again. The destructor may use the pool: nothing of it is held here.
        unsafe { free.0.value.drop_in_place() };
    }
}

impl<T, L: Access> Deref for PoolBox<'_, T, L> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: initialised, and this box's alone.
        unsafe { self.value.as_ref() }
    }
}

impl<T, L: Access> DerefMut for PoolBox<'_, T, L> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: initialised, and this box's alone.
        unsafe { self.value.as_mut() }
    }
}

impl<T: fmt::Debug, L: Access> fmt::Debug for PoolBox<'_, T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// What is asserted of a core where a ledger can be shared.
#[cfg(not(freehold_no_lock))]
const _: () = {
    static_assertions::assert_impl_all!(Pool<'static, *const u8>: Send);
    static_assertions::assert_impl_all!(SharedPool<'static, *const u8>: Send, Sync);
    static_assertions::assert_impl_all!(PoolBox<'static, u8, Needed>: Send, Sync);
    static_assertions::assert_not_impl_any!(PoolBox<'static, *const u8, Needed>: Send, Sync);
    static_assertions::assert_not_impl_any!(PoolBox<'static, core::cell::Cell<u8>, Needed>: Sync);
};
// On wasm without threads that is what is shared.
#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
static_assertions::assert_not_impl_any!(Pool<'static, u8>: Sync);
#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
static_assertions::assert_not_impl_any!(PoolBox<'static, u8>: Send);
