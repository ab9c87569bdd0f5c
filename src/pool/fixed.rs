//! [`FixedPool`]: a pool whose places lie in itself.

use core::alloc::Layout;
use core::cell::{Cell, UnsafeCell};
use core::fmt;
use core::mem::{MaybeUninit, offset_of};
use core::num::NonZero;
use core::panic::Location;
use core::ptr::NonNull;

use super::SEEN;
use super::home::Places;
use super::verbs::pool_verbs;
use crate::error::{AllocError, Obstacle};
use crate::free_list::{is_among, steps};
use crate::mistake::Mistake;
use crate::platform::{self, sanitizer};
use crate::refusal::expect_room;
use crate::sharing::{Access, Needed, Shareable, Turn};

/// What it is called.
const OWNER: &str = "fixed pool";

/// Values of one type, `N` at most, that come and go in any order: a pool without a ledger, whose places lie in itself.
///
/// For a `static`, in firmware above all: it is all zero there, and adds a few hundred bytes of code. Or for a local variable, or a field. It
/// is shared as `L` says, by a lock of its own: [`Needed`] unless said otherwise, which suits a `static` that interrupt handlers use too if
/// the feature `critical-section` is on. `FixedPool<T, N, Local>` has no lock, and can't be shared.
///
/// ```
/// use freehold::FixedPool;
///
/// static PACKETS: FixedPool<[u8; 128], 8> = FixedPool::new();
///
/// let packet = PACKETS.alloc([7; 128]); // a `PoolBox`, which frees the place when it is dropped
/// assert_eq!((packet[0], PACKETS.len(), PACKETS.capacity()), (7, 1, 8));
/// ```
///
/// A free place holds the link to the next one, so a value takes its own size, or that of a `usize`. Places that were freed are used again
/// last in, first out. What never was one is not written to: making a pool writes nothing, however many places it has.
#[repr(C)] // so that the places come last, and none has the offset 0
pub struct FixedPool<T, const N: usize, L = Needed> {
    lock: L,
    list: Vacant,
    places: UnsafeCell<[MaybeUninit<Place<T>>; N]>,
}

/// What is used between `enter` and `leave` only.
struct Vacant {
    /// The place freed last, or 0: bytes from the start of the pool, which may move while no value is in it. Each free place starts with that
    /// of the one freed before it.
    free: Cell<usize>,
    /// Bytes of the places up to which they were used at least once. Those after that are free too.
    used: Cell<usize>,
}

/// As large and as aligned as a value and as a link.
#[repr(C)]
union Place<T> {
    _link: usize,
    _value: core::mem::ManuallyDrop<T>,
}

// SAFETY: what is behind the lock is used by one thread at a time, by any where all may enter. Values are in boxes, never in the pool.
unsafe impl<T, const N: usize, L: Shareable> Sync for FixedPool<T, N, L> {}
// SAFETY: the places are the pool's alone, and there is no value in them while it moves.
unsafe impl<T, const N: usize, L: Send> Send for FixedPool<T, N, L> {}

impl<T, const N: usize, L: Access> FixedPool<T, N, L> {
    /// An empty pool. Nothing is written to its places.
    pub const fn new() -> Self {
        FixedPool {
            lock: L::NEW,
            list: Vacant { free: Cell::new(0), used: Cell::new(0) },
            places: UnsafeCell::new([const { MaybeUninit::uninit() }; N]),
        }
    }

    /// How many values there is room for: `N`.
    pub const fn capacity(&self) -> usize {
        N
    }

    /// How many values there are. Takes time with the number of places that were freed, behind the lock: a count would take two instructions
    /// of each value's life.
    pub fn len(&self) -> usize {
        let _turn = Turn::enter(&self.lock);
        let used = self.list.used.get() / size_of::<Place<T>>();
        // SAFETY: a place in the list.
        let free = steps(self.first_free(), used, |free| unsafe { self.free_after(free) });
        // If the list is a circle, as a place was freed twice, nobody knows which are free.
        used - free.unwrap_or(0)
    }

    /// Whether there are none. Takes time as [`len`](FixedPool::len) does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How far from the start of the pool the places begin.
    const START: usize = offset_of!(Self, places);

