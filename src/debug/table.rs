//! What is known of each block, by its address. Each record says by a sum over itself whether it is as it was written.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

use super::fence::Fenced;
use super::store::{Plain, Room, Store};

/// What is known of a block.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Known {
    /// The block, with what the heap below lets it reach; null in a place that was never used, and [`GONE`] in one whose record was lost.
    pub block: *mut u8,
    pub size: usize,
    /// Of a block that was freed: the address of the one that was freed after it, or 0. Of one in use: the how manieth allocation it was before it
    /// was resized for the first time.
    pub next: usize,
    /// The how manieth allocation it was.
    pub serial: usize,
    /// The sites by number.
    pub taken_by: u32,
    pub freed_by: u32,
    /// The alignment is 2 to the power of that.
    pub align: u8,
    pub freed: u8,
    pub spare: [u8; 2],
    /// What [`sum`](Known::sum) says, as long as nobody has written over the record.
    pub seal: u32,
}

// SAFETY: integers, and a pointer that is looked at only.
unsafe impl Plain for Known {}

/// In a place whose record was written over: others may have been put behind it.
const GONE: *mut u8 = ptr::without_provenance_mut(1);

impl Known {
    const fn nothing() -> Known {
        Known {
            block: ptr::null_mut(),
            size: 0,
            next: 0,
            serial: 0,
            taken_by: 0,
            freed_by: 0,
            align: 0,
            freed: 0,
            spare: [0; 2],
            seal: 0,
        }
    }

    /// Of a block that was just allocated.
    pub fn of(block: NonNull<u8>, layout: Layout, serial: usize, born: usize, taken_by: u32) -> Known {
        let align = layout.align().trailing_zeros() as u8;
        Known { block: block.as_ptr(), size: layout.size(), next: born, serial, taken_by, align, ..Known::nothing() }
    }

    /// A sum over all the rest. That of a record of zeros is not 0, so a record that was wiped is seen.
    fn sum(&self) -> u32 {
        let words = [
            self.block.addr(),
            self.size,
            self.next,
            self.serial,
            self.taken_by as usize,
            self.freed_by as usize,
            usize::from(u16::from_ne_bytes([self.align, self.freed])),
            usize::from(u16::from_ne_bytes(self.spare)),
        ];
        words.iter().fold(0x9e37_79b9_u32, |sum, word| {
            let folded = *word as u64;
            (sum ^ folded as u32 ^ (folded >> 32) as u32).rotate_left(5).wrapping_mul(0x85eb_ca6b)
        })
    }

    fn sealed(self) -> Known {
        Known { seal: self.sum(), ..self }
    }

    fn is_sound(&self) -> bool {
        self.seal == self.sum()
    }

    /// Of a block in use: the how manieth allocation it was before it was resized for the first time.
    pub fn born(&self) -> usize {
        self.next
    }

    /// Whether it is of a block.
    pub fn is_block(&self) -> bool {
        !self.block.is_null() && self.block != GONE
    }

    pub fn layout(&self) -> Layout {
        // The record is as it was written, from a layout.
        Layout::from_size_align(self.size, 1 << (self.align & 63)).unwrap_or(Layout::new::<u8>())
    }

    /// The block and its fences.
    pub fn fenced(&self) -> Option<(NonNull<u8>, Fenced)> {
        Some((NonNull::new(self.block)?, Fenced::of(self.layout())?))
    }
}

/// The records: at the place that follows from the address, or the next one that was free.
pub(super) struct Table {
    // The length is a power of two, or 0.
    places: Store<Known>,
    /// Places that are not empty: those of blocks, and those that are lost.
    used: usize,
    /// Records that were written over, and have not been told of.
    pub broken: usize,
}

/// The first claim has room for so many.
const FIRST: usize = 64;

