//! One chunk: its record, and what it says.

use core::cell::Cell;
use core::ptr::NonNull;

use super::Cursor;
use crate::layout::padding;

/// The record at the start of each chunk.
///
/// Its size is a multiple of every minimum alignment that a user can choose, so the data after it is aligned.
pub(super) struct Record {
    /// Bytes of the payload that was claimed, this record included; they begin with it.
    pub len: Cell<usize>,
    pub previous: Cell<Option<Chunk>>,
    pub next: Cell<Option<Chunk>>,
    /// Where the values end, kept when the list moves on to the next chunk.
    pub filled: Cell<Option<NonNull<u8>>>,
}

const _: () = assert!(size_of::<Record>().is_multiple_of(16));

/// A chunk in the list. It may reach the whole chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk(pub NonNull<Record>);

impl core::ops::Deref for Chunk {
    type Target = Record;

    fn deref(&self) -> &Record {
        // SAFETY: a `Chunk` is only made by `Chunks::link`, which writes the record, and leaves the list before its memory is
        // given back. All fields are cells.
        unsafe { self.0.as_ref() }
    }
}

impl Chunk {
    /// What was claimed.
    pub fn base(self) -> NonNull<u8> {
        self.0.cast()
    }

    /// The first byte after the record.
    pub fn data(self) -> NonNull<u8> {
        // SAFETY: a chunk is larger than its record.
        unsafe { self.base().add(size_of::<Record>()) }
    }

    pub fn end(self) -> NonNull<u8> {
        // SAFETY: one past the chunk's last byte.
        unsafe { self.base().add(self.len.get()) }
    }

    /// Whether a cursor with this end lies in the chunk: the end may be any address that the chunk ever ended at.
    pub fn contains_end(self, end: NonNull<u8>) -> bool {
        self.base() < end && end <= self.end()
    }

    pub fn holds(self, size: usize, align: usize) -> bool {
        let (data, end) = (self.data().addr().get(), self.end().addr().get());
        let pad = padding(data, align);
        pad <= end - data && size <= end - data - pad
    }

    pub fn cursor(self) -> Cursor {
        Cursor { next: self.data(), end: self.end() }
    }
}
