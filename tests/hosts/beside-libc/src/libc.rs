//! What the scenarios use of libc, and the bytes that they watch.

use core::ffi::{c_int, c_void};
use core::fmt::{self, Write};
use core::ptr::NonNull;

unsafe extern "C" {
    fn malloc(len: usize) -> *mut c_void;
    fn free(block: *mut c_void);
    fn read(file: c_int, bytes: *mut c_void, len: usize) -> isize;
    fn write(file: c_int, bytes: *const c_void, len: usize) -> isize;
    #[cfg(not(feature = "std"))]
    pub safe fn exit(code: c_int) -> !;
}

struct Out;

impl Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the text's bytes may be read.
        unsafe { write(1, text.as_ptr().cast(), text.len()) };
        Ok(())
    }
}

/// Writes a line.
pub fn say(text: impl fmt::Display) {
    // `Out` takes all; a value that can't be printed is no reason to stop.
    let _ = writeln!(Out, "{text}");
}

/// Reads standard input, and returns how many bytes there were.
pub fn hear(into: &mut [u8]) -> usize {
    // SAFETY: so many bytes may be written there.
    usize::try_from(unsafe { read(0, into.as_mut_ptr().cast(), into.len()) }).unwrap_or(0)
}

/// A block of libc's heap.
pub struct Block {
    start: NonNull<u8>,
}

impl Block {
    /// `None` if libc has no room. The optimiser may not do away with it.
    pub fn new(len: usize) -> Option<Block> {
        // SAFETY: any size may be asked for.
        let start = NonNull::new(core::hint::black_box(unsafe { malloc(len) }).cast())?;
        Some(Block { start })
    }

    pub fn start(&self) -> NonNull<u8> {
        self.start
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: the block was allocated by `new`, and its holder is done with it.
        unsafe { free(self.start.as_ptr().cast()) };
    }
}

fn byte(mark: u8, index: usize) -> u8 {
    mark ^ (index as u32).wrapping_mul(0x9e37_79b9).to_be_bytes()[0]
}

/// Fills `len` bytes with the pattern of this mark.
///
/// # Safety
///
/// The caller owes: so many bytes may be written from `start` on.
pub unsafe fn fill(start: NonNull<u8>, len: usize, mark: u8) {
    for index in 0..len {
        // SAFETY: the caller's promise.
        let at = unsafe { start.add(index) };
        // SAFETY: the caller's promise. Volatile, as somebody else may believe that the byte is theirs.
        unsafe { at.write_volatile(byte(mark, index)) };
    }
}

/// How many of `len` bytes don't hold the pattern of this mark any more.
///
/// # Safety
///
/// The caller owes: so many bytes may be read from `start` on.
pub unsafe fn lost(start: NonNull<u8>, len: usize, mark: u8) -> usize {
    let gone = |index: &usize| {
        // SAFETY: the caller's promise.
        let at = unsafe { start.add(*index) };
        // SAFETY: the caller's promise. Volatile, as somebody else may have written there.
        unsafe { at.read_volatile() != byte(mark, *index) }
    };
    (0..len).filter(gone).count()
}
