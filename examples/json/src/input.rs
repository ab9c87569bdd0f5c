//! The document's bytes: a claim of their own, which whoever has the document writes into.

use std::alloc::Layout;
use std::ptr::NonNull;
use std::slice;

use freehold::{Claim, ledger};

use crate::Problem;

/// A claim named "input" and the bytes in it.
pub struct Input {
    claim: Claim<'static>,
    len: usize,
}

impl Input {
    /// Claims room for a document of `len` bytes, all of them zero for now.
    pub fn new(len: usize) -> Result<Input, Problem> {
        if len == 0 {
            return Err(Problem::new(Problem::DOCUMENT, "the file is empty"));
        }
        let layout = Layout::array::<u8>(len).map_err(|error| Problem::new(Problem::FILE, error.to_string()))?;
        let claim = ledger().claim("input", layout).map_err(|error| {
            Problem::new(Problem::FILE, format!("too large for this memory ({len} bytes): {error}"))
        })?;
        // SAFETY: the claim has at least the `len` bytes asked for, and they are ours alone (invariant 1).
        unsafe { claim.as_ptr().write_bytes(0, len) };
        Ok(Input { claim, len })
    }

    /// Where the host is to write the document.
    pub fn as_ptr(&self) -> NonNull<u8> {
        self.claim.as_ptr()
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `new` wrote these bytes, the claim lives as long as `self`, and only `bytes_mut` changes them.
        unsafe { slice::from_raw_parts(self.claim.as_ptr().as_ptr(), self.len) }
    }

    /// The bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `self` is borrowed exclusively.
        unsafe { slice::from_raw_parts_mut(self.claim.as_ptr().as_ptr(), self.len) }
    }
}

/// An input that is UTF-8 throughout: checked once, for all passes of both sides.
pub struct Text(Input);

impl Text {
    /// Checks the bytes. From here on nobody writes to them any more.
    pub fn new(input: Input) -> Result<Text, Problem> {
        match str::from_utf8(input.bytes()) {
            Ok(_) => Ok(Text(input)),
            Err(error) => Err(Problem::not_utf8(input.bytes(), error)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // SAFETY: `new` checked these bytes, and has taken the `Input` through which they could be changed.
        unsafe { str::from_utf8_unchecked(self.0.bytes()) }
    }
}
