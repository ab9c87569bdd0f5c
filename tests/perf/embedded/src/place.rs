//! Where a heap lies, and the memory it shares out.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

/// The memory that heaps share out: as much as the largest table wants, or as a firmware has.
pub const RAM_LEN: usize = if cfg!(feature = "given") { 1 << 20 } else { 64 << 10 };

/// Where the emulator writes how much of it the program is to have: behind what it is told of RAM.
pub const GIVEN: *const usize = 0x203f_f000 as *const usize;

#[repr(align(4096))]
#[allow(dead_code)] // only its address is used
struct Ram([MaybeUninit<u8>; RAM_LEN]);

/// In a section that start-up code doesn't clear, and that is not counted.
#[unsafe(link_section = ".uninit.heap")]
static mut RAM: Ram = Ram([MaybeUninit::uninit(); RAM_LEN]);

/// Its first byte.
pub const fn ram() -> *mut u8 {
    (&raw mut RAM).cast()
}

/// A heap that can begin anew.
///
/// # Safety
///
/// The implementor owes: it uses nothing but the memory it was started on, and is behind a lock.
pub unsafe trait Heap: GlobalAlloc + Sized {
    const EMPTY: Self;

    /// Takes its memory, at this place and of this length.
    ///
    /// # Safety
    ///
    /// The caller owes: it is memory that nobody else uses as long as this heap does, and the heap was not started before.
    unsafe fn start(&'static self, base: *mut u8, len: usize);
}

/// A heap, as a program's global allocator.
pub struct Place<H>(UnsafeCell<H>);

// SAFETY: a heap is behind a lock, and replaced only by the promise of `fresh`.
unsafe impl<H: Heap> Sync for Place<H> {}

impl<H: Heap> Place<H> {
    pub const fn new() -> Self {
        Place(UnsafeCell::new(H::EMPTY))
    }

    /// The heap, empty again, on the first `len` bytes of the memory.
    ///
    /// # Safety
    ///
    /// The caller owes: nobody uses anything that came from the heap before.
    pub unsafe fn fresh(&'static self, len: usize) -> &'static H {
        // SAFETY: the caller's promise: nobody is in it.
        unsafe { self.0.get().write(H::EMPTY) };
        // SAFETY: as above.
        unsafe { self.start(len) }
    }

    /// The same, where the heap is as it was made.
    ///
    /// # Safety
    ///
    /// The caller owes: it was not started before.
    pub unsafe fn start(&'static self, len: usize) -> &'static H {
        // SAFETY: shared from here on.
        let heap = unsafe { &*self.0.get() };
        // SAFETY: the memory is the heap's of this program.
        unsafe { heap.start(ram(), len.min(RAM_LEN)) };
        heap
    }

    fn heap(&self) -> &H {
        // SAFETY: it is not replaced while somebody uses it.
        unsafe { &*self.0.get() }
    }
}

impl<H: Heap> Default for Place<H> {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: all of it is the heap's.
unsafe impl<H: Heap> GlobalAlloc for Place<H> {
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

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.heap().alloc_zeroed(layout) }
    }
}