    /// The place so many bytes from the start of the pool.
    ///
    /// # Safety
    ///
    /// The caller owes: it is the offset of a place.
    #[inline(always)]
    unsafe fn at(&self, offset: usize) -> NonNull<u8> {
        // By way of the cell, as a pointer to the pool may not write.
        let places = self.places.get().cast::<u8>();
        // SAFETY: the places begin at START, so this is in them.
        let place = unsafe { places.add(offset - Self::START) };
        // SAFETY: a place of the pool's is not at address 0.
        unsafe { NonNull::new_unchecked(place) }
    }

    /// The place freed last, as an offset. The caller has entered.
    fn first_free(&self) -> Option<NonZero<usize>> {
        NonZero::new(self.list.free.get())
    }

    /// The one freed before it. The caller has entered.
    ///
    /// # Safety
    ///
    /// The caller owes: it is the offset of a free place.
    unsafe fn free_after(&self, free: NonZero<usize>) -> Option<NonZero<usize>> {
        // SAFETY: the caller's promise.
        let place = unsafe { self.at(free.get()) };
        // SAFETY: a free place starts with its link.
        NonZero::new(unsafe { place.cast::<usize>().read() })
    }

    /// A place, if there is one: the one that was freed last, or the first that was never used.
    #[inline]
    fn pop(&self) -> Option<NonNull<u8>> {
        let _turn = Turn::enter(&self.lock);
        let (free, used) = (self.list.free.get(), self.list.used.get());
        if free != 0 {
            // SAFETY: it is the offset of a free place.
            let place = unsafe { self.at(free) };
            // SAFETY: a free place starts with its link.
            self.list.free.set(unsafe { place.cast::<usize>().read() });
            return Some(place);
        }
        if used == N * size_of::<Place<T>>() {
            return None;
        }
        self.list.used.set(used + size_of::<Place<T>>());
        // SAFETY: less than all bytes are used, so there is a place.
        Some(unsafe { self.at(Self::START + used) })
    }

    /// How far from the pool's start a place lies that may be no place of its own.
    #[inline(always)]
    fn offset_of(&self, place: NonNull<u8>) -> usize {
        place.addr().get().wrapping_sub((&raw const *self).addr())
    }

    /// What is wrong with freeing what lies so many bytes from the pool's start, as far as that is seen in some steps. The caller has entered.
    #[track_caller]
    fn mistake_at(&self, offset: usize) -> Option<Mistake> {
        let address = (&raw const *self).addr().wrapping_add(offset);
        let (owner, place) = (OWNER, Location::caller());
        let within = offset.wrapping_sub(Self::START);
        if within >= self.list.used.get() || !within.is_multiple_of(size_of::<Place<T>>()) {
            return Some(Mistake::ForeignBlock { owner, address, place });
        }
        let is_free = NonZero::new(offset).is_some_and(|offset| {
            // SAFETY: a place in the list.
            is_among(offset, self.first_free(), SEEN, |free| unsafe { self.free_after(free) })
        });
        is_free.then_some(Mistake::BlockFreedTwice { owner, address, place })
    }

    #[cold]
    const fn full() -> AllocError {
        let place = Layout::new::<Place<T>>();
        AllocError::new(OWNER, place.size(), place.align(), Obstacle::Full { capacity: N })
    }
}

pool_verbs!({T, const N: usize, L: Access} FixedPool<T, N, L>);

// SAFETY: a place has room for a `T`, and is in the pool. It is the holder's alone until it is freed: `pop` takes it out of the list.
unsafe impl<T, const N: usize, L: Access> Places for FixedPool<T, N, L> {
    type Value = T;

    #[inline(always)]
    #[track_caller]
    fn take(&self) -> NonNull<u8> {
        expect_room(self.try_take())
    }

    /// The one way out. The pool may lie in memory that another thread has grown.
    #[inline(always)]
    fn try_take(&self) -> Result<NonNull<u8>, AllocError> {
        let place = self.pop().ok_or(const { Self::full() })?;
        platform::reach(place.addr().get() + size_of::<Place<T>>());
        Ok(place)
    }

    fn mistake(&self, place: NonNull<u8>) -> Option<Mistake> {
        let _turn = Turn::enter(&self.lock);
        self.mistake_at(self.offset_of(place))
    }

    #[inline(always)]
    unsafe fn free(&self, place: NonNull<u8>) {
        let offset = self.offset_of(place);
        let turn = Turn::enter(&self.lock);
        if cfg!(debug_assertions)
            && let Some(mistake) = self.mistake_at(offset)
        {
            // Nothing is locked when it is told.
            drop(turn);
            return mistake.tell();
        }
        // SAFETY: it is the offset of a place: the caller's promise.
        let place = unsafe { self.at(offset) };
        // SAFETY: the place is the pool's again, and as large and as aligned as a link.
        unsafe { place.cast::<usize>().write(self.list.free.get()) };
        // SAFETY: the rest of the place. The pool may move, so no sanitizer is told.
        unsafe { sanitizer::fill(place, size_of::<usize>()..size_of::<Place<T>>()) };
        self.list.free.set(offset);
    }
}

