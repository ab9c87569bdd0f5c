//! What the scenarios use of libc beside its heap.

use core::ffi::{c_int, c_void};
use core::fmt::{self, Write};

unsafe extern "C" {
    fn read(file: c_int, bytes: *mut c_void, len: usize) -> isize;
    fn write(file: c_int, bytes: *const c_void, len: usize) -> isize;
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
