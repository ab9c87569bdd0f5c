//! [`KeyedPool`]: values that are found again by a key.

use core::fmt;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, needs_drop};
use core::num::NonZeroU32;
use core::ops::{Index, IndexMut};
use core::ptr::NonNull;

use crate::arena::{Alloc, Arena};
use crate::backing::Backing;
use crate::chunk::Growth;
use crate::error::{AllocError, Rejected};
use crate::ledger::Ledger;
use crate::platform::sanitizer;
use crate::plot::Plot;
use crate::refusal::out_of_memory;
use crate::sharing::Kind;

mod iter;
mod key;

pub use self::iter::{KeyedDrain, KeyedIter, KeyedIterMut};
pub use self::key::PoolKey;

/// Values of one type, each found again by a small [`PoolKey`] that it gets when it comes: what slab and slotmap are for.
///
/// A key is a number, not a reference: it can be copied, stored beside the pool or in its values, and sent through C. When its value is gone,
/// a key finds nothing, not whatever lies there now. (A key of another pool may well find a value of this one.)
///
/// ```
/// use freehold::KeyedPool;
///
/// let mut sessions = KeyedPool::new();
/// let ada = sessions.insert("Ada");
/// let bob = sessions.insert("Bob");
/// assert_eq!((sessions[ada], sessions.remove(bob)), ("Ada", Some("Bob")));
/// let cleo = sessions.insert("Cleo"); // where Bob was
/// assert_eq!((sessions.get(bob), sessions.get(cleo), sessions.len()), (None, Some(&"Cleo"), 2));
/// ```
///
/// Values never move while they are here. A value takes its own size and a word of 32 bits, rounded up. There is room for 8 at first, and
/// when that is full as much again is claimed, and as much again as all of that; the memory goes back when the pool is dropped.
pub struct KeyedPool<'l, T> {
    /// Where the stretches of slots begin: of the first [`FIRST`] slots, of twice as many, and so on.
    stretches: [NonNull<Slot<T>>; STRETCHES],
    /// How many stretches there are.
    made: u32,
    /// How many slots were used at least once, and so are initialised: the first ones.
    used: u32,
    /// A slot that was used and is free, or [`NONE`]. Each leads to the one freed before it.
    free: u32,
    /// How many slots have a value.
    len: u32,
    /// How many slots have had all their generations, and are not used any more.
    spent: u32,
    /// The stretches lie in it. It changes through `&mut self` only; through `&self` the lengths of its chunks are read.
    arena: Arena<'l>,
    owned: PhantomData<T>,
}

/// Slots of the first stretch.
const FIRST: u32 = 8;
/// With so many stretches there are all slots but 8 that a key can name.
const STRETCHES: usize = (u32::BITS - FIRST.ilog2()) as usize;
/// No slot.
const NONE: u32 = u32::MAX;

/// Room for a value.
struct Slot<T> {
    /// Odd iff there is a value. It never comes back to a number that it had with a value: a slot that has had all of them stays at 0.
    generation: u32,
    content: Content<T>,
}

union Content<T> {
    /// If there is a value.
    value: ManuallyDrop<T>,
    /// If the slot is free: the next free one.
    next: u32,
}

// SAFETY: the slots and the arena they lie in are the pool's alone, and with it the values.
unsafe impl<'l, T: Send> Send for KeyedPool<'l, T> where Arena<'l>: Send {}
// SAFETY: through a shared reference values are lent and nothing is changed; of the arena the lengths of its chunks are read, and no more.
unsafe impl<T: Sync> Sync for KeyedPool<'_, T> {}