impl<T, const N: usize, L: Access> Default for FixedPool<T, N, L> {
    fn default() -> Self {
        FixedPool::new()
    }
}

impl<T, const N: usize, L: Access> fmt::Debug for FixedPool<T, N, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.len();
        f.debug_struct("FixedPool").field("capacity", &N).field("len", &len).finish()
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use std::boxed::Box;
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use super::*;
    use crate::platform::reached;
    use crate::pool::PoolBox;
    use crate::sharing::{Local, OneThread};

    /// What was freed reads as such, but for the link.
    #[test]
    fn a_place_that_is_freed_is_filled() {
        let pool: FixedPool<[usize; 3], 2, Local> = FixedPool::new();
        drop(pool.alloc([1; 3]));
        let place = pool.places.get().cast::<[usize; 3]>();
        // SAFETY: the first place, which was written as a value, or filled.
        let seen = unsafe { place.read() };
        let done = if sanitizer::FILLS { usize::from_ne_bytes([sanitizer::DONE; size_of::<usize>()]) } else { 1 };
        assert_eq!(seen, [0, done, done]);
    }

    /// Each value has a place of its own, up to the last; the one freed last is used again first.
    #[test]
    fn places_are_apart_and_come_back() {
        let pool: FixedPool<[u16; 5], 6, Local> = FixedPool::new();
        let mut boxes: Vec<_> = (0..6).map(|n| pool.alloc([n; 5])).collect();
        let full = pool.try_alloc([9; 5]).expect_err("six are taken");
        assert_eq!((full.value, full.error.obstacle), ([9; 5], Obstacle::Full { capacity: 6 }));
        assert_eq!(
            format!("{full}"),
            format!(
                "`fixed pool` asked for {} bytes aligned to {}: all 6 blocks are in use",
                size_of::<Place<[u16; 5]>>(),
                align_of::<usize>()
            )
        );
        for (n, boxed) in boxes.iter_mut().enumerate() {
            assert_eq!(**boxed, [n as u16; 5]);
            **boxed = [n as u16 + 10; 5];
        }
        let third = &raw const *boxes[2];
        drop(boxes.swap_remove(1));
        drop(boxes.swap_remove(2));
        assert_eq!((pool.len(), boxes.len()), (4, 4));
        let again = pool.alloc([7; 5]);
        assert_eq!(&raw const *again, third);
        drop(boxes);
        assert_eq!((pool.len(), *again), (1, [7; 5]));
        drop(again);
        let all: Vec<_> = (0..6).map(|n| pool.alloc([n; 5])).collect();
        assert_eq!((pool.len(), pool.is_empty(), pool.capacity()), (6, false, 6));
        drop(all);
        assert_eq!(format!("{pool:?}"), "FixedPool { capacity: 6, len: 0 }");
    }

    /// It may move while it is empty, and what it knows of free places stays right.
    #[test]
    fn an_empty_pool_may_move() {
        let pool: FixedPool<String, 3, Local> = FixedPool::default();
        let boxes = [pool.alloc("a".into()), pool.alloc("b".into())];
        drop(boxes);
        let moved = Box::new(pool);
        let boxes = [moved.alloc("c".into()), moved.alloc("d".into()), moved.alloc("e".into())];
        let range = (&raw const *moved).addr()..(&raw const *moved).addr() + size_of_val(&*moved);
        assert!(boxes.iter().all(|boxed| range.contains(&(&raw const **boxed).addr())));
        assert!(moved.try_alloc("f".into()).is_err() && boxes.iter().map(|boxed| boxed.as_str()).eq(["c", "d", "e"]));
    }

    /// Values of no size, or smaller than a link, or aligned to more; no places at all.
    #[test]
    fn values_of_any_layout() {
        fn all<T: PartialEq + core::fmt::Debug + Clone, const N: usize>(value: T) {
            let pool: FixedPool<T, N, OneThread> = FixedPool::new();
            for _ in 0..2 {
                let boxes: Vec<_> = (0..N).map(|_| pool.alloc(value.clone())).collect();
                assert!(pool.try_alloc_with(|| unreachable!()).is_err());
                assert!(boxes.iter().all(|boxed| **boxed == value));
                assert!(boxes.iter().all(|boxed| (&raw const **boxed).addr().is_multiple_of(align_of::<T>())));
            }
        }
        #[derive(Clone, Debug, PartialEq)]
        #[repr(align(64))]
        struct Aligned(u8);
        all::<(), 3>(());
        all::<u8, 5>(7);
        all::<Aligned, 4>(Aligned(1));
        all::<[u64; 9], 1>([3; 9]);
        all::<u64, 0>(1);
    }

    /// Fresh or freed: another thread may have grown the memory that the pool lies in.
    #[test]
    fn h32_every_place_that_leaves_is_reached() {
        let pool: FixedPool<u64, 2> = FixedPool::new();
        for _ in 0..2 {
            reached::take();
            let boxed = pool.alloc(1);
            assert_eq!(reached::take(), (&raw const *boxed).addr() + 8);
            let second = pool.try_alloc(1).expect("a place");
            assert_eq!(reached::take(), (&raw const *second).addr() + 8);
        }
    }

    /// What the pool knows of its places changes behind its lock, which each verb takes once.
    #[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
    #[test]
    fn h25_the_list_changes_behind_the_lock() {
        use crate::sharing::Locked;
        use lock_api::RawMutex;

        std::thread_local! {
            static TAKEN: Cell<usize> = const { Cell::new(0) };
            /// The list when the lock was given back last.
            static LEFT: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
        }
        struct Watched;
        // SAFETY: one thread uses it.
        unsafe impl RawMutex for Watched {
            const INIT: Watched = Watched;
            type GuardMarker = ();

            fn lock(&self) {
                assert_eq!(list(), LEFT.get(), "it has changed meanwhile");
                TAKEN.set(TAKEN.get() + 1);
            }

            fn try_lock(&self) -> bool {
                unreachable!()
            }

            unsafe fn unlock(&self) {
                LEFT.set(list());
            }
        }
        static POOL: FixedPool<u64, 2, Locked<Watched>> = FixedPool::new();
        fn list() -> (usize, usize) {
            (POOL.list.free.get(), POOL.list.used.get())
        }
        let taken = || TAKEN.replace(0);
        let (first, second) = (POOL.alloc(1), POOL.try_alloc_uninit());
        assert_eq!((taken(), POOL.try_alloc(3).is_err(), taken()), (2, true, 1));
        drop(first);
        assert_eq!((taken(), POOL.len(), taken(), list() == LEFT.get()), (1, 1, 1, true));
        drop((second, POOL.alloc(1)));
        assert_eq!((taken(), list() == LEFT.get()), (3, true));
    }

    /// A pool in a `static` takes nothing of the program's file.
    #[test]
    fn it_is_all_zero_but_for_its_places() {
        let pool: FixedPool<u64, 2> = FixedPool::new();
        assert_eq!((pool.list.free.get(), pool.list.used.get()), (0, 0));
        let lock = &raw const pool.lock;
        // SAFETY: the lock's bytes; none is padding in a spin lock.
        let bytes = unsafe { core::slice::from_raw_parts(lock.cast::<u8>(), size_of_val(&pool.lock)) };
        assert!(bytes.iter().all(|byte| *byte == 0));
    }

    /// What is built in its place: the place is free again if that panics, and taken meanwhile.
    #[test]
    fn h20_h21_a_value_is_built_in_its_place() {
        let pool: FixedPool<u64, 2, Local> = FixedPool::new();
        let boxed = pool.alloc_with(|| {
            let inner = pool.alloc(1);
            assert!(pool.try_alloc(2).is_err());
            *inner + 1
        });
        assert_eq!((*boxed, pool.len()), (2, 1));
        let panics = Cell::new(0);
        for _ in 0..3 {
            let built = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
                pool.alloc_with(|| {
                    panics.set(panics.get() + 1);
                    panic!("no value")
                })
            }));
            assert!(built.is_err());
        }
        assert_eq!((panics.get(), pool.len()), (3, 1));
        let mut place = pool.alloc_uninit();
        place.write(5);
        // SAFETY: written just now.
        let place = unsafe { place.assume_init() };
        assert_eq!((PoolBox::into_inner(place), pool.len()), (5, 1));
        drop(pool.alloc_uninit());
        assert_eq!(pool.len(), 1);
    }
}
