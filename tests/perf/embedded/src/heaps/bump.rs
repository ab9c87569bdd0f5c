//! A bump that never frees: the least that a heap can be.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr::null_mut;

use lock_api::Mutex;

use super::lock::Masked;
use crate::Heap;

pub struct Chosen(Mutex<Masked, Cell<Rest>>);

/// What is left: from where, and how much.
#[derive(Clone, Copy)]
struct Rest(*mut u8, usize);

// SAFETY: the memory behind it is bound to no thread.
unsafe impl Send for Rest {}

// SAFETY: a block is cut from what is left, and never used again.
unsafe impl GlobalAlloc for Chosen {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let rest = self.0.lock();
        let Rest(base, len) = rest.get();
        let taken = base.align_offset(layout.align()).saturating_add(layout.size());
        if taken > len {
            return null_mut();
        }
        let end = base.wrapping_add(taken);
        rest.set(Rest(end, len - taken));
        end.wrapping_sub(layout.size())
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

// SAFETY: it is so.
unsafe impl Heap for Chosen {
    const EMPTY: Self = Chosen(Mutex::new(Cell::new(Rest(null_mut(), 0))));

    unsafe fn start(&'static self, base: *mut u8, len: usize) {
        self.0.lock().set(Rest(base, len));
    }
}
