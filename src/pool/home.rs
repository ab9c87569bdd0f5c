//! Where a [`PoolBox`](crate::PoolBox) has its place from, and how it holds on to that.

use core::ptr::NonNull;

use crate::error::AllocError;
use crate::mistake::Mistake;

/// A pool, as its boxes see it: places of one size. It has no name outside the crate.
///
/// # Safety
///
/// The implementor owes: a place that is handed out has room for a `Value`, aligned for it, and is the holder's alone until it is freed, for
/// as long as the pool is neither moved nor dropped.
pub unsafe trait Places {
    /// What the places are for.
    type Value;

    /// A place, not initialised.
    ///
    /// # Panics
    ///
    /// If none is free and no more can be had. Nothing is locked then.
    #[track_caller]
    fn take(&self) -> NonNull<u8>;

    /// [`take`](Places::take) where there may be none.
    fn try_take(&self) -> Result<NonNull<u8>, AllocError>;

    /// What is wrong with freeing this place, as far as that is seen in some steps. It is asked with debug assertions, before a value is dropped
    /// that may be another's, or gone.
    #[track_caller]
    fn mistake(&self, place: NonNull<u8>) -> Option<Mistake>;

    /// Takes a place back.
    ///
    /// # Safety
    ///
    /// The caller owes: the place came from this pool, has not been freed since, and nobody uses it any more.
    unsafe fn free(&self, place: NonNull<u8>);
}

/// How a [`PoolBox`](crate::PoolBox) holds on to its pool: `&pool`, or with the feature `alloc` an `Rc` or an `Arc` of it.
///
/// One of your own that takes no memory makes a box as small as a reference:
///
/// ```
/// use freehold::{FixedPool, Handle, PoolBox};
///
/// static PACKETS: FixedPool<[u8; 128], 8> = FixedPool::new();
///
/// struct Packets;
/// // SAFETY: it is always the one pool, a `static`.
/// unsafe impl Handle for Packets {
///     type Pool = FixedPool<[u8; 128], 8>;
///
///     fn pool(&self) -> &Self::Pool {
///         &PACKETS
///     }
/// }
///
/// let packet = PoolBox::new_in([7; 128], Packets);
/// assert_eq!((packet[0], size_of_val(&packet)), (7, size_of::<&u8>()));
/// ```
///
/// # Safety
///
/// The implementor owes: [`pool`](Handle::pool) is one and the same each time, also after the handle has moved, to another thread too if it
/// may; it does not unwind; and the pool is neither moved nor dropped before the handle is dropped, so not at all if that is leaked.
pub unsafe trait Handle {
    /// The kind of pool.
    type Pool: Places;

    /// The pool.
    fn pool(&self) -> &Self::Pool;
}

// SAFETY: what is borrowed is neither moved nor dropped.
unsafe impl<P: Places> Handle for &P {
    type Pool = P;

    #[inline(always)]
    fn pool(&self) -> &P {
        self
    }
}

// SAFETY: what is counted is dropped with the last handle, and moved out by the last one only.
#[cfg(feature = "alloc")]
unsafe impl<P: Places> Handle for alloc::rc::Rc<P> {
    type Pool = P;

    #[inline]
    fn pool(&self) -> &P {
        self
    }
}

// SAFETY: as of `Rc`.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
unsafe impl<P: Places> Handle for alloc::sync::Arc<P> {
    type Pool = P;

    #[inline]
    fn pool(&self) -> &P {
        self
    }
}