impl<'l, T> KeyedPool<'l, T> {
    /// A pool that grows, on `ledger`, under the name `owner`. It claims nothing yet.
    pub const fn new_in<B: Backing, L: Kind>(ledger: &'l Ledger<B, L>, owner: &'static str) -> KeyedPool<'l, T> {
        KeyedPool::on(Arena::new_in(ledger, owner))
    }

    /// A pool that has a region to itself, without a ledger.
    pub const fn alone(plot: &'l mut Plot<'_>, owner: &'static str) -> KeyedPool<'l, T> {
        KeyedPool::on(Arena::alone(plot, owner))
    }

    const fn on(arena: Arena<'l>) -> KeyedPool<'l, T> {
        KeyedPool {
            stretches: [NonNull::dangling(); STRETCHES],
            made: 0,
            used: 0,
            free: NONE,
            len: 0,
            spent: 0,
            // Each stretch is claimed as long as it is.
            arena: arena.with_growth(Growth::fixed(0)),
            owned: PhantomData,
        }
    }

    /// Puts `value` into the pool.
    ///
    /// # Panics
    ///
    /// If no slot is free and no more can be had.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, value: T) -> PoolKey {
        match self.try_insert(value) {
            Ok(key) => key,
            Err(rejected) => out_of_memory(rejected.error),
        }
    }

    /// [`insert`](KeyedPool::insert), giving the value back if there is no room.
    ///
    /// # Errors
    ///
    /// The value, and what stood in the way.
    #[inline]
    pub fn try_insert(&mut self, value: T) -> Result<PoolKey, Rejected<T>> {
        match self.vacant() {
            Ok(index) => Ok(self.fill(index, value)),
            Err(error) => Err(Rejected { value, error }),
        }
    }

    /// The value of this key.
    #[inline]
    pub fn get(&self, key: PoolKey) -> Option<&T> {
        let slot = self.find(key)?;
        // SAFETY: a slot of the pool's.
        let slot = unsafe { slot.as_ref() };
        // SAFETY: it has a value, as the key's generation is odd.
        Some(unsafe { &slot.content.value })
    }

    /// The value of this key, to be changed.
    #[inline]
    pub fn get_mut(&mut self, key: PoolKey) -> Option<&mut T> {
        let mut slot = self.find(key)?;
        // SAFETY: a slot of the pool's, which is mutably borrowed.
        let slot = unsafe { slot.as_mut() };
        // SAFETY: it has a value, as the key's generation is odd.
        Some(unsafe { &mut slot.content.value })
    }

    /// Whether there is a value of this key.
    #[inline]
    pub fn contains(&self, key: PoolKey) -> bool {
        self.find(key).is_some()
    }

    /// Takes the value of this key out. From now on the key finds nothing.
    #[inline]
    pub fn remove(&mut self, key: PoolKey) -> Option<T> {
        let slot = self.find(key)?;
        // SAFETY: it has a value, as the key's generation is odd.
        Some(unsafe { self.empty(key.index, slot) })
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many values there is memory for now.
    pub fn capacity(&self) -> usize {
        (slots(self.made) - self.spent) as usize
    }

    /// Bytes that this pool holds, in use or not, as the ledger counts them: headers included. Takes time with the number of chunks.
    #[must_use]
    pub fn held(&self) -> usize {
        self.arena.held()
    }

    /// Makes sure that so many more values find room without a claim.
    ///
    /// # Panics
    ///
    /// If there is no room for them.
    #[track_caller]
    pub fn reserve(&mut self, more: usize) {
        if let Err(error) = self.try_reserve(more) {
            out_of_memory(error)
        }
    }

    /// [`reserve`](KeyedPool::reserve) where there may be no room.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    pub fn try_reserve(&mut self, more: usize) -> Result<(), AllocError> {
        let needed = self.len().saturating_add(more).saturating_add(self.spent as usize);
        let enough = (self.made..=STRETCHES as u32).find(|stretches| slots(*stretches) as usize >= needed);
        match enough.unwrap_or(STRETCHES as u32 + 1) {
            made if made == self.made => Ok(()),
            more => self.grow(more),
        }
    }

    /// All values with their keys, in no order to rely on.
    pub fn iter(&self) -> KeyedIter<'_, T> {
        KeyedIter { pool: self, next: 0, left: self.len }
    }

    /// All values with their keys, to be changed.
    pub fn iter_mut(&mut self) -> KeyedIterMut<'_, T> {
        KeyedIterMut { left: self.len, pool: self, next: 0, values: PhantomData }
    }

    /// Takes all values out, with the keys that they had. Those that are not asked for are dropped.
    pub fn drain(&mut self) -> KeyedDrain<'_, 'l, T> {
        KeyedDrain { pool: self, next: 0 }
    }

    /// Drops those values for which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(PoolKey, &mut T) -> bool) {
        let mut next = 0;
        while let Some((key, mut slot)) = self.full_from(&mut next) {
            // SAFETY: a slot of the pool's, which is mutably borrowed.
            let full = unsafe { slot.as_mut() };
            // SAFETY: it has a value.
            if !keep(key, unsafe { &mut full.content.value }) {
                // SAFETY: as above.
                drop(unsafe { self.empty(key.index, slot) });
            }
        }
    }

    /// Drops all values, the rest of them even if one panics, and keeps the memory.
    pub fn clear(&mut self) {
        drop(self.drain());
    }

    /// The first slot with a value from `next` on, which is moved behind it.
    fn full_from(&self, next: &mut u32) -> Option<(PoolKey, NonNull<Slot<T>>)> {
        while *next < self.used {
            let index = *next;
            *next += 1;
            // SAFETY: a slot that was used.
            let slot = unsafe { at(&self.stretches, index) };
            // SAFETY: as above.
            let generation = unsafe { slot.as_ref() }.generation;
            match NonZeroU32::new(generation) {
                Some(generation) if generation.get() % 2 == 1 => return Some((PoolKey { index, generation }, slot)),
                _ => {}
            }
        }
        None
    }

    /// The slot of this key, if it has a value of that generation.
    #[inline]
    fn find(&self, key: PoolKey) -> Option<NonNull<Slot<T>>> {
        if key.index >= self.used {
            return None;
        }
        // SAFETY: a slot that was used.
        let slot = unsafe { at(&self.stretches, key.index) };
        // SAFETY: as above.
        let generation = unsafe { slot.as_ref() }.generation;
        (generation == key.generation.get()).then_some(slot)
    }

    /// A slot with no value, out of the list: one that was freed, or one that was never used.
    #[inline]
    fn vacant(&mut self) -> Result<u32, AllocError> {
        let index = self.free;
        if index != NONE {
            // SAFETY: a slot that was used.
            let slot = unsafe { at(&self.stretches, index) };
            // SAFETY: as above.
            let slot = unsafe { slot.as_ref() };
            // SAFETY: it is free, and so has the next one.
            self.free = unsafe { slot.content.next };
            return Ok(index);
        }
        if self.used == slots(self.made) {
            self.grow(self.made + 1)?;
        }
        let index = self.used;
        // SAFETY: a slot of a stretch that there is.
        let slot = unsafe { at(&self.stretches, index) };
        // SAFETY: as above; it is the pool's alone.
        unsafe { slot.write(Slot { generation: 0, content: Content { next: NONE } }) };
        self.used += 1;
        Ok(index)
    }

    /// Puts a value into a slot that has none.
    #[inline]
    fn fill(&mut self, index: u32, value: T) -> PoolKey {
        // SAFETY: a slot that was used.
        let mut slot = unsafe { at(&self.stretches, index) };
        // SAFETY: as above; the pool is mutably borrowed.
        let slot = unsafe { slot.as_mut() };
        slot.content = Content { value: ManuallyDrop::new(value) };
        self.len += 1;
        slot.generation |= 1;
        let generation = NonZeroU32::MIN | slot.generation; // odd as it is
        PoolKey { index, generation }
    }

    /// Takes the value out of a slot.
    ///
    /// # Safety
    ///
    /// The caller owes: it is the slot of that index, and has a value.
    #[inline]
    unsafe fn empty(&mut self, index: u32, mut slot: NonNull<Slot<T>>) -> T {
        // SAFETY: a slot of the pool's, which is mutably borrowed.
        let slot = unsafe { slot.as_mut() };
        // SAFETY: it has a value.
        let value = unsafe { &mut slot.content.value };
        // SAFETY: the value is not used again: from here on the slot has none.
        let value = unsafe { ManuallyDrop::take(value) };
        let content = NonNull::from(&mut slot.content).cast();
        // SAFETY: it has no value any more.
        unsafe { sanitizer::fill(content, 0..size_of::<Content<T>>()) };
        self.len -= 1;
        slot.generation = slot.generation.wrapping_add(1);
        // After all generations a key could find another's value. Then the slot is not used any more.
        if slot.generation == 0 {
            self.spent += 1;
        } else {
            slot.content.next = self.free;
            self.free = index;
        }
        value
    }

    /// Makes stretches until there are so many. In one claim, so that either all of them are there or nothing has changed.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, stretches: u32) -> Result<(), AllocError> {
        let there = slots(self.made);
        // More than keys can name, the arena refuses.
        let len = if stretches as usize > STRETCHES { usize::MAX } else { (slots(stretches) - there) as usize };
        let fresh = NonNull::from(self.arena.try_alloc_uninit_slice::<Slot<T>>(len)?).cast::<Slot<T>>();
        while self.made < stretches {
            // SAFETY: they lie one after another, in their order, and this is the start of one.
            self.stretches[self.made as usize] = unsafe { fresh.add((slots(self.made) - there) as usize) };
            self.made += 1;
        }
        Ok(())
    }
}

