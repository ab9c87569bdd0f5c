//! A block of the heap that says whose it is in each of its bytes.

use alloc::alloc::{alloc, alloc_zeroed, dealloc, realloc};
use core::alloc::Layout;
use core::ptr::NonNull;

use freehold_soak::Dice;

/// A block of memory, all of it filled with one byte. Dropping it looks at every byte, and frees it.
pub struct Parcel {
    memory: NonNull<u8>,
    layout: Layout,
    mark: u8,
    /// Who allocated it.
    pub from: u32,
}

// SAFETY: the memory is the parcel's own, and bound to no thread.
unsafe impl Send for Parcel {}

impl Parcel {
    /// A block of any size, from any of the ways to have one.
    pub fn pack(from: u32, dice: &mut Dice) -> Parcel {
        let mark = 1 + dice.below(255) as u8;
        let align = if dice.below(32) == 0 { 32 << dice.below(8) } else { 1 << dice.below(5) };
        let layout = Layout::from_size_align(size(dice), align).expect("a small layout");
        let mut parcel = match dice.below(8) {
            0 => {
                // SAFETY: no size is 0.
                let parcel = Parcel::filled(unsafe { alloc_zeroed(layout) }, layout, 0, from);
                parcel.check();
                parcel
            }
            _ => {
                // SAFETY: no size is 0.
                let memory = unsafe { alloc(layout) };
                Parcel::filled(memory, layout, 0, from).fill(0)
            }
        };
        if dice.below(8) == 0 {
            parcel = parcel.resize(size(dice));
        }
        parcel.fill(mark)
    }

    fn filled(memory: *mut u8, layout: Layout, mark: u8, from: u32) -> Parcel {
        let memory = NonNull::new(memory).expect("there is memory");
        assert!(memory.addr().get().is_multiple_of(layout.align()), "{memory:?} for {layout:?}");
        Parcel { memory, layout, mark, from }
    }

    /// Its bytes.
    pub fn len(&self) -> usize {
        self.layout.size()
    }

    fn fill(mut self, mark: u8) -> Parcel {
        self.mark = mark;
        // SAFETY: the memory is this parcel's, and as long as that.
        unsafe { self.memory.write_bytes(mark, self.len()) };
        self
    }

    fn resize(self, size: usize) -> Parcel {
        let Parcel { memory, layout, mark, from } = self;
        core::mem::forget(self);
        // SAFETY: the block was allocated with this layout, and no size is 0.
        let memory = unsafe { realloc(memory.as_ptr(), layout, size) };
        let kept = layout.size().min(size);
        let layout = Layout::from_size_align(size, layout.align()).expect("a small layout");
        let parcel = Parcel::filled(memory, layout, mark, from);
        parcel.check_first(kept);
        parcel
    }

    fn check(&self) {
        self.check_first(self.len());
    }

    fn check_first(&self, len: usize) {
        // SAFETY: the memory is this parcel's, at least so long, and all of that was written.
        let bytes = unsafe { core::slice::from_raw_parts(self.memory.as_ptr(), len) };
        let foreign = bytes.iter().position(|byte| *byte != self.mark);
        assert!(foreign.is_none(), "a foreign byte at {foreign:?} in {:?} of worker {}", self.layout, self.from);
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        self.check();
        // SAFETY: the block was allocated with this layout, and nobody uses it any more.
        unsafe { dealloc(self.memory.as_ptr(), self.layout) };
    }
}

/// Mostly small; from all that a heap tells apart.
fn size(dice: &mut Dice) -> usize {
    let limit = match dice.below(100) {
        0..80 => 1 << 10,
        80..95 => 32 << 10,
        95..99 => 256 << 10,
        _ => 1 << 20,
    };
    1 + dice.below(limit)
}
