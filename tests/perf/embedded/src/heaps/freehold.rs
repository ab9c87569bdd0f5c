//! freehold's [`Heap`] on a [`Region`].

use ::freehold::{Heap, Ledger, Region};

use crate::Heap as Measured;

/// As the README shows it: the region is known when it is compiled.
#[cfg(not(feature = "given"))]
mod chosen {
    use super::*;

    // SAFETY: there is one heap in the program.
    static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(crate::ram(), crate::RAM_LEN) });

    pub type Chosen = Heap;

    // SAFETY: it is so.
    unsafe impl Measured for Chosen {
        const EMPTY: Self = Heap::new_in(&LEDGER, "heap");

        unsafe fn start(&'static self, _: *mut u8, _: usize) {}
    }
}

/// With a region that is known only when it runs.
#[cfg(feature = "given")]
mod chosen {
    use core::alloc::{GlobalAlloc, Layout};
    use core::cell::UnsafeCell;
    use core::mem::MaybeUninit;

    use super::*;

    pub struct Chosen {
        ledger: UnsafeCell<MaybeUninit<Ledger<Region<'static>>>>,
        heap: UnsafeCell<MaybeUninit<Heap>>,
    }

    impl Chosen {
        fn heap(&self) -> &Heap {
            // SAFETY: nobody changes it once it was started.
            let heap = unsafe { &*self.heap.get() };
            // SAFETY: it was started.
            unsafe { heap.assume_init_ref() }
        }
    }

    // SAFETY: both are written once, before they are used.
    unsafe impl Sync for Chosen {}

    // SAFETY: all of it is the heap's.
    unsafe impl GlobalAlloc for Chosen {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller's promise.
            unsafe { self.heap().alloc(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: the caller's promise.
            unsafe { self.heap().dealloc(block, layout) }
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: the caller's promise.
            unsafe { self.heap().realloc(block, layout, size) }
        }
    }

    // SAFETY: it is so.
    unsafe impl Measured for Chosen {
        const EMPTY: Self =
            Chosen { ledger: UnsafeCell::new(MaybeUninit::uninit()), heap: UnsafeCell::new(MaybeUninit::uninit()) };

        unsafe fn start(&'static self, base: *mut u8, len: usize) {
            // SAFETY: the caller's promise: nobody uses it yet.
            let ledger = unsafe { &mut *self.ledger.get() };
            // SAFETY: the caller's promise.
            let ledger = ledger.write(Ledger::new(unsafe { Region::from_raw(base, len) }));
            // SAFETY: as the ledger.
            let heap = unsafe { &mut *self.heap.get() };
            heap.write(Heap::new_in(ledger, "heap"));
        }
    }
}

pub use chosen::Chosen;