/// How many slots so many stretches have.
const fn slots(stretches: u32) -> u32 {
    // With all of them that is 2³², less the FIRST.
    (FIRST << stretches).wrapping_sub(FIRST)
}

/// The slot of an index.
///
/// # Safety
///
/// The caller owes: there is a stretch for it.
#[inline]
unsafe fn at<T>(stretches: &[NonNull<Slot<T>>; STRETCHES], index: u32) -> NonNull<Slot<T>> {
    // Before the stretch that begins with FIRST << n there are FIRST slots less than that.
    let shifted = index + FIRST;
    let bits = shifted.ilog2();
    let stretch = stretches[(bits - FIRST.ilog2()) as usize];
    // SAFETY: the stretch has as many slots as the number without its first bit can count.
    unsafe { stretch.add((shifted ^ (1 << bits)) as usize) }
}

impl<T> Drop for KeyedPool<'_, T> {
    fn drop(&mut self) {
        if needs_drop::<T>() {
            self.clear();
        }
    }
}

impl<T> Index<PoolKey> for KeyedPool<'_, T> {
    type Output = T;

    #[track_caller]
    fn index(&self, key: PoolKey) -> &T {
        self.get(key).unwrap_or_else(|| gone(key))
    }
}

impl<T> IndexMut<PoolKey> for KeyedPool<'_, T> {
    #[track_caller]
    fn index_mut(&mut self, key: PoolKey) -> &mut T {
        self.get_mut(key).unwrap_or_else(|| gone(key))
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn gone(key: PoolKey) -> ! {
    panic!("no value has the key {key:?}, or has it any more")
}

impl<T: fmt::Debug> fmt::Debug for KeyedPool<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<T> Extend<T> for KeyedPool<'_, T> {
    /// Inserts all of them, for whom keys don't matter or [`iter`](KeyedPool::iter) tells them.
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| _ = self.insert(value));
    }
}

