//! The limits: what somebody would write by hand for one place in one program. They never grow and are not safe to use
//! elsewhere; they say how fast the machine is.

mod copy;
pub mod cursor;
pub mod free_list;
pub mod typed;

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use crate::job::shift;

/// Memory for a limit, all of it there before the clock starts.
pub struct Buffer {
    base: NonNull<u8>,
    layout: Layout,
    shift: usize,
    bytes: usize,
}

impl Buffer {
    pub fn new(bytes: usize) -> Buffer {
        let shift = shift();
        let layout = Layout::from_size_align(bytes.max(64) + shift, 64).expect("a buffer that fits into memory");
        // SAFETY: the layout is not empty.
        let Some(base) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        Buffer { base, layout, shift, bytes }
    }

    pub fn start(&self) -> *mut u8 {
        // SAFETY: the buffer is longer than the shift.
        unsafe { self.base.as_ptr().add(self.shift) }
    }

    pub fn end(&self) -> *mut u8 {
        // SAFETY: the buffer has that many bytes after its start.
        unsafe { self.start().add(self.bytes) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.base.as_ptr(), self.layout) };
    }
}