impl Table {
    pub const fn new() -> Table {
        Table { places: Store::new(), used: 0, broken: 0 }
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Where the search for an address begins.
    fn home(&self, addr: usize) -> usize {
        let mixed = (addr as u64 >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize & (self.places.len() - 1)
    }

    fn after(&self, index: usize) -> usize {
        (index + 1) & (self.places.len() - 1)
    }

    /// What stands there. A record that was written over is lost, and counted.
    pub fn get(&mut self, index: usize) -> Known {
        let known = self.places.get(index);
        if known.is_sound() {
            return known;
        }
        self.broken += 1;
        let gone = Known { block: GONE, ..Known::nothing() }.sealed();
        self.places.set(index, gone);
        gone
    }

    /// Writes down what has changed of the one there.
    pub fn set(&mut self, index: usize, known: Known) {
        self.places.set(index, known.sealed());
    }

    /// Where the block at an address stands.
    pub fn find(&mut self, addr: usize) -> Option<usize> {
        if self.places.len() == 0 {
            return None;
        }
        let mut index = self.home(addr);
        for _ in 0..self.places.len() {
            let known = self.get(index);
            if known.block.is_null() {
                return None;
            }
            if known.block.addr() == addr && known.is_block() {
                return Some(index);
            }
            index = self.after(index);
        }
        None
    }

    /// Adds one that is not there. `false` if there is no place for it, and none can be had.
    pub fn add(&mut self, room: &Room<'_>, known: Known) -> bool {
        if (self.used + 1) * 4 > self.places.len() * 3 && !self.enlarge(room) && self.used + 1 >= self.places.len() {
            return false;
        }
        // Free places that were written over are lost too, and come back when all move.
        self.put(known) || (self.enlarge(room) && self.put(known))
    }

    /// Puts one into a free place, if there is one.
    fn put(&mut self, known: Known) -> bool {
        let mut index = self.home(known.block.addr());
        for _ in 0..self.places.len() {
            if self.get(index).block.is_null() {
                self.set(index, known);
                self.used += 1;
                return true;
            }
            index = self.after(index);
        }
        false
    }

    /// Moves all of them to a claim of twice the length.
    fn enlarge(&mut self, room: &Room<'_>) -> bool {
        let len = (self.places.len() * 2).max(FIRST);
        let Some(places) = Store::claim(room, len, Known::nothing().sealed()) else { return false };
        let old = core::mem::replace(&mut self.places, places);
        self.used = 0;
        for index in 0..old.len() {
            let known = old.get(index);
            if known.is_sound() && known.is_block() {
                self.put(known);
            } else if !known.is_sound() {
                self.broken += 1;
            }
        }
        old.give_back(room);
        true
    }

    /// Takes out the one that stands there. Those behind it move up, so that each is found from its home without a gap.
    pub fn remove(&mut self, index: usize) {
        let (mut hole, mut at) = (index, self.after(index));
        for _ in 1..self.places.len() {
            let known = self.get(at);
            if known.block.is_null() {
                break;
            }
            // It may not move before its home; where that of a lost one was is not known, so it stays.
            let from_home = at.wrapping_sub(self.home(known.block.addr())) & (self.places.len() - 1);
            let from_hole = at.wrapping_sub(hole) & (self.places.len() - 1);
            if known.is_block() && from_home >= from_hole {
                self.set(hole, known);
                hole = at;
            }
            at = self.after(at);
        }
        self.set(hole, Known::nothing());
        // A record that somebody copied is there once more than was counted.
        self.used = self.used.saturating_sub(1);
    }

    /// The block, in use or freed, in which or in whose fences an address lies; it takes a step for each record.
    pub fn around(&mut self, addr: usize) -> Option<Known> {
        (0..self.places.len()).map(|index| self.get(index)).find(|known| {
            let start = known.block.addr();
            known.is_block() && start <= addr && addr - start <= known.size
        })
    }

    /// Makes sure that this thread may use it.
    pub fn reach(&self) {
        self.places.reach();
    }

    /// Gives all memory back.
    pub fn give_back(&mut self, room: &Room<'_>) {
        core::mem::replace(&mut self.places, Store::new()).give_back(room);
        self.used = 0;
    }

    /// Writes over a record, as a program that runs wild does.
    #[cfg(all(test, not(miri)))]
    pub fn spoil(&mut self, index: usize, spoil: impl FnOnce(&mut Known)) {
        let mut known = self.places.get(index);
        spoil(&mut known);
        self.places.set(index, known);
    }
}