impl<'a, T> IntoIterator for &'a KeyedPool<'_, T> {
    type Item = (PoolKey, &'a T);
    type IntoIter = KeyedIter<'a, T>;

    fn into_iter(self) -> KeyedIter<'a, T> {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut KeyedPool<'_, T> {
    type Item = (PoolKey, &'a mut T);
    type IntoIter = KeyedIterMut<'a, T>;

    fn into_iter(self) -> KeyedIterMut<'a, T> {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::vec::Vec;

    use super::*;

    /// Over two stretches: each index has a place of its own, and the last index there can be has one too.
    #[test]
    fn every_index_has_a_place_of_its_own() {
        let mut pool = KeyedPool::new();
        let keys: Vec<_> = (0..8 + 16 + 1).map(|n: u64| pool.insert(n)).collect();
        assert_eq!((pool.made, pool.capacity()), (3, 8 + 16 + 32));
        let places: std::collections::BTreeSet<_> = keys.iter().map(|key| &raw const pool[*key]).collect();
        assert_eq!(places.len(), keys.len());
        assert_eq!((slots(0), slots(1), slots(STRETCHES as u32)), (0, 8, u32::MAX - 7));
    }

    /// What was removed reads as such, but for the link.
    #[test]
    fn a_slot_that_is_emptied_is_filled() {
        let mut pool = KeyedPool::new();
        let key = pool.insert([1_u32; 3]);
        assert_eq!(pool.remove(key), Some([1; 3]));
        // SAFETY: a slot that was used.
        let slot = unsafe { at(&pool.stretches, 0) };
        let content = slot.as_ptr().cast::<u8>().wrapping_add(core::mem::offset_of!(Slot<[u32; 3]>, content));
        // SAFETY: it was written as a value, or filled.
        let seen = unsafe { content.cast::<[u32; 3]>().read() };
        let done = if sanitizer::FILLS { u32::from_ne_bytes([sanitizer::DONE; 4]) } else { 1 };
        assert_eq!(seen, [NONE, done, done]);
    }

    /// A slot that has had all its generations is not used again: a key of the first would find the value of the last.
    #[test]
    fn a_generation_does_not_come_back() {
        let mut pool = KeyedPool::new();
        let first = pool.insert("first");
        assert_eq!(pool.remove(first), Some("first"));
        // SAFETY: a slot that was used.
        let mut slot = unsafe { at(&pool.stretches, 0) };
        // SAFETY: as above.
        unsafe { slot.as_mut() }.generation = u32::MAX - 1;
        let last = pool.insert("last");
        assert_eq!((last.index, last.generation.get()), (0, u32::MAX));
        assert_eq!(pool.get(first), None);
        assert_eq!((pool.remove(last), pool.capacity()), (Some("last"), 7));
        let after = pool.insert("after");
        assert_eq!((after.index, pool.get(first), pool.get(last)), (1, None, None));
        pool.reserve(7);
        assert_eq!((pool.capacity(), pool.made), (23, 2));
    }

    #[test]
    fn keys_are_numbers_too() {
        let mut pool = KeyedPool::new();
        let key = pool.insert(1);
        assert_eq!(PoolKey::from_bits(key.to_bits()), Some(key));
        // What no slot with a value has: it would find one without.
        pool.remove(key);
        assert_eq!((PoolKey::from_bits(0), PoolKey::from_bits(key.to_bits() + (1 << 32))), (None, None));
        assert_eq!((size_of::<Option<PoolKey>>(), format!("{key:?}")), (8, "0v1".into()));
        assert_eq!(pool.insert(2), PoolKey::from_bits(key.to_bits() + (2 << 32)).expect("the next"));
    }
}
