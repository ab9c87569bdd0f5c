//! Pools: memory that is freed piece by piece and used again.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::backing::Backing;
use crate::chunk::Growth;
use crate::error::AllocError;
use crate::ledger::Ledger;
use crate::mistake::Mistake;
use crate::plot::Plot;
use crate::sharing::{Access, Kind, Local, Needed, Shareable};

mod block;
mod boxed;
mod fixed;
mod home;
mod keyed;
#[cfg(all(test, debug_assertions))]
mod mistakes;
mod verbs;

use self::home::Places;
use self::verbs::pool_verbs;

/// So many of the places that were freed last are looked at when one is freed, in a program with debug assertions.
const SEEN: usize = 64;

pub use self::block::BlockPool;
pub use self::boxed::PoolBox;
pub use self::fixed::FixedPool;
pub use self::home::Handle;
pub use self::keyed::{KeyedDrain, KeyedIter, KeyedIterMut, KeyedPool, PoolKey};

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
/// Once threads have often stood in each other's way there, each finds a few free blocks behind a lock that it hardly shares: that takes some hundred
/// bytes of the ledger, if they are free, until the pool is dropped. Blocks that lie there are free for all threads: the pool neither
/// grows nor refuses while it has one.
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

    /// How many values there is memory for now. Takes time with the number of chunks, behind the lock of a shared pool.
    pub fn capacity(&self) -> usize {
        self.blocks.capacity()
    }

    /// Bytes that this pool holds, in use or not, as the ledger counts them: headers included. Takes time with the number of chunks, behind the
    /// lock of a shared pool.
    #[must_use]
    pub fn held(&self) -> usize {
        self.blocks.held()
    }

    /// How many values there are. Takes time with the number of chunks and of free places, behind the lock of a shared pool: a count would
    /// take two instructions of each value's life.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether there are none. Takes time as [`len`](Pool::len) does.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Gives all memory back if there are no values, and returns how many bytes that was. A pool of fixed capacity keeps
    /// its memory; a shared one keeps what it has for threads that meet. Takes time as [`len`](Pool::len) does.
    pub fn trim(&self) -> usize {
        self.blocks.trim()
    }

    /// The name it claims memory under.
    pub fn owner(&self) -> &'static str {
        self.blocks.owner()
    }
}

pool_verbs!({T, L: Access} Pool<'_, T, L>);

// SAFETY: a block of the pool has the size and the alignment of a `T`, and stays where it is until the pool is dropped, even if that moves.
unsafe impl<T, L: Access> Places for Pool<'_, T, L> {
    type Value = T;

    #[inline(always)]
    #[track_caller]
    fn take(&self) -> NonNull<u8> {
        self.blocks.alloc()
    }

    #[inline(always)]
    fn try_take(&self) -> Result<NonNull<u8>, AllocError> {
        self.blocks.try_alloc()
    }

    fn mistake(&self, place: NonNull<u8>) -> Option<Mistake> {
        self.blocks.mistake(place)
    }

    #[inline(always)]
    unsafe fn free(&self, place: NonNull<u8>) {
        // SAFETY: the caller's promise.
        unsafe { self.blocks.free(place) };
    }
}

impl<T, L: Access> fmt::Debug for Pool<'_, T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each is looked at before anything is written, which is foreign code: nothing is locked then.
        let (owner, capacity, len) = (self.owner(), self.capacity(), self.len());
        f.debug_struct("Pool").field("owner", &owner).field("capacity", &capacity).field("len", &len).finish()
    }
}

/// What is asserted of a core where a ledger can be shared.
#[cfg(not(freehold_no_lock))]
const _: () = {
    static_assertions::assert_impl_all!(Pool<'static, *const u8>: Send);
    static_assertions::assert_impl_all!(SharedPool<'static, *const u8>: Send, Sync);
    static_assertions::assert_impl_all!(PoolBox<u8, &'static SharedPool<'static, u8>>: Send, Sync);
    static_assertions::assert_not_impl_any!(PoolBox<*const u8, &'static SharedPool<'static, *const u8>>: Send, Sync);
    static_assertions::assert_not_impl_any!(PoolBox<Cell<u8>, &'static SharedPool<'static, Cell<u8>>>: Sync);
    static_assertions::assert_impl_all!(FixedPool<*const u8, 3>: Send, Sync);
    static_assertions::assert_impl_all!(PoolBox<u8, &'static FixedPool<u8, 3>>: Send, Sync);
    static_assertions::assert_not_impl_any!(PoolBox<*const u8, &'static FixedPool<*const u8, 3>>: Send, Sync);
    static_assertions::assert_impl_all!(KeyedPool<'static, Cell<u8>>: Send);
};
static_assertions::assert_impl_all!(KeyedPool<'static, u8>: Sync);
static_assertions::assert_not_impl_any!(KeyedPool<'static, Cell<u8>>: Sync);
static_assertions::assert_not_impl_any!(KeyedPool<'static, *const u8>: Send, Sync);
// On wasm without threads that is what is shared.
#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
const _: () = {
    static_assertions::assert_not_impl_any!(Pool<'static, u8>: Sync);
    static_assertions::assert_not_impl_any!(PoolBox<u8, &'static Pool<'static, u8>>: Send);
    static_assertions::assert_not_impl_any!(FixedPool<u8, 3, Local>: Sync);
    static_assertions::assert_not_impl_any!(PoolBox<u8, &'static FixedPool<u8, 3, Local>>: Send);
};
